//! The JSON of settings, trials, jobs and the audit log.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::policy::settings::{ModeName, RedactionSettings, RuleSet, ScannerGroup, ScannerRuleSetting};

/// Who asks, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// The name that the audit log shows.
    pub(crate) name: String,
    /// Whether captured values are shown.
    pub(crate) may_see_values: bool,
    /// Whether masks may be taken off.
    pub(crate) may_unmask: bool,
    /// Whether settings may be changed, and the audit log be read.
    pub(crate) may_change_settings: bool,
    /// Whether the state of issues may be changed, and comments be written.
    pub(crate) may_triage: bool,
}

/// Redaction as it is in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Redaction {
    /// Grows with each change; a change names the one that it was made from.
    pub(crate) version: u64,
    /// What operators changed here.
    pub(crate) settings: RedactionSettings,
    /// What the configuration file and the environment add; not changed here.
    pub(crate) configured: RuleSet,
    /// The names that are redacted by default.
    pub(crate) default_identifiers: Vec<String>,
    /// The rules that look at values.
    pub(crate) value_rules: Vec<ValueRule>,
}

/// A rule that looks at values.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueRule {
    /// Its id.
    pub(crate) id: String,
    /// `credentials`, `payment`, `national_ids` or `contact`.
    pub(crate) category: String,
    /// What it finds.
    pub(crate) description: String,
    /// Whether it is used when nothing is said.
    pub(crate) on_by_default: bool,
    /// Whether it is used for every service now.
    pub(crate) on: bool,
}

/// A change of the redaction settings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedactionChange {
    /// The version that the change was made from.
    pub(crate) version: u64,
    /// All settings.
    pub(crate) settings: RedactionSettings,
}

/// The scanner's groups.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScannerGroups {
    /// The groups with their rules.
    pub(crate) groups: Vec<ScannerGroup>,
}

/// A group without its rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupChange {
    /// What people call it.
    pub(crate) name: String,
    /// Which data; empty: everything.
    #[serde(default)]
    pub(crate) query: String,
    /// Whether its rules are used.
    pub(crate) enabled: bool,
}

/// How often rules changed something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleHitsList {
    /// Start of the first bucket.
    pub(crate) from: String,
    /// End of the last bucket.
    pub(crate) to: String,
    /// Rules with hits in the range, the most first.
    pub(crate) rules: Vec<RuleHits>,
}

/// How often one rule changed something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleHits {
    /// The rule.
    pub(crate) rule: RuleName,
    /// Changes in the range.
    pub(crate) total: u64,
    /// The hour of the last one.
    pub(crate) last_at: String,
    /// Changes in equal parts of the range.
    pub(crate) histogram: Vec<u64>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub(crate) struct RuleName {
    /// Which sort of rule.
    pub(crate) kind: RuleKind,
    /// Its id; null where the sort says it all.
    pub(crate) id: Option<String>,
    /// What people call it.
    pub(crate) name: String,
}

/// Sorts of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleKind {
    /// A redacted name.
    Name,
    /// A redacted type.
    Type,
    /// A rule that looks at values.
    Value,
    /// A rule of the scanner.
    Scanner,
    /// Strict mode.
    Strict,
    /// A limit of the scan.
    Unscanned,
}

/// Which hits are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HitsSelection {
    /// Start of the range: RFC 3339 or `now-1d`; a day before `to` when absent.
    pub(crate) from: Option<String>,
    /// End of the range; now when absent.
    pub(crate) to: Option<String>,
    /// Parts of the range, 24 when absent; hits are counted by the hour.
    pub(crate) buckets: Option<usize>,
}

/// What to try rules on: `text`, or the last events with their values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    /// A text; at most 1 MiB.
    #[serde(default)]
    pub(crate) text: Option<String>,
    /// The last so many events, with their snapshots: 1 to 200.
    #[serde(default)]
    pub(crate) last: Option<usize>,
    /// The service that the text is from, for settings of services and queries of groups.
    #[serde(default)]
    pub(crate) service: Option<String>,
    /// The environment that the text is from.
    #[serde(default)]
    pub(crate) env: Option<String>,
    /// Where the text stands, for paths of rules; `error.message` when absent.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// A rule to use on everything, saved or not, on or off. Other scanner rules are not used then.
    #[serde(default)]
    pub(crate) rule: Option<ScannerRuleSetting>,
    /// The query of that rule's group; empty: everything.
    #[serde(default)]
    pub(crate) query: Option<String>,
    /// Redaction settings in place of the saved ones.
    #[serde(default)]
    pub(crate) settings: Option<RedactionSettings>,
}

/// What the rules would change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrialResult {
    /// Texts, snapshots and events looked at.
    pub(crate) looked_at: u64,
    /// Those in which something changes.
    pub(crate) changed: u64,
    /// What changes, by rule.
    pub(crate) hits: Vec<RuleCount>,
    /// What changes, up to 500 changes.
    pub(crate) samples: Vec<TrialSample>,
    /// Whether there are more changes than are listed.
    pub(crate) truncated: bool,
}

/// How often a rule would change something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleCount {
    /// The rule.
    pub(crate) rule: RuleName,
    /// How often.
    pub(crate) count: u64,
}

/// A text, a snapshot or an event in which something changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrialSample {
    /// What it is.
    pub(crate) kind: SampleKind,
    /// The event, of an event or a snapshot.
    pub(crate) event_id: Option<String>,
    /// The function of a snapshot, the type of an event's exception; empty for a text.
    pub(crate) title: String,
    /// The changes.
    pub(crate) changes: Vec<TrialChange>,
    /// The text afterwards, where a text was tried.
    pub(crate) text: Option<String>,
}

