//! One captured value by its path.

use reenact_model::{CapturedValue, Content, NotCaptured, ValuePath, Variables, unquoted};
use reenact_replay::line::{Shared, line};
use serde_json::Value;

use crate::answer::{Answer, Full, ToolError, list, short};
use crate::api::Api;
use crate::arguments::{GetVariable, budget, within};
use crate::captured::{MOMENTS, SCOPES, is_of_earlier, of_exceptions, of_frame, variables};
use crate::event::{found, typed};
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
    let captured = of_exceptions(exceptions);
    let captured = Shared::of(&captured);
    let candidates = (0..frames.len()).rev().filter(|frame| asked.frame.is_none_or(|asked| asked == *frame));
    for frame in candidates {
        let of_earlier = is_of_earlier(&frames[frame]).then(|| of_frame(&frames[frame]));
        let own = of_earlier.as_ref().map(Shared::of);
        let shared = own.as_ref().unwrap_or(&captured);
        let groups: Vec<Variables> = moments.iter().map(|group| variables(&frames[frame], group)).collect();
        if let Some(value) = groups.iter().find_map(|group| at(group, path.segments(), shared)) {
            let head = format!(
                "Exception {index}, frame {frame}, {depth} levels, parts from {start}. The first line names the place."
            );
            let mut answer = Answer::new(head, budget);
            let _ = answer.line(&place(&frames[frame]).unwrap_or_default());
            let asked = Shown { path: &path.to_string(), depth, start, count };
            show(&mut answer, shared.content(value), &asked, shared);
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
            let mut tree = Tree { answer, depth: asked.depth, shared, open: Vec::from_iter(value.reference) };
            let mut shown = 0;
            for (name, inner) in parts(value).skip(asked.start).take(asked.count) {
                if tree.part(&name, inner, 1).is_err() {
                    break;
                }
                shown += 1;
            }
            let next = asked.start + shown;
            if total > 0 && asked.start >= total {
                answer.note(format!("There are {total} captured parts; `start` is below that."));
            } else if next < total && shown == 0 {
                let after = next + 1;
                let after = if after < total {
                    format!(" The part after it is `start` {after}.")
                } else {
                    String::new()
                };
                answer.note(format!(
                    "Part {next} had no room as a whole: ask with a smaller `depth`, a greater `budget_tokens`, or for its \
                     own path.{after}"
                ));
            } else if next < total {
                answer
                    .note(format!("{shown} of {total} captured parts are shown; go on with `start` {next}."));
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

/// The parts of a value, so many levels deep.
struct Tree<'a> {
    answer: &'a mut Answer,
    depth: usize,
    shared: &'a Shared<'a>,
    /// The objects that the place is in.
    open: Vec<u32>,
}

impl Tree<'_> {
    /// A part and what is in it.
    fn part(&mut self, name: &str, given: &CapturedValue, level: usize) -> Result<(), Full> {
        let value = self.shared.content(given);
        let indent = "  ".repeat(level);
        let name = short(name, NAME_CHARACTERS_MAX);
        if value.reference.is_some_and(|number| self.open.contains(&number)) {
            let kind = short(&value.type_name, NAME_CHARACTERS_MAX);
            return self.answer.line(&format!("{indent}{name}: … (the {kind} that this is in)"));
        }
        self.answer.line(&format!("{indent}{name}: {}", typed(value, self.shared)))?;
        if level >= self.depth {
            return Ok(());
        }
        self.open.extend(value.reference);
        for (inner, part) in parts(value).take(INNER_PARTS_MAX) {
            self.part(&inner, part, level + 1)?;
        }
        self.open.truncate(self.open.len() - usize::from(value.reference.is_some()));
        let rest = parts(value).count().saturating_sub(INNER_PARTS_MAX);
        if rest > 0 {
            self.answer.line(&format!("{indent}  … {rest} more"))?;
        }
        Ok(())
    }
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
            "No frame of this exception has values{}. Look for another event: list_events with `has_values` true.",
            if groups.len() == 1 { " of that moment" } else { "" }
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
    use serde_json::json;

    use super::*;
    use crate::hostile_tests::{Canned, EVENT};
    use crate::limits::BUDGET_TOKENS_MIN;

    /// What `get_variable` answers about an event with these local variables, with the smallest budget.
    fn answer(locals: Value, asked: Value) -> Result<String, ToolError> {
        of(json!([{"frames": [{"values": {"state": "captured", "locals": locals}}]}]), asked)
    }

    /// The same about an event with these exceptions.
    fn of(exceptions: Value, mut asked: Value) -> Result<String, ToolError> {
        let event = json!({"id": EVENT, "values": {"state": "captured"}, "exceptions": exceptions});
        asked["event"] = EVENT.into();
        asked["budget_tokens"] = BUDGET_TOKENS_MIN.into();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(one(&Canned(event), serde_json::from_value(asked).unwrap()))
    }

    #[test]
    fn a_part_that_has_no_room_as_a_whole_is_not_asked_for_again() {
        let text = json!({"type": "str", "value": "x".repeat(200)});
        let part = json!({"type": "list", "elements": vec![text; 15]});
        let cart = json!({"cart": {"type": "list", "elements": [part, part, part]}});
        let first = answer(cart.clone(), json!({"path": "cart"})).unwrap();
        assert!(first.contains("[0]: ["), "{first}");
        let want = "\n\nPart 0 had no room as a whole: ask with a smaller `depth`, a greater `budget_tokens`, or for its \
                    own path. The part after it is `start` 1.";
        assert!(first.ends_with(want), "{first}");
        let last = answer(cart.clone(), json!({"path": "cart", "start": 2, "depth": 2})).unwrap();
        assert!(last.ends_with("or for its own path."), "{last}");
        // Where a smaller depth has room for it, it does.
        let flat = answer(cart, json!({"path": "cart", "depth": 1})).unwrap();
        assert!(!flat.contains("no room"), "{flat}");
    }

    #[test]
    fn an_object_within_itself_is_named_where_it_comes_back() {
        let back = json!({"type": "shop.Order", "ref": 1});
        let line = json!({"type": "shop.Line", "ref": 2, "fields": {"order": back}});
        let order = json!({"type": "shop.Order", "ref": 1, "fields": {"line": line, "again": {"type": "shop.Line", "ref": 2}}});
        for name in ["order", "alias"] {
            let locals = json!({"order": order, "alias": back});
            let text = answer(locals, json!({"path": name, "depth": 10})).unwrap();
            let parts: Vec<&str> = text.lines().filter(|line| line.starts_with("  ")).collect();
            let [_, inner, _, other] = parts[..] else { panic!("{text}") };
            assert_eq!([inner, other], ["    .order: … (the shop.Order that this is in)"; 2], "{text}");
        }
    }

    #[test]
    fn objects_are_those_of_their_capture() {
        let frame = |locals: Value| json!({"values": {"state": "captured", "locals": locals}});
        let (away, here) = (json!({"type": "list", "ref": 1}), json!({"type": "str", "value": "seven"}));
        let known = json!({"kept": {"type": "list", "ref": 1, "elements": [here]}});
        let mut earlier = frame(json!({"known": away}));
        earlier["values"]["earlier_occurrence"] = true.into();
        // What an earlier exception was captured with has numbers of its own; a chain was captured at once.
        let exceptions =
            json!([{"frames": [frame(known)]}, {"frames": [earlier, frame(json!({"known": away}))]}]);
        let shown = |frame: usize| of(exceptions.clone(), json!({"path": "known", "frame": frame})).unwrap();
        assert!(shown(1).contains("[0]: seven"), "{}", shown(1));
        assert!(!shown(0).contains("seven"), "{}", shown(0));
    }

    #[test]
    fn what_is_missing_is_said_in_whole_sentences() {
        let missing = |asked: Value| answer(json!({}), asked).unwrap_err().0;
        let (now, then) =
            (missing(json!({"path": "x"})), missing(json!({"path": "x", "moment": "at_raise"})));
        assert!(now.starts_with("No frame of this exception has values. Look"), "{now}");
        assert!(then.starts_with("No frame of this exception has values of that moment. Look"), "{then}");
    }

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
