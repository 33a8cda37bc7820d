//! `reenact show EVENT`.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use crate::client::{self, ServerArguments, text};
use crate::output::{self, Out, Style, inert, inert_lines};

#[derive(Args)]
pub(crate) struct ShowArguments {
    /// An event (32 hexadecimal digits), or an issue (16) for its newest event with values
    event: String,
    /// Third-party frames too
    #[arg(long)]
    all_frames: bool,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

/// Nesting of values that is printed.
const DEPTH_MAX: usize = 12;
/// Nesting of a key that is printed.
const KEY_DEPTH_MAX: usize = 3;
/// Elements of a key that are printed.
const KEY_ELEMENTS_MAX: usize = 20;
/// Characters of one value that are printed.
const VALUE_CHARACTERS_MAX: usize = 400;

pub(crate) fn run(arguments: &ShowArguments) -> anyhow::Result<ExitCode> {
    let server = &arguments.server.server;
    let id = event_id(server, &arguments.event)?;
    let mut event = client::get(server, &format!("/events/{id}"), &[])?;
    let mut out = Out::stdout();
    if arguments.json {
        output::json(&mut out, &event)?;
    } else {
        let source = client::get(server, &format!("/events/{id}/source"), &[])?;
        join_source(&mut event, &source);
        print_event(&mut out, &event, arguments.all_frames)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The event that is named: itself, or by its issue, whose newest event with values it is.
pub(crate) fn event_id(server: &str, named: &str) -> anyhow::Result<String> {
    let mut id = named.to_owned();
    anyhow::ensure!(
        matches!(id.len(), 16 | 32) && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "`{}` is neither an event (32 hexadecimal digits) nor an issue (16)",
        inert(&id)
    );
    if id.len() == 16 {
        let issue = client::get(server, &format!("/issues/{id}"), &[("from", client::EVER.to_owned())])?;
        let latest = issue["latest_event_with_values_id"].as_str().or(issue["latest_event_id"].as_str());
        id = latest.ok_or_else(|| anyhow::anyhow!("the issue has no event any more"))?.to_owned();
    }
    Ok(id)
}

/// Puts what is known of the source beside each frame, as `repository`.
fn join_source(event: &mut Value, source: &Value) {
    let commit: String = text(&source["commit"], "id").chars().take(10).collect();
    let exceptions = event["exceptions"].as_array_mut().into_iter().flatten();
    for (exception, of_exception) in exceptions.zip(source["exceptions"].as_array().into_iter().flatten()) {
        let frames = exception["frames"].as_array_mut().into_iter().flatten();
        for (frame, of_frame) in frames.zip(of_exception.as_array().into_iter().flatten()) {
            if of_frame["state"] == "found" {
                frame["repository"] = of_frame.clone();
                frame["repository"]["commit"] = commit.clone().into();
            }
        }
    }
}

fn print_event(out: &mut Out, event: &Value, all_frames: bool) -> anyhow::Result<()> {
    let about = ["service", "env", "version", "resource", "host", "trace_id"];
    for key in about {
        if let Some(value) = event[key].as_str() {
            out.line(&format!("{} {}", out.paint(Style::Muted, &format!("{key:<10}")), inert(value)))?;
        }
    }
    out.line(&format!("{} {}", out.paint(Style::Muted, "time      "), text(event, "timestamp")))?;
    out.line(&format!(
        "{} {}",
        out.paint(Style::Muted, "values    "),
        inert(text(&event["values"], "reason"))
    ))?;
    for warning in event["warnings"].as_array().into_iter().flatten() {
        out.line(&format!(
            "{} {}",
            out.paint(Style::Redacted, "warning   "),
            inert(warning.as_str().unwrap_or(""))
        ))?;
    }
    for exception in event["exceptions"].as_array().into_iter().flatten() {
        out.line("")?;
        print_exception(out, exception, all_frames)?;
        print_relation(out, exception, "")?;
    }
    Ok(())
}

fn print_exception(out: &mut Out, exception: &Value, all_frames: bool) -> anyhow::Result<()> {
    for frame in shown_frames(exception, all_frames) {
        print_frame(out, frame)?;
    }
    print_name(out, exception, "")?;
    print_members(out, exception, all_frames, "  ")
}

fn shown_frames(exception: &Value, all_frames: bool) -> impl Iterator<Item = &Value> {
    let frames = exception["frames"].as_array().into_iter().flatten();
    frames
        .filter(move |frame| all_frames || frame["in_app"] == true || frame["values"]["state"] == "captured")
}

fn print_name(out: &mut Out, exception: &Value, indent: &str) -> anyhow::Result<()> {
    let title = out.paint(Style::Error, &inert(text(exception, "type")));
    let inner = format!("{indent}    ");
    let message = inert_lines(text(exception, "message"), &inner);
    let said = if message.is_empty() { String::new() } else { format!(": {message}") };
    out.line(&format!("{indent}{title}{said}"))?;
    for note in exception["notes"].as_array().into_iter().flatten() {
        out.line(&format!("{inner}{}", inert_lines(note.as_str().unwrap_or(""), &inner)))?;
    }
    Ok(())
}

fn print_relation(out: &mut Out, exception: &Value, indent: &str) -> anyhow::Result<()> {
    match exception["relation"].as_str() {
        Some("cause") => out.line(&format!("\n{indent}  which caused"))?,
        Some(_) => out.line(&format!("\n{indent}  and while that was handled"))?,
        None => {}
    }
    Ok(())
}

/// The exceptions in a group, each with what led to it and the places it came through.
fn print_members(out: &mut Out, exception: &Value, all_frames: bool, indent: &str) -> anyhow::Result<()> {
    let members = exception["members"].as_array().map_or(&[][..], Vec::as_slice);
    let left_out = exception["members_left_out"].as_u64().unwrap_or(0);
    let total = members.len() as u64 + left_out;
    let inner = format!("{indent}  ");
    for (index, chain) in members.iter().enumerate() {
        let title = format!("exception {} of {total} in this group", index + 1);
        out.line(&format!("{indent}{}", out.paint(Style::Muted, &title)))?;
        for member in chain.as_array().into_iter().flatten() {
            for frame in shown_frames(member, all_frames) {
                print_place(out, frame, &inner)?;
            }
            print_name(out, member, &inner)?;
            print_members(out, member, all_frames, &format!("{inner}  "))?;
            print_relation(out, member, &inner)?;
        }
    }
    if left_out > 0 {
        let title = format!("{left_out} more in this group were not printed");
        out.line(&format!("{indent}{}", out.paint(Style::Muted, &title)))?;
    }
    Ok(())
}

/// Function, file and line of a frame, with its source.
fn print_place(out: &mut Out, frame: &Value, indent: &str) -> anyhow::Result<()> {
    let line = frame["line_number"].as_u64().map_or(String::new(), |line| format!(":{line}"));
    let function = out.paint(Style::Strong, &inert(text(frame, "function")));
    out.line(&format!("{indent}{function}  {}{line}", inert(text(frame, "file"))))?;
    let repository = &frame["repository"];
    if repository["source"].is_object() {
        print_lines(out, repository, frame["line_number"].as_u64(), indent)?;
    } else {
        for source in frame["source"]["lines"].as_array().into_iter().flatten() {
            out.line(&format!("{indent}  > {}", inert(source.as_str().unwrap_or("").trim())))?;
        }
    }
    if let Some(url) = repository["url"].as_str() {
        out.line(&format!("{indent}  {}", out.paint(Style::Muted, &inert(url))))?;
    }
    if let Some(repeats) = frame["repeats"].as_u64().filter(|repeats| *repeats > 0) {
        out.line(&format!(
            "{indent}  {}",
            out.paint(Style::Muted, &format!("the same {repeats} more times"))
        ))?;
    }
    Ok(())
}

/// Lines of the repository, which say so.
fn print_lines(out: &mut Out, repository: &Value, line: Option<u64>, indent: &str) -> anyhow::Result<()> {
    let from = format!("from the repository at {}", text(repository, "commit"));
    out.line(&format!("{indent}  {}", out.paint(Style::Muted, &inert(&from))))?;
    let first = repository["source"]["first_line_number"].as_u64().unwrap_or(1);
    for (number, source) in (first..).zip(repository["source"]["lines"].as_array().into_iter().flatten()) {
        let mark = if Some(number) == line { ">" } else { " " };
        let source = inert(&source.as_str().unwrap_or("").trim_end().replace('\t', "    "));
        out.line(format!("{indent}  {mark} {number:>5}  {source}").trim_end())?;
    }
    Ok(())
}

fn print_frame(out: &mut Out, frame: &Value) -> anyhow::Result<()> {
    print_place(out, frame, "  ")?;
    let values = &frame["values"];
    if values["state"] != "captured" {
        if frame["in_app"] == true {
            out.line(&format!("    {}", out.paint(Style::Muted, &inert(text(values, "reason")))))?;
        }
        return Ok(());
    }
    for group in ["arguments", "locals", "closure", "globals"] {
        let Some(variables) = values[group].as_object().filter(|variables| !variables.is_empty()) else {
            continue;
        };
        out.line(&format!("    {}", out.paint(Style::Muted, group)))?;
        for (name, value) in variables {
            print_value(out, &out.paint(Style::Key, &inert(name)), value, 3)?;
        }
    }
    Ok(())
}

/// One value and what is in it, `depth` steps in.
fn print_value(out: &mut Out, name: &str, value: &Value, depth: usize) -> anyhow::Result<()> {
    let indent = "  ".repeat(depth);
    out.line(&format!("{indent}{name} {}", summary(out, value)))?;
    if depth > DEPTH_MAX {
        return Ok(());
    }
    for (field, inner) in value["fields"].as_object().into_iter().flatten() {
        print_value(out, &format!(".{}", out.paint(Style::Key, &inert(field))), inner, depth + 1)?;
    }
    for (index, inner) in value["elements"].as_array().into_iter().flatten().enumerate() {
        print_value(out, &format!("[{index}]"), inner, depth + 1)?;
    }
    for pair in value["entries"].as_array().into_iter().flatten() {
        let key = format!("[{}]", inert(&key_text(&pair[0], 0)));
        print_value(out, &out.paint(Style::Key, &key), &pair[1], depth + 1)?;
    }
    Ok(())
}

/// A key in one line: `'a'`, `None`, `(3, 4)`, or its type where that is all there is.
fn key_text(key: &Value, depth: usize) -> String {
    if key["is_null"] == true {
        return "None".to_owned();
    }
    if let Some(scalar) = key["value"].as_str() {
        return scalar.chars().take(VALUE_CHARACTERS_MAX).collect();
    }
    let inner: Vec<String> = match key["elements"].as_array() {
        Some(elements) if depth < KEY_DEPTH_MAX => {
            elements.iter().take(KEY_ELEMENTS_MAX).map(|inner| key_text(inner, depth + 1)).collect()
        }
        _ => return format!("<{}>", text(key, "type")),
    };
    format!("({})", inner.join(", "))
}

pub(crate) fn summary(out: &Out, value: &Value) -> String {
    let type_name = inert(text(value, "type"));
    let mut parts = vec![format!("= {}", out.paint(Style::Muted, &type_name))];
    if value["is_null"] == true {
        parts = vec![format!("= {}", out.paint(Style::Number, "None"))];
    } else if let Some(scalar) = value["value"].as_str() {
        let style = if scalar.contains(['\'', '"']) { Style::Text } else { Style::Number };
        let cut: String = scalar.chars().take(VALUE_CHARACTERS_MAX).collect();
        let rest = if cut.len() < scalar.len() { "…" } else { "" };
        parts = vec![format!("= {}{rest}", out.paint(style, &inert(&cut)))];
    }
    if value["truncated"] == true {
        parts.push("(cut)".to_owned());
    }
    if let Some(size) = value["size"].as_u64() {
        parts.push(format!("(size {size})"));
    }
    if let Some(reason) = value["not_captured"].as_str() {
        let rule = value["rule"].as_str().map_or(String::new(), |rule| format!(": {}", inert(rule)));
        parts.push(out.paint(Style::Redacted, &format!("<{}{rule}>", reason.replace('_', " "))));
    }
    parts.join(" ")
}
