//! Why an event is in its issue, as the API shows it.

use reenact_issues::grouping::explain::{Source, explain};
use reenact_issues::lifecycle::MergedInto;
use reenact_model::Placed;
use serde::Serialize;
use utoipa::ToSchema;

/// Why events are one issue.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Grouping {
    /// The algorithm.
    pub(crate) version: String,
    /// What the events have in common.
    pub(crate) fingerprint: String,
    /// The parts of it, for people, as they were when the event arrived.
    pub(crate) why: Vec<String>,
    /// Who decided: `default` (the algorithm), `application` (through `error.fingerprint`) or `rule`.
    pub(crate) source: String,
    /// What is known of the event: what decides which issue it is, then what does not.
    pub(crate) parts: Vec<GroupingPart>,
    /// Frames that are not among the parts.
    pub(crate) frames_left_out: usize,
    /// The rule that decided, as it was then.
    pub(crate) rule: Option<GroupingRuleView>,
    /// The issue that the event is by its fingerprint; another one than it is shown in when that was merged.
    pub(crate) own_issue_id: String,
    /// The issue that the event would be without rules.
    pub(crate) issue_id_without_rules: String,
    /// How its issue was merged into the one that it is shown in.
    pub(crate) merged: Option<GroupingMerge>,
}

/// Something that is known of an event, and whether it decides which issue the event is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupingPart {
    /// What it is: `service`, `error type`, `frame`.
    pub(crate) name: String,
    /// Its value as far as it counts, 200 characters at most.
    pub(crate) value: String,
    /// Whether it decides.
    pub(crate) contributes: bool,
    /// Why, or why not.
    pub(crate) reason: String,
}

/// A rule as it was when it decided about an event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupingRuleView {
    /// The rule.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The template of its fingerprint.
    pub(crate) fingerprint: String,
}

/// How an issue was merged into another one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupingMerge {
    /// The other one.
    pub(crate) into: String,
    /// Who merged them.
    pub(crate) by: String,
    /// When.
    pub(crate) at: String,
}

impl Grouping {
    /// Why an event is in its issue. `merged` is how the issue of its fingerprint came to be shown as another one.
    pub(crate) fn of(placed: &Placed, merged: Option<&MergedInto>) -> Self {
        let explained = explain(placed);
        let grouping = &placed.grouping;
        let without_rules = match grouping.rule {
            Some(_) => reenact_issues::place(placed.report.clone()).issue_id,
            None => placed.issue_id,
        };
        Self {
            version: grouping.version.clone(),
            fingerprint: grouping.fingerprint.clone(),
            why: grouping.why.clone(),
            source: match explained.source {
                Source::Default => "default",
                Source::Application => "application",
                Source::Rule => "rule",
            }
            .to_owned(),
            parts: explained
                .parts
                .into_iter()
                .map(|part| GroupingPart {
                    name: part.name,
                    value: part.value,
                    contributes: part.contributes,
                    reason: part.reason,
                })
                .collect(),
            frames_left_out: explained.frames_left_out,
            rule: grouping.rule.as_ref().map(|rule| GroupingRuleView {
                id: rule.id.clone(),
                name: rule.name.clone(),
                fingerprint: rule.fingerprint.clone(),
            }),
            own_issue_id: placed.issue_id.to_string(),
            issue_id_without_rules: without_rules.to_string(),
            merged: merged.map(|merged| GroupingMerge {
                into: merged.issue.to_string(),
                by: merged.actor.name().to_owned(),
                at: merged.at.to_string(),
            }),
        }
    }
}
