//! `reenact versions`.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use crate::client::{self, ServerArguments, text};
use crate::output::{self, Out, Style, inert};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  reenact versions --from now-1w\n  reenact versions --query 'service:checkout env:prod' --json"
)]
pub(crate) struct VersionsArguments {
    /// Of the services and environments of which events: `service:checkout env:prod`
    #[arg(long, default_value = "")]
    query: String,
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

pub(crate) fn run(arguments: &VersionsArguments) -> anyhow::Result<ExitCode> {
    let parameters =
        [("query", arguments.query.clone()), ("from", arguments.from.clone()), ("to", arguments.to.clone())];
    let answer = client::get(&arguments.server.server, "/versions", &parameters)?;
    let mut out = Out::stdout();
    if arguments.json {
        output::json(&mut out, &answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let versions = answer["versions"].as_array().map_or(&[][..], Vec::as_slice);
    for version in versions {
        let envs: Vec<&str> =
            version["envs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let (service, name) = (text(version, "service"), text(version, "version"));
        let at = out.paint(Style::Muted, text(version, "first_seen"));
        out.line(format!("{at}  {}", inert(&format!("{service}  {name}  {}", envs.join(", ")))).trim_end())?;
    }
    // The hints stand below.
    drop(out);
    if versions.is_empty() {
        eprintln!(
            "no version was seen for the first time from {} to {}; widen the range with --from now-4w",
            arguments.from, arguments.to
        );
    }
    if let Some(left_off @ 1..) = answer["left_off"].as_u64() {
        eprintln!("{left_off} older ones are left off; narrow the range with --to");
    }
    Ok(ExitCode::SUCCESS)
}
