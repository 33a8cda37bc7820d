//! The JSON about where issues stand.

use reenact_issues::lifecycle::{Ignore, Scope, State, Status};
use reenact_store::control::IssueCounts;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::views::Issue;

/// Where an issue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IssueState {
    /// Nobody has looked at it yet, or it came back.
    ForReview,
    /// Somebody has looked at it.
    Reviewed,
    /// It should not happen again.
    Resolved,
    /// Nobody wants to hear of it, for ever or until something happens.
    Ignored,
    /// Its events are not kept.
    Excluded,
}

impl From<State> for IssueState {
    fn from(state: State) -> Self {
        match state {
            State::ForReview => Self::ForReview,
            State::Reviewed => Self::Reviewed,
            State::Resolved => Self::Resolved,
            State::Ignored => Self::Ignored,
            State::Excluded => Self::Excluded,
        }
    }
}

/// Which version holds the mend of a resolved issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResolutionScope {
    /// No version is named: it comes back with a version in which it was not known.
    Now,
    /// The newest version of the service: it comes back with that one or a newer one.
    CurrentVersion,
    /// The one after the newest: it comes back with a version that is newer than that of today.
    NextVersion,
}

impl From<Scope> for ResolutionScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Now => Self::Now,
            Scope::CurrentVersion => Self::CurrentVersion,
            Scope::NextVersion => Self::NextVersion,
        }
    }
}

impl From<ResolutionScope> for Scope {
    fn from(scope: ResolutionScope) -> Self {
        match scope {
            ResolutionScope::Now => Self::Now,
            ResolutionScope::CurrentVersion => Self::CurrentVersion,
            ResolutionScope::NextVersion => Self::NextVersion,
        }
    }
}

/// Issues that match, by state.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct StateCounts {
    /// For review.
    pub(crate) for_review: u64,
    /// Reviewed.
    pub(crate) reviewed: u64,
    /// Resolved.
    pub(crate) resolved: u64,
    /// Ignored, without the excluded ones.
    pub(crate) ignored: u64,
    /// Excluded.
    pub(crate) excluded: u64,
    /// All of them.
    pub(crate) all: u64,
}

impl StateCounts {
    /// From counts in the order of [`State::ALL`].
    pub(crate) fn of_groups(counts: &[u64]) -> Self {
        let of =
            |state: State| counts.get(usize::from(crate::workflow::group_of(state))).copied().unwrap_or(0);
        Self {
            for_review: of(State::ForReview),
            reviewed: of(State::Reviewed),
            resolved: of(State::Resolved),
            ignored: of(State::Ignored),
            excluded: of(State::Excluded),
            all: counts.iter().sum(),
        }
    }
}

/// Where an issue stands, in full.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueStatus {
    /// The state.
    pub(crate) state: IssueState,
    /// Since when; null when it was never changed.
    pub(crate) since: Option<String>,
    /// Who put it there: a name, or `automatic`.
    pub(crate) actor: Option<String>,
    /// Grows by one with each change.
    pub(crate) revision: u64,
    /// Who works on it.
    pub(crate) assignee: Option<String>,
    /// Present when it is resolved.
    pub(crate) resolution: Option<ResolutionView>,
    /// Present when it is ignored; without terms it is ignored for ever.
    pub(crate) ignore: Option<IgnoreView>,
    /// How it came back, until it is resolved, ignored or excluded again.
    pub(crate) regression: Option<RegressionView>,
    /// Events that were not kept because it was excluded, since ever.
    pub(crate) excluded_events: u64,
    /// Present when somebody set the suspected cause.
    pub(crate) cause: Option<CauseView>,
}

/// A suspected cause that somebody set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CauseView {
    /// As `cause` of the issue; `unknown` where those that are recognised are wrong.
    pub(crate) cause: String,
    /// Who set it.
    pub(crate) actor: String,
    /// When.
    pub(crate) at: String,
}

/// How an issue was resolved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResolutionView {
    /// Which version holds the mend.
    pub(crate) scope: ResolutionScope,
    /// The newest version of each environment at that time; those of the issue with `now`.
    pub(crate) versions: Vec<String>,
}

