//! One captured value by its path.

use reenact_model::{CapturedValue, Content, NotCaptured, ValuePath, Variables, unquoted};
use reenact_replay::line::{Shared, line};
use serde_json::Value;

use crate::answer::{Answer, Full, ToolError, list, short};
use crate::api::Api;
use crate::arguments::{GetVariable, budget, within};
use crate::event::{MOMENTS, SCOPES, found, typed, variables};
use crate::issues::place;
use crate::limits::{
    BUDGET_TOKENS_DEFAULT, DEPTH_DEFAULT, DEPTH_MAX, INNER_PARTS_MAX, NAME_CHARACTERS_MAX, PARTS_DEFAULT,
    PARTS_MAX, TEXT_CHARACTERS_MAX,
};

pub(crate) async fn one<A: Api>(api: &A, asked: GetVariable) -> Result<String, ToolError> {
    let budget = budget(asked.budget_tokens, BUDGET_TOKENS_DEFAULT)?;
    let depth = within("depth", asked.depth, DEPTH_DEFAULT, (1, DEPTH_MAX))?;
    let count = within("count", asked.count, PARTS_DEFAULT, (1, PARTS_MAX))?;
    let start = asked.start.unwrap_or(0);
    let path = path(&asked.path)?;
    let moments = moment_groups(asked.moment.as_deref())?;
    let event = found(api, &asked.event).await?;
    let exceptions = list(&event, "exceptions");
    let index = asked.exception.unwrap_or(exceptions.len().saturating_sub(1));
    let exception = exceptions.get(index).ok_or_else(|| {
        ToolError(format!("There is no exception {index}; the event has {}.", exceptions.len()))
    })?;
    let frames = list(exception, "frames");
    if asked.frame.is_some_and(|frame| frame >= frames.len()) {
        return Err(ToolError(format!(
            "`frame` is below {}: the frames of exception {index}.",
            frames.len()
        )));
    }
    let all: Vec<Variables> =
        frames.iter().flat_map(|frame| SCOPES.map(|scope| variables(frame, scope))).collect();
    let shared = Shared::of(&all);
    let candidates = (0..frames.len()).rev().filter(|frame| asked.frame.is_none_or(|asked| asked == *frame));
    for frame in candidates {
        let groups: Vec<Variables> = moments.iter().map(|group| variables(&frames[frame], group)).collect();
        if let Some(value) = groups.iter().find_map(|group| at(group, path.segments(), &shared)) {
            let shared_value = shared.content(value);
            let head = format!(
                "Exception {index}, frame {frame}, {} levels, parts from {start}. The first line names the place.",
                depth
            );
            let mut answer = Answer::new(head, budget);
            let _ = answer.line(&place(&frames[frame]).unwrap_or_default());
            let asked = Shown { path: &path.to_string(), depth, start, count };
            show(&mut answer, shared_value, &asked, &shared);
            return answer.finish();
        }
    }
    Err(missing(&event, frames, &path, &moments))
}

/// Which groups of variables hold the values of a moment.
fn moment_groups(moment: Option<&str>) -> Result<Vec<&'static str>, ToolError> {
    match moment {
        None | Some("at_capture") => Ok(SCOPES.to_vec()),
        Some(name) => match MOMENTS.iter().find(|moment| **moment == name) {
            Some(moment) => Ok(vec![*moment]),
            None => Err(ToolError("`moment` is `at_capture`, `at_raise` or `at_entry`.".to_owned())),
        },
    }
}

/// A path as it is written, with brackets or dots. Where names are in quotes, brackets are part of names.
fn path(text: &str) -> Result<ValuePath, ToolError> {
    let has_brackets = text.contains('[') && !text.contains(".\"");
    let parsed = if has_brackets { ValuePath::parse(&dotted(text)) } else { ValuePath::parse(text) };
    parsed.map_err(|error| {
        ToolError(format!(
            "`path` is no path: {}. It is like `order.lines.0.sku`, and `headers.\"x.id\"` for a name with a dot.",
            short(&error.to_string(), NAME_CHARACTERS_MAX)
        ))
    })
}

