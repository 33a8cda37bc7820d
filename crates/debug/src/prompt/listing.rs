//! Lines of source at the prompt.

use super::Prompt;
use crate::case::StackFrame;
use crate::limits::LISTED_LINES_MAX;
use reenact_replay::visible::visible;

/// Lines before and after the current one that are listed.
const AROUND: u32 = 5;
/// Lines in one list.
const LISTED: u32 = 11;

impl Prompt {
    pub(super) fn list(&mut self, wanted: &str) -> String {
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

    pub(super) fn list_all(&self) -> String {
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
}
