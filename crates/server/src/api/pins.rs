//! Pinned variables of an issue, and the values of its occurrences that they are columns of.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use reenact_model::{CapturedValue, IssueId, Timestamp, ValuePath};
use reenact_replay::compare::Side;
use reenact_replay::pick::{self, Picked, Wanted};
use reenact_store::{EventRow, TimeRange};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ask;
use super::failure::Failure;
use super::issues::{Parameters, issue_id};
use super::parameters::{body, read};
use super::views::{self, ErrorBody};
use super::workflow::may_triage;
use crate::App;
use crate::access::Viewer;
use crate::workflow::{FUNCTION_BYTES_MAX, PINS_MAX, Pin};

/// A variable, or a part of one.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinPath {
    /// `order.lines.0.price`: the variable's name, then attributes, keys and indices; a name with dots, spaces or
    /// quotes stands in double quotes.
    path: String,
    /// Only of frames of this function; of the innermost frame that has it when absent.
    function: Option<String>,
}

impl PinPath {
    fn wanted(self) -> Result<Wanted, Failure> {
        let path = path(&self.path, "path")?;
        let function = self.function.filter(|function| !function.is_empty());
        if function.as_ref().is_some_and(|function| function.len() > FUNCTION_BYTES_MAX) {
            let message = format!("the name of a function has up to {FUNCTION_BYTES_MAX} bytes");
            return Err(Failure::parameter("function", message));
        }
        Ok(Wanted { path, function })
    }
}

fn path(text: &str, field: &str) -> Result<ValuePath, Failure> {
    ValuePath::parse(text).map_err(|error| Failure::parameter(field, error.to_string()))
}

/// The pinned variables of an issue, in the order in which they were pinned; 5 at most.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PinList {
    /// The pins.
    pins: Vec<PinView>,
}

/// A pinned variable.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PinView {
    /// `order.lines.0.price`.
    path: String,
    /// Only of frames of this function.
    function: Option<String>,
    /// When it was pinned.
    pinned_at: String,
    /// By whom.
    pinned_by: String,
}

impl PinList {
    fn of(pins: Vec<Pin>) -> Json<Self> {
        let view = |pin: Pin| PinView {
            path: pin.path,
            function: pin.function,
            pinned_at: pin.at.to_string(),
            pinned_by: pin.by,
        };
        Json(Self { pins: pins.into_iter().map(view).collect() })
    }
}

/// The pinned variables of an issue.
#[utoipa::path(get, operation_id = "listPins", path = "/issues/{id}/pins", tag = "issues",
    params(("id" = String, Path)),
    responses((status = 200, body = PinList), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<PinList>, Failure> {
    let id = issue_id(&id)?;
    Ok(PinList::of(ask(&app, move |app| Ok(app.workflow.pins(id)?)).await?))
}

/// Pins a variable to an issue, for everybody. One that is pinned already stays as it is.
#[utoipa::path(post, operation_id = "addPin", path = "/issues/{id}/pins", tag = "issues",
    params(("id" = String, Path)), request_body = PinPath,
    responses((status = 200, body = PinList), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn add(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    pin: Result<Json<PinPath>, JsonRejection>,
) -> Result<Json<PinList>, Failure> {
    may_triage(&viewer)?;
    let (id, wanted) = (issue_id(&id)?, body(pin)?.wanted()?);
    let audit = viewer.does("pin.added", Some(id.to_string()), Some(named(&wanted)));
    let pins = ask(&app, move |app| {
        let nothing = TimeRange { from: Timestamp::default(), to: Timestamp::default() };
        let shown = app.workflow.shown(id);
        app.store.issue(shown, nothing, 0)?.ok_or_else(|| Failure::not_found("issue"))?;
        Ok(app.workflow.pin(id, &wanted, &audit)?)
    });
    Ok(PinList::of(pins.await?))
}

/// Takes a pinned variable away from an issue, for everybody. One that is not pinned is no error.
#[utoipa::path(delete, operation_id = "deletePin", path = "/issues/{id}/pins", tag = "issues",
    params(("id" = String, Path), PinPath),
    responses((status = 200, body = PinList), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    pin: Parameters<PinPath>,
) -> Result<Json<PinList>, Failure> {
    may_triage(&viewer)?;
    let (id, wanted) = (issue_id(&id)?, read(pin)?.wanted()?);
    let audit = viewer.does("pin.removed", Some(id.to_string()), Some(named(&wanted)));
    Ok(PinList::of(ask(&app, move |app| Ok(app.workflow.unpin(id, &wanted, &audit)?)).await?))
}

fn named(wanted: &Wanted) -> String {
    match &wanted.function {
        Some(function) => format!("`{}` of `{function}`", wanted.path),
        None => format!("`{}`", wanted.path),
    }
}

/// A variable whose value each listed event has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueColumn {
    /// `order.lines.0.price`.
    path: String,
    /// Only of frames of this function.
    function: Option<String>,
}

/// What an event has in a column.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ColumnValue {
    /// What there is.
    state: ColumnState,
    /// The value for one line: 8 parts on each of two levels, and texts of 200 bytes. For `around` it is the nearest
    /// value around it, with the reason why nothing in it is known.
    #[schema(value_type = Option<views::CapturedValue>)]
    value: Option<CapturedValue>,
    /// The function of the frame.
    function: Option<String>,
    /// The place of the frame's exception in the chain, from 0.
    exception_index: Option<usize>,
    /// The place of the frame among those of the exception, from 0.
    frame_index: Option<usize>,
}

