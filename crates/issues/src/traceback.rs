//! Reading a printed Python traceback.
//!
//! Linear in the length of the text. Frames beyond [`Limits::frames_max`] per exception are dropped
//! from the outermost on, exceptions beyond [`Limits::chain_max`] from the root cause on.

use reenact_model::{Exception, Frame, Limits, Relation};

/// What a printed traceback says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traceback {
    /// The chain, root cause first. Type names are as printed: without `builtins.` and `__main__.`.
    pub exceptions: Vec<Exception>,
    /// Frames dropped because of a limit.
    pub frames_dropped: usize,
}

const HEADER: &str = "Traceback (most recent call last):";
const GROUP_HEADER: &str = "+ Exception Group Traceback (most recent call last):";
const CAUSE: &str = "The above exception was the direct cause of the following exception:";
const CONTEXT: &str = "During handling of the above exception, another exception occurred:";

/// Reads a printed traceback. Text that is none gives no exceptions; a text that was cut gives what
/// is whole.
///
/// Source: CPython's `traceback.print_exception`, 3.7 to 3.14.
pub fn parse(text: &str, limits: &Limits) -> Traceback {
    let lines: Vec<&str> = text.lines().collect();
    let mut traceback = Traceback::default();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let is_group = line.trim_start().starts_with(GROUP_HEADER);
        if line != HEADER && !is_group {
            at += 1;
            continue;
        }
        let (exception, dropped, next) =
            if is_group { read_group(&lines, at, limits) } else { read_plain(&lines, at, limits) };
        at = next;
        traceback.frames_dropped += dropped;
        traceback.exceptions.push(exception);
    }
    if let Some(last) = traceback.exceptions.last_mut() {
        last.relation = None;
    }
    let surplus = traceback.exceptions.len().saturating_sub(limits.chain_max);
    traceback.frames_dropped +=
        traceback.exceptions.drain(..surplus).map(|exception| exception.frames.len()).sum::<usize>();
    traceback
}

/// Whether the chain goes on at `at`, and how: a connector between blank lines, then a header.
fn connector(lines: &[&str], at: usize) -> Option<(Relation, usize)> {
    let text = |index: usize| lines.get(index).map(|line| line.trim_start_matches([' ', '|']).trim_end());
    if !text(at)?.is_empty() {
        return None;
    }
    let relation = match text(at + 1)? {
        CAUSE => Relation::Cause,
        CONTEXT => Relation::Context,
        _ => return None,
    };
    let header = (text(at + 2)?.is_empty())
        .then(|| lines.get(at + 3))
        .flatten()
        .is_some_and(|line| *line == HEADER || line.trim_start().starts_with(GROUP_HEADER));
    header.then_some((relation, at + 3))
}

fn read_plain(lines: &[&str], header: usize, limits: &Limits) -> (Exception, usize, usize) {
    let mut frames = Frames::new(limits);
    let mut at = header + 1;
    while at < lines.len()
        && (lines[at].starts_with(' ') || lines[at].is_empty())
        && connector(lines, at).is_none()
    {
        frames.line(lines[at]);
        at += 1;
    }
    let from = at;
    let mut relation = None;
    while at < lines.len() {
        if let Some((found, next)) = connector(lines, at) {
            relation = Some(found);
            let exception = exception(&lines[from..at].join("\n"), frames.frames, relation, Vec::new());
            return (exception, frames.dropped, next);
        }
        at += 1;
    }
    (exception(&lines[from..at].join("\n"), frames.frames, relation, Vec::new()), frames.dropped, at)
}

/// The group itself is the exception of the chain; the first line of each exception inside is kept
/// as a note.
fn read_group(lines: &[&str], header: usize, limits: &Limits) -> (Exception, usize, usize) {
    let indent = lines[header].len() - lines[header].trim_start().len();
    let margin = format!("{}| ", " ".repeat(indent));
    let mut frames = Frames::new(limits);
    let mut message = Vec::new();
    let mut inside = Vec::new();
    let mut in_members = false;
    let mut relation = None;
    let mut at = header + 1;
    while at < lines.len() {
        let line = lines[at];
        if let Some((found, next)) = connector(lines, at) {
            relation = Some(found);
            at = next;
            break;
        }
        let trimmed = line.trim_start_matches([' ', '|']);
        if trimmed.starts_with("+-") {
            in_members = true;
        } else if in_members {
            let member = line.trim_start();
            let first_line = member.strip_prefix("| ").filter(|text| !text.starts_with([' ', '|', '+']));
            if let Some(text) = first_line
                && text != HEADER
                && !text.is_empty()
                && inside.len() < limits.chain_max
            {
                inside.push(text.to_owned());
            }
        } else if let Some(text) = line.strip_prefix(&margin) {
            if message.is_empty() && text.starts_with(' ') { frames.line(text) } else { message.push(text) }
        } else if !line.trim().is_empty() && !line.trim_start().starts_with('|') {
            message.push(line);
        }
        at += 1;
    }
    (exception(&message.join("\n"), frames.frames, relation, inside), frames.dropped, at)
}

fn exception(text: &str, frames: Vec<Frame>, relation: Option<Relation>, notes: Vec<String>) -> Exception {
    let text = text.trim_end_matches('\n');
    let (head, message) = match text.split_once(": ") {
        Some((head, message)) if is_type_name(head) => (head, message),
        _ if is_type_name(text.trim_end_matches(':')) => (text.trim_end_matches(':'), ""),
        _ => ("", text),
    };
    Exception { type_name: head.to_owned(), message: message.to_owned(), relation, notes, frames }
}

fn is_type_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '<' | '>'))
}

