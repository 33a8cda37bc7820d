//! Filling a data directory, and the same rows into DuckDB.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Instant;

use anyhow::Context;
use reenact_model::{Placed, Timestamp};
use reenact_store::{EmbeddedStore, Options, Store as _};
use serde::{Deserialize, Serialize};

use crate::rows::Rows;

/// Events in one batch, as a client sends them.
const BATCH: u64 = 100;
/// Batches that wait for their commit at a time.
const BATCHES_WAITING: usize = 50;

/// A directory with data, and how it came to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Filled {
    pub(crate) events: u64,
    /// The time after all events, in nanoseconds since 1970.
    pub(crate) end_ns: i64,
    pub(crate) events_per_second: f64,
    pub(crate) memory_peak_bytes: u64,
    pub(crate) disk_bytes: u64,
    /// Bytes by kind of file.
    pub(crate) disk_by_kind: Vec<(String, u64)>,
    #[serde(skip)]
    pub(crate) directory: PathBuf,
}

impl Filled {
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.directory.join("rows.duckdb")
    }
}

/// The Python that has DuckDB; its environment is made when it is not there.
pub(crate) fn python(directory: &Path) -> anyhow::Result<PathBuf> {
    let environment = directory.join("venv");
    let python = environment.join("bin/python");
    if !python.exists() {
        eprintln!("==> environment of the yardstick");
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    if run(Command::new(&python).args(["-c", "import duckdb"]).stderr(Stdio::null())).is_err() {
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "duckdb==2.0.1"]))?;
    }
    Ok(python)
}

pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    anyhow::ensure!(status.success(), "{command:?} failed");
    Ok(())
}

/// Fills the directory for so many events, unless that was done before.
pub(crate) fn fill(root: &Path, events: u64, python: &Path, script: &Path) -> anyhow::Result<Filled> {
    let directory = root.join(format!("events-{events}"));
    let note = directory.join("filled.json");
    if let Ok(text) = std::fs::read(&note) {
        let filled: Filled = serde_json::from_slice(&text)?;
        return Ok(Filled { directory, ..filled });
    }
    anyhow::ensure!(!directory.exists(), "`{}` is half filled; delete it", directory.display());
    std::fs::create_dir_all(&directory)?;
    eprintln!("==> {events} events into `{}`", directory.display());
    // The last midnight, so that the server's own day stays free for what is sent live.
    let day_ns = 86_400_000_000_000;
    let end = Timestamp::from_nanos(crate::now_ns()? / day_ns * day_ns);
    let mut filled = Filled {
        events,
        end_ns: end.as_nanos(),
        events_per_second: 0.0,
        memory_peak_bytes: 0,
        disk_bytes: 0,
        disk_by_kind: Vec::new(),
        directory,
    };
    let mut loading = Command::new(python)
        .arg(script)
        .args(["load"])
        .arg(filled.database())
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot start the yardstick")?;
    let mut rows_out = BufWriter::new(loading.stdin.take().context("it has an input")?);
    let rows = Rows::new(events, end);
    let store = EmbeddedStore::open(&filled.data(), Options::DEFAULT)?;
    let (sender, receiver) = channel();
    let started = Instant::now();
    let (mut number, mut waiting) = (0, 0);
    while number < events {
        let mut batch = Vec::new();
        for number in number..events.min(number + BATCH) {
            let row = rows.row(number);
            write_row(&mut rows_out, row.event.get(), row.snapshots.is_some())?;
            batch.extend(row.into_writes());
        }
        number = events.min(number + BATCH);
        let sender = sender.clone();
        store.submit(batch, Box::new(move |outcomes| drop(sender.send(outcomes.map(drop)))))?;
        waiting += 1;
        if waiting >= BATCHES_WAITING {
            receiver.recv()??;
            waiting -= 1;
        }
        if number.is_multiple_of(500_000) {
            eprintln!("    {number} after {:.0} s", started.elapsed().as_secs_f64());
        }
    }
    for _ in 0..waiting {
        receiver.recv()??;
    }
    store.wait_until_indexed();
    filled.events_per_second = events as f64 / started.elapsed().as_secs_f64();
    store.close()?;
    drop(store);
    rows_out.into_inner()?.flush()?;
    anyhow::ensure!(loading.wait()?.success(), "the yardstick did not take the rows");
    filled.memory_peak_bytes = crate::process::memory_bytes(std::process::id())?.1;
    filled.disk_by_kind = disk_by_kind(&filled.data());
    filled.disk_bytes = filled.disk_by_kind.iter().map(|(_, bytes)| bytes).sum();
    std::fs::write(&note, serde_json::to_vec_pretty(&filled)?)?;
    Ok(filled)
}

/// One line of CSV; no value holds a comma, a quote or a line break.
fn write_row(out: &mut impl std::io::Write, event: &Placed, has_values: bool) -> anyhow::Result<()> {
    let report = &event.report;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let exception = &report.exceptions[0];
    let stack: Vec<String> = exception
        .frames
        .iter()
        .flat_map(|frame| [frame.function.as_str(), frame.file.as_str()])
        .flat_map(reenact_store::words)
        .collect();
    let tags: Vec<String> = report.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let message = reenact_store::words(&exception.message).join(" ");
    let type_words = reenact_store::words(&exception.type_name).join(" ");
    writeln!(
        out,
        "{},{},{},{},{},{},{},{},{},{},{},{},{}, {message} , {type_words} {} ,{}",
        report.id,
        report.timestamp.as_nanos(),
        event.issue_id,
        report.service,
        text(&report.env),
        text(&report.version),
        exception.type_name,
        text(&report.host),
        text(&report.resource),
        text(&report.user_id),
        reenact_issues::suspected_cause(report).cause.as_str(),
        report.handled,
        has_values,
        stack.join(" "),
        tags.join(";"),
    )?;
    Ok(())
}

/// Bytes of the files below by what they hold.
pub(crate) fn disk_by_kind(directory: &Path) -> Vec<(String, u64)> {
    let mut kinds: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.extension().or(path.file_name());
            let extension = name.and_then(|name| name.to_str()).unwrap_or("other");
            let kind =
                if folder.ends_with("index") { format!("index: {extension}") } else { extension.to_owned() };
            *kinds.entry(kind).or_default() += entry.metadata().map_or(0, |metadata| metadata.len());
        }
    }
    kinds.into_iter().collect()
}
