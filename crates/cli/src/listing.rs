//! `reenact issues`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::client::{self, ServerArguments, text};
use crate::output::{self, Out, Style, inert};
use crate::views;

#[derive(Args)]
pub(crate) struct IssuesArguments {
    /// Which events count: `service:checkout -env:dev is:regression "card declined"`
    #[arg(long, default_value = "")]
    query: String,
    /// Start of the range: RFC 3339 or `now-1d`
    #[arg(long, default_value = "now-1d")]
    from: String,
    /// End of the range, likewise
    #[arg(long, default_value = "now")]
    to: String,
    /// A saved view: its query besides that of `--query`, and its tab
    #[arg(long, value_name = "NAME", conflicts_with = "state")]
    view: Option<String>,
    /// Only issues in this state
    #[arg(long, value_enum, default_value_t = StateFilter::All)]
    state: StateFilter,
    /// `last_seen`, `first_seen`, `count`, `users` or `relevance`
    #[arg(long, default_value = "last_seen")]
    sort: String,
    /// Issues to list, 1 to 200
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum StateFilter {
    /// Every issue
    All,
    /// To be looked at
    ForReview,
    /// Looked at
    Reviewed,
    /// Mended
    Resolved,
    /// Ignored or excluded
    Ignored,
}

impl StateFilter {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

pub(crate) fn run(arguments: &IssuesArguments) -> anyhow::Result<ExitCode> {
    let server = &arguments.server.server;
    let view = arguments.view.as_ref().map(|name| views::named(server, name)).transpose()?;
    let of_view = view.as_ref().map_or("", |view| text(view, "query"));
    let query =
        [of_view, &arguments.query].iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>();
    let state = view.as_ref().map_or_else(|| arguments.state.name(), |view| text(view, "tab").to_owned());
    let parameters = [
        ("query", query.join(" ")),
        ("from", arguments.from.clone()),
        ("to", arguments.to.clone()),
        ("state", state),
        ("sort", arguments.sort.clone()),
        ("limit", arguments.limit.to_string()),
    ];
    let answer = client::get(server, "/issues", &parameters)?;
    let mut out = Out::stdout();
    if arguments.json {
        output::json(&mut out, &answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let issues = answer["issues"].as_array().map_or(&[][..], Vec::as_slice);
    if issues.is_empty() {
        eprintln!(
            "no issues match from {} to {}; widen the range with --from now-4w",
            arguments.from, arguments.to
        );
        return Ok(ExitCode::SUCCESS);
    }
    for issue in issues {
        print_issue(&mut out, issue)?;
    }
    // The hints stand below.
    drop(out);
    let total = answer["total"].as_u64().unwrap_or(0);
    eprintln!(
        "`reenact show ID` prints an issue's newest event with values, `reenact issue ID` where it stands"
    );
    if total > issues.len() as u64 {
        eprintln!("{} of {total} issues; more with --limit", issues.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn print_issue(out: &mut Out, issue: &Value) -> anyhow::Result<()> {
    let values = if issue["has_values"] == true { "values" } else { "      " };
    let head = format!(
        "{}  {:>6} x  {values}  {}  {}",
        out.paint(Style::Muted, text(issue, "id")),
        issue["count"].as_u64().unwrap_or(0),
        out.paint(Style::Error, &inert(text(issue, "type"))),
        inert(&shorten(text(issue, "message"), 100)),
    );
    out.line(head.trim_end())?;
    let culprit = &issue["culprit"];
    let mut place = match culprit["line_number"].as_u64() {
        Some(line) => format!("{}:{line} in {}", text(culprit, "file"), text(culprit, "function")),
        None => "no frame".to_owned(),
    };
    let mut state = text(issue, "state").replace('_', " ");
    for tag in issue["tags"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        state.push_str(&format!(", {tag}"));
    }
    if let Some(assignee) = issue["assignee"].as_str() {
        state.push_str(&format!(", {assignee}"));
    }
    if let Some(cause) = issue["cause"].as_str().filter(|cause| *cause != "unknown") {
        place.push_str(&format!("  {}", cause.replace('_', " ")));
    }
    let (service, last_seen) = (text(issue, "service"), text(issue, "last_seen"));
    let detail = format!("    {state}  {service}  {place}  last seen {last_seen}");
    out.line(&out.paint(Style::Muted, &inert(&detail)))?;
    Ok(())
}

fn shorten(text: &str, characters_max: usize) -> String {
    let first = text.lines().next().unwrap_or("");
    if first.chars().count() <= characters_max && first.len() == text.len() {
        return first.to_owned();
    }
    first.chars().take(characters_max).chain(['…']).collect()
}
