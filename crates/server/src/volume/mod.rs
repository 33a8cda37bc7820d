//! Volume: which of what arrives is not kept, by rules and by limits, and how much that is.
//!
//! - **Rules:** those of [`crate::arrival`]; what none decides about is kept.
//! - **Limits:** from the configuration; `reenact_issues::volume` has the algorithm. An event counts when it arrives,
//!   whatever becomes of its storing: one that is sent again counts again.
//! - **Counts:** by hour, beside the hits of redaction rules; written every ten seconds and at the end, so that a crash
//!   loses ten seconds of them, and of no event.

mod compile;
mod counts;
mod preview;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reenact_issues::volume::{VolumeLimiter, VolumeLimits};
use reenact_model::{IssueId, Placed, Timestamp};
use reenact_store::control::Control;
use reenact_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::now;
use crate::arrival::{Rule, RuleBook, RulesError};

use counts::{Counts, Dropped};

pub(crate) use counts::{Limited, NotKept, hour_of, start_of};
pub(crate) use preview::{Fate, Losing, Preview, PreviewOf, preview};

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VolumeRule {
    /// 1 to 32 letters, digits, `-` and `_`; each once. The server makes one where it is empty. Events are counted by
    /// it.
    #[serde(default)]
    pub(crate) id: String,
    /// For people; 1 to 100 bytes.
    pub(crate) name: String,
    /// Whether it decides about events.
    #[serde(default = "on")]
    pub(crate) enabled: bool,
    /// Which events: a query over what is known of an event when it arrives. `issue:` stands for its own issue.
    #[serde(default)]
    pub(crate) query: String,
    /// What becomes of them.
    pub(crate) action: VolumeAction,
    /// Of 100 events that `keep` is about, how many are kept; the same ones when they are sent again.
    #[serde(default = "all")]
    #[schema(minimum = 1, maximum = 100)]
    pub(crate) keep_percent: u8,
}

/// What a rule does with events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VolumeAction {
    /// They are kept, or a share of them is; the rules after it are not asked.
    Keep,
    /// They are not kept.
    Drop,
}

fn on() -> bool {
    true
}

fn all() -> u8 {
    100
}

/// The rules and limits in force.
pub struct Volume {
    control: Arc<dyn Control>,
    store: Arc<dyn Store>,
    limits: VolumeLimits,
    /// Absent without limits.
    limiter: Option<Mutex<VolumeLimiter>>,
    pub(crate) rules: RuleBook<VolumeRule>,
    counts: Mutex<Counts>,
}

impl Volume {
    /// Loads the rules, and keeps these limits.
    ///
    /// # Errors
    /// [`RulesError`] when the store fails, or what is stored cannot be used: a disk must not silently fill with what
    /// was decided not to be kept.
    pub fn load(
        limits: VolumeLimits,
        store: Arc<dyn Store>,
        control: Arc<dyn Control>,
    ) -> Result<Arc<Self>, RulesError> {
        let rules = RuleBook::load(Arc::clone(&control))?;
        let now = now();
        let written = control
            .hits(Counts::since(now), i64::MAX)
            .map_err(|source| RulesError::Store { kind: VolumeRule::KIND, source })?;
        let counts = Counts::new(written, now);
        let is_limited = limits != VolumeLimits::default();
        Ok(Arc::new(Self {
            control,
            store,
            limits,
            limiter: is_limited.then(|| Mutex::new(VolumeLimiter::new(limits))),
            rules,
            counts: Mutex::new(counts),
        }))
    }

    /// The limits in force.
    pub(crate) fn limits(&self) -> VolumeLimits {
        self.limits
    }

    /// Whether a rule decides that an event is not kept; counts it.
    pub(crate) fn is_filtered(&self, event: &Placed, now: Timestamp) -> bool {
        let rules = self.rules.rules();
        let Some(share) = rules.first(event).filter(|share| !share.has(event.report.id)) else {
            return false;
        };
        lock(&self.counts).add(Dropped::Rule(share.rule.clone()), now);
        true
    }

    /// Whether an event, shown in this issue, is over a limit; counts it.
    pub(crate) fn is_over(&self, issue: IssueId, now: Timestamp) -> bool {
        let Some(limiter) = &self.limiter else { return false };
        // Where the store fails nothing is new: it could not be kept either.
        let is_new = || self.store.own_issues(&[issue]).is_ok_and(|known| known.is_empty());
        let is_over = !lock(limiter).keeps(issue, now, is_new);
        if is_over {
            lock(&self.counts).add(Dropped::Issue(issue), now);
        }
        is_over
    }

    /// How many events of these issues, shown as one, were not kept because of a limit.
    pub(crate) fn limited(&self, issues: &[IssueId]) -> Option<Limited> {
        lock(&self.counts).limited(issues)
    }

    /// What was not kept in the hours from `from` to `to` (excluded).
    pub(crate) fn not_kept(&self, from: i64, to: i64) -> Result<NotKept, StoreError> {
        // What was counted a moment ago is in it.
        self.write_counts()?;
        Ok(NotKept::of(self.control.hits(from, to)?))
    }

    /// Writes the counts to the store; those that it does not take wait for the next time.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub fn write_counts(&self) -> Result<(), StoreError> {
        let counted = lock(&self.counts).take();
        if counted.is_empty() {
            return Ok(());
        }
        let written = self.control.add_hits(&counted);
        if written.is_err() {
            lock(&self.counts).give_back(counted);
        }
        written
    }
}

/// Every state of what these locks guard is valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
