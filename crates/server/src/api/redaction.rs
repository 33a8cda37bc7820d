//! Redaction settings, what rules did, and trying rules out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use reenact_model::{Fragment, Timestamp};
use reenact_redact::{Change, Hits, Rules, default_identifiers, value_rules};
use reenact_store::{EventOrder, EventQuery, Filter, TimeRange};

use super::ask;
use super::failure::Failure;
use super::parameters::{Selection, body, buckets, read};
use super::settings_views as views;
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::policy::settings::{RuleSet, ScannerGroup, ScannerRuleSetting, ScannerSettings};
use crate::policy::{Current, Facts, Policy, RuleKey, SOURCES, counts, rule_key};

/// Length of a text to try rules on, in bytes.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// Events to try rules on.
const LAST_MAX: usize = 200;
/// Changes that a trial lists.
const CHANGES_MAX: usize = 500;
const HOUR_NS: i64 = 3_600_000_000_000;
/// Hours of hits that are asked for at a time: 400 days.
const HOURS_MAX: i64 = 400 * 24;

/// Redaction as it is in force.
#[utoipa::path(get, operation_id = "getRedaction", path = "/redaction", tag = "redaction",
    responses((status = 200, body = views::Redaction)))]
pub(crate) async fn get(State(app): State<Arc<App>>) -> Json<views::Redaction> {
    Json(shown(&app, app.policies.current()))
}

/// Changes the redaction settings; in force for what arrives afterwards.
#[utoipa::path(put, operation_id = "putRedaction", path = "/redaction", tag = "redaction",
    request_body = views::RedactionChange,
    responses((status = 200, body = views::Redaction), (status = 400, body = super::views::ErrorBody),
        (status = 403, body = super::views::ErrorBody), (status = 409, body = super::views::ErrorBody)))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    change: Result<Json<views::RedactionChange>, JsonRejection>,
) -> Result<Json<views::Redaction>, Failure> {
    may_change(&viewer)?;
    let change = body(change)?;
    let audit = viewer.does("redaction.changed", None, None);
    ask(&app, move |app| {
        app.policies.set_redaction(change.version, change.settings, &audit)?;
        Ok(Json(shown(app, app.policies.current())))
    })
    .await
}

pub(super) fn may_change(viewer: &Viewer) -> Result<(), Failure> {
    if viewer.permissions.change_settings { Ok(()) } else { Err(Failure::forbidden("change settings")) }
}

fn shown(app: &App, current: Current) -> views::Redaction {
    let configured = app.policies.configured();
    views::Redaction {
        version: current.redaction.version,
        configured: rule_set(configured),
        default_identifiers: default_identifiers().map(str::to_owned).collect(),
        value_rules: value_rules()
            .iter()
            .map(|rule| views::ValueRule {
                id: rule.id.to_owned(),
                category: rule.category.as_str().to_owned(),
                description: rule.description.to_owned(),
                on_by_default: rule.on_by_default,
                on: current.policy.uses_value_rule(rule.id),
            })
            .collect(),
        settings: current.redaction.settings,
    }
}

fn rule_set(rules: &Rules) -> RuleSet {
    RuleSet {
        identifiers: rules.identifiers.clone(),
        excluded_identifiers: rules.excluded_identifiers.clone(),
        types: rules.types.clone(),
        values_on: rules.values_on.clone(),
        values_off: rules.values_off.clone(),
        mode: None,
    }
}

/// How often rules changed something, by the hour.
#[utoipa::path(get, operation_id = "listRuleHits", path = "/redaction/hits", tag = "redaction",
    params(views::HitsSelection), responses((status = 200, body = views::RuleHitsList)))]
pub(crate) async fn hits(
    State(app): State<Arc<App>>,
    selection: Result<Query<views::HitsSelection>, QueryRejection>,
) -> Result<Json<views::RuleHitsList>, Failure> {
    let selection = read(selection)?;
    let wanted = buckets(selection.buckets, 24)?;
    let range = Selection { query: None, from: selection.from, to: selection.to }.range(now())?;
    let hour = |time: Timestamp| time.as_nanos().div_euclid(HOUR_NS);
    // Whole hours, the last one included.
    let to = hour(range.to.saturating_add_nanos(HOUR_NS - 1));
    let from = hour(range.from).max(to - HOURS_MAX);
    ask(&app, move |app| {
        // What was counted a moment ago is in it.
        app.policies.write_hits()?;
        let rows = app.policies.control().hits(from, to)?;
        let names = names(&app.policies.current());
        let mut by_rule: BTreeMap<String, (u64, i64, Vec<u64>)> = BTreeMap::new();
        let hours = usize::try_from(to - from).unwrap_or(1).max(1);
        let parts = wanted.min(hours);
        for row in rows {
            let (total, last, parts_of) =
                by_rule.entry(row.rule).or_insert_with(|| (0, row.hour, vec![0; parts]));
            *total += row.count;
            *last = row.hour.max(*last);
            let at = usize::try_from(row.hour - from).unwrap_or(0) * parts / hours;
            parts_of[at.min(parts - 1)] += row.count;
        }
        let mut rules: Vec<views::RuleHits> = by_rule
            .into_iter()
            .filter_map(|(rule, (total, last, histogram))| {
                let rule = rule_name(&RuleKey::parse(&rule)?, &names);
                let last_at = Timestamp::from_nanos(last.saturating_mul(HOUR_NS)).to_string();
                Some(views::RuleHits { rule, total, last_at, histogram })
            })
            .collect();
        rules.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.rule.cmp(&b.rule)));
        let time = |hour: i64| Timestamp::from_nanos(hour.saturating_mul(HOUR_NS)).to_string();
        Ok(Json(views::RuleHitsList { from: time(from), to: time(to), rules }))
    })
    .await
}

