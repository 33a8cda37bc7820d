//! Measures intake: `reenact serve` beside a bare handler that only decodes and group-commits.
//!
//! Both are processes of their own that get the same bodies from the same senders, in turn, so that
//! the ratios hold on a machine whose speed drifts. Run it with `make bench NAME=intake`.

mod bare;
mod bodies;
mod dice;
mod load;
mod msgpack;
#[allow(dead_code, reason = "shared with the other benchmark")]
mod process;
mod report;
mod rounds;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

/// As in the server, so that the limit has the same.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Measures intake beside a bare handler, with stated work.
#[derive(Debug, Parser)]
#[command(name = "bench-intake", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    measure: Measure,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Only sends bodies to a server that runs already, for a profiler.
    Load {
        /// Where it takes traces: `http://127.0.0.1:8126`.
        #[arg(long)]
        agent: String,
        /// Which bodies.
        #[arg(long)]
        kind: rounds::Kind,
    },
    /// Serves the bare handler; what `bench-intake` starts as its limit.
    Bare {
        /// Where the log of bodies goes.
        #[arg(long)]
        data_dir: PathBuf,
        /// Written once it listens.
        #[arg(long)]
        ready_file: PathBuf,
    },
}

/// How to measure.
#[derive(Clone, Debug, clap::Args)]
struct Measure {
    /// The server under test.
    #[arg(long, global = true, default_value = "target/release/reenact", env = "REENACT_BIN")]
    server: PathBuf,
    /// Directory of the recorded requests that the bodies are made from.
    #[arg(long, global = true, default_value = "fixtures/ddtrace")]
    fixtures: PathBuf,
    /// Length of one phase of load, in seconds.
    #[arg(long, global = true, default_value_t = 6)]
    seconds: u64,
    /// How often each phase is repeated, both sides in turn.
    #[arg(long, global = true, default_value_t = 5)]
    rounds: usize,
    /// Connections that send at a time, each waiting for its answer.
    #[arg(long, global = true, default_value_t = 8)]
    connections: usize,
    /// Prints the figures as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Bare { data_dir, ready_file }) => bare::serve(&data_dir, &ready_file),
        Some(Command::Load { agent, kind }) => rounds::load_only(&arguments.measure, &agent, kind),
        None => {
            let figures = rounds::run(&arguments.measure)?;
            if arguments.measure.json { report::print_json(&figures) } else { report::print_table(&figures) }
        }
    }
}
