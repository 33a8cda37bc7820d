//! Changing where an issue stands.

use serde_json::json;

use crate::answer::{ToolError, text, word};
use crate::api::{Api, Call, Method};
use crate::arguments::{Id, SetIssueState, id};
use crate::limits::COMMENT_BYTES_MAX;

/// The states that an agent may set. Excluding an issue ends the collection of its events, which takes a person.
const STATES: [&str; 4] = ["for_review", "reviewed", "resolved", "ignored"];

pub(crate) async fn set<A: Api>(api: &A, asked: SetIssueState) -> Result<String, ToolError> {
    id(&asked.issue, &[Id::Issue])?;
    if !STATES.contains(&asked.state.as_str()) {
        return Err(ToolError(format!(
            "`state` is one of {}.",
            STATES.map(|state| format!("`{state}`")).join(", ")
        )));
    }
    if asked.comment.trim().is_empty() || asked.comment.len() > COMMENT_BYTES_MAX {
        return Err(ToolError(format!("`comment` has 1 to {COMMENT_BYTES_MAX} bytes: say why.")));
    }
    let mut change = json!({"state": asked.state});
    if let Some(scope) = asked.resolved_in {
        change["scope"] = scope.into();
    }
    if let Some(until) = asked.ignored_until {
        change["ignore"] = json!({"until": until});
    }
    let path = format!("/issues/{}", asked.issue);
    let changed = api.call(Call::send(Method::Patch, path.clone(), change)).await?;
    let issue = word(text(&changed["issue"], "id"));
    let state = word(text(&changed["issue"], "state"));
    let comment = json!({"text": asked.comment});
    if let Err(error) = api.call(Call::send(Method::Post, format!("{path}/comments"), comment)).await {
        let ToolError(message) = error.into();
        return Err(ToolError(format!(
            "Issue {issue} is {state} now, but the comment was not written: {message}"
        )));
    }
    let undo = changed["change_id"].as_str().map_or_else(
        || "It was in that state already; nothing else changed.".to_owned(),
        |change| format!("A person can undo it on the issue's page (change {}).", word(change)),
    );
    Ok(format!("Issue {issue} is {state} now, and the comment is written. {undo}"))
}
