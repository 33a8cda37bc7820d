//! Which names are redacted.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// The identifiers that ddtrace 4.16 redacts, normalised (`debugging/_redaction.py`).
#[rustfmt::skip]
pub(crate) const DOCUMENTED: [&str; 85] = [
    "2fa", "accesstoken", "aiohttpsession", "apikey", "apisecret", "apisignature", "appkey", "applicationkey",
    "auth", "authorization", "authtoken", "ccnumber", "certificatepin", "cipher", "clientid", "clientsecret",
    "connectionstring", "connectsid", "cookie", "credentials", "creditcard", "csrf", "csrftoken", "cvv",
    "databaseurl", "dburl", "encryptionkey", "encryptionkeyid", "geolocation", "gpgkey", "ipaddress", "jti",
    "jwt", "licensekey", "masterkey", "mysqlpwd", "nonce", "oauth", "oauthtoken", "otp", "passhash", "passwd",
    "password", "passwordb", "pemfile", "pgpkey", "phpsessid", "pin", "pincode", "pkcs8", "privatekey",
    "publickey", "pwd", "recaptchakey", "refreshtoken", "routingnumber", "salt", "secret", "secretkey",
    "secrettoken", "securityanswer", "securitycode", "securityquestion", "serviceaccountcredentials", "session",
    "sessionid", "sessionkey", "setcookie", "signature", "signaturekey", "sshkey", "ssn", "symfony", "token",
    "transactionid", "twiliotoken", "usersession", "voterid", "xapikey", "xauthtoken", "xcsrftoken",
    "xforwardedfor", "xrealip", "xsrf", "xsrftoken",
];

/// What is evidently as secret and missing from the documented list: what holds a card, an account,
/// an identity document or a key, and spellings without a word boundary.
#[rustfmt::skip]
pub(crate) const FURTHER: [&str; 61] = [
    "accesskey", "accountnumber", "adminpassword", "apitoken", "bankaccount", "bearer", "bearertoken", "cardno",
    "cardnumber", "cardpan", "clientassertion", "credential", "cvc", "cvc2", "cvv2", "dbpass", "dbpasswd",
    "dbpassword", "dbpwd", "driverslicense", "hmac", "iban", "idtoken", "mfacode", "mnemonic", "nationalid",
    "passcode", "passphrase", "passportnumber", "passwort", "pgpassword", "privkey", "rootpassword",
    "secretaccesskey", "seedphrase", "sessid", "signingkey", "socialsecurity", "socialsecuritynumber", "sortcode",
    "storepass", "taxid", "totp", "userpassword", "userpwd", "webhooksecret",
    "2facode", "accesscode", "accountkey", "authkey", "creds", "emailpass", "jsessionid", "mailpass", "otpcode",
    "passkey", "pswd", "smtppass", "sshpass", "userpass", "verificationcode",
];

/// Names that hold a secret when they are all of the name, and often none within a longer one: `pass_count`.
const WHOLE: [&str; 5] = ["cred", "pass", "passw", "pw", "sid"];

/// Last words that say that a name is *about* a secret and does not hold one: `token_count`.
/// `name` is not among them: `credit_card_name` is the name on the card.
#[rustfmt::skip]
const ABOUT_LAST: [&str; 18] = [
    "count", "length", "len", "size", "type", "kind", "ttl", "expiry", "expires", "expired", "expiration",
    "valid", "enabled", "required", "limit", "limits", "index", "algorithm",
];

/// Last words that do so after one of [`ABOUT_BEFORE_TIME`]: `token_expires_at`.
const ABOUT_TIME: [&str; 2] = ["at", "in"];
const ABOUT_BEFORE_TIME: [&str; 6] = ["expires", "expired", "expiry", "created", "updated", "issued"];

/// First words that do so: `has_password`, `max_tokens`.
const ABOUT_FIRST: [&str; 6] = ["is", "has", "num", "max", "min", "n"];

/// Names longer than this, in bytes, cost an allocation.
const NAME_BYTES_ON_STACK: usize = 64;

/// FNV-1a: the sets hold configured names only, so hostile look-ups cannot make a bucket long.
#[derive(Clone, Copy)]
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

type Build = BuildHasherDefault<Fnv>;

/// The compiled identifier rules.
///
/// A name matches when all of it, normalised as ddtrace does (lower case, without `- _ @ $ .`), is
/// listed, or when some of its words, joined, are: `stripeSecretKey`, `X-Api-Key`, `tokens`. A name that
/// matches by its words only and evidently holds something *about* a secret does not match.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// Normalised name to the rule as shown.
    listed: HashMap<Box<[u8]>, Box<str>, Build>,
    excluded: HashSet<Box<[u8]>, Build>,
    /// Length of the longest listed or excluded name, and of its plural.
    run_bytes_max: usize,
    /// For each first byte the lengths that listed names and their plurals have, one bit each; the last
    /// bit stands for all lengths from 63 on. Most words are none of these, and cost no look-up.
    lengths: Box<[u64; 256]>,
}

