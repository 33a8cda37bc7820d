//! The measurement: both sides in turn, for each kind of body.

use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use serde_json::Value;

use crate::Measure;
use crate::bodies::{self, Template, Unit};
use crate::load::{self, Connection};
use crate::process::Server;

/// Wait until everything sent is in the index, at most.
const INDEXED: Duration = Duration::from_secs(120);
/// Wait until a sent error is found, at most.
const FOUND: Duration = Duration::from_secs(30);
/// Quiet time before idle memory is read.
const IDLE: Duration = Duration::from_secs(12);
/// Errors that are looked for, one after another.
const SEARCHES: u64 = 20;

/// One kind of body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// 10 traces of 6 spans, one error among them, no values.
    Traces,
    /// One error with 8 snapshots.
    Values,
}

/// What one round of one side gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    pub(crate) kind: Kind,
    pub(crate) requests_per_second: f64,
    pub(crate) errors_per_second: f64,
    /// CPU until everything sent was in the index.
    pub(crate) cpu_us_per_error: f64,
    pub(crate) cpu_seconds_per_million_spans: f64,
    pub(crate) errors: u64,
}

/// All figures.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) seconds: u64,
    pub(crate) connections: usize,
    /// Bytes of one unit's bodies.
    pub(crate) unit_bytes: [(Kind, usize); 2],
    /// `(bare, reenact)` of each round.
    pub(crate) rounds: Vec<(Round, Round)>,
    pub(crate) peak_memory_bytes: u64,
    pub(crate) idle_memory_bytes: u64,
    pub(crate) fresh_memory_bytes: u64,
    pub(crate) disk_bytes_per_error: Vec<(Kind, f64)>,
    pub(crate) found_ms: Vec<f64>,
    pub(crate) found_under_load_ms: Vec<f64>,
}

/// Runs everything.
///
/// # Errors
/// When a server does not start, refuses a body, or loses one.
pub(crate) fn run(measure: &Measure) -> anyhow::Result<Figures> {
    let now_ns = now_ns()?;
    let units = [
        (Kind::Traces, units_of(measure, Kind::Traces, now_ns)?),
        (Kind::Values, units_of(measure, Kind::Values, now_ns)?),
    ];
    let salts = AtomicU64::new(1);
    let mut rounds = Vec::new();
    let mut disk_bytes_per_error = Vec::new();
    let (mut peak, mut idle, mut fresh) = (0, 0, 0);
    for (kind, units) in &units {
        let bare = Server::start_bare()?;
        let mut reenact = Server::start_reenact(&measure.server)?;
        fresh = reenact.memory_bytes()?.0;
        let empty = reenact.disk_bytes();
        let mut errors = 0;
        for round in 1..=measure.rounds {
            eprintln!("==> {kind:?}: round {round} of {}", measure.rounds);
            let of_bare = phase(measure, *kind, units, &bare, &salts)?;
            let of_reenact = phase(measure, *kind, units, &reenact, &salts)?;
            errors += of_reenact.errors;
            rounds.push((of_bare, of_reenact));
        }
        std::thread::sleep(IDLE);
        let (now, most) = reenact.memory_bytes()?;
        (peak, idle) = (peak.max(most), idle.max(now));
        check_count(&reenact, errors)?;
        // Closed logs are part of what a day costs; open ones are bounded and not.
        reenact.stop()?;
        let bytes = reenact.disk_bytes().saturating_sub(empty);
        disk_bytes_per_error.push((*kind, bytes as f64 / errors as f64));
    }
    let (found_ms, found_under_load_ms) = searches(measure, &units[0].1, now_ns, &salts)?;
    let bytes_of = |units: &[Unit]| units[0].iter().map(Template::bytes).sum::<usize>();
    Ok(Figures {
        seconds: measure.seconds,
        connections: measure.connections,
        unit_bytes: [(Kind::Traces, bytes_of(&units[0].1)), (Kind::Values, bytes_of(&units[1].1))],
        rounds,
        peak_memory_bytes: peak,
        idle_memory_bytes: idle,
        fresh_memory_bytes: fresh,
        disk_bytes_per_error,
        found_ms,
        found_under_load_ms,
    })
}

