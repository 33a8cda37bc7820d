//! What a function reads beside its arguments: the time, the environment, random numbers. Where their values are known
//! they are set while it runs; where not, it is said.

use reenact_model::{CapturedValue, Content};

use super::changed::{change, code_of};
use super::environment;
use super::expression::{Argument, Expression};
use super::fidelity::{Fidelity, InputKind, State};
use super::frames::{How, Target};
use super::literal;
use super::python::Name;
use super::values::Draft;

/// Functions whose results differ each time, which a variable may have: module and names.
const DRAWN: [(&str, &[&str]); 4] = [
    (
        "random",
        &["random", "randint", "randrange", "choice", "choices", "sample", "uniform", "gauss", "getrandbits"],
    ),
    ("secrets", &["token_hex", "token_urlsafe", "token_bytes", "randbelow", "choice"]),
    ("uuid", &["uuid1", "uuid4"]),
    ("time", &["time", "time_ns"]),
];

/// Clocks of `time` that count from a moment that nobody knows, and that Python itself waits by.
const RUNNING: [&str; 4] = ["monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"];

/// What is in force while the code runs, and how near each comes.
#[derive(Default)]
pub(super) struct Frozen {
    pub(super) contexts: Vec<Expression>,
    pub(super) fidelity: Vec<Fidelity>,
}

/// A line that runs.
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// Whether it is of the statement that raised: what it was to assign, it did not.
    pub(super) has_raised: bool,
    /// Whether it is of a loop.
    is_repeated: bool,
}

/// A call in the code.
struct Read<'a> {
    line: &'a str,
    /// Whether it may be made more than once.
    is_repeated: bool,
    /// The names before the bracket.
    path: Vec<&'a str>,
    /// The variable that the line assigns the result to, if it does nothing else.
    assigned: Option<&'a str>,
}

/// Sets what the lines of the function, or of the statement, read; as far as these are known. `missing_key` is the key
/// that the statement that raised did not find.
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
    let reads: Vec<Read<'a>> = lines.iter().flat_map(reads).collect();
    let known = Known { target, lines: &lines };
    clock(draft, &known, &reads, seen, &mut frozen);
    environment::set(draft, &known, missing_key, &mut frozen);
    drawn(draft, &known, &reads, seen, &mut frozen);
    frozen
}

/// The lines that run: those of the function as far as they are known, or the statement.
fn code_lines<'a>(target: &Target<'a>) -> Vec<Line<'a>> {
    let (lines, line) = match (&target.how, &target.lines, target.frame.line_number) {
        (How::Statement(statement), ..) => {
            let line = |text: &&'a str| Line { text, has_raised: true, is_repeated: false };
            return statement.text.iter().map(line).collect();
        }
        (How::Call(_), Some(lines), Some(line)) => (lines, line),
        _ => return Vec::new(),
    };
    let code = target.snapshot.details.as_deref().and_then(|details| details.code);
    let around = lines.around(line).and_then(|around| around.last().map(|last| last.first_line));
    let Some(header) = around.or_else(|| code.map(|code| code.first_line)) else { return Vec::new() };
    let last = around.map_or(line, |header| lines.end_of(header)).max(line);
    let raised = lines.statement_at(line).unwrap_or(line..=line);
    let first = lines.body_of(header).min(line);
    let repeated = lines.repeated(first, last);
    let line = |(number, text)| Line {
        text,
        has_raised: raised.contains(&number),
        is_repeated: repeated.contains(&number),
    };
    lines.between(first, last).map(line).collect()
}

/// The calls of a line.
fn reads<'a>(of: &Line<'a>) -> Vec<Read<'a>> {
    let line = of.text;
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
        let is_repeated = of.is_repeated || code.contains(" for ") || code.contains("lambda");
        reads.push(Read { line, is_repeated, path, assigned });
    }
    reads
}

/// What is known of the function.
pub(super) struct Known<'a, 's> {
    target: &'s Target<'a>,
    pub(super) lines: &'s [Line<'a>],
}

