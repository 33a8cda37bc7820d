//! From rules as they are written to the share of events that they keep.

use reenact_model::EventId;

use super::{VolumeAction, VolumeRule};
use crate::arrival::{Head, Rule, of_rule};
use crate::policy::SettingsError;

/// How many of the events that a rule is about are kept.
#[derive(Debug)]
pub(crate) struct Share {
    /// The id of the rule.
    pub(super) rule: String,
    /// Of 100 events.
    percent: u8,
}

impl Share {
    /// Whether an event is one of them: the same ones whenever they are asked for.
    pub(super) fn has(&self, event: EventId) -> bool {
        sample(&self.rule, event) < self.percent
    }
}

impl Rule for VolumeRule {
    const KIND: &'static str = "volume";
    type Decision = Share;

    fn head(&self) -> Head<'_> {
        Head { id: &self.id, name: &self.name, is_enabled: self.enabled, query: &self.query }
    }

    fn set_id(&mut self, id: String) {
        self.id = id;
    }

    fn decision(&self, at: usize) -> Result<Share, SettingsError> {
        let wrong = |message: &str| Err(of_rule(at, "keep_percent", None, message.to_owned()));
        let percent = match (self.action, self.keep_percent) {
            (_, 0 | 101..) => {
                return wrong("keep 1 to 100 of 100 events; to keep none, the action is `drop`");
            }
            (VolumeAction::Drop, ..=99) => return wrong("a share is kept by the action `keep`"),
            (VolumeAction::Drop, _) => 0,
            (VolumeAction::Keep, percent) => percent,
        };
        Ok(Share { rule: self.id.clone(), percent })
    }
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
    use reenact_model::Placed;
    use reenact_store::conformance;

    use super::*;
    use crate::arrival::Rules;

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

    fn drops(rules: &[VolumeRule], event: &Placed) -> Option<String> {
        let rules = Rules::compile(rules).unwrap();
        let share = rules.first(event).filter(|share| !share.has(event.report.id))?;
        Some(share.rule.clone())
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        use VolumeAction::{Drop, Keep};
        let event = place(conformance::event(1, 1, 1).report);
        let check = |rules: &[VolumeRule], rule: Option<&str>| {
            assert_eq!(drops(rules, &event).as_deref(), rule);
        };
        check(&[], None);
        check(&[rule("other", "service:shop-2", Drop)], None);
        check(&[VolumeRule { enabled: false, ..rule("off", "", Drop) }], None);
        check(&[rule("a", "service:shop-1 type:*PaymentError", Drop), rule("b", "", Drop)], Some("a"));
        check(&[rule("kept", "service:shop-1", Keep), rule("rest", "", Drop)], None);
        check(&[rule("kept", "service:shop-2", Keep), rule("rest", "", Drop)], Some("rest"));
        check(&[rule("own", &format!("issue:{}", event.issue_id), Drop)], Some("own"));
    }

    #[test]
    fn a_share_is_the_same_share_every_time() {
        let some = [VolumeRule { keep_percent: 20, ..rule("some", "", VolumeAction::Keep) }];
        let event = place(conformance::event(1, 1, 1).report);
        let kept = |number: u128| {
            let mut event = event.clone();
            event.report.id = EventId(number);
            drops(&some, &event).is_none()
        };
        let count = (0..2_000).filter(|number| kept(*number)).count();
        assert!((340..460).contains(&count), "{count} of 2000");
        assert!((0..2_000).all(|number| kept(number) == kept(number)));
    }

    #[test]
    fn a_share_that_cannot_be_is_refused() {
        use VolumeAction::{Drop, Keep};
        let check = |percent, action, says: &str| {
            let rule = VolumeRule { keep_percent: percent, ..rule("a", "", action) };
            let error = Rules::compile(&[rule]).unwrap_err();
            assert_eq!((error.field.as_str(), error.at), ("rules.0.keep_percent", None));
            assert!(error.message.contains(says), "{}", error.message);
        };
        check(0, Keep, "1 to 100");
        check(101, Keep, "1 to 100");
        check(50, Drop, "by the action `keep`");
    }
}
