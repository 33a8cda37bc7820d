//! Smaller inputs with which a test raises the same exception: parts are left out as long as it does.
//!
//! The test is read again as it was written; statements that are not read stay as they are. Whether the exception is the
//! same is for the caller to see, who runs the code: nothing is run here.

mod imports;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{Argument, Expression};
use super::python::Name;

/// A smaller test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The file.
    pub text: String,
    /// How many elements, entries and attributes were left out.
    pub parts_removed: usize,
    /// How many characters of texts were left out.
    pub characters_removed: usize,
    /// How often the caller was asked.
    pub runs: usize,
}

/// Nesting in which parts are left out.
const DEPTH_MAX: usize = 16;

/// Texts of that many characters are not made shorter.
const TEXT_CHARACTERS_MIN: usize = 4;

/// Leaves out elements of containers, entries, attributes, and ends of texts, as long as `is_same` says that the file
/// raises the same exception: first large parts, then smaller ones, the outermost level first.
///
/// `None` where the text is no test of ours.
///
/// - **Limits:** `runs_max` questions; nesting of 16.
pub fn shrink(text: &str, runs_max: usize, is_same: impl FnMut(&str) -> bool) -> Option<Shrunk> {
    let test = Test::read(text)?;
    let mut search = Search { test: &test, is_same, runs_left: runs_max, less: Less::default() };
    for depth in 1..=DEPTH_MAX {
        let parts = test.parts(depth, &search.less);
        let mut size = parts.len();
        while size > 0 {
            let left: Vec<&Path> = parts.iter().filter(|part| !search.less.removed.contains(*part)).collect();
            for some in left.chunks(size) {
                search.without(some);
            }
            size /= 2;
        }
    }
    for (text, length) in test.texts(&search.less) {
        let mut kept = length;
        while kept > TEXT_CHARACTERS_MIN && search.cut(&text, kept / 2) {
            kept /= 2;
        }
    }
    let less = search.less;
    Some(Shrunk {
        text: test.text(&less),
        parts_removed: less.removed.len(),
        characters_removed: test
            .texts(&Less::default())
            .iter()
            .map(|(path, length)| less.cut(path, *length))
            .sum(),
        runs: runs_max - search.runs_left,
    })
}

/// Where a part stands: the statement, and the number of the part on each level.
type Path = Vec<usize>;

/// What is left out.
#[derive(Clone, Debug, Default)]
struct Less {
    removed: BTreeSet<Path>,
    /// Characters that are kept of a text.
    kept: BTreeMap<Path, usize>,
}

impl Less {
    /// How many characters of a text are left out.
    fn cut(&self, path: &Path, length: usize) -> usize {
        self.kept.get(path).map_or(0, |kept| length - kept)
    }
}

struct Search<'a, F> {
    test: &'a Test<'a>,
    is_same: F,
    runs_left: usize,
    less: Less,
}

impl<F: FnMut(&str) -> bool> Search<'_, F> {
    fn without(&mut self, parts: &[&Path]) {
        let mut less = self.less.clone();
        less.removed.extend(parts.iter().map(|part| (*part).clone()));
        self.attempt(less);
    }

    fn cut(&mut self, text: &Path, kept: usize) -> bool {
        let mut less = self.less.clone();
        less.kept.insert(text.clone(), kept);
        self.attempt(less)
    }

    fn attempt(&mut self, less: Less) -> bool {
        if self.runs_left == 0 {
            return false;
        }
        self.runs_left -= 1;
        let is_same = (self.is_same)(&self.test.text(&less));
        if is_same {
            self.less = less;
        }
        is_same
    }
}

/// A generated test, as far as it is read.
struct Test<'a> {
    /// What stands before the imports.
    before: &'a str,
    imports: &'a str,
    /// The head of the function.
    head: &'a str,
    statements: Vec<Statement<'a>>,
    after: &'a str,
}

enum Statement<'a> {
    Assigned(Name, Expression),
    /// What is not read.
    Other(&'a str),
}

