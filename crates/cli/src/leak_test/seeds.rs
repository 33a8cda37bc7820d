//! Made-up secrets.

use std::fmt::Write as _;

use anyhow::anyhow;

/// A variable and what sort of secret it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seed {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// Sorts of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Words,
    Random,
    Hex,
    Card,
    Iban,
    Jwt,
    StripeKey,
    PrivateKey,
}

const KINDS: [(&str, Kind); 8] = [
    ("words", Kind::Words),
    ("random", Kind::Random),
    ("hex", Kind::Hex),
    ("card", Kind::Card),
    ("iban", Kind::Iban),
    ("jwt", Kind::Jwt),
    ("stripe_key", Kind::StripeKey),
    ("private_key", Kind::PrivateKey),
];

/// Reads `NAME` or `NAME=KIND`.
pub(super) fn parse(text: &str) -> Result<Seed, String> {
    let (name, kind) = text.split_once('=').unwrap_or((text, "words"));
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("the name of a variable has letters, digits and `_`".to_owned());
    }
    match KINDS.iter().find(|(known, _)| *known == kind) {
        Some((_, kind)) => Ok(Seed { name: name.to_owned(), kind: *kind }),
        None => Err(format!("unknown kind `{kind}`; there are {}", KINDS.map(|(known, _)| known).join(", "))),
    }
}

const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyz";
const MIXED: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

impl Kind {
    /// A secret that nobody has had before.
    pub(super) fn secret(self) -> anyhow::Result<String> {
        Ok(match self {
            Self::Words => format!("{}-{}-{}", pick(LETTERS, 6)?, pick(LETTERS, 5)?, pick(b"0123456789", 4)?),
            Self::Random => pick(MIXED, 32)?,
            Self::Hex => pick(b"0123456789abcdef", 40)?,
            Self::Card => {
                let digits = format!("4{}", pick(b"0123456789", 14)?);
                format!("{digits}{}", luhn(&digits))
            }
            Self::Iban => iban(&pick(b"0123456789", 18)?),
            Self::Jwt => {
                let head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
                format!("{head}.eyJzdWIiOiI{}.{}", pick(MIXED, 24)?, pick(MIXED, 43)?)
            }
            Self::StripeKey => format!("sk_live_{}", pick(MIXED, 24)?),
            Self::PrivateKey => {
                let mut key = "-----BEGIN PRIVATE KEY-----\n".to_owned();
                for _ in 0..4 {
                    writeln!(key, "{}", pick(MIXED, 64)?)?;
                }
                key + "-----END PRIVATE KEY-----"
            }
        })
    }
}

fn pick(from: &[u8], count: usize) -> anyhow::Result<String> {
    let mut bytes = vec![0; count];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the system gives no random numbers: {error}"))?;
    // Not quite even; nobody guesses these.
    Ok(bytes.iter().map(|byte| char::from(from[usize::from(*byte) % from.len()])).collect())
}

/// The last digit of a card number.
fn luhn(digits: &str) -> u32 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0');
            if at % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    (10 - sum % 10) % 10
}

/// A German IBAN with right check digits.
fn iban(account: &str) -> String {
    let remainder =
        format!("{account}131400").bytes().fold(0, |sum, byte| (sum * 10 + u32::from(byte - b'0')) % 97);
    format!("DE{:02}{account}", 98 - remainder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_secrets_are_real_ones() {
        assert_eq!(luhn("411111111111111"), 1);
        assert_eq!(iban("370400440532013000"), "DE89370400440532013000");
        for (name, kind) in KINDS {
            let (one, other) = (kind.secret().unwrap(), kind.secret().unwrap());
            assert!(one != other && one.len() >= super::super::search::BYTES_MIN, "{name} {one}");
        }
        let redactor = reenact_redact::Redactor::default_rules();
        for kind in [Kind::Card, Kind::Iban, Kind::Jwt, Kind::StripeKey, Kind::PrivateKey] {
            let secret = kind.secret().unwrap();
            let (text, ..) = redactor.redact_text_explained(secret.clone(), "error.message", None);
            assert!(!text.get().contains(&secret[secret.len() - 8..]), "{kind:?} {}", text.get());
        }
        let random: Vec<String> = (0..300).map(|_| Kind::Random.secret().unwrap()).collect();
        let is_found = |secret: &&String| {
            !redactor
                .redact_text_explained((*secret).clone(), "error.message", None)
                .0
                .get()
                .contains(*secret)
        };
        let found = random.iter().filter(is_found).count();
        assert!(found >= 270, "{found} of 300: what looks random is told by measure alone");
    }

    #[test]
    fn names_and_kinds_are_read() {
        assert_eq!(parse("DB_PASSWORD"), Ok(Seed { name: "DB_PASSWORD".to_owned(), kind: Kind::Words }));
        assert_eq!(parse("CARD=card").unwrap().kind, Kind::Card);
        for bad in ["", "=card", "A B", "1A", "A=other"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
