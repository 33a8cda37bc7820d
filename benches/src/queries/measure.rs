//! Cold, warm, under load, and the yardstick.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use reenact_store::embedded::{FieldBytes, index_bytes};
use serde_json::Value;

use crate::Arguments;
use crate::ask::{self, Question};
use crate::bodies;
use crate::fill::{self, Filled};
use crate::load::Connection;
use crate::process::Server;
use crate::rows::Rows;

/// Wait until everything is in the index, at most.
const INDEXED: Duration = Duration::from_secs(3_600);
/// Connections that errors are sent over.
const SENDERS: u64 = 4;

/// The times of one question, in milliseconds.
#[derive(Debug)]
pub(crate) struct Times {
    pub(crate) question: Question,
    pub(crate) cold: Vec<f64>,
    pub(crate) warm: Vec<f64>,
    pub(crate) under_load: Vec<f64>,
    pub(crate) duckdb: Vec<f64>,
}

/// Everything about one size.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) filled: Filled,
    pub(crate) times: Vec<Times>,
    pub(crate) duckdb_bytes: u64,
    pub(crate) memory_started_bytes: u64,
    pub(crate) memory_peak_bytes: u64,
    /// Without the pages of files that are mapped, after all questions.
    pub(crate) memory_own_bytes: u64,
    pub(crate) intake_per_second: f64,
    pub(crate) differences: Vec<String>,
    /// Bytes of the index by field.
    pub(crate) fields: BTreeMap<String, FieldBytes>,
    pub(crate) rollup_bytes: u64,
}

pub(crate) fn measure(arguments: &Arguments, filled: Filled, python: &Path) -> anyhow::Result<Measured> {
    let rows = Rows::new(filled.events, reenact_model::Timestamp::from_nanos(filled.end_ns));
    let agent = ask::agent();
    let mut times: Vec<Times> = ask::questions(&filled, &rows)
        .into_iter()
        .map(|question| Times {
            question,
            cold: Vec::new(),
            warm: Vec::new(),
            under_load: Vec::new(),
            duckdb: Vec::new(),
        })
        .collect();
    wait_for_rollups(arguments, &filled)?;
    eprintln!("==> {} events: cold", filled.events);
    for of in &mut times {
        for _ in 0..arguments.cold_runs {
            let server = start(arguments, &filled)?;
            of.cold.push(of.question.ask(&agent, &server.ui)?.1);
        }
    }
    eprintln!("==> {} events: warm", filled.events);
    let server = start(arguments, &filled)?;
    let memory_started_bytes = server.memory_bytes()?.0;
    let mut answers = Vec::new();
    for of in &mut times {
        answers.push(ask::comparable(of.question.verb, &of.question.ask(&agent, &server.ui)?.0));
        for _ in 0..arguments.runs {
            of.warm.push(of.question.ask(&agent, &server.ui)?.1);
        }
    }
    let mut intake_per_second = 0.0;
    if arguments.intake > 0 {
        eprintln!("==> {} events: while {} errors a second arrive", filled.events, arguments.intake);
        intake_per_second = under_load(arguments, &server, &agent, &mut times)?;
    }
    let memory_peak_bytes = server.memory_bytes()?.1;
    let memory_own_bytes = server.memory_own_bytes()?;
    drop(server);
    eprintln!("==> {} events: DuckDB", filled.events);
    let differences = yardstick(arguments, &filled, python, &mut times, &answers)?;
    let fields = index_bytes(&filled.data())?;
    let rollup_bytes = fill::disk_by_kind(&filled.data())
        .into_iter()
        .filter(|(kind, _)| kind == "rollup")
        .map(|(_, bytes)| bytes)
        .sum();
    let duckdb_bytes = std::fs::metadata(filled.database())?.len();
    Ok(Measured {
        filled,
        times,
        duckdb_bytes,
        memory_started_bytes,
        memory_peak_bytes,
        memory_own_bytes,
        intake_per_second,
        differences,
        fields,
        rollup_bytes,
    })
}

