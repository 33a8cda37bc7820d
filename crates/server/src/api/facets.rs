//! The facets of the explorer, and what completes a query.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use reenact_model::{IssueId, Timestamp};
use reenact_store::query::{self, KEYS, TAG_KEY};
use reenact_store::{FacetCount, Filter, TimeRange};
use serde::Deserialize;
use utoipa::IntoParams;

use super::failure::Failure;
use super::issues::{Parameters, StateSelection, in_groups};
use super::parameters::{Selection, limit, read};
use super::{ask, views};
use crate::App;
use crate::app::now;

/// Values of a facet, unless asked otherwise.
const FACET_VALUES: usize = 10;
/// Names of tags in a list of facets, at most.
const TAGS_MAX: usize = 100;
/// The facets that the explorer offers: key in the query language, and name for people.
const FACETS: [(&str, &str); 8] = [
    ("service", "Service"),
    ("env", "Environment"),
    ("version", "Version"),
    ("error.type", "Error type"),
    ("handled", "Handling"),
    ("cause", "Suspected cause"),
    ("host", "Host"),
    ("resource", "Resource"),
];

/// What else a list of facets has.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TagNames {
    /// How many of the commonest names of tags to list, 0 (default) to 100.
    tags: Option<usize>,
}

/// The facets of the explorer with their commonest values among matching events, and the commonest names of tags.
#[utoipa::path(get, operation_id = "listFacets", path = "/facets", tag = "explorer",
    params(Selection, StateSelection, TagNames),
    responses((status = 200, body = views::FacetList), (status = 400, body = views::ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    selection: Parameters<Selection>,
    state: Parameters<StateSelection>,
    tags: Parameters<TagNames>,
) -> Result<Json<views::FacetList>, Failure> {
    let (selection, groups) = (read(selection)?, read(state)?.groups()?);
    let tags_max = read(tags)?.tags.unwrap_or(0);
    if tags_max > TAGS_MAX {
        return Err(Failure::parameter("tags", format!("`tags` is from 0 to {TAGS_MAX}")));
    }
    let now = now();
    let range = selection.range(now)?;
    let list = ask(&app, move |app| {
        let filter = in_groups(app, selection.filter(app, now)?, groups);
        let mut facets = Vec::new();
        for (key, label) in FACETS {
            let wanted = Wanted { key, prefix: "", limit: FACET_VALUES };
            let values = values(app, &wanted, &filter, range, now)?;
            facets.push(views::Facet { key: key.to_owned(), label: label.to_owned(), values });
        }
        let tags = match tags_max {
            0 => Vec::new(),
            most => app.store.tag_names(&filter, range, "", most)?,
        };
        Ok(views::FacetList { facets, tags: tags.into_iter().map(facet_value).collect() })
    });
    Ok(Json(list.await?))
}

/// How the values of a facet are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FacetPaging {
    /// Only values that begin so.
    prefix: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<usize>,
}

/// The commonest values of one key of the query language, `@tag` included; of `@` the names of tags.
#[utoipa::path(get, operation_id = "listFacetValues", path = "/facets/{key}/values", tag = "explorer",
    params(("key" = String, Path), Selection, StateSelection, FacetPaging),
    responses((status = 200, body = views::FacetValueList), (status = 400, body = views::ErrorBody),
        (status = 404, body = views::ErrorBody)))]
pub(crate) async fn facet_values(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    selection: Parameters<Selection>,
    state: Parameters<StateSelection>,
    paging: Parameters<FacetPaging>,
) -> Result<Json<views::FacetValueList>, Failure> {
    let (selection, groups, paging) = (read(selection)?, read(state)?.groups()?, read(paging)?);
    let now = now();
    let (range, limit) = (selection.range(now)?, limit(paging.limit)?);
    let prefix = paging.prefix.unwrap_or_default();
    if !key.starts_with(TAG_KEY) && query::key(&key).is_none() {
        return Err(Failure::not_found("facet"));
    }
    let list = ask(&app, move |app| {
        let filter = in_groups(app, selection.filter(app, now)?, groups);
        let wanted = Wanted { key: &key, prefix: &prefix, limit };
        let values = values(app, &wanted, &filter, range, now)?;
        Ok(views::FacetValueList { key, values })
    });
    Ok(Json(list.await?))
}