impl<'a> Known<'a, '_> {
    /// The value that a variable got on a line, if it got no other one. That of a statement that raised is from before.
    pub(super) fn value(&self, name: &str) -> Option<&'a CapturedValue> {
        let mut assigned = self.lines.iter().filter(|line| change(&code_of(line.text), name).is_some());
        let is_got = assigned.next().is_some_and(|line| !line.has_raised) && assigned.next().is_none();
        self.target.snapshot.locals.get(name).filter(|_| is_got)
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
    let mut times = Times::default();
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
        times.count(read);
        if !bindings.contains(&binding) {
            bindings.push(binding);
        }
        let is_now =
            read.path.last() == Some(&"now") && read.path.get(read.path.len() - 2) == Some(&"datetime");
        let value = read.assigned.filter(|_| is_now).and_then(|name| Some((name, known.value(name)?)));
        let is_moment = |value: &CapturedValue| {
            let is_written =
                |text: &str| text.starts_with("datetime.datetime(") && literal::parse(text).is_some();
            matches!(&value.content, Content::Scalar(text) if is_written(text)) && !value.truncated
        };
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
    let hint = moment.and_then(|(name, _)| Name::checked(name)).unwrap_or_else(|| Name::fixed("now"));
    let now = draft.scope.new_name(&hint);
    let one = match moment {
        Some((_, value)) => {
            times.said_of(Fidelity::of(InputKind::Surroundings, "the time", &draft.assign(&now, value)))
        }
        None => {
            let Some(scalar) = literal::parse(&moment_of(seen)) else { return };
            scalar.modules.into_iter().for_each(|module| draft.scope.import_standard(module));
            draft.statements.push(scalar.expression.assigned(&now));
            let why =
                format!("stands still at the time of the event, {seen}, as this machine's time zone has it");
            said("the time", why)
        }
    };
    frozen.fidelity.push(one);
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
        let path = format!("{module}.{function}");
        let is_running = *module == "time" && RUNNING.contains(function);
        let is_drawn = DRAWN.iter().any(|(known, names)| known == module && names.contains(function));
        if !(is_drawn || is_running) || set.contains(&path) {
            continue;
        }
        set.push(path.clone());
        let name = format!("`{path}`");
        if is_running {
            frozen
                .fidelity
                .push(said(&name, "goes on from where it is here: what it gave is not set".to_owned()));
            continue;
        }
        let mut times = Times::default();
        let mut value = None;
        for read in reads.iter().filter(|other| other.path == read.path) {
            times.count(read);
            value = value.or_else(|| {
                let assigned = read.assigned?;
                Some((Name::checked(assigned)?, known.value(assigned)?))
            });
        }
        let given = match value {
            Some((hint, value)) => {
                let variable = draft.scope.new_name(&hint);
                let troubles = draft.assign(&variable, value);
                frozen.fidelity.push(times.said_of(Fidelity::of(InputKind::Surroundings, &name, &troubles)));
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

/// How often something is read, of which one value is known.
#[derive(Default)]
struct Times {
    count: usize,
    is_repeated: bool,
}

impl Times {
    fn count(&mut self, read: &Read<'_>) {
        self.count += 1;
        self.is_repeated |= read.is_repeated;
    }

    /// How near it comes: not exactly where another value may have been read as well.
    fn said_of(&self, one: Fidelity) -> Fidelity {
        if self.count < 2 && !self.is_repeated {
            return one;
        }
        one.and(State::Partial, "gives one value each time, and may have given others")
    }
}

pub(super) fn said(name: &str, why: String) -> Fidelity {
    Fidelity { kind: InputKind::Surroundings, name: name.to_owned(), state: State::Partial, why }
}

/// `unittest.mock.patch`, imported.
pub(super) fn use_mock(draft: &mut Draft<'_>) -> Expression {
    draft.scope.import_standard("unittest.mock");
    let names = [Name::fixed("mock"), Name::fixed("patch")];
    names
        .into_iter()
        .fold(Expression::fixed("unittest"), |of, name| Expression::Attribute(Box::new(of), name))
}
