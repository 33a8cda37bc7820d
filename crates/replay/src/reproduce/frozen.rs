//! What a function reads beside its arguments: the time, the environment, random numbers. Where their values are known
//! they are set while it runs; where not, it is said.

use reenact_model::{CapturedValue, Content};

use super::changed::{change, code_of};
use super::expression::{Argument, Expression};
use super::fidelity::{Fidelity, State};
use super::frames::{How, Target};
use super::literal;
use super::python::Name;
use super::values::Draft;

/// Functions whose results differ each time: module and names.
const DRAWN: [(&str, &[&str]); 4] = [
    (
        "random",
        &["random", "randint", "randrange", "choice", "choices", "sample", "uniform", "gauss", "getrandbits"],
    ),
    ("secrets", &["token_hex", "token_urlsafe", "token_bytes", "randbelow", "choice"]),
    ("uuid", &["uuid1", "uuid4"]),
    ("time", &["time", "time_ns", "monotonic", "perf_counter"]),
];

/// Variables of the environment that are looked at.
const ENVIRONMENT_MAX: usize = 20;

/// What is in force while the code runs, and how near each comes.
#[derive(Default)]
pub(super) struct Frozen {
    pub(super) contexts: Vec<Expression>,
    pub(super) fidelity: Vec<Fidelity>,
}

/// A call in the code.
struct Read<'a> {
    line: &'a str,
    /// The names before the bracket.
    path: Vec<&'a str>,
    /// The variable that the line assigns the result to, if it does nothing else.
    assigned: Option<&'a str>,
}

/// Sets what the lines of the function, or of the statement, read; as far as these are known.
///
/// - **Limits:** the lines that are known, 20 variables of the environment; O(bytes).
pub(super) fn of<'a>(
    draft: &mut Draft<'a>,
    target: &Target<'a>,
    seen: &str,
    missing_key: Option<&str>,
) -> Frozen {
    let mut frozen = Frozen::default();
    let lines = code_lines(target);
    let reads: Vec<Read<'a>> = lines.iter().flat_map(|line| reads(line)).collect();
    let known = Known { target, lines: &lines };
    clock(draft, &known, &reads, seen, &mut frozen);
    environment(draft, &known, missing_key, &mut frozen);
    drawn(draft, &known, &reads, seen, &mut frozen);
    frozen
}

/// The lines that run: those of the function as far as they are known, or the statement.
fn code_lines<'a>(target: &Target<'a>) -> Vec<&'a str> {
    let (lines, line) = match (&target.how, &target.lines, target.frame.line_number) {
        (How::Statement(statement), ..) => return statement.text.clone(),
        (How::Call(_), Some(lines), Some(line)) => (lines, line),
        _ => return Vec::new(),
    };
    let code = target.snapshot.details.as_deref().and_then(|details| details.code);
    let around = lines.around(line).and_then(|around| around.last().map(|last| last.first_line));
    match around.or_else(|| code.map(|code| code.first_line)) {
        Some(header) => {
            let last = around.map_or(line, |header| lines.end_of(header)).max(line);
            lines.between(lines.body_of(header).min(line), last).map(|(_, line)| line).collect()
        }
        None => Vec::new(),
    }
}

/// The calls of a line.
fn reads(line: &str) -> Vec<Read<'_>> {
    let code = code_of(line);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let mut reads = Vec::new();
    // Offsets of the code are not those of the line: names are found again in the line.
    for (at, _) in code.match_indices('(') {
        let before = &code[..at];
        let start = before
            .rfind(|c| !is_part(c))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let Some(found) = line.find(&before[start..]).filter(|_| start < at) else { continue };
        let path: Vec<&str> = line[found..found + at - start].split('.').collect();
        let assigned = line.split_once(" = ").filter(|(_, value)| {
            value.starts_with(&before[start..])
                && value.trim_end().ends_with(')')
                && code.matches('(').count() == 1
        });
        let assigned = assigned.map(|(name, _)| name.trim()).filter(|name| Name::checked(name).is_some());
        reads.push(Read { line, path, assigned });
    }
    reads
}

