//! The names under which hits of rules are counted.

use reenact_redact::{Hits, RuleRef};

/// A rule in the counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum RuleKey {
    Name,
    Type,
    Strict,
    Unscanned,
    Value(String),
    Scanner(String),
}

impl RuleKey {
    /// As it is stored.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Name => "name".to_owned(),
            Self::Type => "type".to_owned(),
            Self::Strict => "strict".to_owned(),
            Self::Unscanned => "unscanned".to_owned(),
            Self::Value(id) => format!("value/{id}"),
            Self::Scanner(id) => format!("scanner/{id}"),
        }
    }

    /// `None` for a text that this version does not know.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text.split_once('/') {
            None if text == "name" => Self::Name,
            None if text == "type" => Self::Type,
            None if text == "strict" => Self::Strict,
            None if text == "unscanned" => Self::Unscanned,
            Some(("value", id)) => Self::Value(id.to_owned()),
            Some(("scanner", id)) => Self::Scanner(id.to_owned()),
            _ => return None,
        })
    }
}

/// The rule of a change.
pub(crate) fn rule_key(rule: &RuleRef) -> RuleKey {
    match rule {
        RuleRef::Name => RuleKey::Name,
        RuleRef::Type => RuleKey::Type,
        RuleRef::Strict => RuleKey::Strict,
        RuleRef::Unscanned => RuleKey::Unscanned,
        RuleRef::Value(id) => RuleKey::Value((*id).to_owned()),
        RuleRef::Scanner(id) => RuleKey::Scanner(id.clone()),
    }
}

/// All counts that are not zero.
pub(crate) fn counts(hits: &Hits) -> impl Iterator<Item = (RuleKey, u64)> {
    [
        (RuleKey::Name, hits.names),
        (RuleKey::Type, hits.types),
        (RuleKey::Strict, hits.strict),
        (RuleKey::Unscanned, hits.unscanned),
    ]
    .into_iter()
    .chain(hits.values.iter().map(|(id, count)| (RuleKey::Value((*id).to_owned()), *count)))
    .chain(hits.scanner.iter().map(|(id, count)| (RuleKey::Scanner(id.clone()), *count)))
    .filter(|(_, count)| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_their_text() {
        for key in [
            RuleKey::Name,
            RuleKey::Type,
            RuleKey::Strict,
            RuleKey::Unscanned,
            RuleKey::Value("jwt".to_owned()),
            RuleKey::Scanner("a/b".to_owned()),
        ] {
            assert_eq!(RuleKey::parse(&key.to_text()), Some(key));
        }
        assert_eq!(RuleKey::parse("other"), None);
    }
}
