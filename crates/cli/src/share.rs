//! `reenact share EVENT`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};

use crate::client::{self, ServerArguments, text};
use crate::output::{self, Out, inert};

#[derive(Args)]
#[command(after_help = "\
What a text lacks is said on the standard error: what was redacted or not captured.

A bundle is one file of HTML with a viewer of its own, the JSON and the test. It opens without a server and loads nothing.
It goes through strict redaction: of captured values numbers, booleans and the shape are left; texts are not.

Examples:
  reenact share 0123456789abcdef0123456789abcdef --as markdown
  reenact share 0123456789abcdef --as curl | sh
  reenact share 0123456789abcdef --as bundle --output crash.html")]
pub(crate) struct ShareArguments {
    /// An event (32 hexadecimal digits), or an issue (16) for its newest event with values
    event: String,
    /// What to make of it
    #[arg(long = "as", value_enum, value_name = "FORM", default_value = "markdown")]
    form: Form,
    /// Write it to this file, which must not be there yet
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// The web request as a command of curl
    Curl,
    /// Title, stack, and the values of the deepest frame
    Markdown,
    /// One file of HTML that shows itself
    Bundle,
}

pub(crate) fn run(arguments: &ShareArguments) -> anyhow::Result<ExitCode> {
    let server = &arguments.server.server;
    let id = crate::show::event_id(server, &arguments.event)?;
    let form = match arguments.form {
        Form::Curl => "curl",
        Form::Markdown => "markdown",
        Form::Bundle => "bundle",
    };
    let shared = client::get(server, &format!("/events/{id}/{form}"), &[])?;
    let mut out = Out::stdout();
    if let Some(path) = &arguments.output {
        let file = std::fs::File::create_new(path);
        let mut file = file.with_context(|| format!("`{}` cannot be made", path.display()))?;
        std::io::Write::write_all(&mut file, text(&shared, "text").as_bytes())?;
    }
    if arguments.json {
        output::json(&mut out, &shared)?;
    } else if arguments.output.is_none() {
        out.text(text(&shared, "text"))?;
    }
    let mut about = Out::stderr();
    for missing in shared["missing"].as_array().into_iter().flatten() {
        about.line(&inert(missing.as_str().unwrap_or("")))?;
    }
    Ok(ExitCode::SUCCESS)
}