/// What is known of the function.
struct Known<'a, 's> {
    target: &'s Target<'a>,
    lines: &'s [&'a str],
}

impl<'a> Known<'a, '_> {
    /// The value that a variable got on a line, if it got no other one.
    fn value(&self, name: &str) -> Option<&'a CapturedValue> {
        let assigned = self.lines.iter().filter(|line| change(&code_of(line), name).is_some());
        let value = self.target.snapshot.locals.get(name)?;
        (assigned.count() == 1).then_some(value)
    }
}

/// What stands still at the moment of the event, or at the moment that a variable has.
fn clock<'a>(
    draft: &mut Draft<'a>,
    known: &Known<'a, '_>,
    reads: &[Read<'a>],
    seen: &str,
    frozen: &mut Frozen,
) {
    let mut bindings: Vec<&str> = Vec::new();
    let mut others = Vec::new();
    let mut moment = None;
    for read in reads {
        let (binding, is_datetime) = match read.path.as_slice() {
            [binding, "datetime" | "date", "now" | "utcnow" | "today"] => (*binding, true),
            [binding @ ("datetime" | "date"), "now" | "utcnow" | "today"] => (*binding, true),
            ["timezone" | "arrow" | "pendulum", "now" | "utcnow"] => (read.line, false),
            _ => continue,
        };
        if !is_datetime {
            others.push(read.path.join("."));
            continue;
        }
        if !bindings.contains(&binding) {
            bindings.push(binding);
        }
        let is_now =
            read.path.last() == Some(&"now") && read.path.get(read.path.len() - 2) == Some(&"datetime");
        let value = read.assigned.filter(|_| is_now).and_then(|name| Some((name, known.value(name)?)));
        let is_moment = |value: &CapturedValue| matches!(&value.content, Content::Scalar(text) if text.starts_with("datetime.datetime("));
        moment = moment.or(value.filter(|(_, value)| is_moment(value)));
    }
    for other in others {
        frozen
            .fidelity
            .push(said("the time", format!("does not stand still: `{other}` is not of `datetime` itself")));
    }
    if bindings.is_empty() {
        return;
    }
    let (hint, why) = match moment {
        Some((name, _)) => (name, String::new()),
        None => (
            "now",
            format!("stands still at the time of the event, {seen}, as this machine's time zone has it"),
        ),
    };
    let now = draft.scope.new_name(&Name::checked(hint).unwrap_or_else(|| Name::fixed("now")));
    match moment {
        Some((_, value)) => _ = draft.assign(&now, value),
        None => {
            let Some(scalar) = literal::parse(&moment_of(seen)) else { return };
            scalar.modules.into_iter().for_each(|module| draft.scope.import_standard(module));
            draft.statements.push(scalar.expression.assigned(&now));
        }
    }
    let state = if why.is_empty() { State::Exact } else { State::Partial };
    frozen.fidelity.push(Fidelity { name: "the time".to_owned(), state, why });
    draft.uses.frozen_clock = true;
    use_mock(draft);
    for binding in bindings {
        let module = Expression::text(&known.target.module.name.to_string());
        let arguments = vec![module, Expression::text(binding), Expression::Name(now.clone())];
        frozen.contexts.push(Expression::call("frozen_clock", arguments));
    }
}

/// `2024-02-29T12:00:00.000Z` as a call of `datetime.datetime`.
fn moment_of(seen: &str) -> String {
    let numbers: Vec<u32> =
        seen.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    let of = |index: usize| numbers.get(index).copied().unwrap_or(0);
    format!(
        "datetime.datetime({}, {}, {}, {}, {}, {}, {}, tzinfo=datetime.timezone.utc)",
        of(0),
        of(1),
        of(2),
        of(3),
        of(4),
        of(5),
        of(6) * 1_000
    )
}

