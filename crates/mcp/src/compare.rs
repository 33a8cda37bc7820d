//! Two events side by side.

use reenact_model::CapturedValue;
use reenact_replay::line::{Shared, line};
use serde_json::Value;

use crate::answer::{Answer, Full, ToolError, list, short, text, word};
use crate::api::{Api, Call};
use crate::arguments::{CompareEvents, Id, budget, id};
use crate::issues::place;
use crate::limits::{
    BUDGET_TOKENS_DEFAULT, BUDGET_TOKENS_MAX, LISTED_CHARACTERS_MAX, NAME_CHARACTERS_MAX,
    VALUE_CHARACTERS_MAX,
};

pub(crate) async fn two<A: Api>(api: &A, asked: CompareEvents) -> Result<String, ToolError> {
    let budget = budget(asked.budget_tokens, BUDGET_TOKENS_DEFAULT)?;
    id(&asked.left, &[Id::Event])?;
    id(&asked.right, &[Id::Event])?;
    let path = format!("/events/{}/compare", asked.left);
    let compared = api.call(Call::get(path, vec![("with", asked.right)])).await?;
    let volatile = asked.volatile == Some(true);
    let mut answer = Answer::new(head(&compared, volatile), budget);
    if lines(&mut answer, &compared, volatile).is_err() {
        answer.note(format!(
            "Not all differences had room; give a greater `budget_tokens` (now {budget}, at most {BUDGET_TOKENS_MAX}), \
             or look at single values with get_variable."
        ));
    }
    if compared["values_hidden"] == true {
        answer.note("You may not see captured values; they are not compared.");
    }
    if let Some(count) = compared["paths_left_out"].as_u64().filter(|count| *count > 0) {
        answer.note(format!("{count} values are counted and not listed."));
    }
    answer.finish()
}

fn head(compared: &Value, volatile: bool) -> String {
    let side = |name: &str| {
        format!("{}, {}", word(text(&compared[name], "id")), word(text(&compared[name], "timestamp")))
    };
    let count = |name: &str| compared["counts"][name].as_u64().unwrap_or(0);
    let hidden = if volatile { "shown too" } else { "not shown" };
    format!(
        "- {}\n+ {}\n{} values differ, {} are only left, {} only right, {} the same; {} of the differences are ids, times or \
         addresses and {hidden}.",
        side("left"),
        side("right"),
        count("differs"),
        count("only_left"),
        count("only_right"),
        count("same"),
        count("volatile")
    )
}

fn differs(row: &Value, volatile: bool) -> bool {
    (volatile || row["volatile"].is_null()) && !matches!(text(row, "outcome"), "same" | "unknown")
}

fn lines(answer: &mut Answer, compared: &Value, volatile: bool) -> Result<(), Full> {
    for exception in list(compared, "exceptions").iter().rev() {
        for fact in list(exception, "facts").iter().filter(|fact| differs(fact, volatile)) {
            self::fact(answer, fact, "")?;
        }
        // The deepest frame first.
        for frame in list(exception, "frames").iter().rev() {
            self::frame(answer, frame, volatile)?;
        }
    }
    for fact in list(compared, "facts").iter().filter(|fact| differs(fact, volatile)) {
        self::fact(answer, fact, "")?;
    }
    Ok(())
}

fn fact(answer: &mut Answer, fact: &Value, indent: &str) -> Result<(), Full> {
    let name = short(text(fact, "name"), NAME_CHARACTERS_MAX);
    for (sign, side) in [("-", "left"), ("+", "right")] {
        if let Some(value) = fact[side].as_str() {
            answer.line(&format!("{sign} {indent}{name}: {}", short(value, LISTED_CHARACTERS_MAX)))?;
        }
    }
    Ok(())
}

fn frame(answer: &mut Answer, frame: &Value, volatile: bool) -> Result<(), Full> {
    let (left, right) = (&frame["left"], &frame["right"]);
    let paths: Vec<&Value> = list(frame, "paths").iter().filter(|path| differs(path, volatile)).collect();
    let numbered = |side: &Value| {
        format!("frame {}: {}", side["index"].as_u64().unwrap_or(0), place(side).unwrap_or_default())
    };
    match (left.is_null(), right.is_null()) {
        (false, true) => answer.line(&format!("- {}", numbered(left)))?,
        (true, _) => answer.line(&format!("+ {}", numbered(right)))?,
        _ if left["line_number"] != right["line_number"] => {
            answer.line(&format!("- {}", numbered(left)))?;
            answer.line(&format!("+ {}", numbered(right)))?;
        }
        _ if paths.is_empty() => return Ok(()),
        _ => answer.line(&format!("  {}", numbered(left)))?,
    }
    for path in paths {
        let name = short(text(path, "path"), NAME_CHARACTERS_MAX);
        for (sign, side) in [("-", "left"), ("+", "right")] {
            if let Ok(value) = serde_json::from_value::<CapturedValue>(path[side].clone()) {
                let shown = line(&value, VALUE_CHARACTERS_MAX, &Shared::default());
                answer.line(&format!("{sign}   {name} = {shown}"))?;
            }
        }
    }
    Ok(())
}
