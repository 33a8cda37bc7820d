//! What is known of an issue's state.

use reenact_model::{EventId, IssueId, Timestamp};
use serde::{Deserialize, Serialize};

use super::versions;
use crate::Cause;

/// Versions that a resolution remembers in one environment, those seen first are dropped.
pub const KNOWN_MAX: usize = 200;

/// Where an issue stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has looked at it, or it came back.
    #[default]
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

impl State {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::ForReview, Self::Reviewed, Self::Resolved, Self::Ignored, Self::Excluded];

    /// The name in the API and in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ForReview => "for_review",
            Self::Reviewed => "reviewed",
            Self::Resolved => "resolved",
            Self::Ignored => "ignored",
            Self::Excluded => "excluded",
        }
    }

    /// The state of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Who changed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Somebody.
    Person(String),
    /// A rule of this module.
    Automatic,
}

impl Actor {
    /// The name that people see.
    pub fn name(&self) -> &str {
        match self {
            Self::Person(name) => name,
            Self::Automatic => "automatic",
        }
    }
}

/// Which version holds the mend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// No version is named: the issue comes back with a version in which it was not known.
    #[default]
    Now,
    /// The newest version of the service: the issue comes back with that version or a newer one.
    CurrentVersion,
    /// The one after the newest: the issue comes back with a version that is newer than today's.
    NextVersion,
}

/// Versions of one environment, in the order in which they were first seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EnvVersions {
    /// The environment; `None` for events that name none.
    pub env: Option<String>,
    /// Those in which the issue was seen.
    pub issue: Vec<String>,
    /// Those of the service, whatever was seen in them.
    pub service: Vec<String>,
}

impl EnvVersions {
    /// The newest version of the service, or of the issue where the service's are not known.
    pub fn newest(&self) -> Option<&str> {
        let of_service = versions::newest(&self.service);
        let of_issue = versions::newest(&self.issue);
        match (of_service, of_issue) {
            (Some(service), Some(issue))
                if versions::compare(issue, service) == Some(std::cmp::Ordering::Greater) =>
            {
                Some(issue)
            }
            (service, issue) => service.or(issue),
        }
    }

    /// The versions whose form does not tell that they are older than the newest, and the newest as the last.
    fn up_to(&self, newest: &str) -> Vec<String> {
        let earlier = self.issue.iter().filter(|version| !self.service.contains(version));
        let is_needed = |version: &&String| {
            version.as_str() != newest && versions::compare(version, newest) != Some(std::cmp::Ordering::Less)
        };
        let mut seen: Vec<String> = earlier.chain(&self.service).filter(is_needed).cloned().collect();
        seen.push(newest.to_owned());
        seen
    }
}

/// What a resolution covers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resolution {
    /// Which version holds the mend.
    pub scope: Scope,
    /// Silence was the only reason: any later event ends it.
    pub of_silence: bool,
    /// What was known when it was resolved, by environment.
    pub envs: Vec<EnvVersions>,
    /// Environments and versions that somebody said are no regression.
    pub accepted: Vec<(Option<String>, String)>,
}

impl Resolution {
    /// A resolution with what it needs of what is known; no more than [`KNOWN_MAX`] versions of each kind and
    /// environment. Where the forms of versions give their order, the newest is enough to tell the others.
    pub fn new(scope: Scope, envs: &[EnvVersions]) -> Self {
        let last = |versions: &[String]| versions[versions.len().saturating_sub(KNOWN_MAX)..].to_vec();
        let envs = envs.iter().map(|known| {
            let (issue, service) = match (scope, known.newest()) {
                (Scope::Now, _) | (_, None) => (last(&known.issue), Vec::new()),
                (_, Some(newest)) => (Vec::new(), last(&known.up_to(newest))),
            };
            EnvVersions { env: known.env.clone(), issue, service }
        });
        Self { scope, envs: envs.collect(), ..Self::default() }
    }

    /// The versions that it was made at: the newest of each environment, each once.
    pub fn versions(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for newest in self.envs.iter().filter_map(EnvVersions::newest) {
            if !found.contains(&newest) {
                found.push(newest);
            }
        }
        found
    }
}

