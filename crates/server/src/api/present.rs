//! From what the store answers to what the API shows.

use std::collections::HashMap;

use reenact_issues::groups::{Group, groups, own_notes};
use reenact_issues::lifecycle::Status;
use reenact_issues::suspected_cause;
use reenact_model::{
    Exception, Frame, FrameDetails, ParameterKind, Placed, Relation, Snapshot, SnapshotId, Timestamp,
    Variables,
};
use reenact_store::control::IssueCounts;
use reenact_store::{EventRow, IssueDetail, IssueRow, Neighbours};

use super::grouping_views::Grouping;
use super::pins::ColumnValue;
use super::views;
use super::workflow_views::IssueStatus;
use crate::workflow::is_new;

pub(crate) fn issue_summary(row: IssueRow, status: &Status, now: Timestamp) -> views::IssueSummary {
    let tags = [("new", is_new(status, row.first_seen, now)), ("regression", status.regression.is_some())];
    views::IssueSummary {
        id: row.id.to_string(),
        type_name: row.type_name,
        message: row.message,
        culprit: row.culprit.map(|frame| views::Culprit {
            function: frame.function,
            file: frame.file,
            line_number: frame.line_number,
        }),
        cause: status.cause.as_ref().map_or(row.cause, |set| set.cause.as_str().to_owned()),
        service: row.service,
        envs: row.envs,
        versions: row.versions,
        state: status.state.into(),
        tags: tags.into_iter().filter(|(_, is)| *is).map(|(tag, _)| tag.to_owned()).collect(),
        assignee: status.assignee.clone(),
        handled: row.handled,
        count: row.count,
        count_before: row.count_before,
        users: row.users,
        first_seen: row.first_seen.to_string(),
        last_seen: row.last_seen.to_string(),
        has_values: row.has_values,
        histogram: row.histogram,
    }
}

pub(crate) fn issue(
    detail: IssueDetail,
    latest: Option<&Placed>,
    grouping: Grouping,
    status: &Status,
    counts: IssueCounts,
    now: Timestamp,
) -> views::Issue {
    views::Issue {
        merged_into: None,
        can_capture_next: false,
        capture_next: None,
        rate_limited: None,
        status: IssueStatus::new(status, counts),
        count_total: detail.count_total,
        first_version: detail.first_version,
        last_version: detail.last_version,
        latest_event_id: detail.latest_event.map(|id| id.to_string()),
        latest_event_with_values_id: detail.latest_event_with_values.map(|id| id.to_string()),
        cause_of_events: detail.row.cause.clone(),
        cause_why: latest.map(|latest| sentence(&suspected_cause(&latest.report).why)),
        grouping,
        summary: issue_summary(detail.row, status, now),
    }
}

/// A clause as a sentence.
pub(crate) fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).chain(['.']).collect()
}

pub(crate) fn event_summary(row: EventRow, values: Vec<ColumnValue>) -> views::EventSummary {
    views::EventSummary {
        id: row.id.to_string(),
        issue_id: row.issue_id.to_string(),
        timestamp: row.timestamp.to_string(),
        service: row.service,
        env: row.env,
        version: row.version,
        host: row.host,
        resource: row.resource,
        message: row.message,
        handled: row.handled,
        trace_id: row.trace_id.map(|id| id.to_string()),
        user_id: row.user_id,
        has_values: row.has_values,
        values,
    }
}

pub(crate) fn neighbours(found: Neighbours) -> views::Neighbours {
    let text = |id: Option<reenact_model::EventId>| id.map(|id| id.to_string());
    views::Neighbours {
        issue_id: found.issue_id.to_string(),
        position: found.position,
        total: found.total,
        newest: text(found.newest),
        newer: text(found.newer),
        older: text(found.older),
        oldest: text(found.oldest),
        newer_with_values: text(found.newer_with_values),
        older_with_values: text(found.older_with_values),
    }
}

/// As [`event`], for somebody who may not see captured values.
pub(crate) fn event_without_values(
    placed: Placed,
    snapshots: Vec<Snapshot>,
    now: Timestamp,
    reason: &str,
) -> views::Event {
    let mut event = event(placed, snapshots, now);
    let hidden = "hidden";
    let mut exceptions: Vec<&mut views::Exception> = event.exceptions.iter_mut().collect();
    let mut any = false;
    while let Some(exception) = exceptions.pop() {
        for frame in exception.frames.iter_mut().filter(|frame| frame.values.state == "captured") {
            any = true;
            frame.values = views::FrameValues {
                state: hidden.to_owned(),
                reason: reason.to_owned(),
                captured_line_number: frame.values.captured_line_number,
                earlier_occurrence: frame.values.earlier_occurrence,
                ..views::FrameValues::default()
            };
        }
    }
    if any {
        event.values = views::ValuesState { state: hidden.to_owned(), reason: reason.to_owned() };
    }
    event
}

