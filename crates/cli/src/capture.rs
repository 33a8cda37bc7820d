//! `reenact capture`.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::{self, ListArguments, ServerArguments, text};
use crate::issue::checked;
use crate::output::{self, Out, Style, inert};
use crate::rules::{SetArguments, read};

/// Where the API has the switches.
const ADDRESS: &str = "/captures";

#[derive(Subcommand)]
pub(crate) enum CaptureCommand {
    /// List the switches in force; with `--json` as `set` reads them
    List(ListArguments),
    /// Switch captures off; events still come, without values
    #[command(after_help = "\
Examples:
  reenact capture off --service checkout --env prod
  reenact capture off --service '*'                     # everywhere")]
    Off(OfArguments),
    /// Switch captures on, also in services under ddtrace 4 that were started without Exception Replay
    #[command(after_help = "\
Examples:
  reenact capture on --service checkout
  reenact capture on --service checkout --env prod --per-second 0.2")]
    On(OnArguments),
    /// Take a switch away: clients of ours do as they are set themselves; ddtrace stays as it is until it starts anew
    #[command(after_help = "\
Example:
  reenact capture unset --service checkout --env prod")]
    Unset(OfArguments),
    /// Ask for the values of the next event of an issue, whatever the limits of its client say
    #[command(after_help = "\
Examples:
  reenact capture next 0123456789abcdef
  reenact capture next 0123456789abcdef --cancel")]
    Next(NextArguments),
    /// Replace all switches
    #[command(after_help = "\
Example:
  reenact capture list --json > switches.json        # then change \"switches\" in it
  reenact capture set switches.json")]
    Set(SetArguments),
}

#[derive(Args)]
pub(crate) struct OfArguments {
    /// The service; `*` stands for any text
    #[arg(long)]
    service: String,
    /// The environment, likewise [default: every one]
    #[arg(long)]
    env: Option<String>,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Args)]
pub(crate) struct OnArguments {
    #[command(flatten)]
    of: OfArguments,
    /// Captures per second that a process may make of exceptions seen before [default: as the client is set]
    #[arg(long, value_name = "NUMBER")]
    per_second: Option<f64>,
}

#[derive(Args)]
pub(crate) struct NextArguments {
    /// The issue (16 hexadecimal digits)
    issue: String,
    /// Take the request back
    #[arg(long)]
    cancel: bool,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(command: &CaptureCommand) -> anyhow::Result<ExitCode> {
    match command {
        CaptureCommand::List(ListArguments { json, server }) => {
            print(&client::get(&server.server, ADDRESS, &[])?, *json)?;
        }
        CaptureCommand::Off(of) => change(of, |switches, at| put_first(switches, at, of, false, None))?,
        CaptureCommand::On(OnArguments { of, per_second }) => {
            change(of, |switches, at| put_first(switches, at, of, true, *per_second))?;
        }
        CaptureCommand::Unset(of) => change(of, |switches, at| {
            let Some(at) = at else { bail!("there is no such switch; `reenact capture list` prints them") };
            switches.remove(at);
            Ok(())
        })?,
        CaptureCommand::Next(arguments) => next(arguments)?,
        CaptureCommand::Set(SetArguments { file, json, server }) => {
            let all = read(file)?;
            save(&server.server, &all["version"], &all["switches"], *json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn next(NextArguments { issue, cancel, json, server }: &NextArguments) -> anyhow::Result<()> {
    let address = format!("/issues/{}/capture-next", checked(issue)?);
    if *cancel {
        client::delete(&server.server, &address, &[])?;
        eprintln!("taken back");
        return Ok(());
    }
    let asked = client::put(&server.server, &address, &json!({}))?;
    let mut out = Out::stdout();
    if *json {
        return output::json(&mut out, &asked);
    }
    out.line(&format!("asked for the next event, until {}", text(&asked, "expires_at")))?;
    Ok(())
}

/// The switch that was set last decides.
fn put_first(
    switches: &mut Vec<Value>,
    at: Option<usize>,
    OfArguments { service, env, .. }: &OfArguments,
    enabled: bool,
    per_second: Option<f64>,
) -> anyhow::Result<()> {
    if let Some(at) = at {
        switches.remove(at);
    }
    let switch =
        json!({ "service": service, "env": env, "enabled": enabled, "captures_per_second": per_second });
    switches.insert(0, switch);
    Ok(())
}

/// Changes the switches in force; `change` is told where the one of these arguments is.
fn change(
    of: &OfArguments,
    change: impl FnOnce(&mut Vec<Value>, Option<usize>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let server = &of.server.server;
    let mut all = client::get(server, ADDRESS, &[])?;
    let Some(switches) = all["switches"].as_array_mut() else {
        bail!("`{server}` answers no list of switches; is it of another version?")
    };
    let is_this =
        |switch: &Value| text(switch, "service") == of.service && switch["env"].as_str() == of.env.as_deref();
    let at = switches.iter().position(is_this);
    change(switches, at)?;
    save(server, &all["version"], &all["switches"], of.json)
}

fn save(server: &str, version: &Value, switches: &Value, json: bool) -> anyhow::Result<()> {
    let saved = client::put(server, ADDRESS, &json!({ "version": version, "switches": switches }))?;
    eprintln!("saved as version {}; clients know within ten seconds", saved["version"]);
    print(&saved, json)
}

fn print(answer: &Value, json: bool) -> anyhow::Result<()> {
    let mut out = Out::stdout();
    if json {
        return output::json(&mut out, answer);
    }
    let switches = answer["switches"].as_array().map_or(&[][..], Vec::as_slice);
    for switch in switches {
        let state = if switch["enabled"] == true { "on " } else { "off" };
        let service = out.paint(Style::Strong, &inert(text(switch, "service")));
        let env = switch["env"].as_str().map_or_else(|| "every environment".to_owned(), inert);
        let limit = switch["captures_per_second"].as_f64();
        let limit = limit.map_or_else(String::new, |number| format!("  at most {number} per second"));
        out.line(&format!("{state}  {service}  {env}{limit}"))?;
    }
    drop(out);
    if switches.is_empty() {
        eprintln!("no switches: clients capture as they are set themselves");
    }
    Ok(())
}
