//! `reenact leak-test`: proves for one's own program what redaction covers.

mod search;
mod seeds;
mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::client;
use crate::output::{self, Out, Style};
use search::{Finding, Needle};
use seeds::Seed;
use server::Server;

/// Starts a server of its own with an empty data directory, runs the program with made-up secrets in its
/// environment, waits until everything has arrived, and searches every file (raw, and with every stored body
/// opened), every answer of the API and the server's log for them, in the encodings that texts go through.
///
/// The server has the configuration of `--config`, but for its addresses and its data directory.
///
/// Exits with 0 when none is found, 1 when one is, 2 when the test could not tell: the program could not be
/// run, or sent no error or no values.
#[derive(Args)]
#[command(
    after_help = "Example:\n  reenact leak-test --secret DB_PASSWORD --secret STRIPE_KEY=stripe_key \\\n      -- ddtrace-run python tests/crash.py"
)]
pub(crate) struct LeakTestArguments {
    /// A variable of the program's environment that gets a made-up secret of this kind: words, random, hex,
    /// card, iban, jwt, stripe_key, private_key [default kind: words, which only the names around it tell]
    #[arg(long = "secret", value_name = "NAME[=KIND]", value_parser = seeds::parse, required_unless_present = "secret_env")]
    secrets: Vec<Seed>,
    /// A variable whose present value is looked for, too
    #[arg(long, value_name = "NAME")]
    secret_env: Vec<String>,
    /// Time that the program may take, in seconds; then it is ended
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
    /// Keep the data directory
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Time to wait for what the program has sent to be stored.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) fn run(config: Option<&Path>, arguments: &LeakTestArguments) -> anyhow::Result<ExitCode> {
    match test(config, arguments) {
        Ok(code) => Ok(code),
        Err(error) => {
            eprintln!("reenact: {error:#}");
            Ok(ExitCode::from(2))
        }
    }
}

fn test(config: Option<&Path>, arguments: &LeakTestArguments) -> anyhow::Result<ExitCode> {
    let mut secrets: Vec<(String, String)> = Vec::new();
    for seed in &arguments.secrets {
        secrets.push((seed.name.clone(), seed.kind.secret()?));
    }
    for name in &arguments.secret_env {
        let value = std::env::var(name).with_context(|| format!("the variable `{name}` is not set"))?;
        if value.len() < search::BYTES_MIN {
            bail!(
                "the value of `{name}` is shorter than {} bytes; it would be found by chance",
                search::BYTES_MIN
            );
        }
        secrets.push((name.clone(), value));
    }
    let server = Server::start(config, arguments.keep.as_deref())?;
    run_program(arguments, &server, &secrets)?;
    let Arrived { events, snapshots } = settle(&server)?;
    if events == 0 {
        bail!(
            "no error arrived: the program must raise one under ddtrace, inside a span, and live long enough to \
             send it (2 seconds)"
        );
    }
    if snapshots == 0 {
        bail!(
            "an error arrived, but no values: the client must be able to capture them (ddtrace 1.16 or newer), and \
             captures the first of equal exceptions only"
        );
    }
    let mut needles = Vec::new();
    for (name, value) in &secrets {
        needles.extend(Needle::all(name, value));
    }
    let answers = search::answers(&server.ui, &needles)?;
    let (data_dir, log) = server.stop()?;
    let mut findings = answers.findings;
    let files = search::files(&data_dir, &needles)?;
    findings.extend(files.findings);
    findings.extend(search::log(&log, &needles));
    report(arguments, &secrets, events, (answers.looked_at, files.looked_at), &findings)?;
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn run_program(
    arguments: &LeakTestArguments,
    server: &Server,
    secrets: &[(String, String)],
) -> anyhow::Result<()> {
    let [program, rest @ ..] = arguments.command.as_slice() else { bail!("give a program after `--`") };
    let mut command = Command::new(program);
    command.args(rest).env("DD_TRACE_AGENT_URL", &server.agent).env("DD_TRACE_ENABLED", "true");
    for name in ["DD_EXCEPTION_REPLAY_ENABLED", "DD_EXCEPTION_DEBUGGING_ENABLED"] {
        command.env(name, "true");
    }
    command.envs(secrets.iter().map(|(name, value)| (name, value)));
    // What the program prints is not ours.
    command.stdout(std::io::stderr());
    let mut child = command.spawn().with_context(|| format!("cannot run `{program}`"))?;
    let end = std::time::Instant::now() + Duration::from_secs(arguments.timeout);
    loop {
        if let Some(status) = child.try_wait()? {
            if !status.success() {
                // A crash is what many such programs are for.
                eprintln!("the program ended with {status}");
            }
            return Ok(());
        }
        if std::time::Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            eprintln!("the program was ended after {} seconds", arguments.timeout);
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What the program has sent.
struct Arrived {
    events: u64,
    snapshots: u64,
}

/// Waits until nothing more arrives.
fn settle(server: &Server) -> anyhow::Result<Arrived> {
    let end = std::time::Instant::now() + SETTLE_TIMEOUT;
    let (mut before, mut quiet) = (Value::Null, 0);
    loop {
        let status = client::get(&server.ui, "/status", &[])?;
        let now = json!([status["intake"], status["events_unindexed"]]);
        quiet = if now == before { quiet + 1 } else { 0 };
        let count = |name: &str| status[name].as_u64().unwrap_or(0);
        let is_indexed = status["events_unindexed"] == 0;
        if std::time::Instant::now() >= end || (quiet >= 4 && is_indexed) {
            return Ok(Arrived { events: count("events_total"), snapshots: count("snapshots_total") });
        }
        before = now;
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn report(
    arguments: &LeakTestArguments,
    secrets: &[(String, String)],
    events: u64,
    (answers, files): (usize, usize),
    findings: &[Finding],
) -> anyhow::Result<()> {
    let mut out = Out::stdout();
    if arguments.json {
        let listed: Vec<Value> = findings
            .iter()
            .map(|found| json!({ "secret": found.secret, "encoding": found.encoding, "place": found.place }))
            .collect();
        let names: Vec<&String> = secrets.iter().map(|(name, _)| name).collect();
        return output::json(
            &mut out,
            &json!({ "secrets": names, "events": events, "answers": answers, "files": files, "findings": listed }),
        );
    }
    for found in findings {
        let line = format!("LEAK  {}  {}  {}", found.secret, found.encoding, output::inert(&found.place));
        out.line(&out.paint(Style::Error, &line))?;
    }
    let verdict = if findings.is_empty() { "none of the secrets was found" } else { "secrets were found" };
    out.line(&format!(
        "{verdict}: {} secrets, {events} events, {files} files, {answers} answers searched",
        secrets.len()
    ))?;
    Ok(())
}
