//! A prompt in a terminal, after the crash: the commands of `pdb` that look at something.

use crate::case::{Case, Raised, ScopeKind, StackFrame};
use crate::complete::{completed, proposals};
use crate::display;
use crate::evaluate::{Value, evaluate};
use crate::graph::Body;
use crate::limits::{LISTED_LINES_MAX, TEXT_CHARACTERS_MAX};
use crate::visible::visible;

/// A prompt about one event.
#[derive(Debug)]
pub struct Prompt {
    case: Case,
    /// In the list of exceptions.
    exception: usize,
    /// In the stack.
    frame: usize,
    /// The line after the last one that was listed.
    next_line: Option<u32>,
    /// The last command, which an empty line repeats.
    last: String,
}

/// What a line is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Lines, each with its end. Captured text in it cannot steer a terminal.
    pub text: String,
    /// Whether the prompt ends.
    pub is_end: bool,
}

/// Lines before and after the current one that are listed.
const AROUND: u32 = 5;
/// Lines in one list.
const LISTED: u32 = 11;
/// Nesting of parts that `pp` lays out in lines.
const LAID_OUT_DEPTH_MAX: usize = 6;

const HELP: &str = "\
w, where, bt        the frames; `>` marks the current one
u [N], d [N]        to the frame that called this one, or that was called
exceptions [N]      the exceptions that led to this one and those in a group; go to one
l [FIRST [LAST]]    lines around the current one, then the next ones; `l .` begins again
ll                  all lines of the file that are known
p EXPR, EXPR        the value of an expression
pp EXPR             the same over several lines
whatis EXPR         its type
a, args             the arguments
locals, closure, globals, at_raise, at_entry
                    the variables of this kind
h, help             this
q, quit, exit       the end

Expressions are Python's: names, attributes, items, slices, literals, operators, len, type, isinstance, min, max,
sum, any, all, str, repr, int, float, bool, abs, list; `__exception__` is what was raised. Nothing is run: methods,
properties and other functions are not called.
";

impl Prompt {
    /// A prompt at the deepest frame of the exception that escaped; of the application's own code, where it has one.
    pub fn new(case: Case) -> Self {
        let mut prompt = Self { case, exception: 0, frame: 0, next_line: None, last: String::new() };
        prompt.enter(0);
        prompt
    }

    /// What is printed first.
    pub fn greeting(&self) -> String {
        let event = &self.case.event;
        let mut text = format!("{}: {}\n", visible(&event.service), self.case.headline());
        if event.values.state != "captured" {
            text.push_str(&format!("there are no values: {}\n", visible(&event.values.reason)));
        }
        for warning in &event.warnings {
            text.push_str(&format!("note: {}\n", visible(warning)));
        }
        text.push_str("nothing is run here; `h` lists the commands\n");
        text + &self.place()
    }

    /// Answers a line.
    pub fn handle(&mut self, line: &str) -> Answer {
        let line = match line.trim() {
            "" => self.last.clone(),
            line => line.to_owned(),
        };
        self.last.clone_from(&line);
        let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
        let rest = rest.trim();
        let text = match command {
            "" => String::new(),
            "q" | "quit" | "exit" | "EOF" | "c" | "cont" | "continue" => {
                return Answer { text: String::new(), is_end: true };
            }
            "h" | "help" | "?" => HELP.to_owned(),
            "w" | "where" | "bt" => self.trace(),
            "u" | "up" => self.up(rest),
            "d" | "down" => self.down(rest),
            "exceptions" => self.exceptions(rest),
            "l" | "list" => self.list(rest),
            "ll" | "longlist" => self.list_all(),
            "p" | "print" => self.evaluated(rest),
            "pp" => self.laid_out(rest),
            "whatis" => self.evaluated(&format!("type({rest})")),
            "a" | "args" => self.scope(ScopeKind::Arguments),
            "locals" if rest.is_empty() => self.scope(ScopeKind::Locals),
            "closure" if rest.is_empty() => self.scope(ScopeKind::Closure),
            "globals" if rest.is_empty() => self.scope(ScopeKind::Globals),
            "at_raise" if rest.is_empty() => self.scope(ScopeKind::AtRaise),
            "at_entry" if rest.is_empty() => self.scope(ScopeKind::AtEntry),
            "n" | "next" | "s" | "step" | "r" | "return" | "b" | "break" | "tbreak" | "unt" | "until"
            | "j" | "jump" | "run" | "restart" | "debug" | "interact" | "cl" | "clear" | "commands"
            | "condition" | "display"
                if !self.is_variable(command) =>
            {
                format!("*** `{command}` is not known here: this is a captured event, and nothing runs\n")
            }
            _ => self.evaluated(line.trim_start_matches('!')),
        };
        Answer { text, is_end: false }
    }