/// Names of scanner rules by id.
pub(super) fn names(current: &Current) -> BTreeMap<String, String> {
    let rules = current.scanner.settings.groups.iter().flat_map(|group| &group.rules);
    rules.map(|rule| (rule.id.clone(), rule.name.clone())).collect()
}

pub(super) fn rule_name(rule: &RuleKey, names: &BTreeMap<String, String>) -> views::RuleName {
    let (kind, id, name) = match rule {
        RuleKey::Name => (views::RuleKind::Name, None, "redacted names".to_owned()),
        RuleKey::Type => (views::RuleKind::Type, None, "redacted types".to_owned()),
        RuleKey::Strict => (views::RuleKind::Strict, None, "strict mode".to_owned()),
        RuleKey::Unscanned => (views::RuleKind::Unscanned, None, "over a limit of the scan".to_owned()),
        RuleKey::Value(id) => {
            let known = value_rules().iter().find(|rule| rule.id == id);
            (
                views::RuleKind::Value,
                Some(id.clone()),
                known.map_or(id.as_str(), |rule| rule.description).to_owned(),
            )
        }
        RuleKey::Scanner(id) => {
            let name = names.get(id).map_or("a rule that was deleted", String::as_str);
            (views::RuleKind::Scanner, Some(id.clone()), name.to_owned())
        }
    };
    views::RuleName { kind, id, name }
}

/// Shows what rules would change in a text, or in the last events with their values. Nothing is kept.
#[utoipa::path(post, operation_id = "tryRules", path = "/redaction/try", tag = "redaction", request_body = views::Trial,
    responses((status = 200, body = views::TrialResult), (status = 400, body = super::views::ErrorBody)))]
pub(crate) async fn trial(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    trial: Result<Json<views::Trial>, JsonRejection>,
) -> Result<Json<views::TrialResult>, Failure> {
    let trial = body(trial)?;
    let on_text = trial.text.is_some();
    if on_text == trial.last.is_some() {
        return Err(Failure::bad("body_invalid", "give either `text` or `last`".to_owned()));
    }
    if trial.text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
        return Err(Failure::bad("body_invalid", format!("`text` has more than {TEXT_BYTES_MAX} bytes")));
    }
    if trial.last.is_some_and(|last| !(1..=LAST_MAX).contains(&last)) {
        return Err(Failure::bad("body_invalid", format!("`last` is from 1 to {LAST_MAX}")));
    }
    if !on_text && !viewer.permissions.see_values {
        return Err(Failure::forbidden("see captured values"));
    }
    let audit = viewer.does("trial.run", None, trial.last.map(|last| format!("last {last} events")));
    ask(&app, move |app| {
        if !on_text {
            app.policies.control().audit(&audit)?;
        }
        let current = app.policies.current();
        let mut names = names(&current);
        let policy = policy_of(app, &current, &trial, &mut names)?;
        let mut result = Found::default();
        match &trial.text {
            Some(text) => try_text(&policy, &trial, text, &names, &mut result),
            None => try_last(app, &policy, trial.last.unwrap_or(1), &names, &mut result)?,
        }
        Ok(Json(result.finish(&names)))
    })
    .await
}

/// The id of the rule that is tried.
const TRIED: &str = "this-rule";

/// The policy in force, or the one that is tried.
fn policy_of(
    app: &App,
    current: &Current,
    trial: &views::Trial,
    names: &mut BTreeMap<String, String>,
) -> Result<Arc<Policy>, Failure> {
    if trial.rule.is_none() && trial.settings.is_none() {
        return Ok(Arc::clone(&current.policy));
    }
    let redaction = trial.settings.as_ref().unwrap_or(&current.redaction.settings);
    let scanner = match &trial.rule {
        None => current.scanner.settings.clone(),
        Some(rule) => {
            let rule = ScannerRuleSetting { id: TRIED.to_owned(), enabled: true, ..rule.clone() };
            names.insert(TRIED.to_owned(), rule.name.clone());
            let group = ScannerGroup {
                id: TRIED.to_owned(),
                name: "tried".to_owned(),
                query: trial.query.clone().unwrap_or_default(),
                enabled: true,
                rules: vec![rule],
            };
            ScannerSettings { groups: vec![group] }
        }
    };
    app.policies.compile(redaction, &scanner).map(Arc::new).map_err(|mut error| {
        for (start, with) in [("groups.0.rules.0.", "rule."), ("groups.0.", "")] {
            if let Some(rest) = error.field.strip_prefix(start) {
                error.field = format!("{with}{rest}");
                break;
            }
        }
        Failure::settings(error)
    })
}

