//! `reenact debug EVENT`.

mod files;
mod prompt;
mod serve;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use reenact_debug::{Case, Event, Wanted};

use crate::client::{self, ServerArguments};

#[derive(Args)]
#[command(after_help = "\
Nothing is run and nothing can be changed: frames, values and expressions are answered from what was captured.
Without --pdb it speaks the Debug Adapter Protocol, on standard input and output or with --port on TCP of this machine;
then the event may also be named as `event` in the launch configuration. docs/debugging.md has those of VS Code, PyCharm,
Neovim and Emacs.

Files are looked for below --root, further in as well. One that is the same as it was is opened where it lies; otherwise
the captured lines are shown.

Examples:
  reenact debug 0123456789abcdef0123456789abcdef --pdb
  reenact debug 0123456789abcdef0123456789abcdef --port 4711 --root src
  reenact debug --port 0")]
pub(crate) struct DebugArguments {
    /// An event (32 hexadecimal digits), or an issue (16) for its newest event with values
    #[arg(required_if_eq("pdb", "true"))]
    event: Option<String>,
    /// Wait for a debugger on this TCP port of 127.0.0.1; 0 takes a free one and prints it
    #[arg(long, value_name = "N", conflicts_with = "pdb")]
    port: Option<u16>,
    /// The folder with the application's source
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// A prompt in the terminal, with the commands of pdb
    #[arg(long)]
    pdb: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(arguments: &DebugArguments) -> anyhow::Result<ExitCode> {
    let open = |event: &str, root: &Path| case(&arguments.server.server, event, root);
    let case = arguments.event.as_deref().map(|event| open(event, &arguments.root)).transpose()?;
    let load = |wanted: &Wanted| {
        let root = wanted.root.as_ref().map_or(arguments.root.clone(), PathBuf::from);
        open(&wanted.event, &root).map_err(|error| format!("{error:#}"))
    };
    match (case, arguments.port) {
        (Some(case), None) if arguments.pdb => prompt::run(case)?,
        (case, Some(port)) => serve::on_port(port, case, load)?,
        (case, None) => serve::on_standard_streams(case, load)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Gets an event with its values, and looks for its files.
fn case(server: &str, named: &str, root: &Path) -> anyhow::Result<Case> {
    let id = crate::show::event_id(server, named.trim())?;
    let answer = client::get(server, &format!("/events/{id}"), &[])?;
    let mut event = Event::read(answer).map_err(anyhow::Error::msg)?;
    let files = files::found_here(&event, &std::path::absolute(root)?);
    // After the files were compared: a repository may be at another commit than the one that ran.
    event.join_source(&client::get(server, &format!("/events/{id}/source"), &[])?);
    Ok(Case::new(event, files))
}
