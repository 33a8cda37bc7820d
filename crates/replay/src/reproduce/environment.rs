//! Variables of the environment that a function reads.

use reenact_model::Content;

use super::expression::{Argument, Expression};
use super::fidelity::{Fidelity, InputKind};
use super::frozen::{Frozen, Known, said, use_mock};
use super::literal;
use super::python::Name;
use super::values::Draft;

/// Variables of the environment that are looked at.
const ENVIRONMENT_MAX: usize = 20;

/// Sets the variables of the environment that the code names, as far as it is known what they had. `missing_key` is the
/// key that the statement that raised did not find.
///
/// - **Limits:** 20 variables.
pub(super) fn set<'a>(
    draft: &mut Draft<'a>,
    known: &Known<'a, '_>,
    missing_key: Option<&str>,
    frozen: &mut Frozen,
) {
    let mut arguments: Vec<Argument> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let raised = known.lines.iter().filter(|line| line.has_raised).flat_map(|line| variables(line.text));
    let mut taken = raised.filter(|(_, before, _)| before.ends_with("environ["));
    // What its variable has is from before the statement that did not find it.
    let absent = taken.find(|(variable, ..)| missing_key == Some(variable)).map(|(variable, ..)| variable);
    for (variable, before, after) in known.lines.iter().flat_map(|line| variables(line.text)) {
        let is_absent = absent == Some(variable);
        if seen.contains(&variable) || (seen.len() >= ENVIRONMENT_MAX && !is_absent) {
            continue;
        }
        seen.push(variable);
        let called = format!("the environment's {variable}");
        let Some(name) = Name::checked(variable) else {
            frozen.fidelity.push(said(&called, "is as it is here: its name cannot be written".to_owned()));
            continue;
        };
        let is_whole =
            matches!(after.trim(), "]" | ")") || (after.starts_with(',') && after.trim_end().ends_with(')'));
        let assigned = before.split_once(" = ").filter(|(_, rest)| {
            is_whole
                && ["os.environ", "environ", "os.getenv", "getenv"]
                    .iter()
                    .any(|start| rest.starts_with(start))
        });
        let value = assigned.and_then(|(name, _)| known.value(name.trim()));
        let value = match value.map(|value| (&value.content, value.truncated)) {
            _ if is_absent => Some(Expression::none()),
            Some((Content::Scalar(text), false)) => literal::parse(text).map(|scalar| scalar.expression),
            Some((Content::Null, _)) => Some(Expression::none()),
            _ => None,
        };
        match value.filter(|value| matches!(value, Expression::Text(_)) || *value == Expression::none()) {
            Some(value) => {
                arguments.push(Argument::Named(name, value));
                frozen.fidelity.push(Fidelity::of(InputKind::Surroundings, &called, &[]));
            }
            None => {
                frozen.fidelity.push(said(&called, "is as it is here: its value was not captured".to_owned()))
            }
        }
    }
    if !arguments.is_empty() {
        draft.uses.environ_with = true;
        use_mock(draft);
        frozen.contexts.push(Expression::Call(Box::new(Expression::fixed("environ_with")), arguments));
    }
}

/// Names between quotes behind `os.environ[` and the like, with what stands before the call and behind the name.
fn variables(line: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    ["environ[", "environ.get(", "getenv("].into_iter().flat_map(move |start| {
        line.match_indices(start).filter_map(move |(at, _)| {
            let rest = &line[at + start.len()..];
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (name, after) = rest[1..].split_once(quote)?;
            Some((name, &line[..at + start.len()], after))
        })
    })
}
