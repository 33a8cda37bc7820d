//! One event, from its deepest frame outwards.

use reenact_model::{CapturedValue, Variables};
use reenact_replay::line::{Shared, line};
use serde_json::Value;

use crate::answer::{Answer, Full, ToolError, list, short, text, word};
use crate::api::{Api, Call};
use crate::arguments::{GetEvent, Id, budget, id};
use crate::captured::{MOMENTS, SCOPES, is_of_earlier, of_exceptions, of_frame, variables};
use crate::issues::{EVER, place};
use crate::limits::{
    BUDGET_TOKENS_DEFAULT, BUDGET_TOKENS_MAX, MESSAGE_CHARACTERS_MAX, NAME_CHARACTERS_MAX,
    SOURCE_CHARACTERS_MAX, SOURCE_LINES_AROUND, VALUE_CHARACTERS_MAX,
};

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
    let captured = of_exceptions(exceptions);
    let shared = Shared::of(&captured);
    for index in chosen {
        let shown = Shown { number: index, frame: asked.frame, shared: &shared };
        of_exception(&mut answer, &exceptions[index], &shown, &mut left_out);
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
    let chain = match exceptions.len() {
        1 => "One exception.".to_owned(),
        count => format!(
            "{count} exceptions in a chain: exception {} escaped, those with lower numbers led to it.",
            count.saturating_sub(1)
        ),
    };
    let has_members = exceptions.iter().any(|exception| !list(exception, "members").is_empty());
    let members = if has_members { " What a group holds stands below it as its members." } else { "" };
    format!(
        "Event {} of issue {}, {}, {}; captured values: {}. {chain}{members} Frames are numbered from 0, the outermost \
         call; the deepest stands first.",
        word(text(event, "id")),
        word(text(event, "issue_id")),
        word(text(event, "timestamp")),
        if event["handled"] == true { "handled by the service" } else { "not handled" },
        word(text(&event["values"], "state")),
    )
}

/// The facts around an event, and what was raised: in a small answer shorter, so that there is room for frames.
fn facts(answer: &mut Answer, event: &Value, exceptions: &[Value]) -> Result<(), Full> {
    let most = (answer.left() / 20).clamp(20, NAME_CHARACTERS_MAX);
    let message_most = (answer.left() / 8).min(MESSAGE_CHARACTERS_MAX);
    for (index, exception) in exceptions.iter().enumerate().rev() {
        let role = match exception["relation"].as_str() {
            Some("cause") => format!("was the cause of exception {}", index + 1),
            Some(_) => format!("was being handled when exception {} was raised", index + 1),
            None => "escaped".to_owned(),
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
    /// Frames that had none, by exception: its number, how many, and which.
    frames: Vec<(usize, usize, &'static str)>,
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
        for (exception, count, which) in self.frames {
            answer.note(format!(
                "{count} {which} of exception {exception} had no room. To see them: {more}get_event with `exception` \
                 {exception} and `frame`."
            ));
        }
    }
}

/// What of an exception is shown.
struct Shown<'a> {
    number: usize,
    /// The only frame that is asked for.
    frame: Option<usize>,
    shared: &'a Shared<'a>,
}

fn of_exception(answer: &mut Answer, exception: &Value, asked: &Shown<'_>, left_out: &mut LeftOut) {
    let Shown { number, frame: only, shared } = *asked;
    let frames = list(exception, "frames");
    let shown: Vec<usize> =
        (0..frames.len()).rev().filter(|index| only.is_none_or(|only| only == *index)).collect();
    if shown.is_empty() {
        return;
    }
    if answer.line(&format!("frames of exception {number}:")).is_err() {
        left_out.frames.push((number, shown.len(), "frames"));
        return;
    }
    for (at, index) in shown.iter().enumerate() {
        let frame = &frames[*index];
        let to_come = shown.len() - at - 1;
        if frame_place(answer, frame, *index).is_err() {
            left_out.frames.push((number, to_come + 1, if at == 0 { "frames" } else { "outer frames" }));
            return;
        }
        // The deepest frame has the half of what is left, the next one the half of the rest.
        let kept = (to_come * FRAME_BYTES).min(answer.left() / 2);
        let room = if only.is_some() { answer.left() } else { (answer.left() - kept) / 2 };
        let without = if is_of_earlier(frame) {
            frame_values(answer, frame, room, &Shared::of(&of_frame(frame)))
        } else {
            frame_values(answer, frame, room, shared)
        };
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
    if is_of_earlier(frame) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::hostile_tests::{Canned, EVENT};

    fn exception(relation: Option<&str>, frames: usize) -> Value {
        let frame =
            json!({"function": "f".repeat(100), "file": "shop/cart.py", "line_number": 3, "in_app": true});
        json!({"type": "KeyError", "message": "a", "relation": relation, "frames": vec![frame; frames]})
    }

    /// What `get_event` answers about an event with these exceptions, with the smallest budget.
    fn answer(exceptions: Value) -> String {
        let event = json!({"id": EVENT, "values": {"state": "captured"}, "exceptions": exceptions});
        let asked = json!({"event": EVENT, "budget_tokens": 500});
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(one(&Canned(event), serde_json::from_value(asked).unwrap())).unwrap()
    }

    #[test]
    fn an_exception_whose_frames_have_no_room_is_named() {
        let text = answer(json!([exception(Some("cause"), 7), exception(None, 40)]));
        assert!(!text.contains("frames of exception 0:"), "{text}");
        assert!(text.contains("\n\n7 frames of exception 0 had no room. To see them: a greater"), "{text}");
        assert!(text.contains("with `exception` 0 and `frame`."), "{text}");
    }

    #[test]
    fn exceptions_of_a_chain_say_what_they_led_to() {
        let chain = [Some("cause"), Some("context"), None].map(|relation| exception(relation, 1));
        let text = answer(json!(chain));
        let head = "3 exceptions in a chain: exception 2 escaped, those with lower numbers led to it.";
        assert!(text.contains(head), "{text}");
        for line in [
            "\nexception 2 (escaped): KeyError: a\n",
            "\nexception 1 (was being handled when exception 2 was raised): KeyError: a\n",
            "\nexception 0 (was the cause of exception 1): KeyError: a\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(answer(json!([exception(None, 1)])).contains(". One exception. Frames are"));
    }

    #[test]
    fn a_group_is_one_exception_with_members() {
        let mut group = exception(None, 1);
        group["members"] = json!([[exception(Some("cause"), 1), exception(None, 1)], [exception(None, 1)]]);
        let text = answer(json!([group.clone()]));
        let members = "What a group holds stands below it as its members.";
        assert!(text.contains(&format!(". One exception. {members} Frames are")), "{text}");
        assert!(text.contains("\nexception 0 (escaped): ") && text.contains("\n  member: "), "{text}");
        let text = answer(json!([exception(Some("cause"), 1), group]));
        assert!(
            text.contains(&format!(
                "2 exceptions in a chain: exception 1 escaped, those with lower numbers led to it. {members}"
            )),
            "{text}"
        );
    }
}