/// Until when an issue is ignored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IgnoreView {
    /// Until this time.
    pub(crate) until: Option<String>,
    /// Until so many events.
    pub(crate) events: Option<u64>,
    /// Until so many users.
    pub(crate) users: Option<u64>,
    /// Events since it was ignored; counted where `events` or `users` is given.
    pub(crate) events_seen: u64,
    /// Users since it was ignored; counted where `users` is given.
    pub(crate) users_seen: u64,
}

/// How an issue came back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegressionView {
    /// When the event happened.
    pub(crate) at: String,
    /// Its version.
    pub(crate) version: Option<String>,
    /// Its environment.
    pub(crate) env: Option<String>,
    /// The event; null when it is no longer known.
    pub(crate) event_id: Option<String>,
}

impl IssueStatus {
    /// A status with its counts.
    pub(crate) fn new(status: &Status, counts: IssueCounts) -> Self {
        Self {
            state: status.state.into(),
            since: status.since.map(|since| since.to_string()),
            actor: status.actor.as_ref().map(|actor| actor.name().to_owned()),
            revision: status.revision,
            assignee: status.assignee.clone(),
            resolution: status.resolution.as_ref().map(|resolution| ResolutionView {
                scope: resolution.scope.into(),
                versions: resolution.versions().into_iter().map(str::to_owned).collect(),
            }),
            ignore: status.ignore.as_ref().map(|Ignore { until, events, users }| IgnoreView {
                until: until.map(|until| until.to_string()),
                events: *events,
                users: *users,
                events_seen: counts.events,
                users_seen: counts.users,
            }),
            regression: status.regression.as_ref().map(|regression| RegressionView {
                at: regression.at.to_string(),
                version: regression.version.clone(),
                env: regression.env.clone(),
                event_id: regression.event_id.map(|id| id.to_string()),
            }),
            excluded_events: counts.excluded,
            cause: status.cause.as_ref().map(|set| CauseView {
                cause: set.cause.as_str().to_owned(),
                actor: set.actor.name().to_owned(),
                at: set.at.to_string(),
            }),
        }
    }
}

/// A change of one issue; at least one of `state`, `assignee` and `cause`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueChange {
    /// Another state.
    #[serde(default)]
    pub(crate) state: Option<IssueState>,
    /// With `resolved` only; `now` when absent.
    #[serde(default)]
    pub(crate) scope: Option<ResolutionScope>,
    /// With `ignored` only; for ever when absent.
    #[serde(default)]
    pub(crate) ignore: Option<IgnoreTerms>,
    /// Another assignee, or null for none; 1 to 200 bytes. Absent: as it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub(crate) assignee: Option<Option<String>>,
    /// Another suspected cause, as `cause` of an issue has it, or null for that of its events; `unknown` says that those
    /// that are recognised are wrong. Absent: as it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub(crate) cause: Option<Option<String>>,
    /// The revision that the change is made from; with another one it is refused. Not in bulk.
    #[serde(default)]
    pub(crate) revision: Option<u64>,
}

/// Tells null from absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Until when an issue is ignored: what comes first.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IgnoreTerms {
    /// Until this time, RFC 3339, in the future.
    #[serde(default)]
    pub(crate) until: Option<String>,
    /// Until so many events from now on, 1 to 1,000,000,000.
    #[serde(default)]
    pub(crate) events: Option<u64>,
    /// Until so many users from now on, 1 to 100,000.
    #[serde(default)]
    pub(crate) users: Option<u64>,
}

/// What became of a change of one issue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeResult {
    /// The change, to undo it; null when nothing changed.
    pub(crate) change_id: Option<String>,
    /// The issue as it is now.
    pub(crate) issue: Issue,
}

/// A change of many issues: those of `ids`, or those that match.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkChange {
    /// 1 to 1,000 issues.
    #[serde(default)]
    pub(crate) ids: Option<Vec<String>>,
    /// Every issue that matches this query, at most 10,000; empty for all of the range.
    #[serde(default)]
    pub(crate) query: Option<String>,
    /// Start of the range, with `query`.
    #[serde(default)]
    pub(crate) from: Option<String>,
    /// End of the range, with `query`.
    #[serde(default)]
    pub(crate) to: Option<String>,
    /// Only issues in this state, as in a list; with `query`.
    #[serde(default)]
    pub(crate) state: Option<String>,
    /// What becomes of each.
    pub(crate) change: IssueChange,
}

