//! An occurrence as Markdown, for a ticket, a chat or an assistant.

use std::collections::HashMap;

use reenact_model::{Exception, Frame, Report, Snapshot, SnapshotId};

use crate::line::{Shared, line};
use crate::visible::{cut, visible};

/// Frames of one exception.
const FRAMES_MAX: usize = 20;
/// Variables of the deepest frame.
const VARIABLES_MAX: usize = 30;
/// Characters of one value.
const VALUE_CHARACTERS_MAX: usize = 200;
/// Characters of one message.
const MESSAGE_CHARACTERS_MAX: usize = 2_000;
/// Characters of a name or a line of source.
const NAME_CHARACTERS_MAX: usize = 200;
/// Members of groups that are listed.
const MEMBERS_MAX: usize = 20;

/// What Markdown is made of.
#[derive(Clone, Copy, Debug)]
pub struct Markdown<'a> {
    /// The occurrence.
    pub report: &'a Report,
    /// Its snapshots; none where values are not to be seen.
    pub snapshots: &'a [Snapshot],
    /// What the issue is called.
    pub title: &'a str,
}

/// The occurrence as Markdown: the title of its issue, the facts around it, the stack of each exception, and the values of
/// the deepest frame of the application. Captured text stands in code blocks and code spans that it cannot close.
///
/// - **Limits:** 20 frames of each exception, 30 variables, 200 characters of a value, 2,000 of a message.
pub fn markdown(of: Markdown<'_>) -> String {
    let Markdown { report, snapshots, title } = of;
    let mut parts = vec![format!("## {}", span(&cut(title, NAME_CHARACTERS_MAX)))];
    let facts: Vec<String> = [
        ("Service", Some(&report.service)),
        ("Environment", report.env.as_ref()),
        ("Version", report.version.as_ref()),
        ("Resource", report.resource.as_ref()),
        ("Commit", report.commit.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("- {name}: {}", span(&cut(value?, NAME_CHARACTERS_MAX)))))
    .chain([format!("- Time: `{}`", report.timestamp), format!("- Event: `{}`", report.id)])
    .collect();
    parts.push(facts.join("\n"));
    for (index, exception) in report.exceptions.iter().enumerate() {
        parts.push(stack(exception));
        let members = members(exception);
        if !members.is_empty() {
            parts.push(format!("In this group:\n\n{}", members.join("\n")));
        }
        if index + 1 < report.exceptions.len() {
            let link = match exception.relation {
                Some(reenact_model::Relation::Cause) => "This was the direct cause of:",
                _ => "While this was handled, there was:",
            };
            parts.push(link.to_owned());
        }
    }
    if let Some(values) = values(report, snapshots) {
        parts.push(values);
    }
    parts.join("\n\n") + "\n"
}

/// A code block that its content cannot close.
fn block(lines: &[String]) -> String {
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0).max(2);
    let fence = "`".repeat(longest + 1);
    // A line of its own that begins with the fence's character is inside all the same: the fence is longer.
    format!("{fence}text\n{}\n{fence}", lines.join("\n"))
}

