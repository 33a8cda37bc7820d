//! `reenact repository`.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::{self, ListArguments, NamedArguments, ServerArguments, text};
use crate::output::{self, Out, Style, inert};

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  reenact repository add shop /srv/clones/shop --service checkout --service 'pay*'
  reenact repository add mono /srv/clones/mono --service '*' --map /srv/app/=services/shop --reference 'release-{version}'
  reenact repository list
  reenact repository change shop --line-url 'https://git.example.org/shop/{commit}/{path}#{line}'
  reenact repository remove shop")]
pub(crate) enum RepositoryCommand {
    /// List them, and how their clones stand
    List(ListArguments),
    /// Set one up from a clone on the server's machine
    Add(AddArguments),
    /// Change one; what is not given stays as it is
    Change(ChangeArguments),
    /// Forget one; its clone stays as it is
    Remove(NamedArguments),
}

#[derive(Args)]
pub(crate) struct AddArguments {
    /// What people call it
    name: String,
    /// The folder of the clone, on the server's machine
    path: String,
    #[command(flatten)]
    settings: Settings,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Args)]
pub(crate) struct ChangeArguments {
    /// Its name
    name: String,
    /// Another name
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// Another folder of the clone
    #[arg(long, value_name = "DIR")]
    path: Option<String>,
    #[command(flatten)]
    settings: Settings,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Args)]
struct Settings {
    /// A service that it is the source of; `*` stands for any text. More with more of these
    #[arg(long = "service", value_name = "NAME")]
    services: Vec<String>,
    /// Where paths of the service's machine lie in it: `/srv/app/=services/shop`
    #[arg(long = "map", value_name = "PREFIX=FOLDER", value_parser = parse_mapping)]
    mappings: Vec<(String, String)>,
    /// Tag or branch of a version, with `{version}` in it [default: `{version}`, `v{version}`]
    #[arg(long = "reference", value_name = "NAME")]
    references: Vec<String>,
    /// Address of a line, with `{commit}`, `{path}` and `{line}` [default: recognised by `origin`]
    #[arg(long, value_name = "URL")]
    line_url: Option<String>,
    /// Address of a commit, with `{commit}`
    #[arg(long, value_name = "URL")]
    commit_url: Option<String>,
}

fn parse_mapping(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((prefix, folder)) if !prefix.is_empty() => Ok((prefix.to_owned(), folder.to_owned())),
        _ => Err("a mapping is a prefix and a folder: `/srv/app/=services/shop`".to_owned()),
    }
}

impl Settings {
    /// Puts what is given into a body.
    fn put_into(&self, body: &mut Value) {
        if !self.services.is_empty() {
            body["services"] = json!(self.services);
        }
        if !self.mappings.is_empty() {
            let mapping = |(prefix, folder): &(String, String)| json!({ "prefix": prefix, "folder": folder });
            body["mappings"] = self.mappings.iter().map(mapping).collect();
        }
        if !self.references.is_empty() {
            body["references"] = json!(self.references);
        }
        if let Some(url) = &self.line_url {
            body["line_url"] = json!(url);
        }
        if let Some(url) = &self.commit_url {
            body["commit_url"] = json!(url);
        }
    }
}

pub(crate) fn run(command: &RepositoryCommand) -> anyhow::Result<ExitCode> {
    match command {
        RepositoryCommand::List(arguments) => list(arguments)?,
        RepositoryCommand::Add(arguments) => {
            if arguments.settings.services.is_empty() {
                bail!("say whose source it is: --service NAME, or --service '*' for every service");
            }
            let mut body = json!({ "name": arguments.name, "path": arguments.path });
            arguments.settings.put_into(&mut body);
            let added = client::post(&arguments.server.server, "/repositories", &body)?;
            tell(&added, arguments.json)?;
        }
        RepositoryCommand::Change(arguments) => {
            let server = &arguments.server.server;
            let known = named(server, &arguments.name)?;
            let fields =
                ["name", "path", "services", "mappings", "references", "line_url", "commit_url", "version"];
            let mut body: Value = fields.iter().map(|field| (*field, known[*field].clone())).collect();
            for (field, value) in [("name", &arguments.rename), ("path", &arguments.path)] {
                if let Some(value) = value {
                    body[field] = json!(value);
                }
            }
            arguments.settings.put_into(&mut body);
            let changed = client::put(server, &format!("/repositories/{}", text(&known, "id")), &body)?;
            tell(&changed, arguments.json)?;
        }
        RepositoryCommand::Remove(arguments) => {
            let server = &arguments.server.server;
            let known = named(server, &arguments.name)?;
            client::delete(server, &format!("/repositories/{}", text(&known, "id")), &[])?;
            eprintln!("`{}` is forgotten; its clone stays as it is", inert(&arguments.name));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn named(server: &str, name: &str) -> anyhow::Result<Value> {
    client::named(server, "repositories", "repository", name)
}

fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let answer = client::get(&arguments.server.server, "/repositories", &[])?;
    let mut out = Out::stdout();
    if arguments.json {
        return output::json(&mut out, &answer);
    }
    let repositories = answer["repositories"].as_array().map_or(&[][..], Vec::as_slice);
    if repositories.is_empty() {
        eprintln!("none is set up; `reenact repository add NAME DIR --service SERVICE` does that");
    }
    for repository in repositories {
        print(&mut out, repository)?;
    }
    Ok(())
}

fn tell(repository: &Value, as_json: bool) -> anyhow::Result<()> {
    let mut out = Out::stdout();
    if as_json { output::json(&mut out, repository) } else { print(&mut out, repository) }
}

fn print(out: &mut Out, repository: &Value) -> anyhow::Result<()> {
    let words = |field: &str| {
        let all = repository[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        inert(&all.collect::<Vec<_>>().join(", "))
    };
    let name = out.paint(Style::Strong, &inert(text(repository, "name")));
    out.line(&format!("{name}  {}", inert(text(repository, "path"))))?;
    out.line(&format!("    of {}", words("services")))?;
    for mapping in repository["mappings"].as_array().into_iter().flatten() {
        let folder = Some(text(mapping, "folder")).filter(|folder| !folder.is_empty()).unwrap_or("its root");
        out.line(&format!("    {} is {}", inert(text(mapping, "prefix")), inert(folder)))?;
    }
    let head = &repository["head"];
    let stands = match repository["problem"].as_str() {
        Some(problem) => out.paint(Style::Error, &inert(problem)),
        None => {
            let commit: String = text(head, "commit").chars().take(10).collect();
            let branch = head["branch"].as_str().unwrap_or("HEAD");
            let shallow = if head["is_shallow"] == true { ", shallow" } else { "" };
            let said = format!(
                "{branch} at {commit}: {} ({}){shallow}",
                text(head, "subject"),
                text(head, "author")
            );
            out.paint(Style::Muted, &inert(&said))
        }
    };
    out.line(&format!("    {stands}"))?;
    if repository["has_links"] == false && repository["problem"].is_null() {
        out.line("    no links: its pages are not recognised by `origin`; give --line-url")?;
    }
    Ok(())
}
