//! `reenact view`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::{self, ListArguments, NamedArguments, ServerArguments, text};
use crate::output::{self, Out, Style, inert};

/// What the API calls them.
const LIST: &str = "views";

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  reenact view list
  reenact view save 'Payments today' --query 'service:pay* is:unhandled' --range 1d --tab for_review
  reenact view save 'By region' --query env:prod --facet service --facet @region --facet owner --folded owner
  reenact issues --view 'Payments today'
  reenact view remove 'Payments today'")]
pub(crate) enum ViewCommand {
    /// List them
    List(ListArguments),
    /// Save one; what is not given of one that there is stays as it is
    Save(SaveArguments),
    /// Delete one, for everybody; issues stay as they are
    Remove(NamedArguments),
}

#[derive(Args)]
pub(crate) struct SaveArguments {
    /// Its name
    name: String,
    /// Another name
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// What it looks for
    #[arg(long)]
    query: Option<String>,
    /// Its range as the pages have it: `1d`, or two times with `/` between them
    #[arg(long)]
    range: Option<String>,
    /// `for_review`, `reviewed`, `resolved`, `ignored` or `all`
    #[arg(long)]
    tab: Option<String>,
    /// `last_seen`, `first_seen`, `count`, `users` or `relevance`
    #[arg(long)]
    sort: Option<String>,
    /// A facet beside the list, in order: a key of the query language, or `@` and a tag. More with more of these
    #[arg(long = "facet", value_name = "KEY", conflicts_with = "own_facets")]
    facets: Vec<String>,
    /// One of them that is folded. More with more of these
    #[arg(long = "folded", value_name = "KEY", requires = "facets")]
    folded: Vec<String>,
    /// Leave the commonest tags out
    #[arg(long, requires = "facets")]
    no_tags: bool,
    /// Show each reader the facets that they have chosen
    #[arg(long)]
    own_facets: bool,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(command: &ViewCommand) -> anyhow::Result<ExitCode> {
    match command {
        ViewCommand::List(arguments) => list(arguments)?,
        ViewCommand::Save(arguments) => save(arguments)?,
        ViewCommand::Remove(NamedArguments { name, server }) => {
            let known = named(&server.server, name)?;
            let version = [("version", known["version"].to_string())];
            client::delete(&server.server, &format!("/views/{}", text(&known, "id")), &version)?;
            eprintln!("`{}` is deleted", inert(name));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The view of this name.
pub(crate) fn named(server: &str, name: &str) -> anyhow::Result<Value> {
    client::named(server, LIST, "view", name)
}

fn list(ListArguments { json, server }: &ListArguments) -> anyhow::Result<()> {
    let answer = client::get(&server.server, "/views", &[])?;
    let mut out = Out::stdout();
    if *json {
        return output::json(&mut out, &answer);
    }
    let views = answer["views"].as_array().map_or(&[][..], Vec::as_slice);
    for view in views {
        print(&mut out, view)?;
    }
    drop(out);
    if views.is_empty() {
        eprintln!("no views; `reenact view save NAME --query QUERY` saves one");
    }
    Ok(())
}

fn save(arguments: &SaveArguments) -> anyhow::Result<()> {
    let server = &arguments.server.server;
    let known = client::find(server, LIST, &arguments.name)?;
    let fields = ["name", "query", "range", "tab", "sort", "facets", "version"];
    let mut body: Value = match &known {
        Some(known) => fields.iter().map(|field| (*field, known[*field].clone())).collect(),
        None => json!({ "name": arguments.name }),
    };
    let given = [
        ("name", &arguments.rename),
        ("query", &arguments.query),
        ("range", &arguments.range),
        ("tab", &arguments.tab),
        ("sort", &arguments.sort),
    ];
    for (field, value) in given {
        if let Some(value) = value {
            body[field] = json!(value);
        }
    }
    if arguments.own_facets {
        body["facets"] = Value::Null;
    } else if !arguments.facets.is_empty() {
        let (keys, folded, tags) = (&arguments.facets, &arguments.folded, !arguments.no_tags);
        body["facets"] = json!({ "keys": keys, "folded": folded, "tags": tags });
    }
    let saved = match &known {
        Some(known) => client::put(server, &format!("/views/{}", text(known, "id")), &body)?,
        None => client::post(server, "/views", &body)?,
    };
    let mut out = Out::stdout();
    if arguments.json { output::json(&mut out, &saved) } else { print(&mut out, &saved) }
}

fn print(out: &mut Out, view: &Value) -> anyhow::Result<()> {
    let name = out.paint(Style::Strong, &inert(text(view, "name")));
    let query = Some(text(view, "query")).filter(|query| !query.is_empty()).unwrap_or("everything");
    out.line(&format!("{name}  {}", inert(query)))?;
    let range = Some(text(view, "range")).filter(|range| !range.is_empty()).unwrap_or("the usual range");
    let tab = text(view, "tab").replace('_', " ");
    out.line(&format!("    {tab}, {}, by {}", inert(range), text(view, "sort").replace('_', " ")))?;
    let facets = &view["facets"];
    if facets.is_null() {
        return Ok(());
    }
    let words = |field: &str| {
        let all = facets[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        inert(&all.collect::<Vec<_>>().join(", "))
    };
    let keys = if facets["keys"].is_null() { "the usual ones".to_owned() } else { words("keys") };
    let folded = Some(words("folded")).filter(|folded| !folded.is_empty());
    let folded = folded.map(|folded| format!("; folded: {folded}")).unwrap_or_default();
    let tags = if facets["tags"] == false { "; without the commonest tags" } else { "" };
    out.line(&format!("    facets: {keys}{folded}{tags}"))?;
    Ok(())
}