const REPRODUCE: &str = "def reproduce():\n";

impl<'a> Test<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let head_at = text.find(REPRODUCE)?;
        let imports_at = text[..head_at].find("\nimport ")? + 1;
        let body_at = head_at + REPRODUCE.len();
        let mut rest = &text[body_at..];
        while rest.trim_start_matches(' ').starts_with(['#', '"']) {
            rest = rest.split_once('\n')?.1;
        }
        let head = &text[head_at..text.len() - rest.len()];
        let mut statements = Vec::new();
        while !["    return ", "    with "].iter().any(|end| rest.starts_with(end)) {
            let (statement, behind) = Self::statement(rest)?;
            statements.push(statement);
            rest = behind;
        }
        let (before, imports) = (&text[..imports_at], &text[imports_at..head_at]);
        Some(Self { before, imports, head, statements, after: rest })
    }

    /// The statement that a text begins with, and what follows.
    fn statement(text: &'a str) -> Option<(Statement<'a>, &'a str)> {
        let assigned = || {
            let (name, value) = text.strip_prefix("    ")?.split_once(" = ")?;
            let name = Name::checked(name)?;
            let (value, rest) = read::expression(value)?;
            let whole = value.assigned(&name);
            // What is written otherwise was not understood.
            let rest = rest.strip_prefix('\n')?;
            text.starts_with(&whole).then_some((Statement::Assigned(name, value), rest))
        };
        assigned().or_else(|| {
            let mut end = text.find('\n')? + 1;
            // The lines of a statement are indented further, or close its brackets.
            while text[end..].starts_with("     ") || text[end..].starts_with("    )") {
                end += text[end..].find('\n')? + 1;
            }
            Some((Statement::Other(&text[..end]), &text[end..]))
        })
    }

    /// Parts on one level that may be left out, and are not yet.
    fn parts(&self, depth: usize, less: &Less) -> Vec<Path> {
        let mut parts = Vec::new();
        for (index, statement) in self.statements.iter().enumerate() {
            if let Statement::Assigned(_, value) = statement {
                let mut visit = |path: &Path, _: &Expression, is_part: bool| {
                    if is_part && path.len() == depth + 1 {
                        parts.push(path.clone());
                    }
                };
                walk(value, &mut vec![index], true, less, &mut visit);
            }
        }
        // A value by itself has to stay.
        parts.retain(|path| path.len() > 1);
        parts
    }

    /// Texts that are there, with their lengths in characters.
    fn texts(&self, less: &Less) -> Vec<(Path, usize)> {
        let mut texts = Vec::new();
        for (index, statement) in self.statements.iter().enumerate() {
            if let Statement::Assigned(_, value) = statement {
                let mut visit = |path: &Path, value: &Expression, _: bool| match value {
                    Expression::Text(codes) => texts.push((path.clone(), codes.len())),
                    Expression::Bytes(bytes) => texts.push((path.clone(), bytes.len())),
                    _ => {}
                };
                walk(value, &mut vec![index], true, less, &mut visit);
            }
        }
        texts
    }

    /// The file without what is left out, and without what nothing needs then.
    fn text(&self, less: &Less) -> String {
        let mut statements: Vec<(Option<&Name>, String)> = Vec::with_capacity(self.statements.len());
        for (index, statement) in self.statements.iter().enumerate() {
            statements.push(match statement {
                Statement::Assigned(name, value) => {
                    let smaller = without(value, &mut vec![index], less);
                    (Some(name), smaller.assigned(name) + "\n")
                }
                Statement::Other(text) => (None, (*text).to_owned()),
            });
        }
        let mut end = self.after.to_owned();
        for (name, statement) in statements.into_iter().rev() {
            if name.is_none_or(|name| imports::uses(&end, name.as_str())) {
                end = statement + &end;
            }
        }
        let end = imports::without_helpers(end);
        let head = if less.removed.is_empty() && less.kept.is_empty() {
            self.head.to_owned()
        } else {
            format!("{}    # The inputs are smaller than those that were captured.\n", self.head)
        };
        let imports = imports::needed(self.imports, &end);
        format!("{}{imports}{head}{end}", self.before)
    }
}

