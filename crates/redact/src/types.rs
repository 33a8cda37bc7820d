//! Which types are redacted.

/// The compiled type rules: names in which `*` stands for any text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Types {
    patterns: Vec<Box<str>>,
}

impl Types {
    pub(crate) fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> Self {
        Self { patterns: patterns.map(|pattern| pattern.trim().into()).collect() }
    }

    /// The pattern that matches `type_name` as a whole, or what follows one of its dots: clients name a
    /// type with or without its module.
    pub(crate) fn matched(&self, type_name: &str) -> Option<&str> {
        self.patterns
            .iter()
            .find(|pattern| {
                is_match(pattern, type_name)
                    || memchr::memchr_iter(b'.', type_name.as_bytes())
                        .any(|dot| is_match(pattern, &type_name[dot + 1..]))
            })
            .map(|pattern| &**pattern)
    }
}

/// Greedy matching with one point to come back to: O(pattern × text), no recursion.
pub(crate) fn is_match(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            back = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            p += 1;
            t += 1;
        } else if let Some((star, from)) = back {
            back = Some((star, from + 1));
            p = star + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, type_name: &str, want: bool) {
        let types = Types::new([pattern].into_iter());
        assert_eq!(types.matched(type_name).is_some(), want, "{pattern} {type_name}");
    }

    #[test]
    fn a_type_matches_whole_or_by_its_last_parts() {
        check("SecretVault", "SecretVault", true);
        check("SecretVault", "shop.vault.SecretVault", true);
        check("vault.SecretVault", "shop.vault.SecretVault", true);
        check("Vault", "SecretVault", false);
        check("SecretVault", "SecretVaultItem", false);
    }

    #[test]
    fn a_star_stands_for_any_text() {
        check("Secret*", "SecretVault", true);
        check("*Key*Pair", "RsaKeyRingPair", true);
        check("shop.*", "shop.vault.SecretVault", true);
        check("uuid.*", "UUID", false);
        check("*", "", true);
        check("a*b", "acccc", false);
    }
}
