//! The figures, as a Markdown table or as JSON.

use std::io::Write as _;

use serde_json::json;

use crate::rounds::{Figures, Kind, Round};

/// Smallest, median and largest.
fn spread(mut numbers: Vec<f64>) -> (f64, f64, f64) {
    numbers.sort_by(f64::total_cmp);
    match numbers.as_slice() {
        [] => (f64::NAN, f64::NAN, f64::NAN),
        all => (all[0], all[all.len() / 2], all[all.len() - 1]),
    }
}

struct Line {
    name: String,
    bare: (f64, f64, f64),
    reenact: (f64, f64, f64),
    ratio: (f64, f64, f64),
}

fn lines(figures: &Figures) -> Vec<Line> {
    let mut lines = Vec::new();
    for (kind, name) in [(Kind::Traces, "10 traces, one error"), (Kind::Values, "one error with 8 snapshots")]
    {
        let rounds: Vec<&(Round, Round)> =
            figures.rounds.iter().filter(|(bare, _)| bare.kind == kind).collect();
        let mut add = |what: &str, figure: fn(&Round) -> f64| {
            lines.push(Line {
                name: format!("{name}: {what}"),
                bare: spread(rounds.iter().map(|(bare, _)| figure(bare)).collect()),
                reenact: spread(rounds.iter().map(|(_, reenact)| figure(reenact)).collect()),
                ratio: spread(rounds.iter().map(|(bare, reenact)| figure(reenact) / figure(bare)).collect()),
            });
        };
        add("requests/s", |round| round.requests_per_second);
        add("errors/s", |round| round.errors_per_second);
        add("CPU µs per error", |round| round.cpu_us_per_error);
        if kind == Kind::Traces {
            add("CPU s per million spans", |round| round.cpu_seconds_per_million_spans);
        }
    }
    lines
}

fn shown(number: f64) -> String {
    if number >= 100.0 { format!("{number:.0}") } else { format!("{number:.2}") }
}

/// Prints a Markdown table.
pub(crate) fn print_table(figures: &Figures) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let rounds = figures.rounds.len() / 2;
    writeln!(
        out,
        "{} connections, {rounds} rounds of {} s a side; median (smallest to largest).\n",
        figures.connections, figures.seconds
    )?;
    for (kind, bytes) in figures.unit_bytes {
        writeln!(out, "- {kind:?}: {bytes} bytes a unit")?;
    }
    writeln!(out, "\n| | bare handler | Reenact | ratio |\n|---|---|---|---|")?;
    let cell = |(low, middle, high): (f64, f64, f64)| {
        format!("{} ({} to {})", shown(middle), shown(low), shown(high))
    };
    for line in lines(figures) {
        writeln!(
            out,
            "| {} | {} | {} | {} |",
            line.name,
            cell(line.bare),
            cell(line.reenact),
            cell(line.ratio)
        )?;
    }
    writeln!(out, "\n| | |\n|---|---|")?;
    for (kind, bytes) in &figures.disk_bytes_per_error {
        writeln!(out, "| disk bytes per error, {kind:?} | {} |", shown(*bytes))?;
    }
    let megabytes = |bytes: u64| shown(bytes as f64 / 1e6);
    writeln!(out, "| memory, fresh (MB) | {} |", megabytes(figures.fresh_memory_bytes))?;
    writeln!(out, "| memory, idle after the load (MB) | {} |", megabytes(figures.idle_memory_bytes))?;
    writeln!(out, "| memory, peak (MB) | {} |", megabytes(figures.peak_memory_bytes))?;
    writeln!(out, "| found after (ms), idle | {} |", cell(spread(figures.found_ms.clone())))?;
    writeln!(
        out,
        "| found after (ms), under load | {} |",
        cell(spread(figures.found_under_load_ms.clone()))
    )?;
    Ok(())
}

/// Prints one JSON object.
pub(crate) fn print_json(figures: &Figures) -> anyhow::Result<()> {
    let lines: Vec<_> = lines(figures)
        .into_iter()
        .map(|line| json!({ "name": line.name, "bare": line.bare, "reenact": line.reenact, "ratio": line.ratio }))
        .collect();
    let disk: Vec<_> = figures
        .disk_bytes_per_error
        .iter()
        .map(|(kind, bytes)| json!([format!("{kind:?}"), bytes]))
        .collect();
    let all = json!({
        "seconds": figures.seconds,
        "connections": figures.connections,
        "lines": lines,
        "disk_bytes_per_error": disk,
        "fresh_memory_bytes": figures.fresh_memory_bytes,
        "idle_memory_bytes": figures.idle_memory_bytes,
        "peak_memory_bytes": figures.peak_memory_bytes,
        "found_ms": figures.found_ms,
        "found_under_load_ms": figures.found_under_load_ms,
    });
    writeln!(std::io::stdout().lock(), "{all:#}")?;
    Ok(())
}
