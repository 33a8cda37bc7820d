//! The questions, as the explorer asks them over HTTP, and their answers beside the yardstick's.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use crate::fill::Filled;
use crate::rows::{DAYS, Rows};

const DAY_NS: i64 = 86_400_000_000_000;
/// Ranges end so long before the last event, so that they cut days in the middle as those of people do.
const CUT_NS: i64 = DAY_NS / 4;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Issues,
    Facets,
    Histogram,
    /// The newest 50 events of an issue.
    Latest,
    Event,
}

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) verb: Verb,
    /// `30 d` and the like, and the kind of filter.
    pub(crate) range: &'static str,
    pub(crate) filter: &'static str,
    path: String,
    /// The same for the yardstick; `None` where that does not have the data.
    pub(crate) for_duckdb: Option<Value>,
}

impl Question {
    /// The aim for the 95th percentile, in milliseconds.
    pub(crate) fn aim_ms(&self) -> f64 {
        match self.verb {
            Verb::Issues | Verb::Facets | Verb::Histogram => 150.0,
            Verb::Latest | Verb::Event => 20.0,
        }
    }

    pub(crate) fn name(&self) -> String {
        let verb = match self.verb {
            Verb::Issues => "issue list",
            Verb::Facets => "the facets",
            Verb::Histogram => "histogram",
            Verb::Latest => "latest 50 of an issue",
            Verb::Event => "event by id",
        };
        [verb, self.range, self.filter]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Asks the server; the answer and the time in milliseconds.
    pub(crate) fn ask(&self, agent: &ureq::Agent, ui: &str) -> anyhow::Result<(Value, f64)> {
        let url = format!("{ui}/api/v1{}", self.path);
        let started = Instant::now();
        let text = agent.get(&url).call()?.body_mut().read_to_string()?;
        let took = started.elapsed();
        Ok((serde_json::from_str(&text).context("the API answers JSON")?, took.as_secs_f64() * 1e3))
    }
}

pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(120))).build().into()
}

/// All questions on a filled directory.
pub(crate) fn questions(filled: &Filled, rows: &Rows) -> Vec<Question> {
    let ordinary = rows.row(filled.events * 2 / 3).event.into_inner();
    let message = &ordinary.report.exceptions[0].message;
    // A number that a hundred thousandth of the events have.
    let rare = message.split(' ').next_back().unwrap_or_default().to_owned();
    let service = "service-3";
    let filters: [(&str, Option<Value>, String); 6] = [
        ("", Some(json!({})), String::new()),
        ("by service", Some(json!({ "service": service })), format!("service%3A{service}")),
        ("by a tag", Some(json!({ "tag": ["tenant", "tenant-3"] })), "%40tenant%3Atenant-3".to_owned()),
        ("rare word", Some(json!({ "word": rare })), rare),
        ("common word", Some(json!({ "word": "overdue" })), "overdue".to_owned()),
        // Half of the events that have values.
        ("by a captured value", None, format!("var.order_id%3A%3E{}", filled.events * 7 / 2)),
    ];
    let mut questions = Vec::new();
    for verb in [Verb::Issues, Verb::Facets, Verb::Histogram] {
        for (range, days) in [("24 h", 1), ("30 d", DAYS)] {
            for (filter, for_duckdb, query) in &filters {
                let (times, to) = (times(filled, days), filled.end_ns - CUT_NS);
                let (path, verb_name) = match verb {
                    Verb::Issues => (format!("/issues?sort=count&query={query}&{times}"), "issues"),
                    Verb::Facets => (format!("/facets?query={query}&{times}"), "facets"),
                    _ => (format!("/histogram?query={query}&{times}"), "histogram"),
                };
                let for_duckdb = for_duckdb.clone().map(|mut filter| {
                    (filter["from"], filter["to"]) = (json!(to - days * DAY_NS), json!(to));
                    json!({ "verb": verb_name, "where": filter })
                });
                questions.push(Question { verb, range, filter, path, for_duckdb });
            }
        }
    }
    let issues = [("of the largest", rows.issue(0)), ("of a small one", rows.issue(1_000))];
    for (filter, issue) in issues {
        questions.push(Question {
            verb: Verb::Latest,
            range: "30 d",
            filter,
            path: format!("/issues/{issue}/events?{}", times(filled, DAYS)),
            for_duckdb: Some(json!({ "verb": "latest", "where":
                { "issue": issue, "from": filled.end_ns - CUT_NS - DAYS * DAY_NS, "to": filled.end_ns - CUT_NS } })),
        });
    }
    for (filter, number) in [("old", filled.events / 9), ("new", filled.events - 5)] {
        let id = rows.row(number).event.get().report.id.to_string();
        questions.push(Question {
            verb: Verb::Event,
            range: "",
            filter,
            path: format!("/events/{id}"),
            for_duckdb: Some(json!({ "verb": "event", "where": { "id": id, "from": 0, "to": 0 } })),
        });
    }
    questions
}

