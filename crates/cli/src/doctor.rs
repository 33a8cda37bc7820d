//! `reenact doctor`.

use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::client::{self, ServerArguments};
use crate::config::{self, Flags};
use crate::output::{self, Out, Style};

#[derive(Args)]
pub(crate) struct DoctorArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

/// One finding.
struct Finding {
    fine: bool,
    what: String,
    remedy: String,
}

impl Finding {
    fn fine(what: impl Into<String>) -> Self {
        Self { fine: true, what: what.into(), remedy: String::new() }
    }

    fn wrong(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { fine: false, what: what.into(), remedy: remedy.into() }
    }
}

/// Time for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) fn run(config_file: Option<&Path>, arguments: &DoctorArguments) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    match config::load(config_file, &Flags::default()) {
        Ok(config) => {
            findings.push(Finding::fine("the configuration can be used"));
            findings.push(data_dir(&config.data_dir));
        }
        Err(error) => {
            findings.push(Finding::wrong(error.to_string(), "mend it, then `reenact config check`"))
        }
    }
    let server = &arguments.server.server;
    match client::get(server, "/status", &[]) {
        Ok(status) => server_findings(server, &status, &mut findings),
        Err(error) => findings.push(Finding::wrong(format!("{error:#}"), "start it with `reenact serve`")),
    }
    report(&findings, arguments.json)
}

fn data_dir(path: &Path) -> Finding {
    let shown = path.display();
    match std::fs::metadata(path) {
        Ok(found) if !found.is_dir() => Finding::wrong(
            format!("the data directory `{shown}` is a file"),
            "choose another one with `data_dir`",
        ),
        Ok(found) if found.permissions().readonly() => {
            Finding::wrong(format!("the data directory `{shown}` is read-only"), "make it writable")
        }
        Ok(_) => Finding::fine(format!("the data directory `{shown}` is there")),
        Err(_) => Finding::fine(format!("the data directory `{shown}` will be made by `reenact serve`")),
    }
}

fn server_findings(server: &str, status: &Value, findings: &mut Vec<Finding>) {
    findings.push(Finding::fine(format!("the server at `{server}` answers")));
    let agent = status["agent"]["address"].as_str().unwrap_or("");
    let reachable = agent
        .strip_prefix("http://")
        .and_then(|address| address.parse().ok())
        .is_some_and(|address| TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).is_ok());
    findings.push(if reachable {
        Finding::fine(format!("clients can send to `{agent}`"))
    } else {
        Finding::wrong(format!("nobody listens at `{agent}`"), "look into the server's log")
    });
    let intake = &status["intake"];
    let count = |key: &str| intake[key].as_u64().unwrap_or(0);
    if count("requests") == 0 {
        findings.push(Finding::wrong(
            "no client has sent anything since the server began",
            format!("run the service with DD_TRACE_AGENT_URL={agent} under ddtrace-run"),
        ));
    } else {
        findings.push(Finding::fine(format!("{} requests have arrived", count("requests"))));
    }
    if status["has_events"] == true && count("stored") > 0 && count("snapshots_received") == 0 {
        findings.push(Finding::wrong(
            "errors arrive without values",
            "set DD_EXCEPTION_REPLAY_ENABLED=true (clients before 2.12: DD_EXCEPTION_DEBUGGING_ENABLED=true)",
        ));
    }
    if count("rate_limited") > 0 {
        findings.push(Finding::wrong(
            format!("{} items were not kept because too much arrives", count("rate_limited")),
            "`reenact volume status` says which issues are over `limits.events_per_minute` or \
             `limits.issue_events_per_minute`; the server's log names requests that were refused",
        ));
    }
    for outcome in ["malformed", "too_large", "failed"] {
        if count(outcome) > 0 {
            let what = format!("{} items were refused as {}", count(outcome), outcome.replace('_', " "));
            findings.push(Finding::wrong(
                what,
                "the server's log names each request; `/api/v1/outcomes` counts by source",
            ));
        }
    }
}

fn report(findings: &[Finding], json_wanted: bool) -> anyhow::Result<ExitCode> {
    let mut out = Out::stdout();
    if json_wanted {
        let list: Vec<Value> = findings
            .iter()
            .map(|finding| json!({ "ok": finding.fine, "what": finding.what, "remedy": finding.remedy }))
            .collect();
        output::json(&mut out, &json!({ "findings": list }))?;
    } else {
        for finding in findings {
            let mark = if finding.fine { "ok   " } else { "WRONG" };
            let style = if finding.fine { Style::Text } else { Style::Error };
            out.line(&format!("{}  {}", out.paint(style, mark), finding.what))?;
            if !finding.fine {
                out.line(&format!("       {}", finding.remedy))?;
            }
        }
    }
    let all_fine = findings.iter().all(|finding| finding.fine);
    Ok(if all_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
