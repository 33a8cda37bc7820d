//! What redaction did, for counts and for trying rules out.

use std::collections::BTreeMap;
use std::ops::Range;

/// How often each rule changed something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Values, tags and parts of texts under a redacted name.
    pub names: u64,
    /// Values of a redacted type.
    pub types: u64,
    /// Texts that [`crate::Mode::Strict`] took.
    pub strict: u64,
    /// Values and texts that went over a limit of the scan and so were not kept.
    pub unscanned: u64,
    /// By the id of the value rule.
    pub values: BTreeMap<&'static str, u64>,
    /// By the id of the scanner rule.
    pub scanner: BTreeMap<String, u64>,
}

impl Hits {
    /// All of them.
    pub fn total(&self) -> u64 {
        let listed = self.values.values().chain(self.scanner.values()).sum::<u64>();
        self.names + self.types + self.strict + self.unscanned + listed
    }

    /// Adds the hits of another fragment.
    pub fn add(&mut self, other: &Self) {
        self.names += other.names;
        self.types += other.types;
        self.strict += other.strict;
        self.unscanned += other.unscanned;
        for (rule, count) in &other.values {
            *self.values.entry(rule).or_default() += count;
        }
        for (rule, count) in &other.scanner {
            *self.scanner.entry(rule.clone()).or_default() += count;
        }
    }

    pub(crate) fn count(&mut self, rule: &RuleRef) {
        match rule {
            RuleRef::Name => self.names += 1,
            RuleRef::Type => self.types += 1,
            RuleRef::Strict => self.strict += 1,
            RuleRef::Unscanned => self.unscanned += 1,
            RuleRef::Value(id) => *self.values.entry(id).or_default() += 1,
            RuleRef::Scanner(id) => match self.scanner.get_mut(id) {
                Some(count) => *count += 1,
                None => {
                    self.scanner.insert(id.clone(), 1);
                }
            },
        }
    }
}

/// Which rule changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleRef {
    /// A redacted name.
    Name,
    /// A redacted type.
    Type,
    /// The strict mode.
    Strict,
    /// A limit of the scan.
    Unscanned,
    /// The value rule of this id.
    Value(&'static str),
    /// The scanner rule of this id.
    Scanner(String),
}

/// One change, for people who try rules out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where: `error.message`, `values.locals.order.card`.
    pub path: String,
    /// Which bytes of the text as it was; `None` when a value went as a whole, and for what was found only
    /// after other edits.
    pub range: Option<Range<usize>>,
    /// Which rule.
    pub rule: RuleRef,
    /// What stands there now.
    pub replacement: String,
}
