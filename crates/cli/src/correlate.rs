//! `reenact correlate ISSUE`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::client::{self, ServerArguments, text};
use crate::issue::checked;
use crate::output::{self, Out, Style, inert};
use crate::show::summary;

#[derive(Args)]
#[command(after_help = "\
Examples:
  reenact correlate 0123456789abcdef
  reenact correlate 0123456789abcdef --from now-1w --query env:prod
  reenact correlate 0123456789abcdef --from now-2h --baseline history
  reenact correlate 0123456789abcdef --baseline calls")]
pub(crate) struct CorrelateArguments {
    /// The issue (16 hexadecimal digits)
    issue: String,
    /// What its events are compared with
    #[arg(long, value_enum, default_value_t = Baseline::Others)]
    baseline: Baseline,
    /// Which of its events count: `env:prod -version:1.4.2`
    #[arg(long, default_value = "")]
    query: String,
    /// Start of the range: RFC 3339 or `now-1d`
    #[arg(long, default_value = "now-1d")]
    from: String,
    /// End of the range, likewise
    #[arg(long, default_value = "now")]
    to: String,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Baseline {
    /// Events of other issues in which the same functions were captured
    Others,
    /// Events of the issue before the range
    History,
    /// Calls of the same functions that returned
    Calls,
}

pub(crate) fn run(arguments: &CorrelateArguments) -> anyhow::Result<ExitCode> {
    let id = checked(&arguments.issue)?;
    let baseline = match arguments.baseline {
        Baseline::Others => "others",
        Baseline::History => "history",
        Baseline::Calls => "calls",
    };
    let parameters = [
        ("baseline", baseline.to_owned()),
        ("query", arguments.query.clone()),
        ("from", arguments.from.clone()),
        ("to", arguments.to.clone()),
    ];
    let path = format!("/issues/{id}/correlations");
    let found = client::get(&arguments.server.server, &path, &parameters)?;
    let mut out = Out::stdout();
    if arguments.json {
        output::json(&mut out, &found)?;
    } else {
        print(&mut out, &found)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn count(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or(0)
}

fn print(out: &mut Out, found: &Value) -> anyhow::Result<()> {
    if found["values_hidden"] == true {
        out.line(&out.paint(Style::Redacted, "you may not see captured values"))?;
        return Ok(());
    }
    let (events, others) = (count(found, "events"), count(found, "baseline_events"));
    let compared_with = match text(found, "baseline") {
        "history" => "earlier events of the issue",
        "calls" => "calls that returned, by their arguments",
        _ => "events of other issues",
    };
    out.line(&format!("{events} events with values, compared with {others} {compared_with}"))?;
    if events > 0 && others == 0 {
        let note = "without a baseline nothing sets them apart; this is what is the same in all of them";
        out.line(&out.paint(Style::Redacted, note))?;
    } else if found["too_few"] == true {
        let note = "too few to say anything for certain: 5 on each side are needed";
        out.line(&out.paint(Style::Redacted, note))?;
    }
    let findings = found["findings"].as_array().map_or(&[][..], Vec::as_slice);
    for finding in findings {
        print_finding(out, finding)?;
    }
    if findings.is_empty() {
        out.line("nothing sets them apart")?;
    }
    out.line("")?;
    let about = format!(
        "{} comparisons; {} values that change each time take no part; a correlation is no cause",
        count(found, "comparisons"),
        count(found, "volatile")
    );
    out.line(&out.paint(Style::Muted, &about))?;
    match count(found, "findings_left_out") {
        0 => {}
        left_out => out.line(&out.paint(Style::Muted, &format!("{left_out} more are not listed")))?,
    }
    Ok(())
}

fn print_finding(out: &mut Out, finding: &Value) -> anyhow::Result<()> {
    out.line("")?;
    let (of_issue, of_baseline) = (&finding["of_issue"], &finding["of_baseline"]);
    out.line(&predicate(out, &finding["predicate"]))?;
    let difference = &finding["difference"];
    let said = if difference.is_null() {
        format!("    in all {} events in which it is known", count(of_issue, "total"))
    } else {
        let percent = |key: &str| (difference[key].as_f64().unwrap_or(0.0) * 100.0).round();
        format!(
            "    {} of {} against {} of {}: {} points more, 95 % interval {} to {}{}",
            count(of_issue, "count"),
            count(of_issue, "total"),
            count(of_baseline, "count"),
            count(of_baseline, "total"),
            percent("value"),
            percent("low"),
            percent("high"),
            if finding["stands_out"] == true { "; more than chance" } else { "; may be chance" }
        )
    };
    out.line(&said)?;
    for also in finding["also"].as_array().into_iter().flatten() {
        out.line(&format!("    also: {}", predicate(out, also)))?;
    }
    if let Some(event) = finding["events"][0].as_str() {
        let compare = match finding["counterexample"]["id"].as_str() {
            Some(other) => format!("reenact compare {event} {other}"),
            None => format!("reenact show {event}"),
        };
        out.line(&format!("    {}", out.paint(Style::Muted, &compare)))?;
    }
    Ok(())
}

/// `order.currency is 'XTS'  in pay`
fn predicate(out: &Out, predicate: &Value) -> String {
    let holds = match text(predicate, "condition") {
        "is" => summary(out, &predicate["value"]),
        "null" => "is None".to_owned(),
        "empty" => "is empty".to_owned(),
        "missing" => "is missing".to_owned(),
        "has_type" => format!("has type {}", inert(text(predicate, "type"))),
        "at_least" => format!(">= {}", inert(text(predicate, "number"))),
        _ => format!("<= {}", inert(text(predicate, "number"))),
    };
    let path = out.paint(Style::Key, &inert(text(predicate, "path")));
    let function = format!("in {}", inert(text(predicate, "function")));
    format!("{path} {holds}  {}", out.paint(Style::Muted, &function))
}