/// Joins an event with its snapshots, in whatever order they arrived.
pub(crate) fn event(placed: Placed, snapshots: Vec<Snapshot>, now: Timestamp) -> views::Event {
    let state = reenact_issues::values_state(&placed, now, snapshots.len());
    let snapshots: HashMap<SnapshotId, Snapshot> = snapshots.into_iter().map(|one| (one.id, one)).collect();
    let exceptions = exceptions(&placed, &snapshots, now);
    let runtime = runtime(&snapshots);
    let thread = snapshots.values().find_map(|snapshot| snapshot.thread.clone());
    let grouping = Grouping::of(&placed, None);
    let Placed { report, issue_id, .. } = placed;
    let mut warnings = report.warnings;
    if exceptions.iter().flat_map(|exception| &exception.frames).any(|frame| frame.values.earlier_occurrence)
    {
        warnings.push(
            "some frames show values of an earlier exception: the client captures a frame that stays \
             alive, such as a worker's loop, only once"
                .to_owned(),
        );
    }
    let first_start = report.trace.first().map_or(report.timestamp, |span| span.start);
    views::Event {
        runtime,
        id: report.id.to_string(),
        issue_id: issue_id.to_string(),
        timestamp: report.timestamp.to_string(),
        received_at: report.received_at.to_string(),
        service: report.service,
        env: report.env,
        version: report.version,
        host: report.host,
        language: report.language,
        trace_id: report.trace_id.map(|id| id.to_string()),
        span_id: report.span_id.map(|id| id.to_string()),
        resource: report.resource,
        operation: report.operation,
        handled: report.handled,
        client: views::Client { name: report.client.name, version: report.client.version },
        commit: report.commit,
        repository: report.repository,
        thread: report.thread.or(thread),
        values: views::ValuesState { state: state.state.to_owned(), reason: state.reason },
        exceptions,
        stack_text: report.stack_text,
        tags: report.tags,
        metrics: report.metrics,
        user: report.user_id.map(|id| views::User { id }),
        request: report.request.map(|request| views::Request {
            method: request.method,
            url: request.url,
            route: request.route,
            status_code: request.status_code,
            user_agent: request.user_agent,
        }),
        trace: views::Trace {
            spans: report
                .trace
                .into_iter()
                .map(|span| views::TraceSpan {
                    span_id: span.span_id.to_string(),
                    parent_id: span.parent_id.map(|id| id.to_string()),
                    service: span.service,
                    name: span.operation,
                    resource: span.resource,
                    start: span.start.to_string(),
                    start_offset_ns: span.start.nanos_since(first_start),
                    duration_ns: span.duration_ns,
                    error: span.failed,
                    has_exception: span.has_exception,
                })
                .collect(),
            spans_dropped: report.spans_dropped,
        },
        grouping,
        warnings,
    }
}

fn exceptions(
    placed: &Placed,
    snapshots: &HashMap<SnapshotId, Snapshot>,
    now: Timestamp,
) -> Vec<views::Exception> {
    let exceptions = &placed.report.exceptions;
    let mut groups = groups(exceptions, placed.report.stack_text.as_deref().unwrap_or(""));
    let view_frame = |index: usize, frame: &Frame| frame_view(index, frame, placed, snapshots, now);
    let is_printed = placed.report.stack_text.is_some();
    let member_frame = |index: usize, frame: &Frame| {
        if is_printed { printed_frame(index, frame) } else { view_frame(index, frame) }
    };
    let view = |(place, exception): (usize, &Exception)| {
        let frames = exception.frames.iter().enumerate();
        let frames = frames.map(|(index, frame)| view_frame(index, frame)).collect();
        let mut view = exception_view(exception, frames);
        if let Some(group) = groups.remove(&place) {
            view.notes = own_notes(exception, &group).into_iter().map(str::to_owned).collect();
            add_members(&mut view, group, &member_frame);
        }
        view
    };
    exceptions.iter().enumerate().map(view).collect()
}

fn exception_view(exception: &Exception, frames: Vec<views::Frame>) -> views::Exception {
    views::Exception {
        module: exception.type_name.rsplit_once('.').map(|(module, _)| module.to_owned()),
        type_name: exception.type_name.clone(),
        message: exception.message.clone(),
        relation: exception.relation.map(|relation| match relation {
            Relation::Cause => views::Relation::Cause,
            Relation::Context => views::Relation::Context,
        }),
        notes: exception.notes.clone(),
        members: Vec::new(),
        members_left_out: 0,
        frames,
    }
}

