//! `reenact volume`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::client::{self, ServerArguments, text};
use crate::output::{self, Out, Style, inert};
use crate::rules::{self, Kind};

#[derive(Subcommand)]
pub(crate) enum VolumeCommand {
    /// Say which limits are in force, and how many events were not kept, by rule and by issue
    Status(StatusArguments),
    /// List the rules in force; with `--json` as `set` reads them
    List(rules::ListArguments),
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
        VolumeCommand::List(arguments) => RULES.list(arguments)?,
        VolumeCommand::Set(arguments) => RULES.set(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
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
