//! What was decided about issues does not grow for ever.

use std::collections::HashMap;

use reenact_issues::lifecycle::{Actor, State};
use reenact_model::{IssueId, Timestamp};
use reenact_store::StoreError;
use reenact_store::control::Forget;

use super::{FORGOTTEN_AUTOMATIC_NS, FORGOTTEN_NS, UNDO_NS, Workflow, lock};

impl Workflow {
    /// Forgets statuses and pins of issues that were neither seen nor changed for long, old entries of timelines, old
    /// changes and old versions. Excluded issues stay excluded.
    pub(super) fn forget(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut last_seen: HashMap<IssueId, Timestamp> = HashMap::new();
        self.store.known_issues(&mut |issue| {
            last_seen.insert(issue.id, issue.last_seen);
        })?;
        self.forget_pins(&last_seen, now)?;
        let _changing = lock(&self.changing);
        let mut issues = Vec::new();
        for (id, status) in self.live().all().filter(|(_, status)| status.state != State::Excluded) {
            let touched = last_seen.get(&id).copied().max(status.since).max(Some(status.judged_after));
            let automatic = status.state == State::Resolved
                && status.actor == Some(Actor::Automatic)
                && status.assignee.is_none()
                && status.cause.is_none();
            let kept_ns = if automatic { FORGOTTEN_AUTOMATIC_NS } else { FORGOTTEN_NS };
            if now.nanos_since(touched.unwrap_or_default()) >= kept_ns {
                issues.push(id);
            }
        }
        let before = now.saturating_add_nanos(-FORGOTTEN_NS);
        let changes_before = now.saturating_add_nanos(-UNDO_NS);
        self.control.forget_issues(&Forget { issues: issues.clone(), before, changes_before })?;
        self.catalogue.forget(before);
        let mut counting = lock(&self.counting);
        issues.iter().for_each(|id| counting.forget(*id));
        drop(counting);
        if !issues.is_empty() {
            self.put_in_force(issues.into_iter().map(|id| (id, None)));
        }
        Ok(())
    }
}
