//! What sets the occurrences of an issue apart.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use reenact_model::{EventId, IssueId, Placed, Report, Snapshot, Timestamp};
use reenact_replay::compare::Side;
use reenact_replay::correlate::{self, Function, SAMPLES_MAX};
use reenact_store::{EventOrder, EventPage, EventQuery, Field, Filter, TimeRange};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ask;
use super::correlation_views as views;
use super::failure::Failure;
use super::issues::{Parameters, issue_id};
use super::parameters::{Selection, read};
use super::views::ErrorBody;
use crate::App;
use crate::access::Viewer;
use crate::app::now;

/// Events of other issues that one function adds to the baseline, so that those nearest to the raise have some.
const OF_FUNCTION_MAX: usize = 100;
/// Events of one other issue in the baseline, so that a loud one is not all of it.
const OF_ISSUE_MAX: usize = 50;
/// Captured values on each side, so that memory is bounded; events after that are left out.
const VALUES_MAX: usize = 500_000;

/// What the events of the issue are compared with.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BaselineChoice {
    /// `others` (default): events of other issues of the service in the range, in which a function was captured that
    /// the issue's events have too. `history`: events of the issue before the range. `calls`: calls of those functions that
    /// returned, by their arguments at entry, as far as the client sends them.
    baseline: Option<String>,
}

impl BaselineChoice {
    fn read(&self) -> Result<views::Baseline, Failure> {
        match self.baseline.as_deref() {
            None | Some("" | "others") => Ok(views::Baseline::Others),
            Some("history") => Ok(views::Baseline::History),
            Some("calls") => Ok(views::Baseline::Calls),
            Some(_) => Err(Failure::parameter(
                "baseline",
                "`baseline` is one of `others`, `history`, `calls`".to_owned(),
            )),
        }
    }
}

/// What sets the events of an issue apart: values, types, and what is `None`, empty or missing.
///
/// The newest 200 events with values in the range that match are looked at, and as many of the baseline.
#[utoipa::path(get, operation_id = "getCorrelations", path = "/issues/{id}/correlations", tag = "issues",
    params(("id" = String, Path), Selection, BaselineChoice),
    responses((status = 200, body = views::Correlations), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    selection: Parameters<Selection>,
    baseline: Parameters<BaselineChoice>,
) -> Result<Json<views::Correlations>, Failure> {
    let (selection, baseline) = (read(selection)?, read(baseline)?.read()?);
    let id = issue_id(&id)?;
    let now = now();
    let range = selection.range(now)?;
    let found = ask(&app, move |app| {
        let id = app.workflow.shown(id);
        let issue = app.store.issue(id, range, 1)?.ok_or_else(|| Failure::not_found("issue"))?;
        let matching = Filter::And(vec![
            Filter::Equals(Field::Issue, id.to_string()),
            Filter::HasValues,
            selection.filter(app, &viewer, now)?,
        ]);
        let page = page(app, matching.clone(), range)?;
        let matching_total = page.total;
        if !viewer.permissions.see_values {
            return Ok(views::Correlations::hidden(baseline, matching_total));
        }
        let mut events = Samples::default();
        for row in page.events {
            events.add(app, row.id)?;
        }
        if matches!(baseline, views::Baseline::Calls) {
            events.keep_entered();
        }
        let functions = correlate::functions(&events.sides());
        let mut others = Samples::default();
        let mut calls = Vec::new();
        match baseline {
            views::Baseline::History => {
                let before = TimeRange { from: Timestamp::default(), to: range.from };
                for row in page_before(app, matching, before)? {
                    others.add(app, row)?;
                }
            }
            views::Baseline::Calls => {
                calls = returned(app, issue.row.service.as_str(), &functions)?;
            }
            views::Baseline::Others => {
                add_others(app, &mut others, (id, issue.row.service.as_str()), &functions, range)?;
            }
        }
        if !events.all.is_empty() {
            // Without an entry no values are shown.
            let (of_issue, of_baseline) = (events.all.len(), others.all.len() + calls.len());
            let detail = format!("correlations of {of_issue} events with {of_baseline} others");
            let audit = viewer.does("values.viewed", Some(id.to_string()), Some(detail));
            app.policies.control().audit(&audit)?;
        }
        let (compared, others) = match baseline {
            views::Baseline::Calls => {
                let sides = calls.iter().map(|(report, snapshots)| Side { report, snapshots }).collect();
                (sides, views::Others::Calls(calls.len()))
            }
            views::Baseline::Others | views::Baseline::History => {
                (others.sides(), views::Others::Events(others.ids()))
            }
        };
        let found = correlate::correlate(&events.sides(), &compared);
        Ok(views::Correlations::of(baseline, matching_total, found, &events.ids(), &others))
    });
    Ok(Json(found.await?))
}