/// What became of a change of many issues.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkResult {
    /// The change, to undo it; null when nothing changed.
    pub(crate) change_id: Option<String>,
    /// Issues that were changed.
    pub(crate) changed: u64,
    /// Issues that were so already.
    pub(crate) unchanged: u64,
    /// Issues that there are not.
    pub(crate) missing: u64,
}

/// What became of an undo.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UndoResult {
    /// The change that the undo is; null when every issue was changed since, and nothing was undone.
    pub(crate) change_id: Option<String>,
    /// Issues that are as they were.
    pub(crate) undone: u64,
    /// Issues that were changed since, and stay as they are.
    pub(crate) skipped: u64,
}

/// A comment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentText {
    /// 1 to 10,000 bytes.
    pub(crate) text: String,
}

/// A page of an issue's timeline, the newest entry first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActivityList {
    /// The entries.
    pub(crate) entries: Vec<ActivityEntry>,
    /// Where the next page begins.
    pub(crate) next_cursor: Option<String>,
}

/// The kinds of entries of a timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActivityKind {
    /// Another state, or the same one on other terms.
    #[default]
    State,
    /// Another assignee.
    Assigned,
    /// Another suspected cause.
    Cause,
    /// What somebody wrote.
    Comment,
    /// It came back.
    Regression,
    /// Its events are shown as those of another issue.
    MergedInto,
    /// Events of other issues are shown as its own.
    Merged,
    /// Stored events of another issue are its own now.
    MovedIn,
    /// Stored events of its own are those of other issues now.
    MovedOut,
    /// Its events are its own again.
    SplitFrom,
    /// Events of other issues are their own again.
    Split,
    /// Its first event.
    FirstSeen,
}

/// One entry of a timeline; what does not belong to its kind is null.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ActivityEntry {
    /// The entry.
    pub(crate) id: String,
    /// When.
    pub(crate) at: String,
    /// Who: a name, or `automatic`.
    pub(crate) actor: String,
    /// What.
    pub(crate) kind: ActivityKind,
    /// The state before.
    pub(crate) from: Option<IssueState>,
    /// The state after.
    pub(crate) to: Option<IssueState>,
    /// How it was resolved.
    pub(crate) scope: Option<ResolutionScope>,
    /// Until when it is ignored.
    pub(crate) ignore: Option<IgnoreTermsView>,
    /// The assignee before.
    pub(crate) assignee_from: Option<String>,
    /// The assignee after.
    pub(crate) assignee_to: Option<String>,
    /// The suspected cause that was set before; null for that of the events.
    pub(crate) cause_from: Option<String>,
    /// The suspected cause that is set now, likewise.
    pub(crate) cause_to: Option<String>,
    /// The comment, or why it changed by itself.
    pub(crate) text: Option<String>,
    /// The version of the event.
    pub(crate) version: Option<String>,
    /// Its environment.
    pub(crate) env: Option<String>,
    /// The event.
    pub(crate) event_id: Option<String>,
    /// The other issues, of merges, splits and moves.
    pub(crate) issue_ids: Vec<String>,
    /// How many events moved.
    pub(crate) events: Option<u64>,
    /// The issue that it is about, when that is one that was merged into this one.
    pub(crate) of_issue_id: Option<String>,
    /// The change that it is part of.
    pub(crate) change_id: Option<String>,
    /// Whether the change was undone.
    pub(crate) undone: bool,
    /// Whether the change can be undone for this issue.
    pub(crate) can_undo: bool,
}

/// The terms of ignoring, in a timeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IgnoreTermsView {
    /// Until this time.
    pub(crate) until: Option<String>,
    /// Until so many events.
    pub(crate) events: Option<u64>,
    /// Until so many users.
    pub(crate) users: Option<u64>,
}

/// Names that issues were assigned to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssigneeList {
    /// Those with the most issues first.
    pub(crate) assignees: Vec<Assignee>,
}

/// One name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Assignee {
    /// The name.
    pub(crate) name: String,
    /// Issues that are assigned to it now.
    pub(crate) issues: u64,
}
