//! From rules as they are written to rules that decide.

use std::collections::HashSet;
use std::sync::Arc;

use reenact_issues::grouping::template::{self, Template};
use reenact_issues::place;
use reenact_model::{AppliedRule, Placed};
use reenact_redact::Plain;
use reenact_store::{Filter, Write};

use super::{GroupingRule, GroupingSettings, RULES_MAX};
use crate::arrival::{check_head, filter, matches, wrong};
use crate::policy::SettingsError;

/// Compiled rules, those that are enabled, in order.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    filter: Filter,
    applied: Applied,
}

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

impl Rules {
    pub(crate) fn compile(settings: &GroupingSettings) -> Result<Self, SettingsError> {
        if settings.rules.len() > RULES_MAX {
            return Err(wrong("rules", None, format!("there are {RULES_MAX} rules at most")));
        }
        let (mut ids, mut rules) = (HashSet::new(), Vec::new());
        for (at, rule) in settings.rules.iter().enumerate() {
            let compiled = compile(at, rule)?;
            if !rule.id.is_empty() && !ids.insert(rule.id.as_str()) {
                return Err(wrong(&format!("rules.{at}.id"), None, "another rule has this id".to_owned()));
            }
            if rule.enabled {
                rules.push(compiled);
            }
        }
        Ok(Self { rules })
    }

    /// Whether no rule decides about anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rule for an event that was placed without rules.
    pub(crate) fn of(&self, event: &Placed) -> Option<Applied> {
        self.rules.iter().find(|rule| matches(&rule.filter, event)).map(|rule| rule.applied.clone())
    }

    /// Places an event that is stored as it would be placed if it arrived now.
    pub(crate) fn place_again(&self, event: &Placed) -> Placed {
        let without_rules = place(event.report.clone());
        match self.of(&without_rules) {
            Some(rule) => Applied::place(without_rules, rule),
            None => without_rules,
        }
    }
}

fn compile(at: usize, rule: &GroupingRule) -> Result<Rule, SettingsError> {
    check_head(at, &rule.id, &rule.name)?;
    let filter = filter(at, &rule.query)?;
    let template = Template::parse(&rule.fingerprint)
        .map_err(|error| wrong(&format!("rules.{at}.fingerprint"), Some(error.at), error.message))?;
    let applied = AppliedRule {
        id: rule.id.clone(),
        name: rule.name.trim().to_owned(),
        fingerprint: rule.fingerprint.clone(),
    };
    Ok(Rule { filter, applied: Applied(Arc::new((applied, template))) })
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

    fn of(rules: Vec<GroupingRule>) -> Result<Rules, SettingsError> {
        Rules::compile(&GroupingSettings { rules })
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let event = place(conformance::event(1, 1, 1).report);
        let rules = of(vec![
            rule("other", "service:shop-2", "other"),
            GroupingRule { enabled: false, ..rule("off", "", "off") },
            rule("first", "service:shop-1 type:*PaymentError", "first {{function}}"),
            rule("second", "", "second"),
        ]);
        let placed = rules.unwrap().place_again(&event);
        assert_eq!(placed.grouping.rule.map(|rule| rule.id).as_deref(), Some("first"));
        let own = rule("own", &format!("issue:{}", event.issue_id), "own");
        assert_eq!(of(vec![own]).unwrap().place_again(&event).grouping.fingerprint, "own");
        let none = of(vec![rule("other", "service:shop-2", "other")]).unwrap().place_again(&event);
        assert_eq!((none.issue_id, none.grouping.rule), (event.issue_id, None));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_place() {
        let check = |rule: GroupingRule, field: &str, at: Option<usize>, says: &str| {
            let error = of(vec![rule]).unwrap_err();
            assert_eq!((error.field.as_str(), error.at), (field, at));
            assert!(error.message.contains(says), "{}", error.message);
        };
        check(rule("a", "env:prod servce:x", "f"), "rules.0.query", Some(9), "did you mean `service`");
        check(rule("a", "env:prod has:values", "f"), "rules.0.query", Some(9), "not known yet");
        check(rule("a", "is:resolved", "f"), "rules.0.query", Some(0), "`is:` knows");
        check(rule("a", "", "f {{x}}"), "rules.0.fingerprint", Some(2), "unknown component");
        check(rule("", "", "f"), "rules.0.name", None, "a name has");
        check(rule("a b", "", "f"), "rules.0.id", None, "an id has");
        let twice = of(vec![rule("a", "", "f"), rule("a", "", "g")]).unwrap_err();
        assert_eq!(twice.field, "rules.1.id");
        let many = (0..=RULES_MAX).map(|at| rule(&format!("r{at}"), "", "f")).collect();
        assert_eq!(of(many).unwrap_err().field, "rules");
    }
}
