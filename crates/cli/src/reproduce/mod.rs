//! `reenact reproduce EVENT`.

mod declared;
mod local;
mod print;
mod roots;
mod run;
mod search;
mod shrink;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::client::{self, ServerArguments, text};
use crate::output::{self, Out};
use local::Here;
use run::{Environment, Verdict};
use search::{Found, Search};

#[derive(Args)]
#[command(after_help = "\
Read a test before you run it: it calls real code with what was captured, and whoever can send events can choose both.
With --run it runs in a process of its own, without network, other processes, and writes outside a temporary folder. That
is a guard against accidents, and no sandbox.

Exit codes with --run: 0 the same exception twice (type, message and line), 3 another exception, 4 no exception, 1 it
could not be run. Without --frame, up to 7 frames further out are tried when the first does not raise the same exception,
then the statement that raised alone; where a function does, the outermost one that does as well is looked for.

The application's files at and below the working folder, or --root, are sent to the server, which keeps nothing of them:
they tell which arguments the code changed.

Examples:
  reenact reproduce 0123456789abcdef0123456789abcdef > tests/test_crash.py
  reenact reproduce 0123456789abcdef0123456789abcdef --run --root src --python .venv/bin/python
  reenact reproduce 0123456789abcdef --frame 2 --output tests/test_crash.py
  reenact reproduce 0123456789abcdef --run --shrink --output tests/test_crash.py
  reenact reproduce 0123456789abcdef --statement --run --anyway")]
pub(crate) struct ReproduceArguments {
    /// An event (32 hexadecimal digits), or an issue (16) for its newest event with values
    event: String,
    /// The frame to call, from 0, the outermost first [default: the best one]
    #[arg(long, value_name = "N")]
    frame: Option<u64>,
    /// Run the statement that raised alone, with its variables, instead of calling a function
    #[arg(long)]
    statement: bool,
    /// Write the test to this file, which must not be there yet
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Run the test, and say whether it raises the same exception
    #[arg(long)]
    run: bool,
    /// Leave out what the exception does not need of the inputs, in 200 more runs at most, and print that test
    #[arg(long, requires = "run")]
    shrink: bool,
    /// Python of the environment of the application
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,
    /// The folder that the application's modules are imported from [default: told from the files at and below the working
    /// folder]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
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

pub(crate) fn run(arguments: &ReproduceArguments) -> anyhow::Result<ExitCode> {
    let server = &arguments.server.server;
    let id = crate::show::event_id(server, &arguments.event)?;
    let event = client::get(server, &format!("/events/{id}"), &[("values", "false".to_owned())])?;
    let given = arguments.root.as_ref().map(std::path::absolute).transpose()?;
    let working = std::env::current_dir().context("the working folder is not known")?;
    let mut here = Here::of(&event, given.as_deref(), &working).map_err(anyhow::Error::msg)?;
    let (mut made, verdict) = found(arguments, &id, &mut here)?;
    made["imports_from"] = print::imports_from(&here, &working, &made, &arguments.python);
    if let Some(path) = &arguments.output {
        let file = std::fs::File::create_new(path);
        let mut file = file.with_context(|| format!("`{}` cannot be made", path.display()))?;
        std::io::Write::write_all(&mut file, text(&made, "text").as_bytes())?;
    }
    let code = match verdict {
        None | Some(Verdict::Same) => ExitCode::SUCCESS,
        Some(Verdict::Other) => ExitCode::from(3),
        Some(Verdict::Nothing) => ExitCode::from(4),
        Some(Verdict::Failed) => ExitCode::FAILURE,
    };
    let mut out = Out::stdout();
    if arguments.json {
        output::json(&mut out, &made)?;
    } else if arguments.shrink && arguments.output.is_none() {
        out.text(text(&made, "text"))?;
        print::run(&mut Out::stderr(), &made)?;
    } else if arguments.run {
        print::run(&mut out, &made)?;
    } else if arguments.output.is_none() {
        out.text(text(&made, "text"))?;
        print::about(&mut Out::stderr(), &made)?;
    } else {
        print::about(&mut out, &made)?;
    }
    Ok(code)
}

/// The test, and with --run what its runs showed.
fn found(
    arguments: &ReproduceArguments,
    id: &str,
    here: &mut Here<'_>,
) -> anyhow::Result<(Value, Option<Verdict>)> {
    let server = &arguments.server.server;
    let sources = here.sources();
    let mode = arguments.statement.then_some("statement");
    let allowed: Vec<&str> = arguments.allow.iter().map(|allowed| allowed.name()).collect();
    let frames = here.frames_with_values();
    let python = of_this_folder(&arguments.python)?;
    let not_importable = RefCell::new(BTreeSet::new());
    loop {
        let roots: Vec<&str> = here.roots().iter().map(|root| root.captured.as_str()).collect();
        let ask = |frame: Option<u64>, mode: Option<&str>| {
            let wanted = json!({
                "frame": frame, "mode": mode, "roots": roots, "sources": sources, "not_importable": *not_importable.borrow(),
            });
            client::post(server, &format!("/events/{id}/reproduction"), &wanted)
        };
        let first = ask(arguments.frame, mode)?;
        if !arguments.run {
            return Ok((first, None));
        }
        let environment = Environment {
            python: &python,
            roots: here.folders(),
            allowed: allowed.join(","),
            timeout: Duration::from_secs(arguments.timeout),
        };
        let differs = |made: &Value| here.differs(made).filter(|_| !arguments.anyway);
        let is_free = arguments.frame.is_none() && mode.is_none();
        let search = Search {
            environment: &environment,
            ask: &ask,
            differs: &differs,
            is_free,
            frames: &frames,
            not_importable: &not_importable,
        };
        match search.run(first, |module| here.can_take_root_of(module))? {
            Found::Test(mut made, verdict) => {
                if arguments.shrink && verdict == Verdict::Same {
                    shrink::shrink(&mut made, &environment)?;
                }
                return Ok((made, Some(verdict)));
            }
            // Each time there is one folder more, up to as many as are taken.
            Found::Elsewhere(module) => here.take_root_of(&module),
        }
    }
}

/// A program as it is called from any folder: a path is that from the working folder, a name alone is looked for in `PATH`.
fn of_this_folder(program: &Path) -> std::io::Result<PathBuf> {
    if program.components().count() > 1 { std::path::absolute(program) } else { Ok(program.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_to_python_is_that_from_the_working_folder() {
        let working = std::env::current_dir().unwrap();
        assert_eq!(of_this_folder(Path::new(".venv/bin/python")).unwrap(), working.join(".venv/bin/python"));
        assert_eq!(of_this_folder(Path::new("./python")).unwrap(), working.join("python"));
        assert_eq!(of_this_folder(Path::new("python3")).unwrap(), Path::new("python3"));
        assert_eq!(of_this_folder(Path::new("/usr/bin/python3")).unwrap(), Path::new("/usr/bin/python3"));
    }
}
