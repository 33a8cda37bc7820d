//! From rules as they are written to rules that decide.

use std::collections::HashSet;

use reenact_model::{EventId, Placed};
use reenact_store::Filter;

use super::{RULES_MAX, VolumeAction, VolumeRule, VolumeSettings};
use crate::arrival::{check_head, filter, matches, wrong};
use crate::policy::SettingsError;

/// Compiled rules, those that are enabled, in order.
#[derive(Debug, Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    id: String,
    filter: Filter,
    /// Of 100 events.
    keeps: u8,
}

impl Rules {
    pub(super) fn compile(settings: &VolumeSettings) -> Result<Self, SettingsError> {
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

    /// The rule that decides that an event is not kept.
    pub(super) fn that_drops(&self, event: &Placed) -> Option<&str> {
        let rule = self.rules.iter().find(|rule| matches(&rule.filter, event))?;
        (sample(&rule.id, event.report.id) >= rule.keeps).then_some(&*rule.id)
    }
}

fn compile(at: usize, rule: &VolumeRule) -> Result<Rule, SettingsError> {
    check_head(at, &rule.id, &rule.name)?;
    let filter = filter(at, &rule.query)?;
    if !(1..=100).contains(&rule.keep_percent) {
        let message = "keep 1 to 100 of 100 events; to keep none, the action is `drop`";
        return Err(wrong(&format!("rules.{at}.keep_percent"), None, message.to_owned()));
    }
    let keeps = match rule.action {
        VolumeAction::Keep => rule.keep_percent,
        VolumeAction::Drop if rule.keep_percent < 100 => {
            let message = "a share is kept by the action `keep`";
            return Err(wrong(&format!("rules.{at}.keep_percent"), None, message.to_owned()));
        }
        VolumeAction::Drop => 0,
    };
    Ok(Rule { id: rule.id.clone(), filter, keeps })
}

/// A number below 100 that an event has for a rule, whenever it is asked for.
fn sample(rule: &str, event: EventId) -> u8 {
    let mut hash = blake3::Hasher::new();
    hash.update(rule.as_bytes()).update(event.to_string().as_bytes());
    let bytes = hash.finalize();
    let number = u64::from_le_bytes(*bytes.as_bytes().first_chunk().expect("a hash has 32 bytes"));
    u8::try_from(number % 100).expect("it is below 100")
}

#[cfg(test)]
mod tests {
    use reenact_issues::place;
    use reenact_store::conformance;

    use super::*;

    fn rule(name: &str, query: &str, action: VolumeAction) -> VolumeRule {
        VolumeRule {
            id: name.to_owned(),
            name: name.to_owned(),
            enabled: true,
            query: query.to_owned(),
            action,
            keep_percent: 100,
        }
    }

    fn of(rules: Vec<VolumeRule>) -> Result<Rules, SettingsError> {
        Rules::compile(&VolumeSettings { rules })
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        use VolumeAction::{Drop, Keep};
        let event = place(conformance::event(1, 1, 1).report);
        let check = |rules: Vec<VolumeRule>, drops: Option<&str>| {
            assert_eq!(of(rules).unwrap().that_drops(&event), drops);
        };
        check(vec![], None);
        check(vec![rule("other", "service:shop-2", Drop)], None);
        check(vec![VolumeRule { enabled: false, ..rule("off", "", Drop) }], None);
        check(vec![rule("a", "service:shop-1 type:*PaymentError", Drop), rule("b", "", Drop)], Some("a"));
        check(vec![rule("kept", "service:shop-1", Keep), rule("rest", "", Drop)], None);
        check(vec![rule("kept", "service:shop-2", Keep), rule("rest", "", Drop)], Some("rest"));
        check(vec![rule("own", &format!("issue:{}", event.issue_id), Drop)], Some("own"));
    }

    #[test]
    fn a_share_is_the_same_share_every_time() {
        let some = of(vec![VolumeRule { keep_percent: 20, ..rule("some", "", VolumeAction::Keep) }]).unwrap();
        let event = place(conformance::event(1, 1, 1).report);
        let kept = |number: u128| {
            let mut event = event.clone();
            event.report.id = EventId(number);
            some.that_drops(&event).is_none()
        };
        let count = (0..2_000).filter(|number| kept(*number)).count();
        assert!((340..460).contains(&count), "{count} of 2000");
        assert!((0..2_000).all(|number| kept(number) == kept(number)));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_place() {
        use VolumeAction::{Drop, Keep};
        let check = |rule: VolumeRule, field: &str, at: Option<usize>, says: &str| {
            let error = of(vec![rule]).unwrap_err();
            assert_eq!((error.field.as_str(), error.at), (field, at));
            assert!(error.message.contains(says), "{}", error.message);
        };
        check(rule("a", "env:prod servce:x", Drop), "rules.0.query", Some(9), "did you mean `service`");
        check(rule("a", "env:prod has:values", Keep), "rules.0.query", Some(9), "not known yet");
        check(rule("", "", Drop), "rules.0.name", None, "a name has");
        check(rule("a b", "", Drop), "rules.0.id", None, "an id has");
        let share = |percent, action| VolumeRule { keep_percent: percent, ..rule("a", "", action) };
        check(share(0, Keep), "rules.0.keep_percent", None, "1 to 100");
        check(share(101, Keep), "rules.0.keep_percent", None, "1 to 100");
        check(share(50, Drop), "rules.0.keep_percent", None, "by the action `keep`");
        let twice = of(vec![rule("a", "", Drop), rule("a", "", Keep)]).unwrap_err();
        assert_eq!(twice.field, "rules.1.id");
        let many = (0..=RULES_MAX).map(|at| rule(&format!("r{at}"), "", Drop)).collect();
        assert_eq!(of(many).unwrap_err().field, "rules");
    }
}