/// Until when an issue is ignored; for ever when nothing is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ignore {
    /// Until this time.
    pub until: Option<Timestamp>,
    /// Until so many events were seen since.
    pub events: Option<u64>,
    /// Until so many users were impacted since.
    pub users: Option<u64>,
}

impl Ignore {
    /// Whether events have to be counted.
    pub fn counts(&self) -> bool {
        self.events.is_some() || self.users.is_some()
    }
}

/// How a resolved issue came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regression {
    /// When the event happened.
    pub at: Timestamp,
    /// Its version.
    pub version: Option<String>,
    /// Its environment.
    pub env: Option<String>,
    /// The event; `None` when it was found by its version alone.
    pub event_id: Option<EventId>,
}

/// Which issue another one is shown as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedInto {
    /// The issue that has its events.
    pub issue: IssueId,
    /// Who merged them.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
}

/// A suspected cause that somebody set; it stands for that of the events until it is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCause {
    /// The cause; [`Cause::Unknown`] where those that are recognised are wrong.
    pub cause: Cause,
    /// Who set it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
}

/// Where an issue stands, and since when. The default is that of an issue that nobody has touched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// The state.
    pub state: State,
    /// Since when; `None` when it was never changed.
    pub since: Option<Timestamp>,
    /// Who put it there.
    pub actor: Option<Actor>,
    /// Grows by one with each change.
    pub revision: u64,
    /// Who works on it.
    pub assignee: Option<String>,
    /// Present when resolved.
    pub resolution: Option<Resolution>,
    /// Present when ignored.
    pub ignore: Option<Ignore>,
    /// How it came back, until it is resolved, ignored or excluded again.
    pub regression: Option<Regression>,
    /// Events of this time or before change nothing: they were there when it got its state.
    pub judged_after: Timestamp,
    /// Present when its events are shown as those of another issue. Nothing moves it meanwhile.
    pub merged: Option<MergedInto>,
    /// Present when somebody set the suspected cause.
    pub cause: Option<SetCause>,
}

/// One entry of an issue's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Activity {
    /// Another state, or the same one on other terms.
    State {
        /// Before.
        from: State,
        /// After.
        to: State,
        /// How it was resolved.
        #[serde(default)]
        scope: Option<Scope>,
        /// Until when it is ignored.
        #[serde(default)]
        ignore: Option<Ignore>,
        /// Why it changed by itself.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Another assignee.
    Assigned {
        /// Before.
        from: Option<String>,
        /// After.
        to: Option<String>,
    },
    /// Another suspected cause; without one that of its events counts.
    Cause {
        /// That which was set before.
        from: Option<Cause>,
        /// That which is set now.
        to: Option<Cause>,
    },
    /// A resolved issue came back, and is for review.
    Regression {
        /// How.
        #[serde(flatten)]
        regression: Regression,
    },
    /// Its events are shown as those of another issue.
    MergedInto {
        /// The other one.
        issue: IssueId,
    },
    /// The events of other issues are shown as its own.
    Merged {
        /// The others.
        issues: Vec<IssueId>,
    },
    /// Its events are its own again.
    SplitFrom {
        /// The issue that had them.
        issue: IssueId,
    },
    /// The events of other issues are their own again.
    Split {
        /// The others.
        issues: Vec<IssueId>,
    },
    /// Stored events of another issue are its own now.
    MovedIn {
        /// The other one.
        issue: IssueId,
        /// How many.
        events: u64,
    },
    /// Stored events of its own are those of other issues now.
    MovedOut {
        /// The others, those with the most of these events first; 20 at most.
        issues: Vec<IssueId>,
        /// How many.
        events: u64,
    },
    /// What somebody wrote.
    Comment {
        /// The text.
        text: String,
    },
}

/// A change: what the status is now, and what the timeline says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The new status.
    pub status: Status,
    /// The entries, in order.
    pub activity: Vec<Activity>,
}