impl Names {
    /// Takes names that are not empty once normalised.
    pub(crate) fn new<'a>(
        added: impl Iterator<Item = &'a str>,
        excluded: impl Iterator<Item = &'a str>,
    ) -> Self {
        let excluded: HashSet<Box<[u8]>, Build> = excluded.map(|name| normalised(name).into()).collect();
        let mut listed: HashMap<Box<[u8]>, Box<str>, Build> = HashMap::default();
        for name in DOCUMENTED.iter().chain(&FURTHER).copied().chain(added) {
            let normal = normalised(name);
            if !excluded.contains(normal.as_slice()) {
                // A fused spelling of a word is shown as the word.
                let fused = FURTHER.contains(&name) && name.ends_with("password");
                let shown =
                    if fused { "password".into() } else { String::from_utf8_lossy(&normal).into_owned() };
                listed.entry(normal.into()).or_insert_with(|| shown.into());
            }
        }
        let longest = listed.keys().chain(&excluded).map(|name| name.len()).max().unwrap_or(0);
        let mut lengths = Box::new([0_u64; 256]);
        for name in listed.keys() {
            for length in name.len()..=name.len() + 2 {
                lengths[usize::from(name[0])] |= 1 << length.min(63);
            }
        }
        Self { listed, excluded, run_bytes_max: longest + 2, lengths }
    }

    /// The listed name that makes `name` a redacted one. Allocates for long or non-ASCII names only.
    pub(crate) fn matched(&self, name: &str) -> Option<&str> {
        if name.is_ascii() && name.len() <= NAME_BYTES_ON_STACK {
            let (mut letters, mut ends) = ([0; NAME_BYTES_ON_STACK], [0; NAME_BYTES_ON_STACK]);
            let words = split(name.as_bytes(), &mut letters, &mut ends);
            return self.matched_words(&letters, &ends[..words]);
        }
        let lowered: String = name
            .chars()
            .filter_map(plain_letter)
            .flat_map(|c| {
                let (ascii, other) =
                    if c.is_ascii() { (Some(c), None) } else { (None, Some(c.to_lowercase())) };
                ascii.into_iter().chain(other.into_iter().flatten())
            })
            .collect();
        let (mut letters, mut ends) = (vec![0; lowered.len()], vec![0; lowered.len()]);
        let words = split(lowered.as_bytes(), &mut letters, &mut ends);
        self.matched_words(&letters, &ends[..words])
    }

    fn matched_words(&self, letters: &[u8], ends: &[usize]) -> Option<&str> {
        let whole = &letters[..*ends.last()?];
        if !self.excluded.is_empty() && self.excluded.contains(whole) {
            return None;
        }
        if self.lengths[usize::from(whole[0])] >> whole.len().min(63) & 1 == 1
            && let Some(rule) = self.listed.get(whole)
        {
            return Some(rule);
        }
        if whole.len() <= 5
            && let Some(short) = WHOLE.iter().find(|short| short.as_bytes() == whole)
        {
            return Some(short);
        }
        let rule = self.matched_run(letters, ends)?;
        if is_about(letters, ends) { None } else { Some(rule) }
    }

    /// The first listed run of consecutive words; a run within an excluded one does not count.
    fn matched_run(&self, letters: &[u8], ends: &[usize]) -> Option<&str> {
        let start_of = |word: usize| if word == 0 { 0 } else { ends[word - 1] };
        for first in 0..ends.len() {
            for last in first..ends.len() {
                let run = &letters[start_of(first)..ends[last]];
                if run.len() > self.run_bytes_max {
                    break;
                }
                if let Some(rule) = self.listed_or_plural(run)
                    && (self.excluded.is_empty() || !self.is_within_excluded(letters, ends, first, last))
                {
                    return Some(rule);
                }
            }
        }
        None
    }

    fn listed_or_plural(&self, run: &[u8]) -> Option<&str> {
        if self.lengths[usize::from(*run.first()?)] >> run.len().min(63) & 1 == 0 {
            return None;
        }
        let rule = self.listed.get(run).or_else(|| {
            let singular = run.strip_suffix(b"s")?;
            self.listed.get(singular).or_else(|| self.listed.get(singular.strip_suffix(b"e")?))
        });
        rule.map(|rule| &**rule)
    }

    fn is_within_excluded(&self, letters: &[u8], ends: &[usize], first: usize, last: usize) -> bool {
        for start in (0..=first).rev() {
            let from = if start == 0 { 0 } else { ends[start - 1] };
            if ends[last] - from > self.run_bytes_max {
                return false;
            }
            for end in &ends[last..] {
                if end - from > self.run_bytes_max {
                    break;
                }
                if self.excluded.contains(&letters[from..*end]) {
                    return true;
                }
            }
        }
        false
    }
}