/// Lets a server make the rollups of all days, as it has made them long before in a server that runs on.
fn wait_for_rollups(arguments: &Arguments, filled: &Filled) -> anyhow::Result<()> {
    let server = start(arguments, filled)?;
    let started = Instant::now();
    loop {
        let mut days = 0;
        let mut rollups = 0;
        for entry in std::fs::read_dir(filled.data())?.flatten() {
            days += u32::from(entry.path().join("events.sqlite").exists());
            rollups += u32::from(entry.path().join("rollup").exists());
        }
        if days == rollups {
            drop(server);
            return Ok(());
        }
        anyhow::ensure!(started.elapsed() < INDEXED, "{rollups} of {days} days have rollups");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn start(arguments: &Arguments, filled: &Filled) -> anyhow::Result<Server> {
    let server = Server::start_over(&arguments.server, &filled.data())?;
    let started = Instant::now();
    let status = format!("{}/api/v1/status", server.ui);
    loop {
        let text = ureq::get(&status).call()?.body_mut().read_to_string()?;
        let answer: Value = serde_json::from_str(&text)?;
        if answer["events_unindexed"].as_u64() == Some(0) {
            return Ok(server);
        }
        anyhow::ensure!(started.elapsed() < INDEXED, "indexing did not catch up");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Asks everything again while errors arrive at the rate asked for; says at which they did.
fn under_load(
    arguments: &Arguments,
    server: &Server,
    agent: &ureq::Agent,
    times: &mut [Times],
) -> anyhow::Result<f64> {
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let units = bodies::traces(crate::now_ns()?);
    let seed = crate::now_ns()?.unsigned_abs();
    let pace = Duration::from_secs(SENDERS) / u32::try_from(arguments.intake).unwrap_or(u32::MAX);
    std::thread::scope(|scope| {
        let started = Instant::now();
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                scope.spawn(|| -> anyhow::Result<()> {
                    let mut connection = Connection::open(&server.agent)?;
                    let mut due = Instant::now();
                    while !stop.load(Ordering::Relaxed) {
                        let number = sent.fetch_add(1, Ordering::Relaxed);
                        let unit = &units[usize::try_from(number).unwrap_or(0) % units.len()];
                        for template in unit {
                            connection.post(template, seed.wrapping_add(number))?;
                        }
                        due += pace;
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    }
                    Ok(())
                })
            })
            .collect();
        std::thread::sleep(Duration::from_secs(3));
        let mut asked = Ok(());
        'questions: for of in times.iter_mut() {
            for _ in 0..arguments.runs {
                match of.question.ask(agent, &server.ui) {
                    Ok((_, took)) => of.under_load.push(took),
                    Err(error) => {
                        asked = Err(error);
                        break 'questions;
                    }
                }
            }
        }
        let rate = sent.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.join().map_err(|_| anyhow::anyhow!("a sender panicked"))??;
        }
        asked.map(|()| rate)
    })
}

/// Asks DuckDB the same; says where the answers differ.
fn yardstick(
    arguments: &Arguments,
    filled: &Filled,
    python: &Path,
    times: &mut [Times],
    answers: &[Value],
) -> anyhow::Result<Vec<String>> {
    let mut asking = Command::new(python)
        .arg(&arguments.script)
        .arg("ask")
        .arg(filled.database())
        .arg(arguments.duckdb_runs.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the yardstick")?;
    let questions: Vec<&Value> = times.iter().filter_map(|of| of.question.for_duckdb.as_ref()).collect();
    let asked = questions.len();
    let mut input = asking.stdin.take().context("it has an input")?;
    input.write_all(&serde_json::to_vec(&questions)?)?;
    drop(input);
    let output = asking.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "the yardstick failed");
    let theirs: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    anyhow::ensure!(theirs.len() == asked, "the yardstick left out questions");
    let mut differences = Vec::new();
    let both = times.iter_mut().zip(answers).filter(|(of, _)| of.question.for_duckdb.is_some());
    for ((of, ours), theirs) in both.zip(theirs) {
        of.duckdb = theirs["ms"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        if let Some(difference) = ask::difference(of.question.verb, ours, &theirs["answer"]) {
            differences.push(format!("{}: {difference}", of.question.name()));
        }
    }
    Ok(differences)
}
