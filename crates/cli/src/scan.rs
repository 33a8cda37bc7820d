//! `reenact scan`.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::client::{self, ServerArguments, text};
use crate::output::{self, Out, Style, inert};

/// The part of a file that is sent at a time, in bytes; it ends with a line where it can.
const PIECE_BYTES: usize = 1 << 20;

/// The rules in force on the server are used, and nothing is kept.
#[derive(Args)]
pub(crate) struct ScanArguments {
    /// The text; standard input when nothing is given
    #[arg(conflicts_with_all = ["file", "last"])]
    text: Option<String>,
    /// A file, read in pieces of 1 MiB
    #[arg(long, value_name = "FILE", conflicts_with = "last")]
    file: Option<PathBuf>,
    /// The last so many events with their values, 1 to 200
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=200))]
    last: Option<u16>,
    /// The service that the text is from
    #[arg(long, conflicts_with = "last")]
    service: Option<String>,
    /// The environment that the text is from
    #[arg(long, conflicts_with = "last")]
    env: Option<String>,
    /// Where the text stands: `error.message`, `tags.http.url`, `values.locals.order`
    #[arg(long, conflicts_with = "last")]
    path: Option<String>,
    /// Try this regular expression in place of the saved scanner rules
    #[arg(long, value_name = "REGEX", conflicts_with = "library")]
    regex: Option<String>,
    /// Try this rule of the library in place of the saved scanner rules
    #[arg(long, value_name = "ID")]
    library: Option<String>,
    /// A word that must stand near a match of the tried rule; may be given more than once
    #[arg(long, value_name = "WORD")]
    keyword: Vec<String>,
    /// How many characters before or after a match a keyword may stand
    #[arg(long, value_name = "CHARACTERS", default_value_t = 30)]
    within: usize,
    /// What the tried rule does
    #[arg(long, value_enum, default_value_t = ActionName::Redact)]
    action: ActionName,
    /// Print the text as it would be kept, instead of the changes
    #[arg(long, conflicts_with_all = ["last", "json"])]
    print: bool,
    /// Exit with 3 when something would change
    #[arg(long)]
    exit_code: bool,
    /// Print the API's JSON, one answer per piece
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum ActionName {
    /// The mark stands in its place
    Redact,
    /// A keyed hash stands in its place
    Hash,
    /// It is encrypted
    Mask,
}