/// The keys of the query language; a key of a tag is `@` and its name.
#[utoipa::path(get, operation_id = "listQueryKeys", path = "/query/keys", tag = "explorer",
    responses((status = 200, body = views::QueryKeyList)))]
pub(crate) async fn keys() -> Json<views::QueryKeyList> {
    let known = KEYS.iter().map(|key| views::QueryKey {
        key: key.name.to_owned(),
        about: key.about.to_owned(),
        values: key.values.iter().map(|value| (*value).to_owned()).collect(),
    });
    let tags = views::QueryKey {
        key: TAG_KEY.to_owned(),
        about: "any tag by its name: `@region:north`".to_owned(),
        values: Vec::new(),
    };
    Json(views::QueryKeyList { keys: known.chain([tags]).collect() })
}

/// Which values are asked for.
struct Wanted<'a> {
    key: &'a str,
    prefix: &'a str,
    limit: usize,
}

/// The commonest values of a key. Blocks.
fn values(
    app: &App,
    wanted: &Wanted<'_>,
    filter: &Filter,
    range: TimeRange,
    now: Timestamp,
) -> Result<Vec<views::FacetValue>, Failure> {
    let counts = if let Some(field) = query::field_of_key(wanted.key) {
        app.store.facet(&field, filter, range, wanted.prefix, wanted.limit)?
    } else if wanted.key == TAG_KEY {
        app.store.tag_names(filter, range, wanted.prefix, wanted.limit)?
    } else {
        words(app, wanted, filter, range, now)?
    };
    Ok(counts.into_iter().map(facet_value).collect())
}

/// The values of a key that has no field: those that it knows, and names of assignees.
fn words(
    app: &App,
    wanted: &Wanted<'_>,
    filter: &Filter,
    range: TimeRange,
    now: Timestamp,
) -> Result<Vec<FacetCount>, Failure> {
    let known = query::key(wanted.key).map_or(&[][..], |key| key.values);
    let mut values: Vec<String> = known.iter().map(|value| (*value).to_owned()).collect();
    if wanted.key == "assignee" {
        values.extend(app.workflow.assignees()?.into_iter().map(|(name, _)| name));
    }
    values.retain(|value| value.starts_with(wanted.prefix));
    let issues = app.store.issue_counts(filter, range)?;
    let mut counts = Vec::new();
    for value in values {
        // Comparisons are no text.
        let written = if known.is_empty() { query::quoted(&value) } else { value.clone() };
        let query = format!("{}:{written}", wanted.key);
        let term = Selection { query: Some(query), ..Selection::default() }.filter(app, now)?;
        let found = match of_issues(&term, &issues) {
            Some(found) => found,
            None => app.store.issue_counts(&Filter::And(vec![filter.clone(), term]), range)?,
        };
        let events = found.iter().map(|(_, count)| count).sum();
        counts.push(FacetCount { value, issues: found.len() as u64, events });
    }
    counts.retain(|count| count.events > 0);
    counts.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.value.cmp(&b.value)));
    counts.truncate(wanted.limit);
    Ok(counts)
}

/// Those of the issues that a condition on issues alone holds for; `None` for another condition.
fn of_issues(term: &Filter, issues: &[(IssueId, u64)]) -> Option<Vec<(IssueId, u64)>> {
    let set = match term {
        Filter::Issues(set) => set,
        Filter::Not(inner) => match &**inner {
            Filter::Issues(set) => set,
            _ => return None,
        },
        _ => return None,
    };
    let wanted = matches!(term, Filter::Issues(_));
    Some(issues.iter().filter(|(id, _)| set.contains(*id) == wanted).copied().collect())
}

fn facet_value(count: FacetCount) -> views::FacetValue {
    views::FacetValue { value: count.value, issues: count.issues, events: count.events }
}