    /// What may follow a line that is being typed: the place where it begins, in bytes, and texts.
    pub fn completions(&self, before: &str) -> (usize, Vec<String>) {
        let Some((frame, wanted)) = self.current().zip(completed(before)) else {
            return (before.len(), Vec::new());
        };
        let found = proposals(&self.case, frame, &wanted);
        (before.len() - wanted.typed.len(), found.into_iter().map(|proposal| proposal.text).collect())
    }

    fn current(&self) -> Option<&StackFrame> {
        self.case.stack.get(self.frame)
    }

    fn is_variable(&self, name: &str) -> bool {
        self.current().is_some_and(|frame| self.case.named(frame, name).is_some())
    }

    /// The places of the frames of the current exception, the deepest first.
    fn frames(&self) -> Vec<usize> {
        let Some(raised) = self.case.exceptions.get(self.exception) else { return Vec::new() };
        let of_it = |(_, frame): &(usize, &StackFrame)| frame.exception == self.exception;
        let frames = self.case.stack.iter().enumerate().skip(raised.at).take_while(of_it);
        frames.filter(|(_, frame)| !frame.is_label).map(|(place, _)| place).collect()
    }

    fn enter(&mut self, exception: usize) {
        self.exception = exception;
        let frames = self.frames();
        let has_values = |place: &&usize| self.case.stack[**place].why_none.is_none();
        let own = frames.iter().find(has_values).or(frames.first());
        self.frame = own.copied().unwrap_or(usize::MAX);
        self.next_line = None;
    }

    /// The current frame and its line.
    fn place(&self) -> String {
        match self.current() {
            Some(frame) => self.frame_text(frame, ">"),
            None => "(this exception has no frames)\n".to_owned(),
        }
    }

    fn frame_text(&self, frame: &StackFrame, mark: &str) -> String {
        let mut text = format!("{mark} {}({}){}()", visible(&frame.file), frame.line, visible(&frame.name));
        if let Some(why) = &frame.why_none {
            text.push_str(&format!("  [{}]", visible(why)));
        }
        text.push('\n');
        let source = frame.source.and_then(|place| self.case.sources.all.get(place));
        if let Some(line) = source.and_then(|source| source.line(frame.line)) {
            text.push_str(&format!("-> {}\n", visible(line.trim())));
        }
        text
    }

    fn trace(&self) -> String {
        let mut text = String::new();
        for place in self.frames().into_iter().rev().take(LISTED_LINES_MAX) {
            let mark = if place == self.frame { ">" } else { " " };
            text.push_str(&self.frame_text(&self.case.stack[place], mark));
        }
        let headline = self.case.exceptions.get(self.exception).map_or(String::new(), Raised::headline);
        text + &headline + "\n"
    }

    fn up(&mut self, count: &str) -> String {
        self.moved(count, 1, "*** this is the outermost frame\n")
    }

    fn down(&mut self, count: &str) -> String {
        self.moved(count, -1, "*** this is the deepest frame\n")
    }

