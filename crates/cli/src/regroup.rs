//! `reenact issue merge`, `split`, `members` and `similar`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::client::{self, ServerArguments, text};
use crate::grouping;
use crate::issue::checked;
use crate::output::{self, Out, Style, inert};

#[derive(Subcommand)]
pub(crate) enum RegroupCommand {
    /// Show issues as one, past events and future ones
    Merge(MergeArguments),
    /// Show what was merged into an issue as itself again, or split an issue by a component
    Split(SplitArguments),
    /// List what an issue is made of
    Members(OfArguments),
    /// List issues that resemble one, with the reasons
    Similar(OfArguments),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  reenact issue merge 0123456789abcdef 89abcdef01234567
  reenact issue merge 0123456789abcdef --into 89abcdef01234567")]
pub(crate) struct MergeArguments {
    /// The issues (16 hexadecimal digits each)
    #[arg(required = true)]
    issues: Vec<String>,
    /// The one that keeps its id, state and assignee [default: the one with the most events]
    #[arg(long, value_name = "ISSUE")]
    into: Option<String>,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  reenact issue split 0123456789abcdef --member 89abcdef01234567
  reenact issue split 0123456789abcdef --by message --preview
  reenact issue split 0123456789abcdef --by tag.region")]
pub(crate) struct SplitArguments {
    /// The issue (16 hexadecimal digits)
    issue: String,
    /// An issue that was merged into it; more than once for several. `reenact issue members` lists them
    #[arg(long, value_name = "ISSUE", required_unless_present = "by")]
    member: Vec<String>,
    /// Add a grouping rule that splits it, from now on, by a component: message, function, caller, file, env or tag.NAME
    #[arg(long, value_name = "COMPONENT", conflicts_with = "member")]
    by: Option<String>,
    /// Only say what the rule would have done to the newest 2,000 events
    #[arg(long, requires = "by")]
    preview: bool,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Args)]
pub(crate) struct OfArguments {
    /// The issue (16 hexadecimal digits)
    issue: String,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(command: &RegroupCommand) -> anyhow::Result<ExitCode> {
    match command {
        RegroupCommand::Merge(arguments) => merge(arguments)?,
        RegroupCommand::Split(arguments) => split(arguments)?,
        RegroupCommand::Members(arguments) => members(arguments)?,
        RegroupCommand::Similar(arguments) => similar(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn merge(arguments: &MergeArguments) -> anyhow::Result<()> {
    arguments.issues.iter().chain(&arguments.into).try_for_each(|id| checked(id).map(drop))?;
    let mut body = Map::from_iter([("issues".to_owned(), json!(arguments.issues))]);
    if let Some(into) = &arguments.into {
        body.insert("into".to_owned(), json!(into));
    }
    let merged = client::post(&arguments.server.server, "/issues/merge", &Value::Object(body))?;
    let into = text(&merged, "into");
    match merged["change_id"].as_str() {
        Some(change) => eprintln!(
            "merged {} into {into}; `reenact issue {into} --undo {change}` takes it back",
            count(merged["merged"].as_array().map_or(0, Vec::len), "issue")
        ),
        None => eprintln!("they are one issue already: {into}"),
    }
    print_json(&merged, arguments.json)
}

fn split(arguments: &SplitArguments) -> anyhow::Result<()> {
    let (server, id) = (&arguments.server.server, &arguments.issue);
    checked(id)?;
    if let Some(by) = &arguments.by {
        return split_by(arguments, by);
    }
    arguments.member.iter().try_for_each(|id| checked(id).map(drop))?;
    let split =
        client::post(server, &format!("/issues/{id}/split"), &json!({ "members": arguments.member }))?;
    let (from, change) = (text(&split, "from"), text(&split, "change_id"));
    eprintln!("split off; `reenact issue {from} --undo {change}` takes it back");
    print_json(&split, arguments.json)
}

fn split_by(arguments: &SplitArguments, by: &str) -> anyhow::Result<()> {
    let (server, id) = (&arguments.server.server, &arguments.issue);
    let members = client::get(server, &format!("/issues/{id}/members"), &[])?;
    let ids: Vec<&str> =
        members["members"].as_array().into_iter().flatten().map(|member| text(member, "id")).collect();
    let query = match ids.as_slice() {
        [one] => format!("issue:{one}"),
        ids => format!("issue:({})", ids.join(" OR ")),
    };
    let rule = json!({
        "name": format!("{} by {by}", ids.first().unwrap_or(&"")), "query": query,
        "fingerprint": format!("{{{{default}}}} {{{{{by}}}}}"),
    });
    let current = client::get(server, "/grouping/rules", &[])?;
    let mut rules = vec![rule];
    rules.extend(current["rules"].as_array().into_iter().flatten().cloned());
    if arguments.preview {
        let body =
            json!({ "rules": rules, "query": format!("issue:{id}"), "from": client::EVER, "events": 2_000 });
        return grouping::print_preview(&client::post(server, "/grouping/preview", &body)?, arguments.json);
    }
    let saved =
        client::put(server, "/grouping/rules", &json!({ "version": current["version"], "rules": rules }))?;
    eprintln!(
        "the rule is in force for what arrives from now on; events that are stored stay where they are"
    );
    print_json(&saved, arguments.json)
}

fn members(arguments: &OfArguments) -> anyhow::Result<()> {
    checked(&arguments.issue)?;
    let answer = client::get(&arguments.server.server, &format!("/issues/{}/members", arguments.issue), &[])?;
    if arguments.json {
        return print_json(&answer, true);
    }
    let mut out = Out::stdout();
    for member in answer["members"].as_array().into_iter().flatten() {
        let how = match member["merged_by"].as_str() {
            Some(by) => format!("merged by {} at {}", inert(by), text(member, "merged_at")),
            None => "the issue itself".to_owned(),
        };
        print_issue(&mut out, member, &how)?;
    }
    Ok(())
}

fn similar(arguments: &OfArguments) -> anyhow::Result<()> {
    checked(&arguments.issue)?;
    let answer = client::get(&arguments.server.server, &format!("/issues/{}/similar", arguments.issue), &[])?;
    if arguments.json {
        return print_json(&answer, true);
    }
    let mut out = Out::stdout();
    for issue in answer["issues"].as_array().into_iter().flatten() {
        let reasons: Vec<&str> =
            issue["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let score = issue["score"].as_f64().unwrap_or(0.0) * 100.0;
        print_issue(&mut out, issue, &format!("{score:.0} %: {}", inert(&reasons.join("; "))))?;
    }
    drop(out);
    eprintln!("{} compared", count(answer["compared"].as_u64().unwrap_or(0) as usize, "issue"));
    Ok(())
}

fn print_issue(out: &mut Out, issue: &Value, why: &str) -> anyhow::Result<()> {
    let head = format!(
        "{}  {:>6} x  {}  {}",
        out.paint(Style::Muted, text(issue, "id")),
        issue["count"].as_u64().unwrap_or(0),
        out.paint(Style::Error, &inert(text(issue, "type"))),
        inert(text(issue, "message").lines().next().unwrap_or(""))
    );
    out.line(head.trim_end())?;
    let detail =
        format!("    {}  last seen {}  {why}", inert(text(issue, "service")), text(issue, "last_seen"));
    out.line(&out.paint(Style::Muted, &detail))?;
    Ok(())
}

fn print_json(answer: &Value, json: bool) -> anyhow::Result<()> {
    if json { output::json(&mut Out::stdout(), answer) } else { Ok(()) }
}

pub(crate) fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
