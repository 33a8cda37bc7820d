//! `reenact grouping`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::{self, ServerArguments, text};
use crate::output::{self, Out, inert};
use crate::regroup::count;
use crate::rules::{self, Kind};

#[derive(Subcommand)]
pub(crate) enum GroupingCommand {
    /// List the grouping rules in force; with `--json` as `set` and `preview` read them
    List(rules::ListArguments),
    /// Say what rules would have done to the newest events; changes nothing
    Preview(PreviewArguments),
    /// Replace the grouping rules
    #[command(after_help = "\
Example:
  reenact grouping list --json > rules.json      # then change \"rules\" in it
  reenact grouping set rules.json")]
    Set(rules::SetArguments),
}

const RULES: Kind = Kind {
    address: "/grouping/rules",
    none: "no grouping rules; `reenact grouping set --help` says how to write one",
    says: |rule| ("fingerprint", text(rule, "fingerprint").to_owned()),
};

#[derive(Args)]
#[command(after_help = "\
Example:
  reenact grouping list --json > rules.json      # then change \"rules\" in it
  reenact grouping preview rules.json --from now-1w --events 10000")]
pub(crate) struct PreviewArguments {
    /// A JSON file with \"rules\" [default: the rules in force]
    file: Option<PathBuf>,
    /// Which events: `service:checkout env:prod`
    #[arg(long, default_value = "")]
    query: String,
    /// Start of the range: RFC 3339 or `now-1d`
    #[arg(long, default_value = "now-1w")]
    from: String,
    /// End of the range, likewise
    #[arg(long, default_value = "now")]
    to: String,
    /// How many of the newest events, 1 to 10,000
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    events: u16,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(command: &GroupingCommand) -> anyhow::Result<ExitCode> {
    match command {
        GroupingCommand::List(arguments) => RULES.list(arguments)?,
        GroupingCommand::Preview(arguments) => {
            let server = &arguments.server.server;
            let rules = match &arguments.file {
                Some(file) => rules::read(file)?,
                None => RULES.in_force(server)?,
            };
            let body = json!({
                "rules": rules["rules"], "query": arguments.query, "from": arguments.from, "to": arguments.to,
                "events": arguments.events,
            });
            print_preview(&client::post(server, "/grouping/preview", &body)?, arguments.json)?;
        }
        GroupingCommand::Set(arguments) => RULES.set(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn print_preview(answer: &Value, json: bool) -> anyhow::Result<()> {
    let mut out = Out::stdout();
    if json {
        return output::json(&mut out, answer);
    }
    let number = |key: &str| usize::try_from(answer[key].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
    let late = if answer["out_of_time"] == true { "; the time was over before the others were" } else { "" };
    out.line(&format!(
        "looked at the newest {} of {}{late}; {} would stay where they are",
        number("looked_at"),
        count(number("matching"), "event"),
        number("unchanged")
    ))?;
    let list = |of: &Value, key: &str| of[key].as_array().cloned().unwrap_or_default();
    for split in list(answer, "splits") {
        out.line(&format!("comes apart  {}", issue_text(&split["issue"])))?;
        for part in list(&split, "becomes") {
            out.line(&format!("    →  {}", issue_text(&part)))?;
        }
    }
    for merge in list(answer, "merges") {
        out.line(&format!("becomes one  {}", issue_text(&merge["issue"])))?;
        for part in list(&merge, "from") {
            out.line(&format!("    ←  {}", issue_text(&part)))?;
        }
    }
    if list(answer, "splits").is_empty() && list(answer, "merges").is_empty() {
        out.line("nothing would change")?;
    }
    Ok(())
}

fn issue_text(issue: &Value) -> String {
    let rule =
        issue["rule"]["name"].as_str().map(|name| format!("  by \"{}\"", inert(name))).unwrap_or_default();
    format!(
        "{}  {:>6} x  {}  {}{rule}",
        text(issue, "id"),
        issue["count"].as_u64().unwrap_or(0),
        inert(text(issue, "type")),
        inert(text(issue, "message").lines().next().unwrap_or(""))
    )
}