/// Collects the frames of one exception.
struct Frames<'a> {
    frames: Vec<Frame>,
    dropped: usize,
    limits: &'a Limits,
}

impl<'a> Frames<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self { frames: Vec::new(), dropped: 0, limits }
    }

    fn line(&mut self, line: &str) {
        if let Some(frame) = line.strip_prefix("  File \"").and_then(frame) {
            if self.frames.len() == self.limits.frames_max {
                self.frames.remove(0);
                self.dropped += 1;
            }
            self.frames.push(frame);
            return;
        }
        let Some(last) = self.frames.last_mut() else { return };
        if let Some(count) = line.strip_prefix("  [Previous line repeated ") {
            let digits: String = count.chars().take_while(char::is_ascii_digit).collect();
            last.repeats = digits.parse().unwrap_or(0);
        } else if last.source_line.is_none() && line.starts_with("    ") && !line.trim().is_empty() {
            last.source_line = Some(line.trim().to_owned());
        }
    }
}

/// The rest of `  File "path", line 3, in function`.
fn frame(rest: &str) -> Option<Frame> {
    let (file, rest) = rest.rsplit_once("\", line ")?;
    let (line, function) = rest.split_once(", in ")?;
    Some(Frame {
        function: function.to_owned(),
        file: file.to_owned(),
        line_number: line.trim().parse().ok(),
        in_app: is_in_app(file),
        ..Frame::default()
    })
}

/// Whether a file is the service's own code: not the standard library, not an installed package, not
/// frozen into the interpreter.
pub fn is_in_app(file: &str) -> bool {
    let path = file.replace('\\', "/");
    let standard_library = path.contains("/lib/python") || path.contains("/lib64/python");
    !(standard_library
        || path.contains("/site-packages/")
        || path.contains("/dist-packages/")
        || path.contains("/.pyenv/versions/")
        || path.starts_with("<frozen "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Vec<String> {
        parse(text, &Limits::DEFAULT)
            .exceptions
            .iter()
            .map(|e| {
                let frames: Vec<String> = e
                    .frames
                    .iter()
                    .map(|f| {
                        format!(
                            "{}:{}{}",
                            f.function,
                            f.line_number.unwrap_or(0),
                            if f.repeats > 0 { format!("x{}", f.repeats) } else { String::new() }
                        )
                    })
                    .collect();
                format!("{}|{}|{:?}|{}", e.type_name, e.message, e.relation, frames.join(","))
            })
            .collect()
    }

    #[test]
    fn a_chain_is_read_root_cause_first() {
        let text = "Traceback (most recent call last):\n  File \"/srv/app/shop/orders.py\", line 23, in price_lines\n    total += line[\"unit_price\"] * line[\"quantity\"]\n             ~~~~^^^^^^^^^^^^^^\nKeyError: 'unit_price'\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File \"/srv/app/app.py\", line 3, in view\n    go()\nshop.models.PaymentError: ('could not price', 402)\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"<string>\", line 1, in <module>\nValueError\n";
        assert_eq!(
            shape(text),
            [
                "KeyError|'unit_price'|Some(Cause)|price_lines:23",
                "shop.models.PaymentError|('could not price', 402)|Some(Context)|view:3",
                "ValueError||None|<module>:1"
            ]
        );
        let first = &parse(text, &Limits::DEFAULT).exceptions[0].frames[0];
        assert_eq!(first.source_line.as_deref(), Some("total += line[\"unit_price\"] * line[\"quantity\"]"));
    }

    #[test]
    fn messages_keep_their_lines_even_when_they_look_like_tracebacks() {
        let text = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: first\n  File \"x\", line 2, in g\n\nThe above exception was the direct cause of the following exception:\nnot a header";
        assert_eq!(
            shape(text),
            [
                "ValueError|first\n  File \"x\", line 2, in g\n\nThe above exception was the direct cause of the following exception:\nnot a header|None|f:1"
            ]
        );
    }

    #[test]
    fn recursion_is_counted_and_not_expanded() {
        let text = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    f()\n  File \"a.py\", line 1, in f\n    f()\n  [Previous line repeated 970 more times]\nRecursionError: maximum recursion depth exceeded\n";
        assert_eq!(shape(text), ["RecursionError|maximum recursion depth exceeded|None|f:1,f:1x970"]);
    }

    #[test]
    fn a_group_is_one_exception_with_its_members_as_notes() {
        let text = "  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 9, in group\n  |     raise ExceptionGroup(\"several\", errors)\n  | ExceptionGroup: several (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: one\n    +---------------- 2 ----------------\n    | Traceback (most recent call last):\n    |   File \"a.py\", line 3, in g\n    |     boom()\n    | TypeError: two\n    +------------------------------------\n";
        assert_eq!(shape(text), ["ExceptionGroup|several (2 sub-exceptions)|None|group:9"]);
        assert_eq!(parse(text, &Limits::DEFAULT).exceptions[0].notes, ["ValueError: one", "TypeError: two"]);
    }

    #[test]
    fn what_is_no_traceback_gives_nothing() {
        assert!(shape("no stack").is_empty());
        assert!(shape("").is_empty());
        assert_eq!(
            shape("Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n<truncated>..."),
            ["|<truncated>...|None|f:1"]
        );
    }

    #[test]
    fn own_code_is_told_from_libraries() {
        assert!(is_in_app("/srv/app/shop/orders.py"));
        assert!(is_in_app("<string>"));
        for file in [
            "/usr/lib/python3.11/json/decoder.py",
            "/venv/lib/python3.11/site-packages/flask/app.py",
            "<frozen importlib._bootstrap>",
        ] {
            assert!(!is_in_app(file), "{file}");
        }
    }
}
