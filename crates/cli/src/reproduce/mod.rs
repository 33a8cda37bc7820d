//! `reenact reproduce EVENT`.

pub(crate) mod local;
mod run;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::client::{self, ServerArguments, text};
use crate::output::{self, Out, Style, inert, inert_lines};
use run::{Environment, Verdict};

#[derive(Args)]
#[command(after_help = "\
Read a test before you run it: it calls real code with what was captured, and whoever can send events can choose both.
With --run it runs in a process of its own, without network, other processes, and writes outside a temporary folder. That
is a guard against accidents, and no sandbox.

Exit codes with --run: 0 the same exception twice (type, message and line), 3 another exception, 4 no exception, 1 it
could not be run. Without --frame, up to 5 frames further out are tried when the first does not raise the same exception.

Examples:
  reenact reproduce 0123456789abcdef0123456789abcdef > tests/test_crash.py
  reenact reproduce 0123456789abcdef0123456789abcdef --run --root src --python .venv/bin/python
  reenact reproduce 0123456789abcdef --frame 2 --output tests/test_crash.py")]
pub(crate) struct ReproduceArguments {
    /// An event (32 hexadecimal digits), or an issue (16) for its newest event with values
    event: String,
    /// The frame to call, from 0, the outermost first [default: the best one]
    #[arg(long, value_name = "N")]
    frame: Option<usize>,
    /// Write the test to this file, which must not be there yet
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Run the test, and say whether it raises the same exception
    #[arg(long)]
    run: bool,
    /// Python of the environment of the application
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,
    /// The folder that the application's modules are imported from
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// Seconds that one run may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// What the test may use when it is run
    #[arg(long, value_enum, value_delimiter = ',')]
    allow: Vec<Allowed>,
    /// Run although the source differs from the one that ran
    #[arg(long)]
    anyway: bool,
    /// Print the API's JSON, with what was seen as `run`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum Allowed {
    Network,
    Processes,
    Writes,
}

impl Allowed {
    fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Processes => "processes",
            Self::Writes => "writes",
        }
    }
}

/// Frames further out that are tried.
const FURTHER_FRAMES_MAX: usize = 5;

pub(crate) fn run(arguments: &ReproduceArguments) -> anyhow::Result<ExitCode> {
    let server = &arguments.server.server;
    let id = crate::show::event_id(server, &arguments.event)?;
    let event = client::get(server, &format!("/events/{id}"), &[("values", "false".to_owned())])?;
    let root = std::path::absolute(&arguments.root)?;
    let captured_root = local::captured_root(&event, &root);
    let ask = |frame: Option<usize>| {
        let mut parameters = Vec::new();
        parameters.extend(frame.map(|frame| ("frame", frame.to_string())));
        parameters.extend(captured_root.clone().map(|root| ("root", root)));
        client::get(server, &format!("/events/{id}/reproduction"), &parameters)
    };
    let mut made = ask(arguments.frame)?;
    let mut code = ExitCode::SUCCESS;
    if arguments.run {
        local::check_source(&made, &event, captured_root.as_deref(), &root, arguments.anyway)?;
        let allowed: Vec<&str> = arguments.allow.iter().map(|allowed| allowed.name()).collect();
        let environment = Environment {
            python: &arguments.python,
            root: &root,
            allowed: allowed.join(","),
            timeout: Duration::from_secs(arguments.timeout),
        };
        let verdict;
        (made, verdict) = tried(made, arguments.frame.is_none(), &environment, ask)?;
        code = match verdict {
            Verdict::Same => ExitCode::SUCCESS,
            Verdict::Other => ExitCode::from(3),
            Verdict::Nothing => ExitCode::from(4),
            Verdict::Failed => ExitCode::FAILURE,
        };
    }
    if let Some(path) = &arguments.output {
        let file = std::fs::File::create_new(path);
        let mut file = file.with_context(|| format!("`{}` cannot be made", path.display()))?;
        std::io::Write::write_all(&mut file, text(&made, "text").as_bytes())?;
    }
    let mut out = Out::stdout();
    if arguments.json {
        output::json(&mut out, &made)?;
    } else if arguments.run {
        print_run(&mut out, &made)?;
    } else if arguments.output.is_none() {
        out.text(text(&made, "text"))?;
        print_about(&mut Out::stderr(), &made)?;
    } else {
        print_about(&mut out, &made)?;
    }
    Ok(code)
}

