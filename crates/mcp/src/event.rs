//! One event, from its deepest frame outwards.

use reenact_model::{CapturedValue, Variables};
use reenact_replay::line::{Shared, line};
use serde_json::Value;

use crate::answer::{Answer, Full, ToolError, list, short, text, word};
use crate::api::{Api, Call};
use crate::arguments::{GetEvent, Id, budget, id};
use crate::issues::{EVER, place};
use crate::limits::{
    BUDGET_TOKENS_DEFAULT, BUDGET_TOKENS_MAX, MESSAGE_CHARACTERS_MAX, NAME_CHARACTERS_MAX,
    SOURCE_CHARACTERS_MAX, SOURCE_LINES_AROUND, VALUE_CHARACTERS_MAX,
};

/// The variables of a frame, in the order in which they are shown.
pub(crate) const SCOPES: [&str; 4] = ["arguments", "locals", "closure", "globals"];
/// Values at other moments than that of the capture.
pub(crate) const MOMENTS: [&str; 2] = ["at_raise", "at_entry"];
/// Members of groups of exceptions that are listed.
const MEMBERS_MAX: usize = 20;
/// Bytes that are kept free for each frame that is still to come.
const FRAME_BYTES: usize = 90;

/// An event by its id, or the newest with values of an issue.
pub(crate) async fn found<A: Api>(api: &A, named: &str) -> Result<Value, ToolError> {
    let event = event_id(api, named).await?;
    Ok(api.call(Call::get(format!("/events/{event}"), Vec::new())).await?)
}

/// The id of an event that is named by itself or by its issue.
pub(crate) async fn event_id<A: Api>(api: &A, named: &str) -> Result<String, ToolError> {
    if id(named, &[Id::Event, Id::Issue])? == Id::Event {
        return Ok(named.to_owned());
    }
    let issue = api.call(Call::get(format!("/issues/{named}"), vec![("from", EVER.to_owned())])).await?;
    let newest = issue["latest_event_with_values_id"].as_str().or(issue["latest_event_id"].as_str());
    newest.map(str::to_owned).ok_or_else(|| ToolError("The issue has no event any more.".to_owned()))
}

/// The values of a frame that were captured together with those of others.
pub(crate) fn variables(frame: &Value, group: &str) -> Variables {
    let of = |(name, value): (&String, &Value)| {
        Some((name.clone(), serde_json::from_value::<CapturedValue>(value.clone()).ok()?))
    };
    let all = frame["values"][group].as_object().into_iter().flatten();
    Variables(all.filter_map(of).collect())
}

pub(crate) async fn one<A: Api>(api: &A, asked: GetEvent) -> Result<String, ToolError> {
    let budget = budget(asked.budget_tokens, BUDGET_TOKENS_DEFAULT)?;
    let event = found(api, &asked.event).await?;
    let exceptions = list(&event, "exceptions");
    let chosen = chosen(exceptions, asked.exception, asked.frame)?;
    let mut answer = Answer::new(head(&event, exceptions), budget);
    let mut left_out = LeftOut::default();
    if facts(&mut answer, &event, exceptions).is_err() {
        answer.note("Facts about the event had no room.");
    }
    for index in chosen {
        of_exception(&mut answer, &exceptions[index], index, asked.frame, &mut left_out);
    }
    left_out.say(&mut answer, budget);
    answer.finish()
}

/// The exceptions to show, the one that escaped first.
fn chosen(
    exceptions: &[Value],
    exception: Option<usize>,
    frame: Option<usize>,
) -> Result<Vec<usize>, ToolError> {
    let Some(last) = exceptions.len().checked_sub(1) else {
        return Err(ToolError("The event has no exception.".to_owned()));
    };
    if let Some(index) = exception.filter(|index| *index > last) {
        return Err(ToolError(format!("`exception` is from 0 to {last}, not {index}.")));
    }
    let Some(frame) = frame else {
        return Ok(exception.map_or_else(|| (0..=last).rev().collect(), |index| vec![index]));
    };
    let index = exception.unwrap_or(last);
    let frames = list(&exceptions[index], "frames").len();
    if frame >= frames {
        let wanted =
            if frames == 0 { "has no frames".to_owned() } else { format!("has frames 0 to {}", frames - 1) };
        return Err(ToolError(format!("Exception {index} {wanted}; there is no frame {frame}.")));
    }
    Ok(vec![index])
}

