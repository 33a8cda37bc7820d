//! A prompt in a terminal, after the crash: the commands of `pdb` that look at something.

mod listing;
#[cfg(test)]
mod tests;
mod values;

use crate::case::{Case, Raised, ScopeKind, StackFrame};
use crate::limits::LISTED_LINES_MAX;
use reenact_replay::visible::visible;

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
}
