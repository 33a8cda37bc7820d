//! Issues and their events.

use serde_json::Value;

use crate::answer::{Answer, ToolError, list, short, text, word};
use crate::api::{Api, Call};
use crate::arguments::{GetIssue, Id, ListEvents, SearchIssues, add, id, within};
use crate::limits::{
    BUDGET_TOKENS_MAX, LISTED_CHARACTERS_MAX, MESSAGE_CHARACTERS_MAX, NAME_CHARACTERS_MAX, PAGE_DEFAULT,
    PAGE_MAX,
};

/// The oldest time, for everything that is kept.
pub(crate) const EVER: &str = "1970-01-02T00:00:00Z";

pub(crate) async fn search<A: Api>(api: &A, asked: SearchIssues) -> Result<String, ToolError> {
    let limit = within("limit", asked.limit, PAGE_DEFAULT, (1, PAGE_MAX))?;
    let mut parameters = vec![("limit", limit.to_string())];
    add(&mut parameters, "query", asked.query);
    add(&mut parameters, "from", asked.from);
    add(&mut parameters, "to", asked.to);
    add(&mut parameters, "state", asked.state);
    add(&mut parameters, "sort", asked.sort);
    add(&mut parameters, "cursor", asked.cursor);
    let found = api.call(Call::get("/issues", parameters)).await?;
    let issues = list(&found, "issues");
    let head = format!("{} issues match; {} are shown.", found["total"].as_u64().unwrap_or(0), issues.len());
    let mut answer = Answer::new(head, BUDGET_TOKENS_MAX);
    let all_shown = issues.iter().all(|issue| answer.line(&summary(issue)).is_ok());
    if issues.is_empty() {
        answer.note(
            "Nothing matches. The range is the last day unless `from` says otherwise: try `from` now-30d.",
        );
    }
    more(&mut answer, &found, all_shown);
    answer.finish()
}

/// One issue on one line.
fn summary(issue: &Value) -> String {
    let mut line = format!(
        "{} {}: {}",
        word(text(issue, "id")),
        short(text(issue, "type"), NAME_CHARACTERS_MAX),
        short(text(issue, "message"), LISTED_CHARACTERS_MAX)
    );
    if let Some(place) = place(&issue["culprit"]) {
        line.push_str(&format!(" | {place}"));
    }
    line.push_str(&format!(
        " | {} | {}",
        short(text(issue, "service"), NAME_CHARACTERS_MAX),
        word(text(issue, "state"))
    ));
    for tag in list(issue, "tags") {
        line.push_str(&format!(", {}", word(tag.as_str().unwrap_or(""))));
    }
    line.push_str(&format!(" | {} events", issue["count"].as_u64().unwrap_or(0)));
    if let Some(users) = issue["users"].as_u64() {
        line.push_str(&format!(", {users} users"));
    }
    line.push_str(&format!(" | last {}", word(text(issue, "last_seen"))));
    if issue["has_values"] == true {
        line.push_str(" | has values");
    }
    line
}

/// Function, file and line of a place in the code.
pub(crate) fn place(place: &Value) -> Option<String> {
    let function = place["function"].as_str()?;
    let line = place["line_number"].as_u64().map_or(String::new(), |line| format!(":{line}"));
    Some(format!(
        "{} in {}{line}",
        short(function, NAME_CHARACTERS_MAX),
        short(text(place, "file"), NAME_CHARACTERS_MAX)
    ))
}

/// Says where a list goes on.
fn more(answer: &mut Answer, found: &Value, all_shown: bool) {
    if !all_shown {
        answer.note("Some had no room; ask with a smaller `limit`.");
    }
    // A cursor is the server's, and opaque: nothing of it is captured.
    let is_plain =
        |cursor: &&str| cursor.bytes().all(|byte| byte.is_ascii_graphic()) && cursor.len() <= 1_000;
    if let Some(cursor) = found["next_cursor"].as_str().filter(is_plain) {
        answer.note(format!("There are more: the same call with `cursor` {cursor}"));
    }
}