/// Calls whose named arguments are attributes, which may be left out.
fn makes_object(function: &Expression) -> bool {
    matches!(function, Expression::Name(name) if matches!(name.as_str(), "obj" | "StandIn"))
}

/// Calls that hold containers.
fn holds_container(function: &Expression) -> bool {
    match function {
        Expression::Name(name) => name.as_str() == "frozenset",
        Expression::Attribute(of, _) => {
            matches!(&**of, Expression::Name(module) if matches!(module.as_str(), "collections" | "types"))
        }
        _ => false,
    }
}

/// Visits what is there of an expression: each part, and whether it may be left out.
fn walk(
    value: &Expression,
    path: &mut Path,
    is_part: bool,
    less: &Less,
    visit: &mut impl FnMut(&Path, &Expression, bool),
) {
    if less.removed.contains(path) || path.len() > DEPTH_MAX + 1 {
        return;
    }
    visit(path, value, is_part);
    let mut inner = |index: usize, value: &Expression, is_part: bool| {
        path.push(index);
        walk(value, path, is_part, less, visit);
        path.pop();
    };
    match value {
        Expression::List(items) | Expression::Tuple(items) | Expression::Set(items) => {
            items.iter().enumerate().for_each(|(index, item)| inner(index, item, true));
        }
        Expression::Dict(entries) => {
            entries.iter().enumerate().for_each(|(index, (_, value))| inner(index, value, true));
        }
        Expression::Call(function, arguments) => {
            let is_object = makes_object(function);
            if is_object || holds_container(function) {
                for (index, argument) in arguments.iter().enumerate() {
                    let is_attribute = matches!(argument, Argument::Named(..) | Argument::SpreadNamed(_));
                    inner(index, argument.value(), is_object && is_attribute);
                }
            }
        }
        _ => {}
    }
}

/// The expression without what is left out.
fn without(value: &Expression, path: &mut Path, less: &Less) -> Expression {
    if let Some(kept) = less.kept.get(path) {
        match value {
            Expression::Text(codes) => return Expression::Text(codes[..*kept].to_vec()),
            Expression::Bytes(bytes) => return Expression::Bytes(bytes[..*kept].to_vec()),
            _ => {}
        }
    }
    let mut inner = |index: usize, value: &Expression| {
        path.push(index);
        let kept = (!less.removed.contains(path)).then(|| without(value, path, less));
        path.pop();
        kept
    };
    let mut listed = |items: &[Expression]| -> Vec<Expression> {
        items.iter().enumerate().filter_map(|(index, item)| inner(index, item)).collect()
    };
    match value {
        Expression::List(items) => Expression::List(listed(items)),
        Expression::Tuple(items) => Expression::Tuple(listed(items)),
        Expression::Set(items) => match listed(items) {
            items if items.is_empty() => Expression::call("set", items),
            items => Expression::Set(items),
        },
        Expression::Dict(entries) => {
            let entries = entries.iter().enumerate();
            let kept = entries.filter_map(|(index, (key, value))| Some((key.clone(), inner(index, value)?)));
            Expression::Dict(kept.collect())
        }
        Expression::Call(function, arguments) => {
            let arguments = arguments.iter().enumerate();
            let kept = arguments.filter_map(|(index, argument)| {
                let value = inner(index, argument.value())?;
                Some(match argument {
                    Argument::Positional(_) => Argument::Positional(value),
                    Argument::Named(name, _) => Argument::Named(name.clone(), value),
                    Argument::Spread(_) => Argument::Spread(value),
                    Argument::SpreadNamed(_) => Argument::SpreadNamed(value),
                })
            });
            Expression::Call(function.clone(), kept.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
