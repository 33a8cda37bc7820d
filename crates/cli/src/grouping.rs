//! `reenact grouping`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{bail, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::{self, ListArguments, ServerArguments, text};
use crate::output::{self, Out, inert};
use crate::regroup::count;
use crate::rules::{self, Kind};

#[derive(Subcommand)]
pub(crate) enum GroupingCommand {
    /// List the grouping rules in force; with `--json` as `set` and `preview` read them
    List(ListArguments),
    /// Say what rules would have done to the newest events; changes nothing
    #[command(after_help = "\
Example:
  reenact grouping list --json > rules.json      # then change \"rules\" in it
  reenact grouping preview rules.json --from now-1w --events 10000")]
    Preview(rules::PreviewArguments),
    /// Move stored events to the issues that the rules in force give them; waits until it is done
    Apply(ApplyArguments),
    /// Replace the grouping rules
    #[command(after_help = "\
Example:
  reenact grouping list --json > rules.json      # then change \"rules\" in it
  reenact grouping set rules.json")]
    Set(rules::SetArguments),
}

/// Time between two looks at a job.
const POLL: Duration = Duration::from_millis(200);

const RULES: Kind = Kind {
    address: "/grouping/rules",
    none: "no grouping rules; `reenact grouping set --help` says how to write one",
    says: |rule| ("fingerprint", text(rule, "fingerprint").to_owned()),
};

#[derive(Args)]
#[command(after_help = "\
Examples:
  reenact grouping apply --preview --from now-30d
  reenact grouping apply --issue 0123456789abcdef --from now-30d
  reenact grouping apply --cancel 89abcdef01234567")]
pub(crate) struct ApplyArguments {
    /// Only events of this issue, with those that were merged into it. More with more of these
    #[arg(long = "issue", value_name = "ISSUE")]
    issues: Vec<String>,
    /// Only these events: `service:checkout env:prod`
    #[arg(long, default_value = "")]
    query: String,
    /// Start of the range: RFC 3339 or `now-1d` [default: everything]
    #[arg(long)]
    from: Option<String>,
    /// End of the range, likewise [default: now]
    #[arg(long)]
    to: Option<String>,
    /// Only say what it would do to the newest 10,000 of these events
    #[arg(long, conflicts_with_all = ["cancel", "no_wait"])]
    preview: bool,
    /// Do not wait until it is done
    #[arg(long)]
    no_wait: bool,
    /// End a job; what it moved stays moved
    #[arg(long, value_name = "JOB")]
    cancel: Option<String>,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

fn apply(arguments: &ApplyArguments) -> anyhow::Result<()> {
    let server = &arguments.server.server;
    if arguments.preview {
        let mut query = arguments.query.clone();
        for issue in &arguments.issues {
            crate::issue::checked(issue)?;
        }
        if !arguments.issues.is_empty() {
            query = format!("issue:({}) {query}", arguments.issues.join(" OR "));
        }
        let from = arguments.from.clone().unwrap_or_else(|| client::EVER.to_owned());
        let body = json!({
            "rules": RULES.in_force(server)?["rules"], "query": query, "from": from, "to": arguments.to,
            "events": 10_000, "stored": true,
        });
        return print_preview(&client::post(server, "/grouping/preview", &body)?, arguments.json);
    }
    let mut job = match &arguments.cancel {
        Some(job) => {
            ensure!(job.bytes().all(|byte| byte.is_ascii_alphanumeric()), "`{}` is no job", inert(job));
            client::post(server, &format!("/jobs/{job}/cancel"), &json!({}))?
        }
        None => {
            let body = json!({
                "issues": arguments.issues, "query": arguments.query, "from": arguments.from, "to": arguments.to,
            });
            client::post(server, "/grouping/apply", &body)?
        }
    };
    let path = format!("/jobs/{}", text(&job, "id"));
    while job["state"] == "running" && !arguments.no_wait {
        std::thread::sleep(POLL);
        job = client::get(server, &path, &[])?;
    }
    let mut out = Out::stdout();
    if arguments.json {
        return output::json(&mut out, &job);
    }
    let number = |key: &str| job[key].as_u64().unwrap_or(0);
    out.line(&format!(
        "{}  {}: looked at {} of {} events, {} moved to other issues",
        text(&job, "id"),
        text(&job, "state"),
        number("done"),
        number("total"),
        number("changed")
    ))?;
    if let Some(error) = job["error"].as_str() {
        bail!("{}", inert(error));
    }
    Ok(())
}

pub(crate) fn run(command: &GroupingCommand) -> anyhow::Result<ExitCode> {
    match command {
        GroupingCommand::List(arguments) => RULES.list(arguments)?,
        GroupingCommand::Preview(arguments) => {
            let body = RULES.preview(arguments)?;
            let answer = client::post(&arguments.server.server, "/grouping/preview", &body)?;
            print_preview(&answer, arguments.json)?;
        }
        GroupingCommand::Apply(arguments) => apply(arguments)?,
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
