//! Versions: which of them events over time belong to, and when each was seen for the first time.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use reenact_model::Timestamp;
use reenact_store::{Field, Filter, Histogram, HistogramSeries, TimeRange};

use super::failure::Failure;
use super::issues::{Parameters, StateSelection, in_groups};
use super::parameters::{Selection, read};
use super::{ask, views};
use crate::App;
use crate::access::Viewer;
use crate::app::now;

/// Versions that a histogram names; the rest is `other`.
const SERIES_MAX: usize = 5;
/// Services and environments that are looked at, the commonest.
const PLACES_MAX: usize = 200;
/// Versions in one answer, the newest.
const VERSIONS_MAX: usize = 500;

/// Versions that were seen for the first time in the range, of the services and environments of matching events.
///
/// At most 200 services and 200 environments, the commonest, are looked at, and the newest 500 versions are listed.
#[utoipa::path(get, operation_id = "listVersions", path = "/versions", tag = "explorer",
    params(Selection, StateSelection),
    responses((status = 200, body = views::VersionList), (status = 400, body = views::ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    selection: Parameters<Selection>,
    state: Parameters<StateSelection>,
) -> Result<Json<views::VersionList>, Failure> {
    let (selection, groups) = (read(selection)?, read(state)?.groups()?);
    let now = now();
    let range = selection.range(now)?;
    let list = ask(&app, move |app| {
        let filter = in_groups(app, selection.filter(app, &viewer, now)?, groups);
        let places = |field: Field| -> Result<Vec<String>, Failure> {
            let found = app.store.facet(&field, &filter, range, "", PLACES_MAX)?;
            Ok(found.into_iter().map(|count| count.value).collect())
        };
        let services = places(Field::Service)?;
        let envs: HashSet<String> = places(Field::Env)?.into_iter().collect();
        let mut versions = Vec::new();
        for service in services {
            versions.extend(first_seen(app, &service, &envs, range));
        }
        versions.sort_by(|a, b| (a.0, &a.1.service, &a.1.version).cmp(&(b.0, &b.1.service, &b.1.version)));
        let left_off = versions.len().saturating_sub(VERSIONS_MAX);
        let versions = versions.into_iter().skip(left_off).map(|(_, version)| version).collect();
        Ok(views::VersionList { versions, left_off: left_off as u64 })
    });
    Ok(Json(list.await?))
}

/// The versions of a service that were seen for the first time in the range, as far as these environments go.
fn first_seen(
    app: &App,
    service: &str,
    envs: &HashSet<String>,
    range: TimeRange,
) -> Vec<(Timestamp, views::FirstSeenVersion)> {
    let mut found: BTreeMap<String, (Timestamp, Vec<String>)> = BTreeMap::new();
    for (env, releases) in app.workflow.releases(service) {
        if env.as_ref().is_some_and(|env| !envs.contains(env)) {
            continue;
        }
        for release in releases {
            let entry = found.entry(release.version).or_insert((release.first_seen, Vec::new()));
            entry.0 = entry.0.min(release.first_seen);
            entry.1.extend(env.clone());
        }
    }
    found.retain(|_, (at, _)| range.from <= *at && *at < range.to);
    let shown = |(version, (at, envs))| {
        let first_seen = Timestamp::to_string(&at);
        (at, views::FirstSeenVersion { service: service.to_owned(), version, envs, first_seen })
    };
    found.into_iter().map(shown).collect()
}

/// Matching events over time by version: the five commonest, then `other`; without a name, those that have none.
pub(super) fn histogram(
    app: &App,
    filter: &Filter,
    range: TimeRange,
    buckets: usize,
) -> Result<Histogram, Failure> {
    let all = app.store.histogram(filter, range, buckets)?;
    let mut rest = summed(&all, buckets);
    let versions = app.store.facet(&Field::Version, filter, range, "", SERIES_MAX + 1)?;
    let more = versions.len() > SERIES_MAX;
    let mut series = Vec::new();
    for version in versions.into_iter().take(SERIES_MAX) {
        let of_version = Filter::Equals(Field::Version, version.value.clone());
        let of_version = Filter::And(vec![of_version, filter.clone()]);
        let counts = summed(&app.store.histogram(&of_version, range, buckets)?, buckets);
        // What is recorded between the two looks is in one of them only.
        rest.iter_mut().zip(&counts).for_each(|(left, count)| *left = left.saturating_sub(*count));
        series.push(HistogramSeries { name: version.value, counts });
    }
    if rest.iter().any(|count| *count > 0) {
        let name = if more { "other" } else { "" };
        series.push(HistogramSeries { name: name.to_owned(), counts: rest });
    }
    let total = series.iter().flat_map(|one| &one.counts).sum();
    Ok(Histogram { width_ns: all.width_ns, series, total })
}

/// Events in each bucket, whatever they belong to.
fn summed(histogram: &Histogram, buckets: usize) -> Vec<u64> {
    let mut sums = vec![0; buckets];
    for series in &histogram.series {
        sums.iter_mut().zip(&series.counts).for_each(|(sum, count)| *sum += count);
    }
    sums
}
