//! From rules as they are written to fingerprints of events.

use std::sync::Arc;

use reenact_issues::grouping::template::{self, Template};
use reenact_issues::place;
use reenact_model::{AppliedRule, Placed};
use reenact_redact::Plain;
use reenact_store::Write;

use super::GroupingRule;
use crate::arrival::{Head, Rule, Rules, of_rule};
use crate::policy::SettingsError;

/// A rule that decides about an event.
#[derive(Clone, Debug)]
pub(crate) struct Applied(Arc<(AppliedRule, Template)>);

/// Operators write rules; nothing captured is in them.
impl Plain for Applied {}

impl Applied {
    /// Places an event, which was placed without rules, anew.
    pub(crate) fn place(event: Placed, rule: Self) -> Placed {
        template::apply(event, rule.0.0.clone(), &rule.0.1)
    }

    /// The same for what is about to be written.
    pub(crate) fn write(write: Write, rule: Self) -> Write {
        match write {
            Write::Event(event) => Write::Event(Box::new(Self::place(*event, rule))),
            other => other,
        }
    }
}

impl Rule for GroupingRule {
    const KIND: &'static str = "grouping";
    type Decision = Applied;

    fn head(&self) -> Head<'_> {
        Head { id: &self.id, name: &self.name, is_enabled: self.enabled, query: &self.query }
    }

    fn set_id(&mut self, id: String) {
        self.id = id;
    }

    fn decision(&self, at: usize) -> Result<Applied, SettingsError> {
        let template = Template::parse(&self.fingerprint)
            .map_err(|error| of_rule(at, "fingerprint", Some(error.at), error.message))?;
        let applied = AppliedRule {
            id: self.id.clone(),
            name: self.name.trim().to_owned(),
            fingerprint: self.fingerprint.clone(),
        };
        Ok(Applied(Arc::new((applied, template))))
    }
}

/// Places an event that is stored as these rules would place it if it arrived now.
pub(crate) fn place_again(rules: &Rules<Applied>, event: &Placed) -> Placed {
    let without_rules = place(event.report.clone());
    match rules.first(&without_rules) {
        Some(rule) => Applied::place(without_rules, rule.clone()),
        None => without_rules,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reenact_store::conformance;

    fn rule(name: &str, query: &str, fingerprint: &str) -> GroupingRule {
        GroupingRule {
            id: name.to_owned(),
            name: name.to_owned(),
            enabled: true,
            query: query.to_owned(),
            fingerprint: fingerprint.to_owned(),
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let event = place(conformance::event(1, 1, 1).report);
        let placed = |rules: &[GroupingRule]| place_again(&Rules::compile(rules).unwrap(), &event);
        let first = placed(&[
            rule("other", "service:shop-2", "other"),
            GroupingRule { enabled: false, ..rule("off", "", "off") },
            rule("first", "service:shop-1 type:*PaymentError", "first {{function}}"),
            rule("second", "", "second"),
        ]);
        assert_eq!(first.grouping.rule.map(|rule| rule.id).as_deref(), Some("first"));
        let own = rule("own", &format!("issue:{}", event.issue_id), "own");
        assert_eq!(placed(&[own]).grouping.fingerprint, "own");
        let none = placed(&[rule("other", "service:shop-2", "other")]);
        assert_eq!((none.issue_id, none.grouping.rule), (event.issue_id, None));
    }

    #[test]
    fn a_fingerprint_that_cannot_be_used_is_refused_with_its_place() {
        let error = Rules::compile(&[rule("a", "", "f {{x}}")]).unwrap_err();
        assert_eq!((error.field.as_str(), error.at), ("rules.0.fingerprint", Some(2)));
        assert!(error.message.contains("unknown component"), "{}", error.message);
    }
}