/// Runs the test, and those of frames further out until one raises the same exception; that test, or the first one, with
/// every attempt.
fn tried(
    first: Value,
    further: bool,
    environment: &Environment<'_>,
    ask: impl Fn(Option<usize>) -> anyhow::Result<Value>,
) -> anyhow::Result<(Value, Verdict)> {
    let mut attempts = Vec::new();
    let mut attempt = |made: &Value| -> anyhow::Result<(Verdict, Value)> {
        let (verdict, seen) = run::run(made, environment)?;
        attempts.push(json!({"frame": made["frame"]["index"], "function": made["frame"]["function"], "outcome": verdict.as_str(), "seen": seen}));
        Ok((verdict, Value::Null))
    };
    let (mut verdict, _) = attempt(&first)?;
    let mut chosen = first.clone();
    if further && verdict != Verdict::Same {
        let index =
            first["frame"]["index"].as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(0);
        let frames = (0..index).rev().filter_map(|frame| ask(Some(frame)).ok());
        for made in frames.take(FURTHER_FRAMES_MAX) {
            if attempt(&made)?.0 == Verdict::Same {
                (chosen, verdict) = (made, Verdict::Same);
                break;
            }
        }
    }
    chosen["run"] = json!({"outcome": verdict.as_str(), "attempts": attempts});
    Ok((chosen, verdict))
}

fn print_run(out: &mut Out, made: &Value) -> anyhow::Result<()> {
    for attempt in made["run"]["attempts"].as_array().into_iter().flatten() {
        let outcome = text(attempt, "outcome");
        let style = if outcome == "same exception" { Style::Text } else { Style::Error };
        let place = format!("frame {}, {}", attempt["frame"], inert(text(attempt, "function")));
        out.line(&format!("{}  {}", out.paint(style, outcome), out.paint(Style::Muted, &place)))?;
        let seen = &attempt["seen"];
        if let Some(raised) = seen["raised"].as_object() {
            let part = |key: &str| inert_lines(raised[key].as_str().unwrap_or("?"), "    ");
            out.line(&format!("    {}: {}  {}", part("type"), part("message"), part("place")))?;
        }
        if let Some(failed) = seen["failed"].as_str() {
            out.line(&format!("    {}", inert_lines(failed, "    ")))?;
        }
        for used in seen["stand_ins_used"].as_array().into_iter().flatten() {
            out.line(&format!("    the code needs {}", inert(used.as_str().unwrap_or(""))))?;
        }
        for denied in seen["denied"].as_array().into_iter().flatten() {
            out.line(&format!("    {} was denied", inert(denied.as_str().unwrap_or(""))))?;
        }
    }
    let expected = &made["expected"];
    let message = expected["message"]
        .as_str()
        .map_or("(a message that is not compared)".to_owned(), |message| inert_lines(message, "    "));
    out.line(&format!(
        "wanted: {}: {message}  {}",
        inert(text(expected, "type")),
        inert(text(expected, "place"))
    ))?;
    print_about(out, made)
}

fn print_about(out: &mut Out, made: &Value) -> anyhow::Result<()> {
    let frame = &made["frame"];
    let function = out.paint(Style::Strong, &inert(text(frame, "function")));
    out.line(&format!(
        "calls {function} of {} (frame {}): {}",
        inert(text(frame, "module")),
        frame["index"],
        text(made, "why")
    ))?;
    for passed in made["passed_over"].as_array().into_iter().flatten() {
        let line = format!(
            "not frame {}, {}: {}",
            passed["frame"],
            inert(text(passed, "function")),
            inert(text(passed, "reason"))
        );
        out.line(&out.paint(Style::Muted, &line))?;
    }
    for input in made["fidelity"].as_array().into_iter().flatten() {
        let state = text(input, "state").replace('_', "-");
        let style = if state == "exact" { Style::Muted } else { Style::Redacted };
        out.line(&format!(
            "  {}  {} {}",
            out.paint(style, &state),
            out.paint(Style::Key, &inert(text(input, "name"))),
            inert(text(input, "why"))
        ))?;
    }
    for missing in made["missing"].as_array().into_iter().flatten() {
        out.line(
            &out.paint(Style::Muted, &format!("better with {}", inert(missing.as_str().unwrap_or("")))),
        )?;
    }
    Ok(())
}
