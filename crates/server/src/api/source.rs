//! The source of events and issues, from the clones that are set up.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use reenact_model::{Exception, Frame, IssueId, Placed, Report, Timestamp};
use reenact_source::limits::{LINE_BYTES_MAX, LINES_AROUND};
use reenact_store::{EventOrder, EventQuery, Field, Filter, TimeRange};

use super::ask;
use super::events::event_id;
use super::failure::Failure;
use super::issues::issue_id;
use super::present::sentence;
use super::source_views as views;
use super::views::{ErrorBody, SourceLines, SourceOrigin};
use crate::App;
use crate::access::Viewer;
use crate::policy::Facts;
use crate::source::{
    Located, LocatedFrame, Owning, Suspected, SuspectedCommit, located, owning, seconds, suspected, told,
};

/// Every event there may be.
fn ever() -> TimeRange {
    TimeRange { from: Timestamp::from_nanos(0), to: Timestamp::from_nanos(i64::MAX) }
}

/// As [`ask`], for what reads clones: a few at a time.
pub(super) async fn reading<T: Send + 'static>(
    app: &Arc<App>,
    call: impl FnOnce(&App) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let _permit = app.sources.at_once.acquire().await.map_err(|_| Failure::internal())?;
    ask(app, call).await
}

/// The source of an event's frames: files, links, and the lines around each.
#[utoipa::path(get, operation_id = "getEventSource", path = "/events/{id}/source", tag = "source",
    params(("id" = String, Path)),
    responses((status = 200, body = views::EventSource), (status = 404, body = ErrorBody)))]
pub(crate) async fn of_event(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<views::EventSource>, Failure> {
    let id = event_id(&id)?;
    let found = reading(&app, move |app| {
        let placed = app.store.event(id)?.ok_or_else(|| Failure::not_found("event"))?;
        Ok(match located(app, &placed)? {
            Ok(located) => event_source(app, &placed, &located, viewer.permissions.see_values),
            Err(absent) => views::EventSource {
                state: absent.state.to_owned(),
                reason: absent.reason,
                repository: None,
                commit: None,
                exceptions: Vec::new(),
            },
        })
    });
    Ok(Json(found.await?))
}

fn event_source(app: &App, placed: &Placed, located: &Located, with_lines: bool) -> views::EventSource {
    let commit = located.commit.id.to_string();
    let mut exceptions = Vec::with_capacity(located.exceptions.len());
    for (exception, frames) in placed.report.exceptions.iter().zip(&located.exceptions) {
        let one = |(frame, found): (&Frame, &LocatedFrame)| {
            let line = frame.line_number.unwrap_or(1);
            let link = |path: &String| located.web.as_ref().map(|web| web.line(&commit, path, line));
            views::FrameSource {
                state: found.state.name().to_owned(),
                reason: found.state.reason(),
                url: found.path.as_ref().and_then(link),
                path: found.path.clone(),
                source: found.text.as_deref().filter(|_| with_lines).map(|text| around(text, line)),
            }
        };
        exceptions.push(exception.frames.iter().zip(frames).map(one).collect());
    }
    redact_lines(app, placed, &mut exceptions);
    let mut reason = sentence(&located.commit.why());
    if !with_lines {
        reason.push_str(" You may not see lines of source.");
    }
    views::EventSource {
        state: "found".to_owned(),
        reason,
        repository: Some(repository_name(located)),
        commit: Some(commit_view(located)),
        exceptions,
    }
}

/// The lines around one, each cut.
fn around(text: &str, line_number: u32) -> SourceLines {
    let first = (line_number as usize).saturating_sub(LINES_AROUND).max(1);
    let count = line_number as usize + LINES_AROUND + 1 - first;
    let cut = |line: &str| {
        let end = line.floor_char_boundary(LINE_BYTES_MAX);
        if end < line.len() { format!("{}…", &line[..end]) } else { line.to_owned() }
    };
    SourceLines {
        first_line_number: u32::try_from(first).unwrap_or(u32::MAX),
        lines: text.lines().skip(first - 1).take(count).map(cut).collect(),
        origin: SourceOrigin::Repository,
        file_hash: None,
    }
}

/// Lines of source are redacted as those are that a traceback prints.
fn redact_lines(app: &App, placed: &Placed, exceptions: &mut [Vec<views::FrameSource>]) {
    let lines = exceptions.iter_mut().flatten().filter_map(|frame| frame.source.as_mut());
    let mut lines: Vec<&mut String> = lines.flat_map(|source| &mut source.lines).collect();
    let frames =
        lines.iter_mut().map(|line| Frame { source_line: Some(std::mem::take(*line)), ..Frame::default() });
    let exception = Exception { frames: frames.collect(), ..Exception::default() };
    let about = &placed.report;
    let carrier = Placed {
        report: Report {
            service: about.service.clone(),
            env: about.env.clone(),
            exceptions: vec![exception],
            ..Report::default()
        },
        ..Placed::default()
    };
    let policy = app.policies.policy();
    let (redacted, _) = policy.choose(Facts::of_placed(placed)).placed(carrier);
    let frames = redacted.into_inner().report.exceptions.into_iter().flat_map(|exception| exception.frames);
    for (line, frame) in lines.into_iter().zip(frames) {
        *line = frame.source_line.unwrap_or_default();
    }
}

fn repository_name(located: &Located) -> views::RepositoryName {
    views::RepositoryName { id: located.setting.id.clone(), name: located.setting.name.clone() }
}

fn commit_view(located: &Located) -> views::SourceCommit {
    let id = located.commit.id.to_string();
    views::SourceCommit {
        url: located.web.as_ref().and_then(|web| web.commit(&id)),
        why: sentence(&located.commit.why()),
        is_exact: located.commit.by.is_exact(),
        id,
    }
}

/// Where an issue comes from and whose it is: the suspect commit, and the owners.
#[utoipa::path(get, operation_id = "getIssueSource", path = "/issues/{id}/source", tag = "source",
    params(("id" = String, Path)),
    responses((status = 200, body = views::IssueSource), (status = 404, body = ErrorBody)))]