/// A result that grows.
#[derive(Default)]
struct Found {
    looked_at: u64,
    changed: u64,
    hits: Hits,
    samples: Vec<views::TrialSample>,
    changes: usize,
    truncated: bool,
}

impl Found {
    fn add(&mut self, hits: &Hits, sample: views::TrialSample) {
        self.looked_at += 1;
        self.hits.add(hits);
        if sample.changes.is_empty() && sample.text.is_none() {
            return;
        }
        self.changed += u64::from(!sample.changes.is_empty());
        let mut sample = sample;
        let room = CHANGES_MAX.saturating_sub(self.changes);
        if sample.changes.len() > room {
            sample.changes.truncate(room);
            self.truncated = true;
        }
        self.changes += sample.changes.len();
        if !sample.changes.is_empty() || sample.text.is_some() {
            self.samples.push(sample);
        }
    }

    fn finish(self, names: &BTreeMap<String, String>) -> views::TrialResult {
        let mut hits: Vec<views::RuleCount> = counts(&self.hits)
            .map(|(rule, count)| views::RuleCount { rule: rule_name(&rule, names), count })
            .collect();
        hits.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.rule.cmp(&b.rule)));
        views::TrialResult {
            looked_at: self.looked_at,
            changed: self.changed,
            hits,
            samples: self.samples,
            truncated: self.truncated,
        }
    }
}

fn try_text(
    policy: &Policy,
    trial: &views::Trial,
    text: &str,
    names: &BTreeMap<String, String>,
    result: &mut Found,
) {
    let path = trial.path.as_deref().unwrap_or("error.message");
    let source = if path == "values" || path.starts_with("values.") { SOURCES[0] } else { SOURCES[1] };
    let facts = Facts::of_text(source, trial.service.as_deref().unwrap_or(""), trial.env.as_deref());
    let (redacted, hits, changes) = policy.choose(facts).explain_text(text.to_owned(), path);
    let sample = views::TrialSample {
        kind: views::SampleKind::Text,
        event_id: None,
        title: String::new(),
        changes: changes.into_iter().map(|change| shown_change(change, Some(text), names)).collect(),
        text: Some(redacted.into_inner()),
    };
    result.add(&hits, sample);
}

fn try_last(
    app: &App,
    policy: &Policy,
    last: usize,
    names: &BTreeMap<String, String>,
    result: &mut Found,
) -> Result<(), Failure> {
    let always = TimeRange { from: Timestamp::from_nanos(i64::MIN), to: Timestamp::from_nanos(i64::MAX) };
    let page = app.store.events(&EventQuery {
        filter: Filter::All,
        range: always,
        order: EventOrder::Newest,
        cursor: None,
        limit: last,
    })?;
    let mut seen = BTreeSet::new();
    for row in page.events {
        let Some(event) = app.store.event(row.id)? else { continue };
        let event_id = event.report.id.to_string();
        for snapshot in app.store.snapshots(&event.report.snapshot_ids())? {
            if !seen.insert(snapshot.id) {
                continue;
            }
            let chosen = policy.choose(Facts::of_snapshot(&snapshot));
            let title = snapshot.function.clone();
            let (hits, changes) = chosen.explain_fragment(Fragment::Snapshot(snapshot.clone()));
            result.add(&hits, sample(views::SampleKind::Snapshot, &event_id, title, changes, names));
        }
        let chosen = policy.choose(Facts::of_placed(&event));
        let title = event.report.type_name().to_owned();
        let (hits, changes) = chosen.explain_placed(event);
        result.add(&hits, sample(views::SampleKind::Event, &event_id, title, changes, names));
    }
    Ok(())
}

fn sample(
    kind: views::SampleKind,
    event_id: &str,
    title: String,
    changes: Vec<Change>,
    names: &BTreeMap<String, String>,
) -> views::TrialSample {
    views::TrialSample {
        kind,
        event_id: Some(event_id.to_owned()),
        title,
        changes: changes.into_iter().map(|change| shown_change(change, None, names)).collect(),
        text: None,
    }
}

/// Ranges are shown of a text that the caller has.
fn shown_change(change: Change, text: Option<&str>, names: &BTreeMap<String, String>) -> views::TrialChange {
    let range = change.range.zip(text).map(|(range, text)| {
        let units = |bytes: usize| text[..bytes].encode_utf16().count();
        (units(range.start), units(range.end))
    });
    views::TrialChange {
        path: change.path,
        rule: rule_name(&rule_key(&change.rule), names),
        start: range.map(|(start, _)| start),
        end: range.map(|(_, end)| end),
        replacement: change.replacement,
    }
}
