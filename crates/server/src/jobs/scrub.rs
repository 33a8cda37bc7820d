//! Redacts again what is stored, with the rules in force when each step begins.

use std::collections::BTreeMap;

use reenact_model::{Fragment, Timestamp};
use reenact_redact::{Hits, Redacted};
use reenact_store::{RewriteStep, Store, StoreError, Stored, TimeRange};

use super::Job;
use crate::policy::{Facts, Policies, Policy, counts};

/// One step, and what rules did in it by their text.
pub(super) fn step(
    store: &dyn Store,
    policies: &Policies,
    job: &Job,
) -> Result<(RewriteStep, BTreeMap<String, u64>), StoreError> {
    let policy = policies.policy();
    let range = TimeRange {
        from: Timestamp::from_nanos(job.from.unwrap_or(i64::MIN)),
        to: Timestamp::from_nanos(job.to),
    };
    let mut all = Hits::default();
    let step = store.rewrite(range, job.position.as_deref(), &mut |stored| {
        let (changed, hits) = again(&policy, stored);
        all.add(&hits);
        changed
    })?;
    Ok((step, counts(&all).map(|(rule, count)| (rule.to_text(), count)).collect()))
}

/// What becomes of a stored thing; `None` when no rule changes anything.
fn again(policy: &Policy, stored: Stored) -> (Option<Redacted<Stored>>, Hits) {
    match stored {
        Stored::Event(event) => {
            let chosen = policy.choose(Facts::of_placed(&event));
            let (redacted, hits) = chosen.placed(*event);
            let changed = hits.total() > 0;
            (changed.then(|| redacted.derive(|event| Stored::Event(Box::new(event)))), hits)
        }
        Stored::Snapshots(snapshots) => {
            let mut all = Hits::default();
            let redacted: Vec<Redacted<Fragment>> = snapshots
                .into_iter()
                .map(|snapshot| {
                    let fragment = Fragment::Snapshot(snapshot);
                    let (redacted, hits) = policy.redact(fragment);
                    all.add(&hits);
                    redacted
                })
                .collect();
            let changed = all.total() > 0;
            (changed.then(|| Redacted::collect(redacted).derive(snapshots_of)), all)
        }
        Stored::Message { service, text } => {
            let (redacted, hits) = policy.choose(Facts::of_text("python", &service, None)).message(text);
            let changed = hits.total() > 0;
            // The event that the message is of was counted.
            (
                changed.then(|| redacted.derive(|text| Stored::Message { service: String::new(), text })),
                Hits::default(),
            )
        }
    }
}

fn snapshots_of(fragments: Vec<Fragment>) -> Stored {
    let snapshots = fragments.into_iter().filter_map(|fragment| match fragment {
        Fragment::Snapshot(snapshot) => Some(snapshot),
        Fragment::Trace(_) | Fragment::Crash(_) | Fragment::Occurrence(_) => None,
    });
    Stored::Snapshots(snapshots.collect())
}
