//! The figures, as Markdown tables.

use std::io::Write as _;

use crate::Arguments;
use crate::measure::Measured;

/// Median and 95th percentile.
fn figures(times: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| {
        // The smallest time that so many of the runs did not exceed.
        let rank = (sorted.len() as f64 * share).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied()
    };
    Some((at(0.5)?, at(0.95)?))
}

fn shown(number: f64) -> String {
    if number >= 10.0 { format!("{number:.0}") } else { format!("{number:.1}") }
}

fn cell(times: &[f64]) -> String {
    figures(times).map_or("–".to_owned(), |(median, p95)| format!("{} / {}", shown(median), shown(p95)))
}

/// Prints a table per size, what the sizes have in common, and where the answers differ.
pub(crate) fn print(arguments: &Arguments, measured: &[Measured]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for of in measured {
        writeln!(
            out,
            "\n{} events; median / 95th percentile in ms of {} warm runs, {} cold, {} under load, {} of DuckDB.\n",
            of.filled.events, arguments.runs, arguments.cold_runs, arguments.runs, arguments.duckdb_runs
        )?;
        writeln!(
            out,
            "| question | cold | warm | {:.0} errors/s arriving | DuckDB | p95 aim |",
            of.intake_per_second
        )?;
        writeln!(out, "|---|---|---|---|---|---|")?;
        for times in &of.times {
            let aim = times.question.aim_ms();
            let met = figures(&times.warm).is_some_and(|(_, p95)| p95 < aim);
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {aim:.0}: {} |",
                times.question.name(),
                cell(&times.cold),
                cell(&times.warm),
                cell(&times.under_load),
                cell(&times.duckdb),
                if met { "met" } else { "**missed**" }
            )?;
        }
    }
    writeln!(
        out,
        "\n| events | filled, events/s | bytes per event | DuckDB | memory of the filling process, peak | of the server, started | after all questions, without mapped files | peak, with them |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|")?;
    for of in measured {
        let megabytes = |bytes: u64| format!("{:.0} MB", bytes as f64 / 1e6);
        writeln!(
            out,
            "| {} | {:.0} | {} | {} | {} | {} | {} | {} |",
            of.filled.events,
            of.filled.events_per_second,
            of.filled.disk_bytes / of.filled.events,
            of.duckdb_bytes / of.filled.events,
            megabytes(of.filled.memory_peak_bytes),
            megabytes(of.memory_started_bytes),
            megabytes(of.memory_own_bytes),
            megabytes(of.memory_peak_bytes),
        )?;
    }
    for of in measured {
        writeln!(out, "\nBytes per event by kind of file at {} events:", of.filled.events)?;
        for (kind, bytes) in &of.filled.disk_by_kind {
            writeln!(out, "- {kind}: {:.1}", *bytes as f64 / of.filled.events as f64)?;
        }
        writeln!(out, "- rollups: {:.1}", of.rollup_bytes as f64 / of.filled.events as f64)?;
        writeln!(
            out,
            "\n| field of the index | terms and postings, bytes per event | column |\n|---|---|---|"
        )?;
        for (field, bytes) in &of.fields {
            let each = |bytes: u64| format!("{:.1}", bytes as f64 / of.filled.events as f64);
            writeln!(out, "| {field} | {} | {} |", each(bytes.inverted), each(bytes.column))?;
        }
        for difference in &of.differences {
            writeln!(out, "\n**The answers differ**: {difference}")?;
        }
        if of.differences.is_empty() {
            let compared = of.times.iter().filter(|times| times.question.for_duckdb.is_some()).count();
            writeln!(out, "\nAll {compared} answers that DuckDB has the data for are its own.")?;
        }
    }
    let differences: usize = measured.iter().map(|of| of.differences.len()).sum();
    anyhow::ensure!(differences == 0, "{differences} answers differ from the yardstick's");
    Ok(())
}
