//! `reenact issue`.

use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::client::{self, ServerArguments, text};
use crate::output::{self, Out, Style, inert, inert_lines};
use crate::regroup::{self, RegroupCommand};

/// Entries of the timeline that are printed.
const ACTIVITY_SHOWN: usize = 20;

#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  reenact issue 0123456789abcdef
  reenact issue 0123456789abcdef --state resolved --scope next_version --assign grace
  reenact issue 0123456789abcdef --state ignored --ignore-events 100 --comment 'known, harmless'
  reenact issue 0123456789abcdef --cause timeout
  reenact issue 0123456789abcdef --undo 89abcdef01234567
  reenact issue merge 0123456789abcdef 89abcdef01234567"
)]
pub(crate) struct IssueArguments {
    #[command(subcommand)]
    regroup: Option<RegroupCommand>,
    /// The issue (16 hexadecimal digits)
    #[arg(required = true)]
    issue: Option<String>,
    /// Set its state
    #[arg(long, value_enum)]
    state: Option<StateName>,
    /// Which version holds the mend; with `--state resolved`
    #[arg(long, value_enum, requires = "state")]
    scope: Option<ScopeName>,
    /// Until this time, RFC 3339; with `--state ignored`
    #[arg(long, value_name = "TIME", requires = "state")]
    ignore_until: Option<String>,
    /// Until so many events; with `--state ignored`
    #[arg(long, value_name = "COUNT", requires = "state")]
    ignore_events: Option<u64>,
    /// Until so many users; with `--state ignored`
    #[arg(long, value_name = "COUNT", requires = "state")]
    ignore_users: Option<u64>,
    /// Assign it; an issue for review becomes reviewed
    #[arg(long, value_name = "NAME", conflicts_with = "unassign")]
    assign: Option<String>,
    /// Assign it to nobody
    #[arg(long)]
    unassign: bool,
    /// Set its suspected cause, such as `timeout`; `unknown` when what is recognised is wrong, `automatic` for that of
    /// its events
    #[arg(long, value_name = "CAUSE")]
    cause: Option<String>,
    /// Write a comment
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Undo a change; its id is printed when it is made, and in the timeline
    #[arg(long, value_name = "CHANGE", conflicts_with_all = ["state", "assign", "unassign", "cause", "comment"])]
    undo: Option<String>,
    /// Print the API's JSON: the issue, its timeline, and its source
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum StateName {
    /// To be looked at
    ForReview,
    /// Looked at
    Reviewed,
    /// Mended
    Resolved,
    /// Not to be heard of, for ever or until something happens
    Ignored,
    /// Not to be kept any more
    Excluded,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum ScopeName {
    /// No version is named: it comes back with a version in which it was not known
    Now,
    /// The newest version: it comes back with that one or a newer one
    CurrentVersion,
    /// The version after the newest: it comes back with a newer one
    NextVersion,
}

fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

pub(crate) fn run(arguments: &IssueArguments) -> anyhow::Result<ExitCode> {
    if let Some(command) = &arguments.regroup {
        return regroup::run(command);
    }
    let server = &arguments.server.server;
    let id = checked(arguments.issue.as_deref().context("name an issue; `reenact issues` lists them")?)?;
    let path = format!("/issues/{id}");
    if let Some(change) = &arguments.undo {
        ensure!(change.bytes().all(|byte| byte.is_ascii_alphanumeric()), "`{}` is no change", inert(change));
        let undone = client::post(server, &format!("/changes/{change}/undo"), &json!({}))?;
        let (issues, skipped) =
            (undone["undone"].as_u64().unwrap_or(0), undone["skipped"].as_u64().unwrap_or(0));
        eprintln!("undone for {issues} issues; {skipped} were changed since and stay as they are");
    }
    let change = change_of(arguments);
    if !change.is_empty() {
        let changed = client::patch(server, &path, &Value::Object(change))?;
        match changed["change_id"].as_str() {
            Some(change) => eprintln!("changed; `reenact issue {id} --undo {change}` takes it back"),
            None => eprintln!("nothing changes: it is so already"),
        }
    }
    if let Some(comment) = &arguments.comment {
        client::post(server, &format!("{path}/comments"), &json!({ "text": comment }))?;
    }
    let issue = client::get(server, &path, &[("from", client::EVER.to_owned())])?;
    let limit = [("limit", ACTIVITY_SHOWN.to_string())];
    let activity = client::get(server, &format!("{path}/activity"), &limit)?;
    let source = client::get(server, &format!("{path}/source"), &[])?;
    let mut out = Out::stdout();
    if arguments.json {
        output::json(&mut out, &json!({ "issue": issue, "activity": activity, "source": source }))?;
    } else {
        print(&mut out, &issue, &activity, &source)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The id of an issue, which becomes part of an address.
pub(crate) fn checked(id: &str) -> anyhow::Result<&str> {
    ensure!(
        id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "`{}` is no issue (16 hexadecimal digits); `reenact issues` lists them",
        inert(id)
    );
    Ok(id)
}

/// The body of the change; empty when none is asked for. The server says what does not belong together.
fn change_of(arguments: &IssueArguments) -> Map<String, Value> {
    let mut change = Map::new();
    if let Some(state) = arguments.state {
        change.insert("state".to_owned(), name(state).into());
    }
    if let Some(scope) = arguments.scope {
        change.insert("scope".to_owned(), name(scope).into());
    }
    let (until, events, users) = (&arguments.ignore_until, arguments.ignore_events, arguments.ignore_users);
    if until.is_some() || events.is_some() || users.is_some() {
        change.insert("ignore".to_owned(), json!({ "until": until, "events": events, "users": users }));
    }
    if arguments.unassign || arguments.assign.is_some() {
        change.insert("assignee".to_owned(), arguments.assign.clone().into());
    }
    if let Some(cause) = &arguments.cause {
        let cause = Some(cause).filter(|cause| *cause != "automatic");
        change.insert("cause".to_owned(), cause.cloned().into());
    }
    change
}

/// A state for people: `for review`, `resolved (next version, after 1.4.2)`.
fn state_text(status: &Value) -> String {
    let mut words = vec![text(status, "state").replace('_', " ")];
    let resolution = &status["resolution"];
    if let Some(scope) = resolution["scope"].as_str().filter(|scope| *scope != "now") {
        let versions: Vec<&str> =
            resolution["versions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        words.push(format!("({}, at {})", scope.replace('_', " "), inert(&versions.join(", "))));
    }
    let ignore = &status["ignore"];
    if ignore.is_object() {
        let count = |most: &str, seen: &str| {
            ignore[most].as_u64().map(|most| format!("{} of {most}", ignore[seen].as_u64().unwrap_or(0)))
        };
        let terms: Vec<String> = [
            ignore["until"].as_str().map(|until| format!("until {until}")),
            count("events", "events_seen").map(|count| format!("until {count} events")),
            count("users", "users_seen").map(|count| format!("until {count} users")),
        ]
        .into_iter()
        .flatten()
        .collect();
        words.push(if terms.is_empty() { "for ever".to_owned() } else { terms.join(", or ") });
    }
    if let Some(events) = status["excluded_events"].as_u64().filter(|events| *events > 0) {
        words.push(format!("({events} events not kept)"));
    }
    words.join(" ")
}

fn print(out: &mut Out, issue: &Value, activity: &Value, source: &Value) -> anyhow::Result<()> {
    let head = format!(
        "{}  {}  {}",
        out.paint(Style::Muted, text(issue, "id")),
        out.paint(Style::Error, &inert(text(issue, "type"))),
        inert(text(issue, "message").lines().next().unwrap_or(""))
    );
    out.line(head.trim_end())?;
    if let Some(into) = issue["merged_into"].as_str() {
        out.line(&format!("merged    the issue asked for is shown as {into}"))?;
    }
    let status = &issue["status"];
    out.line(&format!("state     {}", out.paint(Style::Strong, &state_text(status))))?;
    if let Some(events) = issue["rate_limited"]["events"].as_u64() {
        let since = text(&issue["rate_limited"], "since");
        out.line(&format!("limited   {events} events not kept because of the rate limit, since {since}"))?;
    }
    let tags: Vec<&str> = issue["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !tags.is_empty() {
        out.line(&format!("tags      {}", tags.join(", ")))?;
    }
    out.line(&format!("assignee  {}", inert(status["assignee"].as_str().unwrap_or("nobody"))))?;
    if let Some(actor) = status["cause"]["actor"].as_str() {
        let of_events = text(issue, "cause_of_events").replace('_', " ");
        let cause = text(issue, "cause").replace('_', " ");
        out.line(&format!("cause     {cause}, set by {}; of its events {of_events}", inert(actor)))?;
    } else if issue["cause"] != "unknown" {
        let why = issue["cause_why"].as_str().map(|why| format!(": {why}")).unwrap_or_default();
        out.line(&format!("cause     {}{}", text(issue, "cause").replace('_', " "), inert(&why)))?;
    }
    print_source(out, source)?;
    out.line("")?;
    for entry in activity["entries"].as_array().into_iter().flatten() {
        let line = format!(
            "{}  {}  {}",
            out.paint(Style::Muted, text(entry, "at")),
            inert(text(entry, "actor")),
            inert_lines(&entry_text(entry), "    ")
        );
        out.line(&line)?;
    }
    if activity["next_cursor"].is_string() {
        out.line("…")?;
    }
    Ok(())
}

fn ids(entry: &Value) -> String {
    let ids: Vec<&str> =
        entry["issue_ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    ids.join(", ")
}

/// The suspect commit and the owners, or why there are none.
fn print_source(out: &mut Out, source: &Value) -> anyhow::Result<()> {
    let ownership = &source["ownership"];
    let owners: Vec<&str> =
        ownership["owners"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if owners.is_empty() {
        out.line(&format!("owners    {}", out.paint(Style::Muted, &inert(text(ownership, "reason")))))?;
    }
    for rule in ownership["rules"].as_array().into_iter().flatten().filter(|_| !owners.is_empty()) {
        let place = format!("{}:{} {}", text(rule, "file"), rule["line_number"], text(rule, "pattern"));
        let place = out.paint(Style::Muted, &inert(&place));
        out.line(&format!("owners    {}  {place}", inert(&owners.join(" "))))?;
    }
    let suspect = &source["suspect"];
    for commit in suspect["commits"].as_array().into_iter().flatten() {
        let id: String = text(commit, "id").chars().take(10).collect();
        let said = format!("{} ({})", text(commit, "subject"), text(commit, "author"));
        out.line(&format!("suspect   {}  {}", out.paint(Style::Strong, &id), inert(&said)))?;
        out.line(&format!("          {}", out.paint(Style::Muted, &inert(text(commit, "why")))))?;
    }
    let reason = text(suspect, "reason");
    if !reason.is_empty() {
        out.line(&format!("suspect   {}", out.paint(Style::Muted, &inert(reason))))?;
    }
    Ok(())
}

/// What an entry says, in words.
fn entry_text(entry: &Value) -> String {
    let place = |name: &str, word: &str| {
        entry[name].as_str().map(|value| format!(" {word} {value}")).unwrap_or_default()
    };
    let mut words = match text(entry, "kind") {
        "state" => {
            let reason = entry["text"].as_str().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("{} → {}{reason}", text(entry, "from"), text(entry, "to"))
        }
        "assigned" => format!("assigned to {}", entry["assignee_to"].as_str().unwrap_or("nobody")),
        "cause" => format!("suspected cause: {}", entry["cause_to"].as_str().unwrap_or("that of its events")),
        "comment" => text(entry, "text").to_owned(),
        "merged_into" => format!("merged into {}", ids(entry)),
        "merged" => format!("merged with {}", ids(entry)),
        "split_from" => format!("split off from {}", ids(entry)),
        "split" => format!("split off {}", ids(entry)),
        "moved_in" => format!("{} events moved here from {}", entry["events"], ids(entry)),
        "moved_out" => format!("{} events moved to {}", entry["events"], ids(entry)),
        "regression" => format!("came back{}{}", place("version", "in version"), place("env", "in")),
        _ => format!("first seen{}", place("version", "in version")),
    };
    if entry["undone"] == true {
        words.push_str(" (undone)");
    } else if let Some(change) = entry["change_id"].as_str().filter(|_| entry["can_undo"] == true) {
        words.push_str(&format!(" [{change}]"));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_with_their_terms() {
        let check = |status: Value, want: &str| assert_eq!(state_text(&status), want);
        check(json!({ "state": "for_review", "excluded_events": 0 }), "for review");
        check(json!({ "state": "ignored", "ignore": { "until": null } }), "ignored for ever");
        check(
            json!({ "state": "ignored", "ignore": { "events": 9, "events_seen": 2, "users": 3 } }),
            "ignored until 2 of 9 events, or until 0 of 3 users",
        );
        check(
            json!({ "state": "resolved", "resolution": { "scope": "now", "versions": ["1"] } }),
            "resolved",
        );
        check(
            json!({ "state": "resolved", "resolution": { "scope": "next_version", "versions": ["1.4", "2\u{1b}"] } }),
            "resolved (next version, at 1.4, 2\\u{1b})",
        );
        check(json!({ "state": "excluded", "excluded_events": 5 }), "excluded (5 events not kept)");
    }

    #[test]
    fn entries_are_told_in_words() {
        let check = |entry: Value, want: &str| assert_eq!(entry_text(&entry), want);
        check(
            json!({ "kind": "regression", "version": "1.1", "env": "prod" }),
            "came back in version 1.1 in prod",
        );
        check(
            json!({ "kind": "state", "from": "for_review", "to": "resolved", "text": "no event for 14 days",
                    "change_id": "ab", "can_undo": true }),
            "for_review → resolved: no event for 14 days [ab]",
        );
        check(
            json!({ "kind": "assigned", "assignee_to": null, "undone": true }),
            "assigned to nobody (undone)",
        );
        check(json!({ "kind": "cause", "cause_to": "timeout" }), "suspected cause: timeout");
        check(json!({ "kind": "cause", "cause_to": null }), "suspected cause: that of its events");
        check(json!({ "kind": "first_seen", "version": null }), "first seen");
        check(json!({ "kind": "merged", "issue_ids": ["aa", "bb"] }), "merged with aa, bb");
    }
}