/// What the server itself knows of an event.
fn head(event: &Value, exceptions: &[Value]) -> String {
    format!(
        "Event {} of issue {}, {}, {}; captured values: {}. {} of {} exceptions led to the one that escaped. Frames are \
         numbered from 0, the outermost call; the deepest stands first.",
        word(text(event, "id")),
        word(text(event, "issue_id")),
        word(text(event, "timestamp")),
        if event["handled"] == true { "handled by the service" } else { "not handled" },
        word(text(&event["values"], "state")),
        exceptions.len().saturating_sub(1),
        exceptions.len()
    )
}

/// The facts around an event, and what was raised: in a small answer shorter, so that there is room for frames.
fn facts(answer: &mut Answer, event: &Value, exceptions: &[Value]) -> Result<(), Full> {
    let most = (answer.left() / 20).clamp(20, NAME_CHARACTERS_MAX);
    let message_most = (answer.left() / 8).min(MESSAGE_CHARACTERS_MAX);
    for (index, exception) in exceptions.iter().enumerate().rev() {
        let role = match exception["relation"].as_str() {
            Some("cause") => "caused the one after it",
            Some(_) => "was being handled when the one after it was raised",
            None => "escaped",
        };
        answer.line(&format!("exception {index} ({role}): {}", named(exception, most, message_most)))?;
        for note in list(exception, "notes").iter().take(5) {
            answer.line(&format!("  note: {}", short(note.as_str().unwrap_or(""), most)))?;
        }
        let mut room = MEMBERS_MAX;
        members(answer, exception, most, "  ", &mut room)?;
    }
    for key in ["service", "env", "version", "resource", "host", "commit", "thread"] {
        if let Some(value) = event[key].as_str() {
            answer.line(&format!("{key}: {}", short(value, most)))?;
        }
    }
    let request = &event["request"];
    if request.is_object() {
        let part = |key: &str| short(text(request, key), most);
        let status = request["status_code"].as_u64().map_or(String::new(), |status| format!(" -> {status}"));
        answer.line(&format!("request: {} {}{status}", part("method"), part("url")))?;
    }
    if event["values"]["state"] != "captured" {
        answer.line(&format!("values: {}", short(text(&event["values"], "reason"), most)))?;
    }
    for warning in list(event, "warnings").iter().take(10) {
        answer.line(&format!("warning: {}", short(warning.as_str().unwrap_or(""), most)))?;
    }
    Ok(())
}

fn named(exception: &Value, name_most: usize, message_most: usize) -> String {
    let name = short(text(exception, "type"), name_most);
    let message = short(text(exception, "message"), message_most);
    if message.is_empty() { name } else { format!("{name}: {message}") }
}

/// The exceptions in a group, as far as there is room; texts of at most `most` characters.
fn members(
    answer: &mut Answer,
    exception: &Value,
    most: usize,
    indent: &str,
    room: &mut usize,
) -> Result<(), Full> {
    for chain in list(exception, "members") {
        let Some(member) = chain.as_array().and_then(|chain| chain.last()) else { continue };
        if *room == 0 {
            return answer.line(&format!("{indent}…"));
        }
        *room -= 1;
        let raised = list(member, "frames").last().and_then(place);
        let raised = raised.map_or(String::new(), |raised| format!(" | {}", short(&raised, most)));
        answer.line(&format!("{indent}member: {}{raised}", named(member, most, most)))?;
        members(answer, member, most, &format!("{indent}  "), room)?;
    }
    Ok(())
}

/// What had no room.
#[derive(Default)]
struct LeftOut {
    /// Frames whose variables had no room, with how many.
    variables: Vec<(usize, usize, usize)>,
    /// Frames that had none, by exception.
    frames: Vec<(usize, usize)>,
}

impl LeftOut {
    fn say(self, answer: &mut Answer, budget: usize) {
        let more = if budget < BUDGET_TOKENS_MAX {
            format!("a greater `budget_tokens` (now {budget}, at most {BUDGET_TOKENS_MAX}), or ")
        } else {
            String::new()
        };
        if let Some((exception, frame, _)) = self.variables.first() {
            let list: Vec<String> = self
                .variables
                .iter()
                .take(30)
                .map(|(exception, frame, count)| format!("{count} of exception {exception} frame {frame}"))
                .collect();
            answer.note(format!(
                "Variables without room: {}. To see them: {more}get_event with `exception` {exception} and `frame` \
                 {frame}; one value deeper: get_variable.",
                list.join(", ")
            ));
        }
        for (exception, count) in self.frames {
            answer.note(format!(
                "{count} outer frames of exception {exception} had no room. To see them: {more}get_event with \
                 `exception` {exception} and `frame`."
            ));
        }
    }
}