/// Sends to a server that runs already, and says how much it took.
///
/// # Errors
/// When the server refuses a body.
pub(crate) fn load_only(measure: &Measure, agent: &str, kind: Kind) -> anyhow::Result<()> {
    let now_ns = now_ns()?;
    let units = units_of(measure, kind, now_ns)?;
    let salts = AtomicU64::new(now_ns.cast_unsigned());
    let length = Duration::from_secs(measure.seconds);
    let sent = load::send(agent, &units, measure.connections, length, &salts)?;
    eprintln!("{} errors in {:.2} s", sent.units, sent.seconds);
    Ok(())
}

fn now_ns() -> anyhow::Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())?)
}

fn units_of(measure: &Measure, kind: Kind, now_ns: i64) -> anyhow::Result<Vec<Unit>> {
    match kind {
        Kind::Traces => Ok(bodies::traces(now_ns)),
        Kind::Values => bodies::values(&measure.fixtures, now_ns),
    }
}

/// One phase of load on one side, until everything sent is in the index.
fn phase(
    measure: &Measure,
    kind: Kind,
    units: &[Unit],
    server: &Server,
    salts: &AtomicU64,
) -> anyhow::Result<Round> {
    let cpu_before = server.cpu_seconds()?;
    let length = Duration::from_secs(measure.seconds);
    let sent = load::send(&server.agent, units, measure.connections, length, salts)?;
    wait_until_indexed(server)?;
    let cpu = server.cpu_seconds()? - cpu_before;
    Ok(Round {
        kind,
        requests_per_second: sent.requests as f64 / sent.seconds,
        errors_per_second: sent.units as f64 / sent.seconds,
        cpu_us_per_error: cpu * 1e6 / sent.units as f64,
        cpu_seconds_per_million_spans: cpu * 1e6 / sent.spans as f64,
        errors: sent.units,
    })
}

fn get(server: &Server, path: &str) -> anyhow::Result<Value> {
    let mut answer = ureq::get(format!("{}/api/v1{path}", server.ui)).call()?;
    serde_json::from_str(&answer.body_mut().read_to_string()?).context("the API answers JSON")
}

fn wait_until_indexed(server: &Server) -> anyhow::Result<()> {
    if server.ui.is_empty() {
        return Ok(());
    }
    let started = Instant::now();
    while get(server, "/status")?["events_unindexed"].as_u64() != Some(0) {
        anyhow::ensure!(started.elapsed() < INDEXED, "indexing did not catch up");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Everything that was acknowledged is there, once.
fn check_count(server: &Server, errors: u64) -> anyhow::Result<()> {
    let found = get(server, "/status")?["events_total"].as_u64();
    anyhow::ensure!(found == Some(errors), "{errors} errors were acknowledged, {found:?} are there");
    Ok(())
}

/// Times from sending an error with a word of its own until a search finds it, idle and under load.
fn searches(
    measure: &Measure,
    load_units: &[Unit],
    now_ns: i64,
    salts: &AtomicU64,
) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
    let server = Server::start_reenact(&measure.server)?;
    eprintln!("==> searches");
    let idle =
        (0..SEARCHES).map(|number| search(&server, number, now_ns, salts)).collect::<Result<_, _>>()?;
    eprintln!("==> searches under load");
    let length = Duration::from_secs(measure.seconds.max(5) * 2);
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| load::send(&server.agent, load_units, 2, length, salts));
        let mut busy = Vec::new();
        for number in SEARCHES..2 * SEARCHES {
            if sending.is_finished() {
                break;
            }
            busy.push(search(&server, number, now_ns, salts)?);
        }
        sending.join().expect("a sender does not panic")?;
        Ok((idle, busy))
    })
}

fn search(server: &Server, number: u64, now_ns: i64, salts: &AtomicU64) -> anyhow::Result<f64> {
    let word = format!("findme{number}x");
    let template = bodies::error_with_word(&word, now_ns);
    let mut connection = Connection::open(&server.agent)?;
    let started = Instant::now();
    connection.post(&template, salts.fetch_add(1, std::sync::atomic::Ordering::Relaxed))?;
    loop {
        if get(server, &format!("/issues?query={word}"))?["total"].as_u64() == Some(1) {
            return Ok(started.elapsed().as_secs_f64() * 1e3);
        }
        anyhow::ensure!(started.elapsed() < FOUND, "an error was not found within {FOUND:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
