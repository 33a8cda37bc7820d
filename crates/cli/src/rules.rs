//! Rules that are one list: what `reenact grouping` and `reenact volume` have in common.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use crate::client::{self, ListArguments, ServerArguments, text};
use crate::output::{self, Out, Style, inert};

#[derive(Args)]
pub(crate) struct SetArguments {
    /// A JSON file as `list --json` prints it, with the "version" that is changed
    pub(crate) file: PathBuf,
    /// Print the API's JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
}

/// Which rules are tried, and on which events.
#[derive(Args)]
pub(crate) struct PreviewArguments {
    /// A JSON file with "rules" [default: the rules in force]
    file: Option<PathBuf>,
    /// Which events: `service:checkout env:prod`
    #[arg(long, default_value = "")]
    query: String,
    /// Start of the range: RFC 3339 or `now-1d`
    #[arg(long, default_value = "now-1w")]
    from: String,
    /// End of the range, likewise
    #[arg(long, default_value = "now")]
    to: String,
    /// How many of the newest events, 1 to 10,000
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    events: u16,
    /// Print the API's JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
}

/// One kind of rules.
pub(crate) struct Kind {
    /// Where the API has them.
    pub(crate) address: &'static str,
    /// What is printed when there are none.
    pub(crate) none: &'static str,
    /// What a rule says besides its name and its query: a word, and the text.
    pub(crate) says: fn(&Value) -> (&'static str, String),
}

impl Kind {
    /// Prints the rules in force.
    pub(crate) fn list(&self, ListArguments { json, server }: &ListArguments) -> anyhow::Result<()> {
        self.print(&self.in_force(&server.server)?, *json)
    }

    /// Replaces the rules by those of a file.
    pub(crate) fn set(&self, SetArguments { file, json, server }: &SetArguments) -> anyhow::Result<()> {
        let rules = read(file)?;
        let body = json!({ "version": rules["version"], "rules": rules["rules"] });
        let saved = client::put(&server.server, self.address, &body)?;
        eprintln!("saved as version {}; in force for what arrives from now on", saved["version"]);
        self.print(&saved, *json)
    }

    /// What the API is asked for a preview.
    pub(crate) fn preview(&self, asked: &PreviewArguments) -> anyhow::Result<Value> {
        let PreviewArguments { file, query, from, to, events, json: _, server } = asked;
        let rules = match file {
            Some(file) => read(file)?,
            None => self.in_force(&server.server)?,
        };
        Ok(json!({ "rules": rules["rules"], "query": query, "from": from, "to": to, "events": events }))
    }

    pub(crate) fn in_force(&self, server: &str) -> anyhow::Result<Value> {
        client::get(server, self.address, &[])
    }

    fn print(&self, answer: &Value, json: bool) -> anyhow::Result<()> {
        let mut out = Out::stdout();
        if json {
            return output::json(&mut out, answer);
        }
        let rules = answer["rules"].as_array().map_or(&[][..], Vec::as_slice);
        for (at, rule) in rules.iter().enumerate() {
            let off = if rule["enabled"] == false { "  (off)" } else { "" };
            let head = out.paint(Style::Strong, &inert(text(rule, "name")));
            out.line(&format!("{}. {head}{off}", at + 1))?;
            let query = Some(text(rule, "query")).filter(|query| !query.is_empty()).unwrap_or("every event");
            let (word, said) = (self.says)(rule);
            let width = word.len().max("events".len());
            out.line(&format!("   {:width$}  {}", "events", inert(query)))?;
            out.line(&format!("   {word:width$}  {}", inert(&said)))?;
        }
        drop(out);
        if rules.is_empty() {
            eprintln!("{}", self.none);
        }
        Ok(())
    }
}

/// The JSON of a file.
pub(crate) fn read(file: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading `{}`", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("`{}` is no JSON", file.display()))
}