/// `a[0]['x']` as `a.0."x"`.
fn dotted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        out.push_str(&rest[..open]);
        let inner = &rest[open + 1..];
        let Some(close) = inner.find(']') else {
            out.push_str(&rest[open..]);
            return out;
        };
        let key = &inner[..close];
        let bare = unquoted(key);
        if bare.len() == key.len() {
            out.push_str(&format!(".{key}"));
        } else {
            out.push_str(&format!(".\"{}\"", bare.replace('\\', "\\\\").replace('"', "\\\"")));
        }
        rest = &inner[close + 1..];
    }
    out + rest
}

/// The value at a path, where objects that stand elsewhere are followed.
fn at<'a>(
    variables: &'a Variables,
    segments: &[String],
    shared: &'a Shared<'_>,
) -> Option<&'a CapturedValue> {
    let (variable, rest) = segments.split_first()?;
    let mut value = &variables.0.iter().find(|(name, _)| name == variable)?.1;
    for segment in rest {
        value = part(shared.content(value), segment)?;
    }
    Some(value)
}

fn part<'a>(value: &'a CapturedValue, segment: &str) -> Option<&'a CapturedValue> {
    match &value.content {
        Content::Fields(fields) => fields.iter().find(|(name, _)| name == segment).map(|(_, inner)| inner),
        Content::Elements(elements) => elements.get(segment.parse::<usize>().ok()?),
        Content::Entries(entries) => entries
            .iter()
            .find(|(key, _)| key.text().is_some_and(|key| key == segment))
            .map(|(_, inner)| inner),
        Content::Nothing | Content::Null | Content::Scalar(_) => None,
    }
}

/// What of a variable is asked for.
struct Shown<'a> {
    path: &'a str,
    depth: usize,
    start: usize,
    count: usize,
}

fn show(answer: &mut Answer, value: &CapturedValue, asked: &Shown<'_>, shared: &Shared<'_>) {
    let kind = short(&value.type_name, NAME_CHARACTERS_MAX);
    let size = value.size.map_or(String::new(), |size| format!(", size {size}"));
    let _ = answer.line(&format!("{} is {kind}{size}", short(asked.path, NAME_CHARACTERS_MAX)));
    match &value.content {
        Content::Scalar(text) => show_text(answer, value, text, asked.start),
        Content::Nothing | Content::Null => {
            let _ = answer.line(&line(value, NAME_CHARACTERS_MAX, shared));
        }
        _ => {
            let total = parts(value).count();
            let mut shown = 0;
            for (name, inner) in parts(value).skip(asked.start).take(asked.count) {
                if tree(answer, &name, inner, asked.depth, 1, shared).is_err() {
                    break;
                }
                shown += 1;
            }
            let next = asked.start + shown;
            if next < total {
                answer
                    .note(format!("{shown} of {total} captured parts are shown; go on with `start` {next}."));
            } else if asked.start >= total && total > 0 {
                answer.note(format!("There are {total} captured parts; `start` is below that."));
            }
        }
    }
    if let Some(reason) = value.not_captured {
        answer.note(format!("More was not captured: {}.", why(reason)));
    }
}

/// A text from one of its characters on.
fn show_text(answer: &mut Answer, value: &CapturedValue, text: &str, start: usize) {
    let total = text.chars().count();
    let room = TEXT_CHARACTERS_MAX.min(answer.left() / 10);
    let page: String = text.chars().skip(start).take(room).collect();
    let next = start + page.chars().count();
    let _ = answer.line(&page);
    if next < total {
        answer.note(format!("Characters {start} to {next} of {total} are shown; go on with `start` {next}."));
    }
    if value.truncated {
        answer.note("The client cut the text; the rest was not captured.");
    }
}