/// Events with their snapshots.
#[derive(Default)]
struct Samples {
    all: Vec<(Placed, Vec<Snapshot>)>,
    known: HashSet<EventId>,
    values: usize,
}

impl Samples {
    fn is_full(&self) -> bool {
        self.all.len() >= SAMPLES_MAX || self.values >= VALUES_MAX
    }

    /// Adds an event that has values, unless it is there already or too much is. Blocks.
    fn add(&mut self, app: &App, id: EventId) -> Result<(), Failure> {
        if let Some(sample) = self.load(app, id)? {
            self.push(sample);
        }
        Ok(())
    }

    fn load(&mut self, app: &App, id: EventId) -> Result<Option<(Placed, Vec<Snapshot>)>, Failure> {
        if self.is_full() || !self.known.insert(id) {
            return Ok(None);
        }
        let Some(mut placed) = app.store.event(id)? else { return Ok(None) };
        placed.issue_id = app.workflow.shown(placed.issue_id);
        let snapshots = app.store.snapshots(&placed.report.snapshot_ids())?;
        Ok((!snapshots.is_empty()).then_some((placed, snapshots)))
    }

    fn push(&mut self, sample: (Placed, Vec<Snapshot>)) {
        self.values += count_values(&sample.1);
        self.all.push(sample);
    }

    /// Keeps what is known of the moments at which functions were entered.
    fn keep_entered(&mut self) {
        for (_, snapshots) in &mut self.all {
            *snapshots = correlate::entered(snapshots);
        }
        self.all.retain(|(_, snapshots)| !snapshots.is_empty());
    }

    fn sides(&self) -> Vec<Side<'_>> {
        self.all.iter().map(side).collect()
    }

    fn ids(&self) -> Vec<(IssueId, EventId)> {
        self.all.iter().map(|(placed, _)| (placed.issue_id, placed.report.id)).collect()
    }
}

fn count_values(snapshots: &[Snapshot]) -> usize {
    let mut count = 0;
    for snapshot in snapshots {
        snapshot.each_value(&mut |_, _| {
            count += 1;
            true
        });
    }
    count
}

fn side((placed, snapshots): &(Placed, Vec<Snapshot>)) -> Side<'_> {
    Side { report: &placed.report, snapshots }
}

fn page(app: &App, filter: Filter, range: TimeRange) -> Result<EventPage, Failure> {
    let query = EventQuery { filter, range, order: EventOrder::Newest, cursor: None, limit: SAMPLES_MAX };
    Ok(app.store.events(&query)?)
}

fn page_before(app: &App, filter: Filter, range: TimeRange) -> Result<Vec<EventId>, Failure> {
    if range.from >= range.to {
        return Ok(Vec::new());
    }
    Ok(page(app, filter, range)?.events.into_iter().map(|row| row.id).collect())
}

/// Calls of the functions that returned, of the function nearest to the raise first, the newest before the others. Blocks.
fn returned(
    app: &App,
    service: &str,
    functions: &[Function],
) -> Result<Vec<(Report, Vec<Snapshot>)>, Failure> {
    let (mut returned, mut values) = (Vec::new(), 0);
    for function in functions {
        for id in app.calls.of(service, &function.function, &function.file) {
            if returned.len() >= SAMPLES_MAX || values >= VALUES_MAX {
                return Ok(returned);
            }
            for call in app.store.snapshots(&[id])? {
                let side = correlate::of_call(&call);
                values += count_values(&side.1);
                returned.push(side);
            }
        }
    }
    Ok(returned)
}

/// Adds events of other issues in which one of the functions was captured, of the function nearest to the raise
/// first.
fn add_others(
    app: &App,
    others: &mut Samples,
    (issue, service): (IssueId, &str),
    functions: &[Function],
    range: TimeRange,
) -> Result<(), Failure> {
    let mut of_issue: HashMap<IssueId, usize> = HashMap::new();
    for function in functions {
        let filter = Filter::And(vec![
            Filter::Equals(Field::Service, service.to_owned()),
            Filter::Equals(Field::Function, function.function.clone()),
            Filter::HasValues,
            Filter::Not(Box::new(Filter::Equals(Field::Issue, issue.to_string()))),
        ]);
        let mut added = 0;
        for row in page(app, filter, range)?.events {
            if added >= OF_FUNCTION_MAX || others.is_full() {
                break;
            }
            if of_issue.get(&row.issue_id).is_some_and(|count| *count >= OF_ISSUE_MAX) {
                continue;
            }
            let Some(sample) = others.load(app, row.id)? else { continue };
            // An event may have the function without values in it.
            if correlate::functions(&[side(&sample)]).iter().any(|own| functions.contains(own)) {
                *of_issue.entry(row.issue_id).or_default() += 1;
                added += 1;
                others.push(sample);
            }
        }
    }
    Ok(())
}
