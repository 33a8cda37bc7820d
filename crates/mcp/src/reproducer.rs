//! A test that raises an event's exception again.

use reenact_replay::visible::visible_lines;
use serde_json::Value;

use crate::answer::{Answer, ToolError, list, short, text, word};
use crate::api::{Api, Call};
use crate::arguments::{GetReproducer, add, budget};
use crate::event::event_id;
use crate::limits::{BUDGET_TOKENS_MAX, LISTED_CHARACTERS_MAX, NAME_CHARACTERS_MAX};

pub(crate) async fn of_event<A: Api>(api: &A, asked: GetReproducer) -> Result<String, ToolError> {
    let budget = budget(asked.budget_tokens, BUDGET_TOKENS_MAX)?;
    let event = event_id(api, &asked.event).await?;
    let mut parameters = Vec::new();
    add(&mut parameters, "frame", asked.frame);
    add(&mut parameters, "mode", asked.mode);
    add(&mut parameters, "root", asked.root);
    let made = api.call(Call::get(format!("/events/{event}/reproduction"), parameters)).await?;
    let frame = made["frame"]["index"].as_u64().unwrap_or(0);
    let (does, flag) = match text(&made, "mode") {
        "statement" => ("runs the statement that raised in", " --statement"),
        _ => ("calls the function of", ""),
    };
    let command = format!("reenact reproduce {event} --frame {frame}{flag}");
    let head = format!(
        "A test of event {event}: it {does} frame {frame}. It runs real code with captured values: read it first. To write \
         and run it under a guard, twice: `{command} --run --root DIR --python PATH`."
    );
    let mut answer = Answer::new(head, budget);
    let about = about(&made);
    for line in &about {
        let _ = answer.line(line);
    }
    let file = visible_lines(text(&made, "text"));
    if file.len() + about.iter().map(String::len).sum::<usize>() > budget * crate::limits::TOKEN_BYTES {
        answer.note(format!(
            "The file has {} bytes and no room here. Write it with `{command} --output FILE`, or give a greater \
             `budget_tokens` (now {budget}, at most {BUDGET_TOKENS_MAX}).",
            file.len()
        ));
    } else {
        let _ = answer.line("");
        let _ = answer.line(&format!("# {}", short(text(&made, "file_name"), NAME_CHARACTERS_MAX)));
        answer.text(&file);
    }
    answer.finish()
}

/// What is called, why, and how near the inputs come.
fn about(made: &Value) -> Vec<String> {
    let frame = &made["frame"];
    let expected = &made["expected"];
    let said = |value: &Value, key: &str| short(text(value, key), LISTED_CHARACTERS_MAX);
    let mut lines = vec![
        format!("{} of {}: {}", said(frame, "function"), said(frame, "module"), said(made, "why")),
        format!("expects {} at {}", said(expected, "type"), said(expected, "place")),
    ];
    for input in list(made, "fidelity") {
        let why = said(input, "why");
        let why = if why.is_empty() { why } else { format!(" ({why})") };
        lines.push(format!("input {}: {}{why}", said(input, "name"), word(text(input, "state"))));
    }
    for passed in list(made, "passed_over") {
        lines.push(format!(
            "not frame {}, {}: {}",
            passed["frame"].as_u64().unwrap_or(0),
            said(passed, "function"),
            said(passed, "reason")
        ));
    }
    for offer in list(made, "offers") {
        lines.push(format!(
            "other test: mode {}, frame {}, {}: {}",
            word(text(offer, "mode")),
            offer["frame"].as_u64().unwrap_or(0),
            said(offer, "function"),
            said(offer, "why")
        ));
    }
    for missing in list(made, "missing") {
        lines.push(format!("better with {}", short(missing.as_str().unwrap_or(""), LISTED_CHARACTERS_MAX)));
    }
    lines
}
