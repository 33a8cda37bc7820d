//! `reenact events ISSUE` and `reenact pin ISSUE`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::client::{self, ServerArguments, text};
use crate::issue::checked;
use crate::output::{self, Out, Style, inert};
use crate::show::summary;

#[derive(Args)]
#[command(after_help = "\
Examples:
  reenact events 0123456789abcdef
  reenact events 0123456789abcdef --pinned
  reenact events 0123456789abcdef --values order.currency,customer.name --query env:prod")]
pub(crate) struct EventsArguments {
    /// The issue (16 hexadecimal digits)
    issue: String,
    /// Values to print of each event: up to 5 paths of variables with commas between them
    #[arg(long, value_name = "PATHS", default_value = "")]
    values: String,
    /// Print the values of the pinned variables
    #[arg(long)]
    pinned: bool,
    /// Which events: `env:prod -version:1.4.2`
    #[arg(long, default_value = "")]
    query: String,
    /// Start of the range: RFC 3339 or `now-1d`
    #[arg(long, default_value = "now-1d")]
    from: String,
    /// End of the range, likewise
    #[arg(long, default_value = "now")]
    to: String,
    /// Events to list, 1 to 200
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  reenact pin 0123456789abcdef
  reenact pin 0123456789abcdef order.currency
  reenact pin 0123456789abcdef 'headers.\"user.agent\"' --function handle
  reenact pin 0123456789abcdef order.currency --remove")]
pub(crate) struct PinArguments {
    /// The issue (16 hexadecimal digits)
    issue: String,
    /// The variable, then attributes, keys and indices, with dots between them; without it the pins are listed
    path: Option<String>,
    /// Only of frames of this function
    #[arg(long, value_name = "NAME", requires = "path")]
    function: Option<String>,
    /// Unpin it
    #[arg(long, requires = "path")]
    remove: bool,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run_events(arguments: &EventsArguments) -> anyhow::Result<ExitCode> {
    let id = checked(&arguments.issue)?;
    let parameters = [
        ("values", arguments.values.clone()),
        ("pinned", arguments.pinned.to_string()),
        ("query", arguments.query.clone()),
        ("from", arguments.from.clone()),
        ("to", arguments.to.clone()),
        ("limit", arguments.limit.to_string()),
    ];
    let list = client::get(&arguments.server.server, &format!("/issues/{id}/events"), &parameters)?;
    let mut out = Out::stdout();
    if arguments.json {
        output::json(&mut out, &list)?;
        return Ok(ExitCode::SUCCESS);
    }
    if list["values_hidden"] == true {
        out.line(&out.paint(Style::Redacted, "you may not see captured values"))?;
    }
    let columns = list["columns"].as_array().map_or(&[][..], Vec::as_slice);
    let events = list["events"].as_array().map_or(&[][..], Vec::as_slice);
    for event in events {
        print_event(&mut out, event, columns)?;
    }
    drop(out);
    let total = list["total"].as_u64().unwrap_or(0);
    if total > events.len() as u64 {
        eprintln!("{} of {total} events; more with --limit", events.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn print_event(out: &mut Out, event: &Value, columns: &[Value]) -> anyhow::Result<()> {
    let facts: Vec<String> = ["version", "env", "host", "user_id", "resource"]
        .into_iter()
        .filter_map(|key| event[key].as_str().map(inert))
        .collect();
    let values = if event["has_values"] == true { "values" } else { "      " };
    let id = out.paint(Style::Muted, text(event, "id"));
    let line = format!("{id}  {}  {values}  {}", text(event, "timestamp"), facts.join("  "));
    out.line(line.trim_end())?;
    for (column, value) in columns.iter().zip(event["values"].as_array().into_iter().flatten()) {
        let name = out.paint(Style::Key, &inert(text(column, "path")));
        let said = match text(value, "state") {
            "found" => summary(out, &value["value"]),
            "around" => format!("is within {}", summary(out, &value["value"])),
            "missing" => out.paint(Style::Muted, "is not there"),
            _ => out.paint(Style::Muted, "has no values"),
        };
        out.line(&format!("    {name} {said}"))?;
    }
    Ok(())
}

pub(crate) fn run_pin(arguments: &PinArguments) -> anyhow::Result<ExitCode> {
    let (id, server) = (checked(&arguments.issue)?, &arguments.server.server);
    let address = format!("/issues/{id}/pins");
    let pins = match &arguments.path {
        None => client::get(server, &address, &[])?,
        Some(path) if arguments.remove => {
            let mut parameters = vec![("path", path.clone())];
            parameters.extend(arguments.function.clone().map(|function| ("function", function)));
            client::delete(server, &address, &parameters)?
        }
        Some(path) => {
            client::post(server, &address, &json!({ "path": path, "function": arguments.function }))?
        }
    };
    let mut out = Out::stdout();
    if arguments.json {
        output::json(&mut out, &pins)?;
        return Ok(ExitCode::SUCCESS);
    }
    let pins = pins["pins"].as_array().map_or(&[][..], Vec::as_slice);
    for pin in pins {
        let function = pin["function"].as_str().map_or(String::new(), |name| format!("  in {}", inert(name)));
        let by = format!("pinned by {} at {}", inert(text(pin, "pinned_by")), text(pin, "pinned_at"));
        let path = out.paint(Style::Key, &inert(text(pin, "path")));
        out.line(&format!("{path}{function}  {}", out.paint(Style::Muted, &by)))?;
    }
    if pins.is_empty() {
        out.line("nothing is pinned")?;
    }
    Ok(ExitCode::SUCCESS)
}
