//! `reenact compare EVENT EVENT`.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use crate::client::{self, ServerArguments, text};
use crate::output::{self, Out, Style, inert};
use crate::show::summary;

#[derive(Args)]
pub(crate) struct CompareArguments {
    /// The left event, 32 hexadecimal digits
    left: String,
    /// The right event, likewise
    right: String,
    /// What is the same too, and differences that say nothing: ids, times, addresses
    #[arg(long)]
    all: bool,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(arguments: &CompareArguments) -> anyhow::Result<ExitCode> {
    for id in [&arguments.left, &arguments.right] {
        anyhow::ensure!(
            id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "`{}` is no event, which has 32 hexadecimal digits",
            inert(id)
        );
    }
    let path = format!("/events/{}/compare", arguments.left);
    let comparison = client::get(&arguments.server.server, &path, &[("with", arguments.right.clone())])?;
    let mut out = Out::stdout();
    if arguments.json {
        output::json(&mut out, &comparison)?;
    } else {
        print(&mut out, &comparison, arguments.all)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut Out, comparison: &Value, all: bool) -> anyhow::Result<()> {
    for (sign, side) in [("-", "left"), ("+", "right")] {
        let side = &comparison[side];
        let about =
            format!("{}  {}  {}", text(side, "id"), text(side, "timestamp"), inert(text(side, "service")));
        out.line(&sided(out, sign, &about))?;
    }
    for fact in shown(&comparison["facts"], all) {
        print_fact(out, fact, "")?;
    }
    for exception in comparison["exceptions"].as_array().into_iter().flatten() {
        out.line("")?;
        for frame in exception["frames"].as_array().into_iter().flatten() {
            print_frame(out, frame, all)?;
        }
        // What they are is always said.
        for fact in exception["facts"].as_array().into_iter().flatten() {
            if text(fact, "name") == "type" && text(fact, "outcome") == "same" {
                out.line(&out.paint(Style::Error, &inert(text(fact, "left"))))?;
            } else if all || is_told(fact) {
                print_fact(out, fact, "  ")?;
            }
        }
    }
    out.line("")?;
    if comparison["values_hidden"] == true {
        out.line(&out.paint(Style::Redacted, "you may not see captured values"))?;
        return Ok(());
    }
    let count = |name: &str| comparison["counts"][name].as_u64().unwrap_or(0);
    out.line(&format!(
        "{} values differ, {} only left, {} only right, {} the same; {} of the differences are ids, times, addresses",
        count("differs"),
        count("only_left"),
        count("only_right"),
        count("same"),
        count("volatile")
    ))?;
    if let Some(left_out) = comparison["paths_left_out"].as_u64().filter(|left_out| *left_out > 0) {
        out.line(&out.paint(Style::Redacted, &format!("{left_out} values are counted and not listed")))?;
    }
    Ok(())
}

fn shown(rows: &Value, all: bool) -> impl Iterator<Item = &Value> {
    rows.as_array().into_iter().flatten().filter(move |row| all || is_told(row))
}

fn is_told(row: &Value) -> bool {
    row["volatile"].is_null() && !matches!(text(row, "outcome"), "same" | "unknown")
}

fn sided(out: &Out, sign: &str, line: &str) -> String {
    let style = if sign == "-" { Style::Error } else { Style::Text };
    format!("{} {line}", out.paint(style, sign))
}

fn print_fact(out: &mut Out, fact: &Value, indent: &str) -> anyhow::Result<()> {
    let name = out.paint(Style::Key, &inert(text(fact, "name")));
    let mark = mark(out, fact);
    if text(fact, "outcome") == "same" {
        out.line(&format!("{indent}  {name} {}", out.paint(Style::Muted, &inert(text(fact, "left")))))?;
        return Ok(());
    }
    for (sign, side) in [("-", "left"), ("+", "right")] {
        if let Some(value) = fact[side].as_str() {
            out.line(&format!("{indent}{}{mark}", sided(out, sign, &format!("{name} {}", inert(value)))))?;
        }
    }
    Ok(())
}

fn mark(out: &Out, row: &Value) -> String {
    match row["volatile"].as_str() {
        Some(reason) => format!("  {}", out.paint(Style::Muted, &format!("({reason})"))),
        None => String::new(),
    }
}

fn print_frame(out: &mut Out, frame: &Value, all: bool) -> anyhow::Result<()> {
    let paths: Vec<&Value> = shown(&frame["paths"], all).collect();
    let (left, right) = (&frame["left"], &frame["right"]);
    let place = |place: &Value| {
        let line = place["line_number"].as_u64().map_or(String::new(), |line| format!(":{line}"));
        format!(
            "{}  {}{line}",
            out.paint(Style::Strong, &inert(text(place, "function"))),
            inert(text(place, "file"))
        )
    };
    let lines = match (left.is_null(), right.is_null()) {
        (false, true) => vec![sided(out, "-", &place(left))],
        (true, _) => vec![sided(out, "+", &place(right))],
        _ if left["line_number"] != right["line_number"] => {
            vec![sided(out, "-", &place(left)), sided(out, "+", &place(right))]
        }
        _ if !all && paths.is_empty() && left["in_app"] != true => return Ok(()),
        _ => vec![format!("  {}", place(left))],
    };
    for line in lines {
        out.line(&line)?;
    }
    let note = match (&left["has_values"], &right["has_values"]) {
        (Value::Bool(true), Value::Bool(false)) => Some("only the left event has values here"),
        (Value::Bool(false), Value::Bool(true)) => Some("only the right event has values here"),
        _ => None,
    };
    if let Some(note) = note {
        out.line(&format!("    {}", out.paint(Style::Muted, note)))?;
    }
    for path in paths {
        print_path(out, path)?;
    }
    Ok(())
}

fn print_path(out: &mut Out, path: &Value) -> anyhow::Result<()> {
    let name = out.paint(Style::Key, &inert(text(path, "path")));
    let mark = mark(out, path);
    if matches!(text(path, "outcome"), "same" | "unknown") {
        return Ok(out.line(&format!("      {name} {}", summary(out, &path["left"])))?);
    }
    for (sign, side) in [("-", "left"), ("+", "right")] {
        if !path[side].is_null() {
            let line = sided(out, sign, &format!("{name} {}", summary(out, &path[side])));
            out.line(&format!("    {line}{mark}"))?;
        }
    }
    Ok(())
}