fn add_members(
    view: &mut views::Exception,
    group: Group,
    view_frame: &dyn Fn(usize, &Frame) -> views::Frame,
) {
    view.members_left_out = group.left_out;
    for chain in group.members {
        let chain = chain.into_iter().map(|member| {
            let frames = member.exception.frames.iter().enumerate();
            let frames = frames.map(|(index, frame)| view_frame(index, frame));
            let mut view = exception_view(&member.exception, frames.collect());
            if let Some(group) = member.group {
                add_members(&mut view, group, view_frame);
            }
            view
        });
        view.members.push(chain.collect());
    }
}

/// A frame of a member of a group, of which there is nothing but the printed text.
fn printed_frame(index: usize, frame: &Frame) -> views::Frame {
    let reason = "the client captures the frames of the exception that escaped, not those of the exceptions in \
                  its group";
    let values =
        views::FrameValues { state: "unknown".to_owned(), reason: reason.to_owned(), ..Default::default() };
    frame_with(index, frame, values)
}

fn frame_view(
    index: usize,
    frame: &Frame,
    placed: &Placed,
    snapshots: &HashMap<SnapshotId, Snapshot>,
    now: Timestamp,
) -> views::Frame {
    let snapshot = frame.snapshot_id.and_then(|id| snapshots.get(&id));
    let state = reenact_issues::frame_values_state(placed, frame, now, snapshot.is_some());
    let variables = |pick: fn(&Snapshot) -> &Variables| snapshot.map(pick).cloned().unwrap_or_default();
    let values = views::FrameValues {
        state: state.state.to_owned(),
        reason: state.reason,
        captured_line_number: snapshot.and_then(|snapshot| snapshot.line_number),
        earlier_occurrence: snapshot.is_some_and(|snapshot| placed.report.is_of_another(snapshot)),
        arguments: variables(|snapshot| &snapshot.arguments),
        locals: variables(|snapshot| &snapshot.locals),
        globals: variables(|snapshot| &snapshot.globals),
        closure: variables(|snapshot| &snapshot.closure),
        ..views::FrameValues::default()
    };
    let mut view = frame_with(index, frame, values);
    if let Some(details) = snapshot.and_then(|snapshot| snapshot.details.as_deref()) {
        add_details(&mut view, details.clone());
    }
    view
}

/// What a client of ours tells of a frame in addition.
fn add_details(frame: &mut views::Frame, details: FrameDetails) {
    frame.module = frame.module.take().or(details.module);
    frame.qualified_name = frame.qualified_name.take().or(details.qualified_name);
    if let Some(source) = details.source {
        frame.source = Some(views::SourceLines {
            first_line_number: source.first_line,
            lines: source.lines,
            origin: views::SourceOrigin::Client,
            file_hash: Some(source.file_hash).filter(|hash| !hash.is_empty()),
        });
    }
    let values = &mut frame.values;
    values.at_raise = details.at_raise;
    values.at_entry = details.at_entry;
    values.parameters = details
        .parameters
        .into_iter()
        .map(|parameter| views::Parameter { name: parameter.name, kind: kind_view(parameter.kind) })
        .collect();
    values.code = details.code.map(|code| views::CodePosition {
        first_line: code.first_line,
        instruction: code.instruction,
        end_line: code.end_line,
        columns: code.columns,
    });
}

fn kind_view(kind: ParameterKind) -> views::ParameterKind {
    match kind {
        ParameterKind::PositionalOnly => views::ParameterKind::PositionalOnly,
        ParameterKind::Positional => views::ParameterKind::Positional,
        ParameterKind::VarPositional => views::ParameterKind::VarPositional,
        ParameterKind::KeywordOnly => views::ParameterKind::KeywordOnly,
        ParameterKind::VarKeyword => views::ParameterKind::VarKeyword,
    }
}

/// What the process ran on, as one of the snapshots tells.
fn runtime(snapshots: &HashMap<SnapshotId, Snapshot>) -> Option<views::Runtime> {
    let told = snapshots.values().find_map(|snapshot| snapshot.details.as_ref()?.runtime.clone())?;
    Some(views::Runtime {
        implementation: told.implementation,
        version: told.version,
        platform: told.platform,
        packages: told.packages,
    })
}

fn frame_with(index: usize, frame: &Frame, values: views::FrameValues) -> views::Frame {
    views::Frame {
        index,
        function: frame.function.clone(),
        qualified_name: frame.qualified_name.clone(),
        module: frame.module.clone(),
        file: frame.file.clone(),
        line_number: frame.line_number,
        in_app: frame.in_app,
        repeats: frame.repeats,
        source: frame.source_line.as_ref().zip(frame.line_number).map(|(line, number)| views::SourceLines {
            first_line_number: number,
            lines: vec![line.clone()],
            origin: views::SourceOrigin::Traceback,
            file_hash: None,
        }),
        values,
    }
}
