//! `reenact volume`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::{self, ListArguments, ServerArguments, text};
use crate::output::{self, Out, Style, inert};
use crate::rules::{self, Kind};

#[derive(Subcommand)]
pub(crate) enum VolumeCommand {
    /// Say which limits are in force, and how many events were not kept, by rule and by issue
    Status(StatusArguments),
    /// List the rules in force; with `--json` as `set` reads them
    List(ListArguments),
    /// Say how many of the newest events rules and limits would not have kept; changes nothing
    Preview(VolumePreviewArguments),
    /// Replace the rules
    #[command(after_help = "\
Example:
  reenact volume list --json > rules.json        # then change \"rules\" in it, such as
  # {\"name\": \"Health checks\", \"query\": \"resource:/health\", \"action\": \"drop\"}
  # {\"name\": \"A tenth of staging\", \"query\": \"env:staging\", \"action\": \"keep\", \"keep_percent\": 10}
  reenact volume set rules.json")]
    Set(rules::SetArguments),
}

#[derive(Args)]
#[command(after_help = "\
Example:
  reenact volume status --from now-7d")]
pub(crate) struct StatusArguments {
    /// Start of the range: RFC 3339 or `now-1d`
    #[arg(long, default_value = "now-1d")]
    from: String,
    /// End of the range, likewise
    #[arg(long, default_value = "now")]
    to: String,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Args)]
#[command(after_help = "\
Example:
  reenact volume list --json > rules.json        # then change \"rules\" in it
  reenact volume preview rules.json --from now-1w --events 10000
  reenact volume preview --issue-events-per-minute 60")]
pub(crate) struct VolumePreviewArguments {
    /// A limit of all issues together, in events per minute, to try out
    #[arg(long, value_name = "EVENTS")]
    events_per_minute: Option<u32>,
    /// A limit of each issue, likewise
    #[arg(long, value_name = "EVENTS")]
    issue_events_per_minute: Option<u32>,
    #[command(flatten)]
    rules: rules::PreviewArguments,
}

const RULES: Kind = Kind {
    address: "/volume/rules",
    none: "no volume rules: everything is kept; `reenact volume set --help` says how to write one",
    says: |rule| {
        let action = match (text(rule, "action"), rule["keep_percent"].as_u64().unwrap_or(100)) {
            ("drop", _) => "not kept".to_owned(),
            (_, 100) => "kept".to_owned(),
            (_, percent) => format!("{percent} of 100 are kept"),
        };
        ("become", action)
    },
};

pub(crate) fn run(command: &VolumeCommand) -> anyhow::Result<ExitCode> {
    match command {
        VolumeCommand::Status(StatusArguments { from, to, json, server }) => {
            let range = [("from", from.clone()), ("to", to.clone())];
            print_status(&client::get(&server.server, "/volume", &range)?, *json)?;
        }
        VolumeCommand::Preview(arguments) => preview(arguments)?,
        VolumeCommand::List(arguments) => RULES.list(arguments)?,
        VolumeCommand::Set(arguments) => RULES.set(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn preview(arguments: &VolumePreviewArguments) -> anyhow::Result<()> {
    let VolumePreviewArguments { events_per_minute, issue_events_per_minute, rules } = arguments;
    let mut body = RULES.preview(rules)?;
    body["events_per_minute"] = json!(events_per_minute);
    body["issue_events_per_minute"] = json!(issue_events_per_minute);
    let answer = client::post(&rules.server.server, "/volume/preview", &body)?;
    let mut out = Out::stdout();
    if rules.json {
        return output::json(&mut out, &answer);
    }
    let number = |of: &Value, key: &str| of[key].as_u64().unwrap_or(0);
    let late = if answer["out_of_time"] == true { "; the time was over before the others were" } else { "" };
    out.line(&format!(
        "looked at the newest {} of {} events{late}; {} would be kept, the rules in force would keep {}",
        number(&answer, "looked_at"),
        number(&answer, "matching"),
        number(&answer, "kept"),
        number(&answer, "looked_at") - number(&answer, "filtered_now"),
    ))?;
    out.line(&format!("{:>8}  not kept by rules", number(&answer, "filtered")))?;
    for rule in answer["rules"].as_array().into_iter().flatten() {
        let (name, about) = (inert(text(rule, "name")), number(rule, "events"));
        out.line(&format!("{:>12}  {name}, which decides about {about}", number(rule, "filtered")))?;
    }
    out.line(&format!("{:>8}  over a limit", number(&answer, "rate_limited")))?;
    let lost = |of: &Value| {
        let lost = number(of, "filtered") + number(of, "rate_limited");
        format!("{lost:>12} of {}", number(of, "events"))
    };
    for service in answer["services"].as_array().into_iter().flatten() {
        out.line(&format!("{}  {}", lost(service), inert(text(service, "service"))))?;
    }
    for issue in answer["issues"].as_array().into_iter().flatten() {
        let message = inert(text(issue, "message").lines().next().unwrap_or(""));
        let id = out.paint(Style::Muted, text(issue, "id"));
        out.line(&format!("{}  {id}  {}  {message}", lost(issue), inert(text(issue, "type"))))?;
    }
    let left_out = number(&answer, "services_left_out") + number(&answer, "issues_left_out");
    if left_out > 0 {
        out.line(&format!("              … and {left_out} further services and issues"))?;
    }
    Ok(())
}

fn print_status(answer: &Value, json: bool) -> anyhow::Result<()> {
    let mut out = Out::stdout();
    if json {
        return output::json(&mut out, answer);
    }
    let number = |of: &Value, key: &str| of[key].as_u64().unwrap_or(0);
    let limit = |key: &str| match answer["limits"][key].as_u64() {
        Some(limit) => format!("{limit} events per minute"),
        None => "unlimited".to_owned(),
    };
    out.line(&format!("all issues   {}", limit("events_per_minute")))?;
    out.line(&format!("each issue   {}", limit("issue_events_per_minute")))?;
    out.line("")?;
    out.line(&format!("not kept from {} to {}", text(answer, "from"), text(answer, "to")))?;
    out.line(&format!("{:>8}  by rules", number(answer, "filtered")))?;
    for rule in answer["rules"].as_array().into_iter().flatten() {
        let deleted = || format!("deleted rule {}", text(rule, "id"));
        let name = rule["name"].as_str().map_or_else(deleted, inert);
        out.line(&format!("{:>12}  {name}", number(rule, "events")))?;
    }
    out.line(&format!("{:>8}  over a limit", number(answer, "rate_limited")))?;
    for issue in answer["issues"].as_array().into_iter().flatten() {
        let message = issue["message"].as_str().and_then(|message| message.lines().next()).unwrap_or("");
        let type_name = inert(issue["type"].as_str().unwrap_or("nothing of it is kept"));
        let id = out.paint(Style::Muted, text(issue, "id"));
        out.line(&format!("{:>12}  {id}  {type_name}  {}", number(issue, "events"), inert(message)))?;
    }
    if number(answer, "issues_left_out") > 0 {
        out.line(&format!("              … and {} further issues", number(answer, "issues_left_out")))?;
    }
    Ok(())
}