/// Variables of the environment that the code names.
fn environment<'a>(
    draft: &mut Draft<'a>,
    known: &Known<'a, '_>,
    missing_key: Option<&str>,
    frozen: &mut Frozen,
) {
    let mut arguments: Vec<Argument> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for line in known.lines {
        for (variable, before, after) in variables(line) {
            if seen.contains(&variable) || seen.len() == ENVIRONMENT_MAX {
                continue;
            }
            seen.push(variable);
            let Some(name) = Name::checked(variable) else { continue };
            let is_whole = matches!(after.trim(), "]" | ")")
                || (after.starts_with(',') && after.trim_end().ends_with(')'));
            let assigned = before.split_once(" = ").filter(|(_, rest)| {
                is_whole
                    && ["os.environ", "environ", "os.getenv", "getenv"]
                        .iter()
                        .any(|start| rest.starts_with(start))
            });
            let value = assigned.and_then(|(name, _)| known.value(name.trim()));
            let is_absent = missing_key == Some(variable);
            let value = match value.map(|value| (&value.content, value.truncated)) {
                Some((Content::Scalar(text), false)) => literal::parse(text).map(|scalar| scalar.expression),
                Some((Content::Null, _)) => Some(Expression::none()),
                _ if is_absent => Some(Expression::none()),
                _ => None,
            };
            let called = format!("the environment's {variable}");
            match value.filter(|value| matches!(value, Expression::Text(_)) || *value == Expression::none()) {
                Some(value) => {
                    arguments.push(Argument::Named(name, value));
                    frozen.fidelity.push(Fidelity { name: called, state: State::Exact, why: String::new() });
                }
                None => frozen
                    .fidelity
                    .push(said(&called, "is as it is here: its value was not captured".to_owned())),
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

/// Functions that give what a variable has of them.
fn drawn<'a>(
    draft: &mut Draft<'a>,
    known: &Known<'a, '_>,
    reads: &[Read<'a>],
    seen: &str,
    frozen: &mut Frozen,
) {
    let mut set: Vec<String> = Vec::new();
    for read in reads {
        let [module, function] = read.path.as_slice() else { continue };
        let is_drawn = DRAWN.iter().any(|(known, names)| known == module && names.contains(function));
        let path = format!("{module}.{function}");
        if !is_drawn || set.contains(&path) {
            continue;
        }
        set.push(path.clone());
        let value = read.assigned.and_then(|name| Some((Name::checked(name)?, known.value(name)?)));
        let name = format!("`{path}`");
        let given = match value {
            Some((hint, value)) => {
                let variable = draft.scope.new_name(&hint);
                let troubles = draft.assign(&variable, value);
                frozen.fidelity.push(Fidelity::of(&name, &troubles));
                Expression::Name(variable)
            }
            None if path == "time.time" => {
                let why = format!("stands still at the time of the event, {seen}");
                frozen.fidelity.push(said("the time", why));
                let moment = literal::parse(&moment_of(seen));
                let Some(moment) = moment else { continue };
                moment.modules.into_iter().for_each(|module| draft.scope.import_standard(module));
                let timestamp = Expression::Attribute(Box::new(moment.expression), Name::fixed("timestamp"));
                Expression::Call(Box::new(timestamp), Vec::new())
            }
            None => {
                frozen.fidelity.push(said(&name, "is drawn anew: what it gave was not captured".to_owned()));
                continue;
            }
        };
        let patch = use_mock(draft);
        let arguments = vec![
            Argument::Positional(Expression::text(&path)),
            Argument::Named(Name::fixed("return_value"), given),
        ];
        frozen.contexts.push(Expression::Call(Box::new(patch), arguments));
    }
}

fn said(name: &str, why: String) -> Fidelity {
    Fidelity { name: name.to_owned(), state: State::Partial, why }
}

/// `unittest.mock.patch`, imported.
pub(super) fn use_mock(draft: &mut Draft<'_>) -> Expression {
    draft.scope.import_standard("unittest.mock");
    let names = [Name::fixed("mock"), Name::fixed("patch")];
    names
        .into_iter()
        .fold(Expression::fixed("unittest"), |of, name| Expression::Attribute(Box::new(of), name))
}