pub(crate) async fn of_issue(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<views::IssueSource>, Failure> {
    let id = app.workflow.shown(issue_id(&id)?);
    Ok(Json(reading(&app, move |app| issue_source(app, id)).await?))
}

fn issue_source(app: &App, id: IssueId) -> Result<views::IssueSource, Failure> {
    let detail = app.store.issue(id, ever(), 1)?.ok_or_else(|| Failure::not_found("issue"))?;
    let (suspect, repository) = suspect_commits(app, id, detail.row.first_seen)?;
    let newest = detail.latest_event.map(|event| app.store.event(event)).transpose()?.flatten();
    let ownership = match newest {
        Some(placed) => ownership(app, &placed)?,
        None => views::Ownership {
            state: NO_EVENT.0.to_owned(),
            reason: NO_EVENT.1.to_owned(),
            ..Default::default()
        },
    };
    Ok(views::IssueSource { repository, suspect, ownership })
}

const NO_EVENT: (&str, &str) = ("no_event", "No event of the issue is kept any more.");

fn suspect_commits(
    app: &App,
    id: IssueId,
    first_seen: Timestamp,
) -> Result<(views::SuspectCommits, Option<views::RepositoryName>), Failure> {
    let status = app.workflow.status(id);
    let (event, occurred, what) = match &status.regression {
        Some(regression) => {
            let event = regression.event_id.map(|event| app.store.event(event)).transpose()?.flatten();
            (event, regression.at, "regression")
        }
        None => (None, first_seen, "first occurrence"),
    };
    let event = match event {
        Some(event) => Some(event),
        None => oldest_since(app, id, occurred)?,
    };
    let none = |state: &str, reason: String| views::SuspectCommits {
        state: state.to_owned(),
        reason,
        ..views::SuspectCommits::default()
    };
    let Some(placed) = event else { return Ok((none(NO_EVENT.0, NO_EVENT.1.to_owned()), None)) };
    let located = match located(app, &placed)? {
        Ok(located) => located,
        Err(absent) => return Ok((none(absent.state, absent.reason), None)),
    };
    let found = suspected(app, &placed, &located, seconds(occurred), what);
    let mut view = match found {
        Ok(Suspected::Found(commits, note)) => views::SuspectCommits {
            state: "found".to_owned(),
            reason: note.unwrap_or_default(),
            commits: commits.iter().map(|commit| suspect_commit(commit, &located)).collect(),
            ..views::SuspectCommits::default()
        },
        Ok(Suspected::None(state, reason)) => none(state, reason),
        Err(error) => none("unreadable", sentence(&told(&error))),
    };
    view.event_id = Some(placed.report.id.to_string());
    view.commit = Some(commit_view(&located));
    Ok((view, Some(repository_name(&located))))
}

/// The oldest event of an issue that is kept, from a time on.
fn oldest_since(app: &App, id: IssueId, from: Timestamp) -> Result<Option<Placed>, Failure> {
    let query = EventQuery {
        filter: Filter::Equals(Field::Issue, id.to_string()),
        range: TimeRange { from, ..ever() },
        order: EventOrder::Oldest,
        cursor: None,
        limit: 1,
    };
    let oldest = app.store.events(&query)?.events.into_iter().next();
    Ok(oldest.map(|event| app.store.event(event.id)).transpose()?.flatten())
}

fn suspect_commit(found: &SuspectedCommit, located: &Located) -> views::SuspectCommit {
    let (facts, web) = (&found.facts, located.web.as_ref());
    let (id, ran) = (facts.id.to_string(), located.commit.id.to_string());
    let pull_request = web.and_then(|web| web.pull_request(&facts.subject));
    let line = |line: &reenact_source::suspect::Touched<_>| views::SuspectLine {
        path: line.path.clone(),
        line_number: line.number,
        url: web.map(|web| web.line(&ran, &line.path, line.number)),
    };
    views::SuspectCommit {
        url: web.and_then(|web| web.commit(&id)),
        author: facts.author.clone(),
        at: Timestamp::from_millis(facts.seconds.saturating_mul(1_000)).to_string(),
        subject: facts.subject.clone(),
        message: facts.message.clone(),
        pull_request: pull_request.map(|(number, url)| views::PullRequest { number, url }),
        why: sentence(&found.suspect.why),
        lines: found.suspect.lines.iter().map(line).collect(),
        id,
    }
}

fn ownership(app: &App, placed: &Placed) -> Result<views::Ownership, Failure> {
    let none = |state: &str, reason: String| views::Ownership {
        state: state.to_owned(),
        reason,
        ..views::Ownership::default()
    };
    let located = match located(app, placed)? {
        Ok(located) => located,
        Err(absent) => return Ok(none(absent.state, absent.reason)),
    };
    let (path, file, commit, rules) = match owning(placed, &located) {
        Ok(Owning::Known { path, file, commit, rules }) => (path, file, commit.to_string(), rules),
        Ok(Owning::Unknown(state, reason)) => return Ok(none(state, reason)),
        Err(error) => return Ok(none("unreadable", sentence(&told(&error)))),
    };
    let mut owners: Vec<String> = Vec::new();
    for owner in rules.iter().flat_map(|rule| &rule.owners) {
        if !owners.contains(owner) {
            owners.push(owner.clone());
        }
    }
    let is_owned = !owners.is_empty();
    let rule = |rule: &reenact_source::owners::Owned| views::OwnerRule {
        pattern: rule.pattern.clone(),
        owners: rule.owners.clone(),
        file: file.to_owned(),
        line_number: rule.line_number,
        url: located.web.as_ref().map(|web| web.line(&commit, file, rule.line_number)),
        section: rule.section.clone(),
    };
    Ok(views::Ownership {
        state: if is_owned { "owned" } else { "unowned" }.to_owned(),
        reason: if is_owned { String::new() } else { "The rule names no owner.".to_owned() },
        owners,
        path: Some(path),
        rules: rules.iter().map(rule).collect(),
    })
}