pub(crate) async fn one<A: Api>(api: &A, asked: GetIssue) -> Result<String, ToolError> {
    id(&asked.issue, &[Id::Issue])?;
    let path = format!("/issues/{}", asked.issue);
    let issue = api.call(Call::get(path, vec![("from", EVER.to_owned())])).await?;
    let mut answer = Answer::new(head(&issue), BUDGET_TOKENS_MAX);
    let facts = [
        ("type", NAME_CHARACTERS_MAX),
        ("message", MESSAGE_CHARACTERS_MAX),
        ("service", NAME_CHARACTERS_MAX),
    ];
    for (key, most) in facts {
        let _ = answer.line(&format!("{key}: {}", short(text(&issue, key), most)));
    }
    if let Some(place) = place(&issue["culprit"]) {
        let _ = answer.line(&format!("place: {place}"));
    }
    for (key, name) in [("envs", "environments"), ("versions", "versions")] {
        let values: Vec<String> =
            list(&issue, key).iter().take(20).map(|one| short(one.as_str().unwrap_or(""), 60)).collect();
        if !values.is_empty() {
            let _ = answer.line(&format!("{name}: {}", values.join(", ")));
        }
    }
    for (key, name) in [
        ("first_version", "first version"),
        ("last_version", "last version"),
        ("assignee", "assignee"),
        ("cause_why", "suspected cause recognised by"),
    ] {
        if let Some(value) = issue[key].as_str() {
            let _ = answer.line(&format!("{name}: {}", short(value, LISTED_CHARACTERS_MAX)));
        }
    }
    for why in list(&issue["grouping"], "why").iter().take(20) {
        let _ =
            answer.line(&format!("grouped by: {}", short(why.as_str().unwrap_or(""), LISTED_CHARACTERS_MAX)));
    }
    if let Some(event) = issue["latest_event_with_values_id"].as_str() {
        answer.note(format!("Newest event with values: get_event {}", word(event)));
    } else if let Some(event) = issue["latest_event_id"].as_str() {
        answer.note(format!("No event has values; the newest one: get_event {}", word(event)));
    }
    answer.finish()
}

/// What the server itself knows of an issue.
fn head(issue: &Value) -> String {
    let mut head = format!(
        "Issue {}: state {}, suspected cause {}, {} events in all",
        word(text(issue, "id")),
        word(text(issue, "state")),
        word(text(issue, "cause")),
        issue["count_total"].as_u64().unwrap_or(0)
    );
    if let Some(users) = issue["users"].as_u64() {
        head.push_str(&format!(", {users} users"));
    }
    head.push_str(&format!(
        ", first seen {}, last seen {}, {}.",
        word(text(issue, "first_seen")),
        word(text(issue, "last_seen")),
        if issue["handled"] == true { "always handled" } else { "not always handled" }
    ));
    for tag in list(issue, "tags") {
        head.push_str(&format!(" It is a {}.", word(tag.as_str().unwrap_or(""))));
    }
    if let Some(merged) = issue["merged_into"].as_str() {
        head.push_str(&format!(" The id that was asked for was merged into {}.", word(merged)));
    }
    head
}

pub(crate) async fn events<A: Api>(api: &A, asked: ListEvents) -> Result<String, ToolError> {
    id(&asked.issue, &[Id::Issue])?;
    let limit = within("limit", asked.limit, PAGE_DEFAULT, (1, PAGE_MAX))?;
    let from = asked.from.unwrap_or_else(|| EVER.to_owned());
    let mut parameters = vec![("limit", limit.to_string()), ("from", from)];
    add(&mut parameters, "query", asked.query);
    add(&mut parameters, "to", asked.to);
    add(&mut parameters, "has_values", asked.has_values);
    add(&mut parameters, "order", asked.order);
    add(&mut parameters, "cursor", asked.cursor);
    let found = api.call(Call::get(format!("/issues/{}/events", asked.issue), parameters)).await?;
    let events = list(&found, "events");
    let head = format!("{} events match; {} are shown.", found["total"].as_u64().unwrap_or(0), events.len());
    let mut answer = Answer::new(head, BUDGET_TOKENS_MAX);
    let all_shown = events.iter().all(|event| answer.line(&event_summary(event)).is_ok());
    if events.is_empty() {
        answer.note(
            "Nothing matches: the issue may be older than what is kept, or its id wrong (search_issues).",
        );
    }
    more(&mut answer, &found, all_shown);
    answer.finish()
}

/// One event on one line.
fn event_summary(event: &Value) -> String {
    let mut parts = vec![format!("{} {}", word(text(event, "id")), word(text(event, "timestamp")))];
    parts.push(short(text(event, "message"), LISTED_CHARACTERS_MAX));
    for (key, name) in
        [("env", ""), ("version", "version "), ("resource", ""), ("user_id", "user "), ("host", "host ")]
    {
        if let Some(value) = event[key].as_str() {
            parts.push(format!("{name}{}", short(value, 80)));
        }
    }
    if event["handled"] == true {
        parts.push("handled".to_owned());
    }
    if event["has_values"] == true {
        parts.push("has values".to_owned());
    }
    parts.join(" | ")
}