    /// Goes outwards or inwards.
    fn moved(&mut self, count: &str, direction: isize, end: &str) -> String {
        let count = if count.is_empty() { Ok(1) } else { count.parse::<usize>() };
        let Ok(count) = count else { return "*** a number of frames is missing\n".to_owned() };
        let frames = self.frames();
        let Some(at) = frames.iter().position(|place| *place == self.frame) else { return end.to_owned() };
        let by = isize::try_from(count.min(frames.len())).unwrap_or(0) * direction;
        let wanted = at.saturating_add_signed(by).min(frames.len() - 1);
        if wanted == at && count > 0 {
            return end.to_owned();
        }
        self.frame = frames[wanted];
        self.next_line = None;
        self.place()
    }

    fn exceptions(&mut self, number: &str) -> String {
        if let Ok(wanted) = number.parse::<usize>() {
            if wanted >= self.case.exceptions.len() {
                return format!("*** there are {}, counted from 0\n", self.case.exceptions.len());
            }
            self.enter(wanted);
            return self.place();
        }
        let list = self.case.exceptions.iter().enumerate().take(LISTED_LINES_MAX);
        let line = |(index, raised): (usize, &Raised)| {
            let mark = if index == self.exception { ">" } else { " " };
            format!("{mark} {index:>3} {}\n", raised.headline())
        };
        list.map(line).collect()
    }

    fn list(&mut self, wanted: &str) -> String {
        let Some(frame) = self.current() else { return self.place() };
        let numbers: Result<Vec<u32>, _> = wanted
            .split([',', ' '])
            .map(str::trim)
            .filter(|part| !part.is_empty() && *part != ".")
            .map(str::parse)
            .collect();
        let Ok(numbers) = numbers else { return "*** numbers of lines are missing: `l 10 20`\n".to_owned() };
        let around = frame.line.saturating_sub(AROUND).max(1);
        let (from, to) = match numbers.as_slice() {
            [] => {
                let from = self.next_line.filter(|_| wanted.is_empty()).unwrap_or(around);
                (from, from.saturating_add(LISTED - 1))
            }
            [first] => (first.saturating_sub(AROUND).max(1), first.saturating_add(AROUND)),
            // As `pdb` does: a last one below the first is a count.
            [first, last, ..] if last < first => (*first, first.saturating_add(*last)),
            [first, last, ..] => (*first, *last),
        };
        let (text, last) = self.lines(frame, from, to);
        self.next_line = Some(last.map_or(from, |last| last.saturating_add(1)));
        if text.is_empty() { "[EOF]\n".to_owned() } else { text }
    }

    fn list_all(&self) -> String {
        let Some(frame) = self.current() else { return self.place() };
        let (text, _) = self.lines(frame, 1, u32::MAX);
        if text.is_empty() { "*** no line of this file is known\n".to_owned() } else { text }
    }

    fn lines(&self, frame: &StackFrame, from: u32, to: u32) -> (String, Option<u32>) {
        let source = frame.source.and_then(|place| self.case.sources.all.get(place));
        let Some(source) = source else { return (String::new(), None) };
        let lines = source.lines(from, to);
        let mut text = String::new();
        for (number, line) in lines.iter().take(LISTED_LINES_MAX) {
            let mark = if *number == frame.line { "->" } else { "  " };
            let line = line.trim_end().replace('\t', "    ");
            text.push_str(format!("{number:>4} {mark} {}", visible(&line)).trim_end());
            text.push('\n');
        }
        if lines.len() > LISTED_LINES_MAX {
            text.push_str(&format!(
                "… {} more lines; `l FIRST LAST` lists them\n",
                lines.len() - LISTED_LINES_MAX
            ));
        }
        if !text.is_empty() {
            let origin = source.origin();
            text = format!("[{origin}]\n{text}");
        }
        (text, lines.last().map(|(number, _)| *number))
    }