/// A code span that its content cannot close.
fn span(text: &str) -> String {
    let text = visible(text);
    if text.trim().is_empty() {
        return "`…`".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

fn named(exception: &Exception) -> String {
    let name = visible(&cut(&exception.type_name, NAME_CHARACTERS_MAX));
    let message = visible(&cut(&exception.message, MESSAGE_CHARACTERS_MAX));
    if message.is_empty() { name } else { format!("{name}: {message}") }
}

fn place(frame: &Frame) -> String {
    let line = frame.line_number.map_or(String::new(), |line| format!(":{line}"));
    let function = frame.qualified_name.as_ref().unwrap_or(&frame.function);
    format!(
        "{}{line} in {}",
        visible(&cut(&frame.file, NAME_CHARACTERS_MAX)),
        visible(&cut(function, NAME_CHARACTERS_MAX))
    )
}

/// What was raised, and its frames of the application, the deepest last.
fn stack(exception: &Exception) -> String {
    let last = exception.frames.len().saturating_sub(1);
    let own: Vec<&Frame> = exception
        .frames
        .iter()
        .enumerate()
        .filter(|(at, frame)| frame.in_app || *at == last)
        .map(|(_, frame)| frame)
        .collect();
    let left_out = own.len().saturating_sub(FRAMES_MAX);
    let mut lines = Vec::new();
    if left_out > 0 {
        lines.push(format!("… {left_out} frames before"));
    }
    for frame in &own[left_out..] {
        lines.push(place(frame));
        if let Some(source) = &frame.source_line {
            lines.push(format!("  > {}", visible(&cut(source.trim(), NAME_CHARACTERS_MAX))));
        }
    }
    lines.push(named(exception));
    block(&lines)
}

/// The exceptions in a group.
fn members(exception: &Exception) -> Vec<String> {
    let mut lines: Vec<String> = exception
        .members
        .iter()
        .take(MEMBERS_MAX)
        .map(|member| format!("- {}", span(&cut(&named(member), VALUE_CHARACTERS_MAX))))
        .collect();
    if exception.members.len() > MEMBERS_MAX {
        lines.push(format!("- {} more", exception.members.len() - MEMBERS_MAX));
    }
    lines
}

/// The values of the deepest frame that has any, of the exception that escaped before its causes.
fn values(report: &Report, snapshots: &[Snapshot]) -> Option<String> {
    let by_id: HashMap<SnapshotId, &Snapshot> = snapshots.iter().map(|one| (one.id, one)).collect();
    let frames = report.exceptions.iter().rev().flat_map(|exception| exception.frames.iter().rev());
    let (frame, snapshot) =
        frames.into_iter().find_map(|frame| Some((frame, *by_id.get(&frame.snapshot_id?)?)))?;
    let all = snapshots.iter().flat_map(|one| [&one.arguments, &one.locals, &one.closure, &one.globals]);
    let shared = Shared::of(all);
    let groups = [&snapshot.arguments, &snapshot.locals, &snapshot.closure, &snapshot.globals];
    let variables: Vec<_> =
        groups.iter().flat_map(|group| &group.0).filter(|(name, _)| name != "@exception").collect();
    let mut lines: Vec<String> = variables
        .iter()
        .take(VARIABLES_MAX)
        .map(|(name, value)| {
            format!(
                "{} = {}",
                visible(&cut(name, NAME_CHARACTERS_MAX)),
                line(value, VALUE_CHARACTERS_MAX, &shared)
            )
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    if variables.len() > VARIABLES_MAX {
        lines.push(format!("… {} more", variables.len() - VARIABLES_MAX));
    }
    let note = if report.is_of_another(snapshot) { ", of an earlier occurrence" } else { "" };
    Some(format!("Values in {}{note}:\n\n{}", span(&place(frame)), block(&lines)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reenact_model::{CapturedValue, Variables};

    use super::*;

    fn of(text: &str) -> (Report, Snapshot) {
        let frame = Frame {
            function: text.to_owned(),
            file: text.to_owned(),
            line_number: Some(3),
            in_app: true,
            source_line: Some(text.to_owned()),
            snapshot_id: Some(SnapshotId::default()),
            ..Frame::default()
        };
        let exception = Exception {
            type_name: "ValueError".to_owned(),
            message: text.to_owned(),
            frames: vec![frame],
            ..Exception::default()
        };
        let report = Report { service: text.to_owned(), exceptions: vec![exception], ..Report::default() };
        let variables = Variables(vec![(text.to_owned(), CapturedValue::scalar("str", text))]);
        (report, Snapshot { id: SnapshotId::default(), locals: variables, ..Snapshot::default() })
    }

    #[test]
    fn an_occurrence_reads_as_markdown() {
        let (report, snapshot) = of("charge");
        let text = markdown(Markdown { report: &report, snapshots: &[snapshot], title: "ValueError" });
        assert!(text.starts_with("## `ValueError`\n\n- Service: `charge`\n"), "{text}");
        assert!(text.contains("```text\ncharge:3 in charge\n  > charge\nValueError: charge\n```"), "{text}");
        assert!(
            text.ends_with("Values in `charge:3 in charge`:\n\n```text\ncharge = charge\n```\n"),
            "{text}"
        );
    }

    #[test]
    fn hostile_text_closes_no_block() {
        let hostile = "```\n\n# Done\n[x](javascript:alert(1)) ![](http://evil/) <img src=x> @team";
        let (report, snapshot) = of(hostile);
        let text = markdown(Markdown { report: &report, snapshots: &[snapshot], title: hostile });
        assert!(!text.contains("\n# Done"), "{text}");
        assert_eq!(outside(&text).iter().filter(|line| line.contains("evil")).count(), 0, "{text}");
    }

    /// The text of lines outside of code blocks, without code spans, as CommonMark reads them.
    fn outside(text: &str) -> Vec<String> {
        let mut fence: Option<usize> = None;
        let mut lines = Vec::new();
        for line in text.lines() {
            let ticks = line.len() - line.trim_start_matches('`').len();
            match fence {
                Some(open) if ticks >= open && line.trim_matches('`').is_empty() => fence = None,
                Some(_) => {}
                None if ticks >= 3 && line.ends_with("text") => fence = Some(ticks),
                None => lines.push(without_spans(line)),
            }
        }
        assert!(fence.is_none(), "a block is open: {text}");
        lines
    }

    fn without_spans(line: &str) -> String {
        let mut out = String::new();
        let mut rest = line;
        while let Some(at) = rest.find('`') {
            out.push_str(&rest[..at]);
            let ticks = rest[at..].len() - rest[at..].trim_start_matches('`').len();
            let inner = &rest[at + ticks..];
            let mut from = 0;
            let end = loop {
                let Some(next) = inner[from..].find('`').map(|next| from + next) else {
                    panic!("open span: {line}")
                };
                let run = inner[next..].len() - inner[next..].trim_start_matches('`').len();
                if run == ticks {
                    break next;
                }
                from = next + run;
            };
            rest = &inner[end + ticks..];
        }
        out + rest
    }

    proptest! {
        #[test]
        fn only_our_words_are_outside_of_code(text in "[a`\\n# \\[\\]<>()!*_~|]{0,40}") {
            let (report, snapshot) = of(&text);
            let shown = markdown(Markdown { report: &report, snapshots: &[snapshot], title: &text });
            for line in outside(&shown) {
                let known = ["", "## ", "- Service: ", "- Time: ", "- Event: ", "Values in :"];
                prop_assert!(known.contains(&line.as_str()), "{:?} in {}", line, shown);
            }
        }
    }
}
