//! Measures questions over HTTP: `reenact serve` over generated events, beside the same rows in DuckDB.
//!
//! The answers are compared too. Run it with `make bench NAME=queries ARGS='--dir DIRECTORY --events 1000000'`.

#[path = "../bodies.rs"]
#[allow(dead_code, reason = "shared with the other benchmark")]
mod bodies;
#[path = "../dice.rs"]
mod dice;
#[path = "../load.rs"]
#[allow(dead_code, reason = "shared with the other benchmark")]
mod load;
#[path = "../msgpack.rs"]
mod msgpack;
#[path = "../process.rs"]
#[allow(dead_code, reason = "shared with the other benchmark")]
mod process;

mod ask;
mod fill;
mod measure;
mod rows;
mod tables;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Measures questions at several sizes, beside DuckDB, and compares the answers.
#[derive(Clone, Debug, Parser)]
#[command(name = "bench-queries", version)]
struct Arguments {
    /// The server under test.
    #[arg(long, default_value = "target/release/reenact", env = "REENACT_BIN")]
    server: PathBuf,
    /// Where the data goes, about 2 kB per event with the rows of DuckDB; filled once per size, and kept.
    #[arg(long)]
    dir: PathBuf,
    /// How many events; several times for several sizes.
    #[arg(long, default_values_t = [100_000, 1_000_000])]
    events: Vec<u64>,
    /// Runs of each question, warm.
    #[arg(long, default_value_t = 30)]
    runs: usize,
    /// Fresh processes that each question is asked first in.
    #[arg(long, default_value_t = 3)]
    cold_runs: usize,
    /// Runs of each question in DuckDB.
    #[arg(long, default_value_t = 5)]
    duckdb_runs: usize,
    /// Errors per second that are sent while questions are asked again; 0 leaves that out.
    #[arg(long, default_value_t = 1_000)]
    intake: u64,
    /// Only fills the directories.
    #[arg(long)]
    fill_only: bool,
    /// The script of the yardstick.
    #[arg(long, default_value = "benches/duckdb_rows.py")]
    script: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    std::fs::create_dir_all(&arguments.dir)?;
    let python = fill::python(&arguments.dir)?;
    let mut measured = Vec::new();
    for events in &arguments.events {
        let filled = fill::fill(&arguments.dir, *events, &python, &arguments.script)?;
        if !arguments.fill_only {
            measured.push(measure::measure(&arguments, filled, &python)?);
        }
    }
    tables::print(&arguments, &measured)
}

fn now_ns() -> anyhow::Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())?)
}