/// The plain letter that a reader takes a letter for: `Ａ`, `á`, a Cyrillic `а`, `𝐚`. `None` for what is not
/// seen.
fn plain_letter(c: char) -> Option<char> {
    const ACCENTED: [(&str, char); 15] = [
        ("àáâãäåāăą", 'a'),
        ("çćĉċč", 'c'),
        ("ďđ", 'd'),
        ("èéêëēĕėęě", 'e'),
        ("ĝğġģ", 'g'),
        ("ìíîïĩīĭįı", 'i'),
        ("ķ", 'k'),
        ("ĺļľł", 'l'),
        ("ñńņňŉ", 'n'),
        ("òóôõöøōŏő", 'o'),
        ("ŕŗř", 'r'),
        ("śŝşš", 's'),
        ("ţťŧ", 't'),
        ("ùúûüũūŭůűų", 'u'),
        ("ýÿžźż", 'y'),
    ];
    const LOOKALIKE: [(char, char); 28] = [
        ('а', 'a'),
        ('в', 'b'),
        ('с', 'c'),
        ('ԁ', 'd'),
        ('е', 'e'),
        ('һ', 'h'),
        ('і', 'i'),
        ('ј', 'j'),
        ('к', 'k'),
        ('ӏ', 'l'),
        ('м', 'm'),
        ('н', 'h'),
        ('о', 'o'),
        ('р', 'p'),
        ('ѕ', 's'),
        ('т', 't'),
        ('у', 'y'),
        ('х', 'x'),
        ('ѵ', 'v'),
        ('ԝ', 'w'),
        ('α', 'a'),
        ('ε', 'e'),
        ('ι', 'i'),
        ('κ', 'k'),
        ('ν', 'v'),
        ('ο', 'o'),
        ('ρ', 'p'),
        ('τ', 't'),
    ];
    if c.is_ascii() {
        return Some(c);
    }
    let code = u32::from(c);
    if matches!(code, 0xad | 0x200b..=0x200f | 0x2060 | 0xfeff | 0x300..=0x36f) {
        return None;
    }
    if (0xff01..=0xff5e).contains(&code) {
        return char::from_u32(code - 0xfee0);
    }
    // Mathematical letters: 13 alphabets of capitals and small ones.
    if (0x1d400..0x1d6a4).contains(&code) {
        return char::from_u32((code - 0x1d400) % 52 % 26 + u32::from('a'));
    }
    let small = c.to_lowercase().next().unwrap_or(c);
    let accented = ACCENTED.iter().find(|(letters, _)| letters.contains(small)).map(|(_, plain)| *plain);
    let lookalike = || LOOKALIKE.iter().find(|(letter, _)| *letter == small).map(|(_, plain)| *plain);
    Some(accented.or_else(lookalike).unwrap_or(c))
}

/// What of a name counts when it is compared as a whole.
pub(crate) fn normalised(name: &str) -> Vec<u8> {
    let lowered = name.chars().filter_map(plain_letter).collect::<String>().to_lowercase();
    lowered.bytes().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()).collect()
}

/// Splits a name into words: writes their lower-case letters and digits to `letters` without gaps, and
/// where each word ends to `ends`. Returns how many words there are.
fn split(name: &[u8], letters: &mut [u8], ends: &mut [usize]) -> usize {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    let (mut length, mut words) = (0, 0);
    let mut word_begins = true;
    for (at, &byte) in name.iter().enumerate() {
        if !is_letter(byte) && !byte.is_ascii_digit() {
            word_begins = true;
            continue;
        }
        if !word_begins {
            let before = name[at - 1];
            let digits_change = byte.is_ascii_digit() != before.is_ascii_digit();
            let hump = byte.is_ascii_uppercase() && !before.is_ascii_uppercase();
            let acronym_ends = byte.is_ascii_uppercase()
                && before.is_ascii_uppercase()
                && name.get(at + 1).is_some_and(u8::is_ascii_lowercase)
                && name.get(at + 1..at + 3) != Some(b"s_")
                && name.get(at + 1..) != Some(b"s");
            word_begins = digits_change || hump || acronym_ends;
        }
        if word_begins {
            words += 1;
            word_begins = false;
        }
        letters[length] = byte.to_ascii_lowercase();
        length += 1;
        ends[words - 1] = length;
    }
    words
}

