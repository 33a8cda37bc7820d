//! What is printed of a test and of its runs.

use serde_json::Value;

use crate::client::text;
use crate::output::{Out, Style, inert, inert_lines};

pub(super) fn run(out: &mut Out, made: &Value) -> anyhow::Result<()> {
    for attempt in made["run"]["attempts"].as_array().into_iter().flatten() {
        let outcome = text(attempt, "outcome");
        let style = if outcome == "same exception" { Style::Text } else { Style::Error };
        let only = if attempt["mode"] == "statement" { "the statement of " } else { "" };
        let place = format!("{only}frame {}, {}", attempt["frame"], inert(text(attempt, "function")));
        out.line(&format!("{}  {}", out.paint(style, outcome), out.paint(Style::Muted, &place)))?;
        let seen = &attempt["seen"];
        if let Some(raised) = seen["raised"].as_object() {
            let part = |key: &str| inert_lines(raised[key].as_str().unwrap_or("?"), "    ");
            out.line(&format!("    {}: {}  {}", part("type"), part("message"), part("place")))?;
        }
        if let Some(failed) = seen["failed"].as_str() {
            out.line(&format!("    {}", inert_lines(failed, "    ")))?;
        }
        for used in seen["stand_ins_used"].as_array().into_iter().flatten() {
            out.line(&format!("    the code needs {}", inert(used.as_str().unwrap_or(""))))?;
        }
        for denied in seen["denied"].as_array().into_iter().flatten() {
            out.line(&format!("    {} was denied", inert(denied.as_str().unwrap_or(""))))?;
        }
    }
    if let Some(outermost) = made["run"]["outermost"].as_object() {
        let function = inert(outermost["function"].as_str().unwrap_or(""));
        out.line(&format!(
            "as well from further out: frame {}, {function} (--frame {0})",
            outermost["frame"]
        ))?;
    }
    if made["shrunk"].is_object() {
        let shrunk = &made["shrunk"];
        out.line(&format!(
            "smaller by {} parts and {} characters of texts, in {} runs",
            shrunk["parts_removed"], shrunk["characters_removed"], shrunk["runs"]
        ))?;
    }
    let expected = &made["expected"];
    let message = expected["message"]
        .as_str()
        .map_or("(a message that is not compared)".to_owned(), |message| inert_lines(message, "    "));
    out.line(&format!(
        "wanted: {}: {message}  {}",
        inert(text(expected, "type")),
        inert(text(expected, "place"))
    ))?;
    about(out, made)
}

pub(super) fn about(out: &mut Out, made: &Value) -> anyhow::Result<()> {
    let frame = &made["frame"];
    let function = out.paint(Style::Strong, &inert(text(frame, "function")));
    let does = if made["mode"] == "statement" { "runs the statement of" } else { "calls" };
    out.line(&format!(
        "{does} {function} of {} (frame {}): {}",
        inert(text(frame, "module")),
        frame["index"],
        text(made, "why")
    ))?;
    for passed in made["passed_over"].as_array().into_iter().flatten() {
        let line = format!(
            "not frame {}, {}: {}",
            passed["frame"],
            inert(text(passed, "function")),
            inert(text(passed, "reason"))
        );
        out.line(&out.paint(Style::Muted, &line))?;
    }
    for input in made["fidelity"].as_array().into_iter().flatten() {
        let state = text(input, "state").replace('_', "-");
        let style = if state == "exact" { Style::Muted } else { Style::Redacted };
        out.line(&format!(
            "  {}  {} {}",
            out.paint(style, &state),
            out.paint(Style::Key, &inert(text(input, "name"))),
            inert(text(input, "why"))
        ))?;
    }
    for offer in made["offers"].as_array().into_iter().flatten() {
        let how = if offer["mode"] == "statement" { " --statement" } else { "" };
        let line = format!(
            "also --frame {}{how}, {}: {}",
            offer["frame"],
            inert(text(offer, "function")),
            text(offer, "why")
        );
        out.line(&out.paint(Style::Muted, &line))?;
    }
    for missing in made["missing"].as_array().into_iter().flatten() {
        out.line(
            &out.paint(Style::Muted, &format!("better with {}", inert(missing.as_str().unwrap_or("")))),
        )?;
    }
    Ok(())
}