/// The parts of a value, each with the step that leads to it.
fn parts(value: &CapturedValue) -> Box<dyn Iterator<Item = (String, &CapturedValue)> + '_> {
    match &value.content {
        Content::Fields(fields) => Box::new(fields.iter().map(|(name, inner)| (format!(".{name}"), inner))),
        Content::Elements(elements) => {
            Box::new(elements.iter().enumerate().map(|(index, inner)| (format!("[{index}]"), inner)))
        }
        Content::Entries(entries) => Box::new(
            entries.iter().map(|(key, inner)| (format!("[{}]", line(key, 80, &Shared::default())), inner)),
        ),
        Content::Nothing | Content::Null | Content::Scalar(_) => Box::new(std::iter::empty()),
    }
}

/// A part and what is in it, so many levels deep.
fn tree(
    answer: &mut Answer,
    name: &str,
    given: &CapturedValue,
    depth: usize,
    level: usize,
    shared: &Shared<'_>,
) -> Result<(), Full> {
    let value = shared.content(given);
    let indent = "  ".repeat(level);
    answer.line(&format!("{indent}{}: {}", short(name, NAME_CHARACTERS_MAX), typed(value, shared)))?;
    if level >= depth {
        return Ok(());
    }
    for (inner, part) in parts(value).take(INNER_PARTS_MAX) {
        tree(answer, &inner, part, depth, level + 1, shared)?;
    }
    let rest = parts(value).count().saturating_sub(INNER_PARTS_MAX);
    if rest > 0 {
        answer.line(&format!("{indent}  … {rest} more"))?;
    }
    Ok(())
}

fn why(reason: NotCaptured) -> &'static str {
    match reason {
        NotCaptured::Depth => "nested deeper than the client follows",
        NotCaptured::CollectionSize => "more elements than the client takes",
        NotCaptured::FieldCount => "more attributes than the client takes",
        NotCaptured::Timeout => "the time budget of the capture was used up",
        NotCaptured::RedactedIdentifier => "the name is redacted",
        NotCaptured::RedactedType => "the type is redacted",
        NotCaptured::RedactedValue => "the value looks secret",
        NotCaptured::ConcurrentModification => "it changed meanwhile",
        NotCaptured::Pruned => "the client cut it out",
        NotCaptured::Limit => "over a limit of the server",
        _ => "no reason is known",
    }
}

/// That there is no such value, and what there is.
fn missing(event: &Value, frames: &[Value], path: &ValuePath, groups: &[&'static str]) -> ToolError {
    if event["values"]["state"] == "hidden" {
        return ToolError(
            "You may not see captured values; the person who set this server up decides (docs/mcp.md)."
                .to_owned(),
        );
    }
    let has = |frame: &&Value| groups.iter().any(|group| !variables(frame, group).0.is_empty());
    if !frames.iter().any(|frame| has(&frame)) {
        return ToolError(format!(
            "No frame of this exception has values {}. Look for another event: list_events with `has_values` true.",
            if groups.len() == 1 { "of that moment" } else { "" }
        ));
    }
    let shown = short(&path.to_string(), NAME_CHARACTERS_MAX);
    let variable = &path.segments()[0];
    let known = frames.iter().any(|frame| {
        groups.iter().any(|group| variables(frame, group).0.iter().any(|(name, _)| name == variable))
    });
    if known {
        return ToolError(format!(
            "`{shown}` was not captured, though its variable was. Ask for the variable alone to see its parts."
        ));
    }
    ToolError(format!("No frame has a variable for `{shown}`. get_event names the variables of each frame."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_may_have_brackets() {
        for (text, want) in [
            ("order.lines.0.sku", "order.lines.0.sku"),
            ("order.lines[0].sku", "order.lines.0.sku"),
            ("headers['X-Id']", "headers.X-Id"),
            ("headers[\"a.b\"][2]", "headers.\"a.b\".2"),
        ] {
            assert_eq!(path(text).unwrap().to_string(), want);
        }
        assert_eq!(path(r#"h."a[0]""#).unwrap().segments(), ["h", "a[0]"]);
        for text in ["", "a..b", "a b", "a[0].", "\u{202e} x"] {
            let ToolError(message) = path(text).unwrap_err();
            assert!(message.contains("is no path") && !message.contains('\u{202e}'), "{message}");
        }
    }
}