pub(crate) fn run(arguments: &ScanArguments) -> anyhow::Result<ExitCode> {
    let mut out = Out::stdout();
    let mut changes = 0;
    if let Some(last) = arguments.last {
        let answer = ask(arguments, json!({ "last": last }))?;
        changes += show(arguments, &mut out, &answer, None)?;
        summarise(&answer);
    } else {
        let whole = read(arguments)?;
        let mut line = 0;
        for piece in pieces(&whole) {
            let answer = ask(arguments, json!({ "text": piece }))?;
            changes += show(arguments, &mut out, &answer, Some((piece, line)))?;
            line += piece.matches('\n').count();
        }
        if changes == 0 && !arguments.json && !arguments.print {
            eprintln!("nothing would change");
        }
    }
    Ok(if arguments.exit_code && changes > 0 { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

fn read(arguments: &ScanArguments) -> anyhow::Result<String> {
    let bytes = match (&arguments.text, &arguments.file) {
        (Some(text), _) if text != "-" => return Ok(text.clone()),
        (_, Some(path)) => {
            std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?
        }
        _ => {
            if std::io::stdin().is_terminal() && arguments.text.is_none() {
                bail!("give a text, --file or --last; `-` reads standard input");
            }
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
            bytes
        }
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Parts of at most [`PIECE_BYTES`], each with whole lines where lines are shorter.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = rest.floor_char_boundary(PIECE_BYTES);
        if end < rest.len()
            && let Some(line_end) = rest[..end].rfind('\n')
        {
            end = line_end + 1;
        }
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

fn ask(arguments: &ScanArguments, mut trial: Value) -> anyhow::Result<Value> {
    for (key, given) in [("service", &arguments.service), ("env", &arguments.env), ("path", &arguments.path)]
    {
        if let Some(given) = given {
            trial[key] = json!(given);
        }
    }
    let pattern = match (&arguments.regex, &arguments.library) {
        (Some(regex), _) => Some(json!({ "kind": "regex", "regex": regex })),
        (_, Some(rule)) => Some(json!({ "kind": "library", "rule": rule })),
        _ => None,
    };
    if let Some(pattern) = pattern {
        let action = match arguments.action {
            ActionName::Redact => "redact",
            ActionName::Hash => "hash",
            ActionName::Mask => "mask",
        };
        let keywords = (!arguments.keyword.is_empty())
            .then(|| json!({ "words": arguments.keyword, "within_characters": arguments.within }));
        trial["rule"] = json!({
            "name": "the tried rule", "enabled": true, "pattern": pattern, "keywords": keywords,
            "action": { "kind": action }, "priority": 0, "sampling_percent": 100,
        });
    }
    client::post(&arguments.server.server, "/redaction/try", &trial)
}

/// Prints an answer; how many changes there are.
fn show(
    arguments: &ScanArguments,
    out: &mut Out,
    answer: &Value,
    piece: Option<(&str, usize)>,
) -> anyhow::Result<u64> {
    let counts = answer["hits"].as_array().map_or(&[][..], Vec::as_slice);
    let changes = counts.iter().filter_map(|hit| hit["count"].as_u64()).sum();
    let samples = answer["samples"].as_array().map_or(&[][..], Vec::as_slice);
    if arguments.json {
        output::json(out, answer)?;
    } else if arguments.print {
        out.text(samples.first().map_or("", |sample| text(sample, "text")))?;
    } else {
        for sample in samples {
            for change in sample["changes"].as_array().map_or(&[][..], Vec::as_slice) {
                let place = match piece {
                    Some((piece, line)) => position(piece, line, change["start"].as_u64()),
                    None => format!(
                        "{}  {} {}  {}",
                        text(sample, "event_id"),
                        text(sample, "kind"),
                        inert(text(sample, "title")),
                        inert(text(change, "path"))
                    ),
                };
                let rule = &change["rule"];
                let id = rule["id"].as_str().map_or_else(String::new, |id| format!(" ({id})"));
                out.line(&format!(
                    "{}  {}  {}",
                    out.paint(Style::Muted, &place),
                    inert(&format!("{}{id}", text(rule, "kind"))),
                    out.paint(Style::Redacted, &inert(&short(text(change, "replacement")))),
                ))?;
            }
        }
        if answer["truncated"] == true {
            eprintln!("there are more changes than are listed");
        }
    }
    Ok(changes)
}

/// Line and column, from 1; `?` for what is found only after other changes.
fn position(piece: &str, lines_before: usize, start: Option<u64>) -> String {
    let Some(start) = start.and_then(|start| usize::try_from(start).ok()) else { return "?".to_owned() };
    let before: Vec<u16> = piece.encode_utf16().take(start).collect();
    let before = String::from_utf16_lossy(&before);
    let line = lines_before + before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    format!("{line}:{column}")
}

/// A mask is long, and tells nothing.
fn short(replacement: &str) -> String {
    match replacement.strip_prefix("[masked: ") {
        Some(code) if code.len() > 16 => format!("[masked: {}…]", &code[..code.floor_char_boundary(12)]),
        _ => replacement.to_owned(),
    }
}

fn summarise(answer: &Value) {
    eprintln!(
        "{} of {} events and snapshots would change",
        answer["changed"].as_u64().unwrap_or(0),
        answer["looked_at"].as_u64().unwrap_or(0)
    );
    for hit in answer["hits"].as_array().map_or(&[][..], Vec::as_slice) {
        eprintln!("{:>8} x  {}", hit["count"].as_u64().unwrap_or(0), inert(text(&hit["rule"], "name")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sent_in_whole_lines_where_lines_are_short() {
        let long = format!("{}\n{}", "a".repeat(PIECE_BYTES - 10), "b".repeat(100));
        let parts: Vec<&str> = pieces(&long).collect();
        assert_eq!(parts.concat(), long);
        assert!(parts.len() == 2 && parts[0].ends_with('\n') && parts[1].starts_with('b'));
        let one_line = "é".repeat(PIECE_BYTES);
        assert_eq!(pieces(&one_line).collect::<String>(), one_line);
        assert_eq!(pieces("").count(), 0);
    }

    #[test]
    fn places_are_lines_and_columns() {
        assert_eq!(position("a\n😀b", 4, Some(4)), "6:2");
        assert_eq!(position("a", 0, Some(0)), "1:1");
        assert_eq!(position("a", 0, None), "?");
    }
}