    fn evaluated(&self, text: &str) -> String {
        match self.value(text) {
            Ok(value) => display::text(&self.case.graph, &value, TEXT_CHARACTERS_MAX) + "\n",
            Err(why) => format!("*** {why}\n"),
        }
    }

    fn value(&self, text: &str) -> Result<Value, String> {
        let frame = self.current().ok_or("this exception has no frames")?;
        evaluate(&self.case, frame, text).map_err(|unknown| unknown.to_string())
    }

    fn laid_out(&self, text: &str) -> String {
        let mut lines = Vec::new();
        match self.value(text) {
            Ok(value) => self.lay_out("", &value, 0, &mut lines),
            Err(why) => return format!("*** {why}\n"),
        }
        if lines.len() > LISTED_LINES_MAX {
            lines.truncate(LISTED_LINES_MAX);
            lines.push("… and more".to_owned());
        }
        lines.join("\n") + "\n"
    }

    /// A value in one line where it is short, else each of its parts in lines of its own.
    fn lay_out(&self, name: &str, value: &Value, depth: usize, lines: &mut Vec<String>) {
        if lines.len() > LISTED_LINES_MAX {
            return;
        }
        let indent = "    ".repeat(depth);
        let graph = &self.case.graph;
        let whole = display::text(graph, value, WIDTH + 1);
        let parts = self.parts(value);
        if whole.chars().count() <= WIDTH || depth >= LAID_OUT_DEPTH_MAX || parts.is_empty() {
            let line =
                if parts.is_empty() { display::text(graph, value, TEXT_CHARACTERS_MAX) } else { whole };
            lines.push(format!("{indent}{name}{line}"));
            return;
        }
        let about = match value {
            Value::Node(id) => {
                let node = graph.get(*id);
                let why = node.absence().map_or(String::new(), |why| format!("; {why}"));
                format!("{} with {} parts{why}", node.type_name, parts.len())
            }
            _ => format!("{} parts", parts.len()),
        };
        lines.push(visible(&format!("{indent}{name}{about}")));
        for (name, part) in parts {
            self.lay_out(&name, &part, depth + 1, lines);
        }
    }

    fn parts(&self, value: &Value) -> Vec<(String, Value)> {
        match value {
            Value::List(values) | Value::Tuple(values) => values
                .iter()
                .enumerate()
                .map(|(index, value)| (format!("[{index}] "), value.clone()))
                .collect(),
            Value::Node(id) => match &self.case.graph.get(*id).body {
                Body::Fields(fields) => fields
                    .iter()
                    .map(|(name, part)| (visible(&format!(".{name} = ")), Value::Node(*part)))
                    .collect(),
                Body::Elements(elements) => {
                    let name = |index| format!("[{index}] ");
                    elements
                        .iter()
                        .enumerate()
                        .map(|(index, part)| (name(index), Value::Node(*part)))
                        .collect()
                }
                Body::Entries(entries) => {
                    let name = |key| format!("[{}] ", display::line(&self.case.graph, &Value::Node(key)));
                    entries.iter().map(|(key, part)| (name(*key), Value::Node(*part))).collect()
                }
                Body::Nothing | Body::Null | Body::Scalar(_) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn scope(&self, kind: ScopeKind) -> String {
        let Some(frame) = self.current() else { return self.place() };
        let Some(node) = frame.scope(kind) else {
            return match &frame.why_none {
                Some(why) => format!("*** no values: {}\n", visible(why)),
                None => "*** none were captured\n".to_owned(),
            };
        };
        let mut text = String::new();
        for (name, value) in self.parts(&Value::Node(node)).into_iter().take(LISTED_LINES_MAX) {
            let name = name.trim_start_matches('.');
            text.push_str(&format!("{name}{}\n", display::line(&self.case.graph, &value)));
        }
        text
    }
}

/// Characters of a line that `pp` does not part.
const WIDTH: usize = 80;