fn times(filled: &Filled, days: i64) -> String {
    let time = |nanos: i64| reenact_model::Timestamp::from_nanos(nanos).to_string();
    let to = filled.end_ns - CUT_NS;
    format!("from={}&to={}", time(to - days * DAY_NS), time(to))
}

/// An answer of the server in the form of the yardstick's.
pub(crate) fn comparable(verb: Verb, answer: &Value) -> Value {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match verb {
        Verb::Issues => {
            let issues = list(&answer["issues"]);
            let row = |row: &Value| {
                json!([
                    row["id"],
                    row["count"],
                    row["users"],
                    row["handled"],
                    row["envs"],
                    row["versions"],
                    row["has_values"]
                ])
            };
            let bars = |row: &Value| {
                let counts = list(&row["histogram"]);
                let some = |(at, count): (usize, Value)| (count != 0).then(|| json!([at, count]));
                Value::from(counts.into_iter().enumerate().filter_map(some).collect::<Vec<_>>())
            };
            json!({ "total": answer["total"], "issues": issues.iter().map(row).collect::<Vec<_>>(),
                "bars": issues.iter().map(bars).collect::<Vec<_>>() })
        }
        Verb::Facets => {
            let facets = list(&answer["facets"]).into_iter().map(|facet| {
                let values = list(&facet["values"]);
                let rows =
                    values.iter().map(|value| json!([value["value"], value["events"], value["issues"]]));
                let name = facet["key"].as_str().unwrap_or_default().replace('.', "_");
                (name, Value::from(rows.collect::<Vec<_>>()))
            });
            Value::Object(facets.collect())
        }
        Verb::Histogram => {
            let series = list(&answer["series"]);
            let series: Vec<Value> =
                series.iter().map(|series| json!([series["name"], series["counts"]])).collect();
            json!({ "total": answer["total"], "series": series })
        }
        Verb::Latest => {
            let ids: Vec<Value> = list(&answer["events"]).iter().map(|event| event["id"].clone()).collect();
            json!({ "total": answer["total"], "ids": ids })
        }
        Verb::Event => json!({ "id": answer["id"], "issue": answer["issue_id"] }),
    }
}

/// Where two answers differ; distinct users may by 2 %.
pub(crate) fn difference(verb: Verb, ours: &Value, theirs: &Value) -> Option<String> {
    let (mut ours, mut theirs) = (ours.clone(), theirs.clone());
    if verb == Verb::Issues {
        let pairs = ours["issues"].as_array_mut().into_iter().flatten();
        for (our, their) in pairs.zip(theirs["issues"].as_array_mut().into_iter().flatten()) {
            let (a, b) = (our[2].as_f64().unwrap_or(0.0), their[2].as_f64().unwrap_or(0.0));
            if (a - b).abs() <= 0.02 * b {
                our[2] = their[2].clone();
            }
        }
    }
    let text = |value: &Value| value.to_string().chars().take(600).collect::<String>();
    (ours != theirs).then(|| format!("ours {}\n    theirs {}", text(&ours), text(&theirs)))
}
