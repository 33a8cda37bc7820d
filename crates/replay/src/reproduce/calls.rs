//! The call of a function with its inputs, and what it finds in its module.

use reenact_model::{CapturedValue, Content, ParameterKind};

use super::classes::bare;
use super::expression::{Argument, Expression};
use super::fidelity::{Fidelity, InputKind, State};
use super::frames::{self, Callable, How, Input, Target};
use super::frozen;
use super::literal;
use super::python::{self, Name};
use super::source;
use super::statements::Statement;
use super::values::Draft;

/// The function as an expression.
fn function_of(draft: &mut Draft<'_>, target: &Target<'_>, callable: &Callable) -> Expression {
    if let Some(path) = &callable.path {
        return draft.scope.import(&target.module.name, &path.within_class());
    }
    match frames::receiver_class(&target.inputs).and_then(|class| draft.class(class)) {
        Some(class) => Expression::Attribute(Box::new(class), callable.function.clone()),
        None => {
            draft.uses.method_at = true;
            let module = Expression::text(&target.module.name.to_string());
            let name = Expression::text(callable.function.as_str());
            let line = Expression::Plain(target.frame.line_number.unwrap_or(0).to_string());
            Expression::call("method_at", vec![module, name, line])
        }
    }
}

/// Writes the inputs; how near each comes, and the call.
pub(super) fn call<'a>(
    draft: &mut Draft<'a>,
    target: &Target<'a>,
    callable: &Callable,
) -> (Vec<Fidelity>, Expression) {
    let function = function_of(draft, target, callable);
    let skipped = usize::from(callable.is_class_method);
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
            let name = input.name.to_string();
            fidelity.push(Fidelity { kind: InputKind::Argument, name, state: State::StandIn, why });
            continue;
        };
        let is_new = callable.function.as_str() == "__init__" && input.name.as_str() == "self";
        let class = if is_new { draft.class(&value.type_name) } else { None };
        let troubles = match class {
            Some(class) => {
                draft.uses.obj = true;
                draft.statements.push(Expression::call("obj", vec![class]).assigned(name));
                Vec::new()
            }
            None => draft.assign(name, value),
        };
        let mut one = Fidelity::of(InputKind::Argument, input.name.as_str(), &troubles);
        if let Some(how) = input.changed.as_ref().filter(|_| !is_new) {
            one = one.and(State::Changed, &format!("`{}` {how}, before the raise", input.name));
        }
        fidelity.push(one);
        given.push((input, Expression::Name(name.clone())));
    }
    (fidelity, call_of(draft, function, given))
}

/// Writes the variables of a statement; how near each comes, and the run of it.
pub(super) fn run<'a>(
    draft: &mut Draft<'a>,
    target: &Target<'a>,
    statement: &Statement<'a>,
) -> (Vec<Fidelity>, Expression) {
    let module = draft.scope.new_name(&Name::fixed("module"));
    let name = Expression::text(&target.module.name.to_string());
    draft.uses.statement = true;
    let loaded = if statement.is_module_partial {
        draft.uses.loaded = true;
        draft.scope.local_module = Some((target.module.name.clone(), module.clone()));
        Expression::call("loaded", vec![name])
    } else {
        draft.scope.standard_call("importlib", "import_module", vec![Argument::Positional(name)])
    };
    draft.statements.push(loaded.assigned(&module));
    let only = format!(
        "only the statement on line {} runs, with its variables as they were; nothing that stands before it does",
        statement.line
    );
    let name = statement.called.clone();
    let mut fidelity = vec![Fidelity { kind: InputKind::Statement, name, state: State::Partial, why: only }];
    let variables: Vec<Name> =
        target.inputs.iter().map(|input| draft.scope.new_name(&variable(input))).collect();
    let inputs = variables.iter().zip(&target.inputs);
    let expected: Vec<(&Name, &'a CapturedValue)> =
        inputs.clone().filter_map(|(name, input)| Some((name, input.value?))).collect();
    draft.expect(&expected);
    let mut arguments = Vec::with_capacity(target.inputs.len() + 1);
    let at = vec![
        Expression::Name(module),
        Expression::Plain(statement.line.to_string()),
        Expression::text(statement.function),
    ];
    arguments.push(Argument::Positional(Expression::call("statement", at)));
    for (name, input) in inputs {
        let Some(value) = input.value else { continue };
        let troubles = draft.assign(name, value);
        fidelity.push(Fidelity::of(InputKind::Variable, input.name.as_str(), &troubles));
        arguments.push(Argument::Named(input.name.clone(), Expression::Name(name.clone())));
    }
    (fidelity, Expression::Call(Box::new(Expression::fixed("raised")), arguments))
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
    let named = match &target.how {
        How::Statement(statement) if statement.function == "<module>" => return (None, Vec::new()),
        How::Statement(statement) if !statement.text.is_empty() => Some(source::names(&statement.text)),
        _ => None,
    };
    let globals = target.snapshot.globals.0.iter();
    let globals =
        globals.filter(|(name, _)| named.as_ref().is_none_or(|named| named.contains(name.as_str())));
    for (text, value) in globals.take(GLOBALS_MAX) {
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
        fidelity.push(Fidelity::of(InputKind::Global, text, &troubles));
        arguments.push(Argument::Named(name, Expression::Name(variable)));
    }
    if arguments.is_empty() {
        return (None, Vec::new());
    }
    let patch = frozen::use_mock(draft);
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