/// What a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SampleKind {
    /// The text of the trial.
    Text,
    /// An event with its messages, tags and source lines.
    Event,
    /// The values of one frame.
    Snapshot,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrialChange {
    /// Where: `error.message`, `values.locals.order.card`.
    pub(crate) path: String,
    /// Which rule.
    pub(crate) rule: RuleName,
    /// Where the change begins in the text before, in UTF-16 units; null when the whole value goes.
    pub(crate) start: Option<usize>,
    /// Where it ends.
    pub(crate) end: Option<usize>,
    /// What stands there afterwards.
    pub(crate) replacement: String,
}

/// What to scrub again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScrubRequest {
    /// Start of the range: RFC 3339 or `now-1d`; everything when absent.
    #[serde(default)]
    pub(crate) from: Option<String>,
    /// End of the range; now when absent.
    #[serde(default)]
    pub(crate) to: Option<String>,
}

/// Which stored events to group again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegroupRequest {
    /// Of these issues, with those that were merged into them, 200 at most; of all when absent or empty.
    #[serde(default)]
    pub(crate) issues: Vec<String>,
    /// Which of their events: a query over what is known of an event when it arrives; all when absent.
    #[serde(default)]
    pub(crate) query: Option<String>,
    /// Start of the range: RFC 3339 or `now-1d`; everything when absent.
    #[serde(default)]
    pub(crate) from: Option<String>,
    /// End of the range; without an end when absent, also with times to come.
    #[serde(default)]
    pub(crate) to: Option<String>,
}

/// Jobs, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobList {
    /// The jobs.
    pub(crate) jobs: Vec<Job>,
}

/// A long piece of work.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Job {
    /// Its id.
    pub(crate) id: String,
    /// What it does.
    pub(crate) kind: JobKind,
    /// How it stands.
    pub(crate) state: JobState,
    /// Start of the range of days that it works on; null: everything.
    pub(crate) from: Option<String>,
    /// End of that range.
    pub(crate) to: Option<String>,
    /// Who asked for it.
    pub(crate) requested_by: String,
    /// When it was asked for.
    pub(crate) created_at: String,
    /// When it ended.
    pub(crate) finished_at: Option<String>,
    /// Of which issues events are grouped again; of all when empty.
    pub(crate) issues: Vec<String>,
    /// Which of their events.
    pub(crate) query: String,
    /// Events and snapshots looked at.
    pub(crate) done: u64,
    /// Events and snapshots in all, as counted at its start.
    pub(crate) total: u64,
    /// Those that it changed.
    pub(crate) changed: u64,
    /// What it changed, by rule.
    pub(crate) hits: Vec<RuleCount>,
    /// Why it failed.
    pub(crate) error: Option<String>,
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobKind {
    /// Redacts stored data again, with the rules in force.
    Scrub,
    /// Moves stored events to the issues that the grouping rules in force give them.
    Regroup,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobState {
    /// At work, or goes on after a restart.
    Running,
    /// It did everything.
    Done,
    /// Somebody ended it; what it changed stays changed.
    Cancelled,
    /// It could not go on.
    Failed,
}

/// Which entries of the audit log are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditSelection {
    /// Only these: `values.viewed`, `redaction.changed`, and so on; all when absent.
    pub(crate) action: Option<String>,
    /// Only those about this event, issue, rule, job, or whatever else has this id.
    pub(crate) subject: Option<String>,
    /// Entries on a page, 1 to 200; 50 when absent.
    pub(crate) limit: Option<usize>,
    /// Where the page begins.
    pub(crate) cursor: Option<String>,
}

/// A page of the audit log, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditLog {
    /// The entries.
    pub(crate) entries: Vec<AuditEntry>,
    /// Where the next page begins.
    pub(crate) next_cursor: Option<String>,
}

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// When.
    pub(crate) at: String,
    /// Who.
    pub(crate) actor: String,
    /// From which address.
    pub(crate) address: Option<String>,
    /// What: `values.viewed`, `values.searched`, `values.unmasked`, `issue.changed`, `issues.changed`, `issues.merged`,
    /// `issue.split`, `change.undone`, `comment.deleted`, `pin.added`, `pin.removed`, `view.added`, `view.changed`,
    /// `view.deleted`, `capture.asked`, `capture.taken_back`, `captures.changed`, `redaction.changed`,
    /// `scanner.changed`, `trial.run`, `scrub.started`, `scrub.cancelled`, `grouping.changed`, `grouping.applied`,
    /// `grouping.apply_cancelled`, `volume.changed`, `repository.added`, `repository.changed`, `repository.deleted`,
    /// `key.added`, `key.removed`.
    pub(crate) action: String,
    /// The event, issue, group, rule, job, comment, view, repository, key, or change that was undone.
    pub(crate) subject: Option<String>,
    /// More, in words.
    pub(crate) detail: Option<String>,
}

/// A masked text to read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnmaskRequest {
    /// The event that it stands in.
    pub(crate) event_id: String,
    /// The text with its masks: `card [masked: …]`.
    pub(crate) text: String,
}

/// The text without masks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Unmasked {
    /// The text.
    pub(crate) text: String,
}

impl From<ModeName> for reenact_redact::Mode {
    fn from(mode: ModeName) -> Self {
        match mode {
            ModeName::Targeted => Self::Targeted,
            ModeName::Strict => Self::Strict,
        }
    }
}