/// What there is of an event in a column.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ColumnState {
    /// The value, or why it is not there.
    Found,
    /// What it would be in was redacted or cut.
    Around,
    /// No frame has such a variable, attribute, key or element.
    Missing,
    /// No frame, or none of the function, has values.
    NoValues,
}

impl ColumnValue {
    fn of(picked: Picked) -> Self {
        let without =
            |state| Self { state, value: None, function: None, exception_index: None, frame_index: None };
        match picked {
            Picked::NoValues => without(ColumnState::NoValues),
            Picked::Missing => without(ColumnState::Missing),
            Picked::Found(found) => Self {
                state: if found.is_around { ColumnState::Around } else { ColumnState::Found },
                value: Some(found.value),
                function: Some(found.function),
                exception_index: Some(found.exception),
                frame_index: Some(found.frame),
            },
        }
    }
}

/// Which columns are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ColumnChoice {
    /// Paths of variables with commas between them, at most 5: `order.currency,customer`. Their values are in `values`
    /// of each event.
    values: Option<String>,
    /// `true` for the pinned variables of the issue, before those of `values`.
    pinned: Option<bool>,
}

impl ColumnChoice {
    /// The columns; blocks when pinned ones are asked for.
    pub(super) fn columns(&self, app: &App, issue: IssueId) -> Result<Vec<Wanted>, Failure> {
        let mut columns = Vec::new();
        if self.pinned == Some(true) {
            columns.extend(app.workflow.pins(issue)?.iter().filter_map(Pin::wanted));
        }
        let asked =
            self.values.as_deref().filter(|values| !values.is_empty()).map(list_of).unwrap_or_default();
        if asked.len() > PINS_MAX {
            return Err(Failure::parameter("values", format!("`values` has up to {PINS_MAX} paths")));
        }
        for text in asked {
            columns.push(Wanted { path: path(text, "values")?, function: None });
        }
        Ok(columns)
    }
}

/// The parts of a list between commas that stand in no quotes.
fn list_of(text: &str) -> Vec<&str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// The columns as the answer names them.
pub(super) fn columns_view(columns: &[Wanted]) -> Vec<ValueColumn> {
    let view =
        |wanted: &Wanted| ValueColumn { path: wanted.path.to_string(), function: wanted.function.clone() };
    columns.iter().map(view).collect()
}

/// The values of a page of events, one row an event, after an audit entry about them; `None` when the viewer may not
/// see them. Blocks.
pub(super) fn values_of(
    app: &App,
    viewer: &Viewer,
    issue: IssueId,
    columns: &[Wanted],
    rows: &[EventRow],
) -> Result<Option<Vec<Vec<ColumnValue>>>, Failure> {
    let count = rows.iter().filter(|row| row.has_values).count();
    if columns.is_empty() || count == 0 {
        let none = || columns.iter().map(|_| ColumnValue::of(Picked::NoValues)).collect();
        return Ok(Some(rows.iter().map(|_| none()).collect()));
    }
    if !viewer.permissions.see_values {
        return Ok(None);
    }
    // Without an entry no values are shown.
    let names: Vec<String> = columns.iter().map(named).collect();
    let detail = format!("{} of {count} events", names.join(", "));
    app.policies.control().audit(&viewer.does("values.viewed", Some(issue.to_string()), Some(detail)))?;
    let values = rows.iter().map(|row| {
        let placed = if row.has_values { app.store.event(row.id)? } else { None };
        let snapshots = match &placed {
            Some(placed) => app.store.snapshots(&placed.report.snapshot_ids())?,
            None => Vec::new(),
        };
        let picked = |wanted: &Wanted| match &placed {
            Some(placed) => pick::pick(Side { report: &placed.report, snapshots: &snapshots }, wanted),
            None => Picked::NoValues,
        };
        Ok(columns.iter().map(|wanted| ColumnValue::of(picked(wanted))).collect())
    });
    values.collect::<Result<_, Failure>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_part_no_list() {
        assert_eq!(list_of("a.b,c"), ["a.b", "c"]);
        assert_eq!(list_of(r#"a."x,\"y,",b"#), [r#"a."x,\"y,""#, "b"]);
        assert_eq!(list_of("a,"), ["a", ""]);
    }
}