fn of_exception(
    answer: &mut Answer,
    exception: &Value,
    number: usize,
    only: Option<usize>,
    left_out: &mut LeftOut,
) {
    let frames = list(exception, "frames");
    let groups: Vec<Variables> = frames
        .iter()
        .filter(|frame| frame["values"]["earlier_occurrence"] != true)
        .flat_map(|frame| SCOPES.map(|scope| variables(frame, scope)))
        .collect();
    let shared = Shared::of(&groups);
    let shown: Vec<usize> =
        (0..frames.len()).rev().filter(|index| only.is_none_or(|only| only == *index)).collect();
    if shown.is_empty() || answer.line(&format!("frames of exception {number}:")).is_err() {
        return;
    }
    for (at, index) in shown.iter().enumerate() {
        let frame = &frames[*index];
        let to_come = shown.len() - at - 1;
        if frame_place(answer, frame, *index).is_err() {
            left_out.frames.push((number, to_come + 1));
            return;
        }
        // The deepest frame has the half of what is left, the next one the half of the rest.
        let kept = (to_come * FRAME_BYTES).min(answer.left() / 2);
        let room = if only.is_some() { answer.left() } else { (answer.left() - kept) / 2 };
        let without = frame_values(answer, frame, room, &shared);
        if without > 0 {
            left_out.variables.push((number, *index, without));
        }
    }
}

fn frame_place(answer: &mut Answer, frame: &Value, index: usize) -> Result<(), Full> {
    let third_party = if frame["in_app"] == true { "" } else { " (third party)" };
    answer.line(&format!("  frame {index}: {}{third_party}", place(frame).unwrap_or_default()))?;
    if let Some(repeats) = frame["repeats"].as_u64().filter(|repeats| *repeats > 0) {
        answer.line(&format!("    the same {repeats} more times"))?;
    }
    Ok(())
}

/// The source and values of a frame, in so many bytes; how many variables had no room.
fn frame_values(answer: &mut Answer, frame: &Value, room: usize, shared: &Shared<'_>) -> usize {
    let floor = answer.left().saturating_sub(room);
    let mut say = |line: String| {
        if answer.left().saturating_sub(line.len() + 1) < floor { Err(Full) } else { answer.line(&line) }
    };
    if frame["in_app"] == true || frame["values"]["state"] == "captured" {
        for line in source(frame) {
            if say(line).is_err() {
                break;
            }
        }
    }
    if frame["values"]["earlier_occurrence"] == true {
        let _ = say("    values of an earlier occurrence of this frame:".to_owned());
    }
    let then = MOMENTS.map(|moment| (moment, variables(frame, moment)));
    let mut without = 0;
    for scope in SCOPES {
        let Variables(of_scope) = variables(frame, scope);
        for (name, value) in &of_scope {
            if without > 0 {
                without += 1;
                continue;
            }
            let mut text = format!(
                "    {} {}: {}",
                scope.trim_end_matches('s'),
                short(name, NAME_CHARACTERS_MAX),
                typed(value, shared)
            );
            for (moment, Variables(others)) in &then {
                if let Some((_, other)) = others.iter().find(|(other, _)| other == name) {
                    text.push_str(&format!(
                        " | {}: {}",
                        moment.replace('_', " "),
                        line(other, VALUE_CHARACTERS_MAX, shared)
                    ));
                }
            }
            if say(text).is_err() {
                without = 1;
            }
        }
    }
    without
}

/// A value with its type, where the value does not say it.
pub(crate) fn typed(value: &CapturedValue, shared: &Shared<'_>) -> String {
    let text = line(value, VALUE_CHARACTERS_MAX, shared);
    let plain = ["NoneType", "str", "int", "float", "bool", "list", "tuple", "dict", "set", "bytes"];
    let size = value.size.map_or(String::new(), |size| format!(" (size {size})"));
    let named = value.type_name.rsplit('.').next().is_some_and(|name| text.starts_with(name));
    if plain.contains(&value.type_name.as_str()) || named || value.type_name.is_empty() {
        return format!("{text}{size}");
    }
    format!("{text}{size} <{}>", short(&value.type_name, 80))
}

/// The lines of source around where a frame was.
fn source(frame: &Value) -> Vec<String> {
    let source = &frame["source"];
    let Some(first) = source["first_line_number"].as_u64() else { return Vec::new() };
    let at = frame["line_number"].as_u64().unwrap_or(first);
    let lines = list(source, "lines").iter();
    (first..)
        .zip(lines)
        .filter(|(number, _)| number.abs_diff(at) <= SOURCE_LINES_AROUND)
        .map(|(number, line)| {
            let mark = if number == at { ">" } else { " " };
            let line = line.as_str().unwrap_or("").trim_end().replace('\t', "    ");
            format!("  {mark} {number:>5}  {}", short(&line, SOURCE_CHARACTERS_MAX))
        })
        .collect()
}
