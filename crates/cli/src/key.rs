//! `reenact key`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::{self, ListArguments, NamedArguments, ServerArguments, text};
use crate::output::{self, Out, Style, inert};

#[derive(Subcommand)]
#[command(after_help = "\
A program shows its key as `Authorization: Bearer reenact_…`, and `reenact` itself that in REENACT_KEY. It may then do what
the key may, and nothing else; the audit log has it as `key NAME`. Without a key the permissions of the local admin hold
(`access.local_admin`).

Examples:
  reenact key add agent --scope values
  reenact key add triage-agent --scope values,triage
  reenact key list
  reenact key remove agent")]
pub(crate) enum KeyCommand {
    /// List them, without the keys themselves
    List(ListArguments),
    /// Make one, and print it: it is not shown again
    Add(AddArguments),
    /// Remove one, which is worth nothing from then on
    Remove(NamedArguments),
}

#[derive(Args)]
pub(crate) struct AddArguments {
    /// What people call it
    name: String,
    /// What it may do besides looking at issues and events: values, unmask, settings, triage
    #[arg(long = "scope", value_name = "NAMES", value_delimiter = ',')]
    scopes: Vec<String>,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(command: &KeyCommand) -> anyhow::Result<ExitCode> {
    let mut out = Out::stdout();
    match command {
        KeyCommand::List(ListArguments { json, server }) => {
            let listed = client::get(&server.server, "/keys", &[])?;
            if *json {
                output::json(&mut out, &listed)?;
            } else {
                print(&mut out, &listed)?;
            }
        }
        KeyCommand::Add(AddArguments { name, scopes, json, server }) => {
            let made = client::post(&server.server, "/keys", &json!({"name": name, "scopes": scopes}))?;
            if *json {
                output::json(&mut out, &made)?;
            } else {
                out.line(text(&made, "key"))?;
                Out::stderr().line("It is not shown again. `reenact key remove` ends it.")?;
            }
        }
        KeyCommand::Remove(NamedArguments { name, server }) => {
            let key = client::named(&server.server, "keys", "key", name)?;
            client::delete(&server.server, &format!("/keys/{}", text(&key, "id")), &[])?;
            Out::stderr().line(&format!("key `{}` is removed; whoever shows it is refused", inert(name)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut Out, listed: &Value) -> anyhow::Result<()> {
    let keys = listed["keys"].as_array().map_or(&[][..], Vec::as_slice);
    if keys.is_empty() {
        out.line("there are no keys; `reenact key add NAME` makes one")?;
    }
    for key in keys {
        let scopes: Vec<&str> =
            key["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let scopes = if scopes.is_empty() { "looking only".to_owned() } else { scopes.join(", ") };
        let about = format!("made {} by {}", text(key, "added_at"), inert(text(key, "added_by")));
        out.line(&format!(
            "{}  {scopes}  {}",
            out.paint(Style::Strong, &inert(text(key, "name"))),
            out.paint(Style::Muted, &about)
        ))?;
    }
    Ok(())
}
