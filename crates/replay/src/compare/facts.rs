//! What is known of two occurrences besides the values of their frames.

use std::collections::BTreeSet;

use reenact_model::{Exception, Report};

use super::{Fact, Outcome, Volatile, shown, volatile};

/// Facts whose difference says nothing, with the reason.
const VOLATILE: [(&str, Volatile); 3] =
    [("timestamp", Volatile::Time), ("trace_id", Volatile::Id), ("span_id", Volatile::Id)];

/// Service, environment, request, tags and so on, those that at least one side has.
pub(super) fn of_reports(left: &Report, right: &Report) -> Vec<Fact> {
    let plain = plain(left).into_iter().zip(plain(right));
    let mut facts: Vec<Fact> =
        plain.filter_map(|((name, left), (_, right))| fact(name.to_owned(), left, right)).collect();
    let tags: BTreeSet<&String> = left.tags.keys().chain(right.tags.keys()).collect();
    for tag in tags {
        let of = |report: &Report| report.tags.get(tag).cloned();
        facts.extend(fact(format!("tags.{tag}"), of(left), of(right)));
    }
    let metrics: BTreeSet<&String> = left.metrics.keys().chain(right.metrics.keys()).collect();
    for metric in metrics {
        let of = |report: &Report| report.metrics.get(metric).map(ToString::to_string);
        facts.extend(fact(format!("tags.{metric}"), of(left), of(right)));
    }
    facts
}

/// The facts with one name each, in the same order for every report.
fn plain(report: &Report) -> [(&'static str, Option<String>); 22] {
    let request = report.request.as_ref();
    let client = &report.client;
    [
        ("timestamp", Some(report.timestamp.to_string())),
        ("service", Some(report.service.clone())),
        ("env", report.env.clone()),
        ("version", report.version.clone()),
        ("host", report.host.clone()),
        ("resource", report.resource.clone()),
        ("operation", report.operation.clone()),
        ("handled", Some(report.handled.to_string())),
        ("user", report.user_id.clone()),
        ("request.method", request.and_then(|request| request.method.clone())),
        ("request.url", request.and_then(|request| request.url.clone())),
        ("request.route", request.and_then(|request| request.route.clone())),
        ("request.status_code", request.and_then(|request| request.status_code).map(|code| code.to_string())),
        ("request.user_agent", request.and_then(|request| request.user_agent.clone())),
        ("commit", report.commit.clone()),
        ("repository", report.repository.clone()),
        ("language", report.language.clone()),
        ("client.name", Some(client.name.clone()).filter(|name| !name.is_empty())),
        ("client.version", client.version.clone()),
        ("thread", report.thread.clone()),
        ("trace_id", report.trace_id.map(|id| id.to_string())),
        ("span_id", report.span_id.map(|id| id.to_string())),
    ]
}

/// What is said about two exceptions, or about one.
pub(super) fn of_exceptions(left: Option<&Exception>, right: Option<&Exception>) -> Vec<Fact> {
    let text = |of: fn(&Exception) -> Option<String>| (left.and_then(of), right.and_then(of));
    let facts = [
        ("type", text(|exception| Some(exception.type_name.clone()))),
        ("message", text(|exception| Some(exception.message.clone()))),
        ("notes", text(|exception| (!exception.notes.is_empty()).then(|| exception.notes.join("\n")))),
        ("members", text(|exception| some_count(exception.members.len()))),
    ];
    facts.into_iter().filter_map(|(name, (left, right))| fact(name.to_owned(), left, right)).collect()
}

fn some_count(count: usize) -> Option<String> {
    (count > 0).then(|| count.to_string())
}

fn fact(name: String, left: Option<String>, right: Option<String>) -> Option<Fact> {
    left.as_ref().or(right.as_ref())?;
    let outcome = Outcome::of(left.as_ref(), right.as_ref());
    let volatile = match (&left, &right) {
        _ if outcome == Outcome::Same => None,
        (left, right) => {
            let known = VOLATILE.iter().find(|(known, _)| *known == name).map(|(_, reason)| *reason);
            let texts = left.as_ref().zip(right.as_ref());
            known
                .or_else(|| texts.and_then(|(left, right)| volatile::of_texts(last_name(&name), left, right)))
        }
    };
    let shown = |text: Option<String>| text.map(|text| shown::text(&text).to_owned());
    Some(Fact { outcome, left: shown(left), right: shown(right), volatile, name })
}

/// The part behind the last dot: `id` of `tags.usr.id`.
fn last_name(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
