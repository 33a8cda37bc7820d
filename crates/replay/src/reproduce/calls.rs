//! The call of a function with its inputs, and what it finds in its module.

use reenact_model::{CapturedValue, Content, ParameterKind};

use super::classes::bare;
use super::expression::{Argument, Expression};
use super::fidelity::{Fidelity, State};
use super::frames::{self, Input, Target};
use super::literal;
use super::python::{self, Name};
use super::values::Draft;

/// The function as an expression.
pub(super) fn function_of(draft: &mut Draft<'_>, target: &Target<'_>) -> Expression {
    match &target.path {
        Some(path) => draft.scope.import(&target.module.name, path),
        None => {
            let class = frames::receiver_class(&target.inputs).and_then(|class| draft.class(class));
            // A frame without a class is passed over before.
            let class = class.unwrap_or_else(Expression::none);
            Expression::Attribute(Box::new(class), target.function.clone())
        }
    }
}

/// Writes the inputs; how near each comes, and the call.
pub(super) fn call<'a>(
    draft: &mut Draft<'a>,
    target: &Target<'a>,
    function: Expression,
) -> (Vec<Fidelity>, Expression) {
    let is_class_method = target.inputs.first().is_some_and(|first| {
        first.name.as_str() == "cls"
            && (target.path.is_none() || target.path.as_ref().is_some_and(|path| path.parts().len() > 1))
    });
    let skipped = usize::from(is_class_method);
    let inputs = &target.inputs[skipped.min(target.inputs.len())..];
    let variables: Vec<Name> = inputs.iter().map(|input| draft.scope.new_name(&variable(input))).collect();
    let expected: Vec<(&Name, &'a CapturedValue)> =
        variables.iter().zip(inputs).filter_map(|(name, input)| Some((name, input.value?))).collect();
    draft.expect(&expected);
    let mut fidelity = Vec::with_capacity(inputs.len());
    let mut given = Vec::with_capacity(inputs.len());
    for (input, name) in inputs.iter().zip(&variables) {
        let Some(value) = input.value else {
            let why = "was not captured; what the function takes by itself stands there".to_owned();
            fidelity.push(Fidelity { name: input.name.to_string(), state: State::StandIn, why });
            continue;
        };
        let is_new = target.function.as_str() == "__init__" && input.name.as_str() == "self";
        let class = if is_new { draft.class(&value.type_name) } else { None };
        let troubles = match class {
            Some(class) => {
                draft.uses.obj = true;
                draft.statements.push(Expression::call("obj", vec![class]).assigned(name));
                Vec::new()
            }
            None => draft.assign(name, value),
        };
        let mut one = Fidelity::of(input.name.as_str(), &troubles);
        if let Some(how) = input.changed.as_ref().filter(|_| !is_new) {
            one.state = one.state.max(State::Changed);
            let before = if one.why.is_empty() { String::new() } else { format!("{}; ", one.why) };
            one.why = format!("{before}`{}` {how}, before the raise", input.name);
        }
        fidelity.push(one);
        given.push((input, Expression::Name(name.clone())));
    }
    (fidelity, call_of(draft, function, given))
}

/// What a variable of an input is called: the object of a method after its class.
fn variable(input: &Input<'_>) -> Name {
    let class = input.value.map_or("", |value| bare(&value.type_name));
    let named = (input.name.as_str() == "self").then(|| Name::checked(&python::snake_case(class)));
    named.flatten().unwrap_or_else(|| input.name.clone())
}

fn call_of(draft: &mut Draft<'_>, function: Expression, given: Vec<(&Input<'_>, Expression)>) -> Expression {
    let raised =
        |arguments: Vec<Argument>| Expression::Call(Box::new(Expression::fixed("raised")), arguments);
    let mut arguments = vec![Argument::Positional(function.clone())];
    let is_last_variadic = given.last().is_some_and(|(input, _)| {
        let value = input.value.map(|value| (bare(&value.type_name), &value.content));
        input.kind.is_none()
            && matches!(value, Some(("tuple" | "dict", Content::Elements(_) | Content::Entries(_))))
    });
    if is_last_variadic {
        draft.uses.spread = true;
        let named = given.into_iter().map(|(input, value)| Argument::Named(input.name.clone(), value));
        arguments.extend(named);
        let spread = Expression::Call(Box::new(Expression::fixed("spread")), arguments);
        let (args, kwargs) = (Expression::fixed("args"), Expression::fixed("kwargs"));
        draft.statements.push(spread.stated("args, kwargs = ", 4));
        return raised(vec![
            Argument::Positional(function),
            Argument::Spread(args),
            Argument::SpreadNamed(kwargs),
        ]);
    }
    for (index, (input, value)) in given.into_iter().enumerate() {
        arguments.push(match input.kind {
            Some(ParameterKind::PositionalOnly | ParameterKind::Positional) => Argument::Positional(value),
            Some(ParameterKind::VarPositional) => Argument::Spread(value),
            Some(ParameterKind::VarKeyword) => Argument::SpreadNamed(value),
            None if index == 0 && frames::is_receiver(&input.name) => Argument::Positional(value),
            Some(ParameterKind::KeywordOnly) | None => Argument::Named(input.name.clone(), value),
        });
    }
    raised(arguments)
}