/// Whether the words say that the name is about a secret rather than one.
fn is_about(letters: &[u8], ends: &[usize]) -> bool {
    let word = |index: usize| {
        let start = if index == 0 { 0 } else { ends[index - 1] };
        &letters[start..ends[index]]
    };
    let is_one_of = |word: &[u8], list: &[&str]| list.iter().any(|known| known.as_bytes() == word);
    let count = ends.len();
    if count < 2 {
        return false;
    }
    is_one_of(word(0), &ABOUT_FIRST)
        || is_one_of(word(count - 1), &ABOUT_LAST)
        || (is_one_of(word(count - 1), &ABOUT_TIME) && is_one_of(word(count - 2), &ABOUT_BEFORE_TIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new([].into_iter(), [].into_iter())
    }

    #[test]
    fn every_listed_name_matches_itself_in_any_spelling() {
        let names = names();
        for name in DOCUMENTED.iter().chain(&FURTHER) {
            let shown = if name.ends_with("password") { "password" } else { name };
            assert_eq!(names.matched(name), Some(shown));
            assert_eq!(names.matched(&name.to_uppercase()), Some(shown));
            let hyphenated: String = name.chars().flat_map(|c| [c, '-']).collect();
            assert_eq!(names.matched(&format!(" @{hyphenated}_")), Some(shown));
        }
    }

    #[test]
    fn a_word_in_a_name_is_enough() {
        let names = names();
        for (name, rule) in [
            ("user_password", "password"),
            ("stripeSecretKey", "secret"),
            ("STRIPE_SECRET_KEY", "secret"),
            ("X-Api-Key", "xapikey"),
            ("MyXApiKey", "xapikey"),
            ("http.request.headers.authorization", "authorization"),
            ("password2", "password"),
            ("user2fa", "2fa"),
            ("APIKey", "apikey"),
            ("passwords", "password"),
            ("oldTokens", "token"),
            ("ip_addresses", "ipaddress"),
            ("refresh tokens", "token"),
            ("naïve_password", "password"),
            ("TO\u{212a}EN", "token"),
            ("ＰＡＳＳＷＯＲＤ", "password"),
            ("my＿ｔｏｋｅｎ", "token"),
            ("pаssword", "password"),
            ("PÁSSWÖRD", "password"),
            ("pass\u{200b}word", "password"),
            ("𝐭𝐨𝐤𝐞𝐧", "token"),
            ("pass", "pass"),
            ("smtp_pass", "smtppass"),
            ("2fa_code", "2facode"),
        ] {
            assert!(names.matched(name).is_some(), "{name}");
            if name != "stripeSecretKey" && name != "refresh tokens" && name != "MyXApiKey" {
                assert_eq!(names.matched(name), Some(rule), "{name}");
            }
        }
    }

    #[test]
    fn letters_within_a_word_are_not_enough() {
        let names = names();
        for name in [
            "author",
            "spinner",
            "tokenize",
            "shipping",
            "monkey",
            "compass",
            "saltwater",
            "",
            "_",
            "obsession",
            "pass_count",
            "first_pass",
            "sid_count",
        ] {
            assert_eq!(names.matched(name), None, "{name}");
        }
    }

    #[test]
    fn names_about_a_secret_stay() {
        let names = names();
        for name in
            ["token_count", "passwordLength", "has_password", "max_tokens", "token_type", "token_expires_at"]
        {
            assert_eq!(names.matched(name), None, "{name}");
        }
    }

    #[test]
    fn a_listed_name_is_never_taken_for_one_about_a_secret() {
        let names = Names::new(["max_secret", "token type"].into_iter(), [].into_iter());
        assert_eq!(names.matched("maxSecret"), Some("maxsecret"));
        assert_eq!(names.matched("token_type"), Some("tokentype"));
    }

    #[test]
    fn excluded_names_win() {
        let names = Names::new(["tenant"].into_iter(), ["session", "client-id", "auth_token"].into_iter());
        for name in
            ["session", "user_id_session", "clientId", "kafka_client_id", "my_auth_token_y", "authToken"]
        {
            assert_eq!(names.matched(name), None, "{name}");
        }
        assert_eq!(names.matched("token"), Some("token"));
        assert_eq!(names.matched("tenant"), Some("tenant"));
        assert_eq!(names.matched("auth_token_secret"), Some("secret"));
    }

    #[test]
    fn long_names_are_read_to_their_end() {
        let name = format!("{}_password", "x_".repeat(5_000));
        assert_eq!(names().matched(&name), Some("password"));
    }
}