/// Global variables of the function that may have changed since the module was imported, and how near they come: containers
/// that were captured whole, and scalars that are not named like a constant.
pub(super) fn globals<'a>(draft: &mut Draft<'a>, target: &Target<'a>) -> (Option<Expression>, Vec<Fidelity>) {
    let mut arguments = Vec::new();
    let mut fidelity = Vec::new();
    for (text, value) in target.snapshot.globals.0.iter().take(GLOBALS_MAX) {
        let Some(name) = Name::checked(text).filter(|name| !name.as_str().starts_with("__")) else {
            continue;
        };
        let is_constant = !text.chars().any(char::is_lowercase);
        let is_data = match &value.content {
            Content::Scalar(_) | Content::Null => !is_constant && value.form.is_none(),
            Content::Elements(_) | Content::Entries(_) => true,
            Content::Fields(_) | Content::Nothing => false,
        };
        if !is_data || !is_whole(value, 0) {
            continue;
        }
        let variable = draft.scope.new_name(&name);
        let troubles = draft.assign(&variable, value);
        fidelity.push(Fidelity::of(text, &troubles));
        arguments.push(Argument::Named(name, Expression::Name(variable)));
    }
    if arguments.is_empty() {
        return (None, Vec::new());
    }
    let (Some(unittest), Some(mock)) = (python::Dotted::checked("unittest"), python::Dotted::checked("mock"))
    else {
        return (None, Vec::new());
    };
    let mock = draft.scope.import(&unittest, &mock);
    let patch = Expression::Attribute(Box::new(mock), Name::fixed("patch"));
    let multiple = Expression::Attribute(Box::new(patch), Name::fixed("multiple"));
    arguments.insert(0, Argument::Positional(Expression::text(&target.module.name.to_string())));
    (Some(Expression::Call(Box::new(multiple), arguments)), fidelity)
}

/// Global variables that are looked at.
const GLOBALS_MAX: usize = 50;

/// Whether a value is plain data that was captured whole.
fn is_whole(value: &CapturedValue, depth: usize) -> bool {
    let is_all = value.not_captured.is_none() && !value.truncated && depth < 8;
    let inner = |value: &CapturedValue| is_whole(value, depth + 1);
    let size = |count: usize| value.size.is_none_or(|size| size == count as u64);
    is_all
        && match &value.content {
            Content::Nothing | Content::Fields(_) => false,
            Content::Null => true,
            Content::Scalar(text) => value.form.is_none() && literal::parse(text).is_some(),
            Content::Elements(items) => {
                let is_plain =
                    matches!(bare(&value.type_name), "list" | "tuple" | "set" | "frozenset" | "deque");
                is_plain && size(items.len()) && items.iter().all(inner)
            }
            Content::Entries(entries) => {
                matches!(bare(&value.type_name), "dict" | "OrderedDict")
                    && size(entries.len())
                    && entries.iter().all(|(key, entry)| inner(key) && inner(entry))
            }
        }
}
