//! The Sensitive Data Scanner: groups and their rules.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use reenact_redact::value_rules;

use super::failure::Failure;
use super::parameters::body;
use super::redaction::may_change;
use super::settings_views as views;
use super::{ask, new_id};
use crate::App;
use crate::access::Viewer;
use crate::policy::ChangeError;
use crate::policy::settings::{ScannerGroup, ScannerRuleSetting, ScannerSettings};

/// The groups with their rules.
#[utoipa::path(get, operation_id = "listScannerGroups", path = "/scanner/groups", tag = "redaction",
    responses((status = 200, body = views::ScannerGroups)))]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Json<views::ScannerGroups> {
    Json(views::ScannerGroups { groups: app.policies.current().scanner.settings.groups })
}

/// Adds a group.
#[utoipa::path(post, operation_id = "addScannerGroup", path = "/scanner/groups", tag = "redaction",
    request_body = views::GroupChange,
    responses((status = 201, body = ScannerGroup), (status = 400, body = super::views::ErrorBody),
        (status = 403, body = super::views::ErrorBody)))]
pub(crate) async fn add_group(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    change: Result<Json<views::GroupChange>, JsonRejection>,
) -> Result<(StatusCode, Json<ScannerGroup>), Failure> {
    may_change(&viewer)?;
    let change = body(change)?;
    let id = new_id()?;
    let group = ScannerGroup {
        id: id.clone(),
        name: change.name,
        query: change.query,
        enabled: change.enabled,
        rules: Vec::new(),
    };
    let added = changed(&app, &viewer, id, move |settings| {
        settings.groups.push(group.clone());
        let detail = format!("added the group `{}`", group.name);
        Ok((group, detail))
    });
    Ok((StatusCode::CREATED, Json(added.await?)))
}

/// Changes a group; its rules stay.
#[utoipa::path(put, operation_id = "putScannerGroup", path = "/scanner/groups/{id}", tag = "redaction",
    params(("id" = String, Path)), request_body = views::GroupChange,
    responses((status = 200, body = ScannerGroup), (status = 400, body = super::views::ErrorBody),
        (status = 403, body = super::views::ErrorBody), (status = 404, body = super::views::ErrorBody)))]
pub(crate) async fn put_group(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    change: Result<Json<views::GroupChange>, JsonRejection>,
) -> Result<Json<ScannerGroup>, Failure> {
    may_change(&viewer)?;
    let change = body(change)?;
    let put = changed(&app, &viewer, id.clone(), move |settings| {
        let group = group(settings, &id)?;
        group.name = change.name;
        group.query = change.query;
        group.enabled = change.enabled;
        Ok((group.clone(), format!("changed the group `{}`", group.name)))
    });
    Ok(Json(put.await?))
}

/// Deletes a group with its rules.
#[utoipa::path(delete, operation_id = "deleteScannerGroup", path = "/scanner/groups/{id}", tag = "redaction",
    params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = super::views::ErrorBody),
        (status = 404, body = super::views::ErrorBody)))]
pub(crate) async fn delete_group(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    may_change(&viewer)?;
    let deleted = changed(&app, &viewer, id.clone(), move |settings| {
        let detail = format!("deleted the group `{}`", group(settings, &id)?.name);
        settings.groups.retain(|group| group.id != id);
        Ok(((), detail))
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a rule to a group.
#[utoipa::path(post, operation_id = "addScannerRule", path = "/scanner/groups/{id}/rules", tag = "redaction",
    params(("id" = String, Path)), request_body = ScannerRuleSetting,
    responses((status = 201, body = ScannerRuleSetting), (status = 400, body = super::views::ErrorBody),
        (status = 403, body = super::views::ErrorBody), (status = 404, body = super::views::ErrorBody)))]
pub(crate) async fn add_rule(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(group_id): Path<String>,
    change: Result<Json<ScannerRuleSetting>, JsonRejection>,
) -> Result<(StatusCode, Json<ScannerRuleSetting>), Failure> {
    may_change(&viewer)?;
    let rule = body(change)?;
    let added = changed(&app, &viewer, group_id.clone(), move |settings| {
        let rule = ScannerRuleSetting { id: rule_id(&rule.name, settings), ..rule };
        group(settings, &group_id)?.rules.push(rule.clone());
        let detail = format!("added the rule `{}`", rule.name);
        Ok((rule, detail))
    });
    Ok((StatusCode::CREATED, Json(added.await?)))
}

/// Changes a rule.
#[utoipa::path(put, operation_id = "putScannerRule", path = "/scanner/rules/{id}", tag = "redaction",
    params(("id" = String, Path)), request_body = ScannerRuleSetting,
    responses((status = 200, body = ScannerRuleSetting), (status = 400, body = super::views::ErrorBody),
        (status = 403, body = super::views::ErrorBody), (status = 404, body = super::views::ErrorBody)))]
pub(crate) async fn put_rule(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    change: Result<Json<ScannerRuleSetting>, JsonRejection>,
) -> Result<Json<ScannerRuleSetting>, Failure> {
    may_change(&viewer)?;
    let rule = ScannerRuleSetting { id: id.clone(), ..body(change)? };
    let put = changed(&app, &viewer, id, move |settings| {
        let rules = settings.groups.iter_mut().flat_map(|group| &mut group.rules);
        let known = rules.into_iter().find(|known| known.id == rule.id);
        *known.ok_or(ChangeError::NotFound("rule"))? = rule.clone();
        let detail = format!("changed the rule `{}`", rule.name);
        Ok((rule, detail))
    });
    Ok(Json(put.await?))
}

/// Deletes a rule.
#[utoipa::path(delete, operation_id = "deleteScannerRule", path = "/scanner/rules/{id}", tag = "redaction",
    params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = super::views::ErrorBody),
        (status = 404, body = super::views::ErrorBody)))]
pub(crate) async fn delete_rule(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    may_change(&viewer)?;
    let deleted = changed(&app, &viewer, id.clone(), move |settings| {
        let mut removed =
            settings.groups.iter_mut().flat_map(|group| group.rules.extract_if(.., |rule| rule.id == id));
        let rule = removed.next().ok_or(ChangeError::NotFound("rule"))?;
        drop(removed);
        Ok(((), format!("deleted the rule `{}`", rule.name)))
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new id that tells people something: it is in the marks that the rule leaves.
fn rule_id(name: &str, settings: &ScannerSettings) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut id = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    id.truncate(RULE_ID_BYTES_MAX);
    if id.is_empty() {
        "rule".clone_into(&mut id);
    }
    let is_taken = |id: &str| {
        let mut rules = settings.groups.iter().flat_map(|group| &group.rules);
        rules.any(|rule| rule.id == id) || value_rules().iter().any(|rule| rule.id == id)
    };
    if !is_taken(&id) {
        return id;
    }
    (2..).map(|number| format!("{id}-{number}")).find(|id| !is_taken(id)).unwrap_or(id)
}

/// Length of the id of a rule without a number behind it, in bytes.
const RULE_ID_BYTES_MAX: usize = 40;

fn group<'a>(settings: &'a mut ScannerSettings, id: &str) -> Result<&'a mut ScannerGroup, ChangeError> {
    settings.groups.iter_mut().find(|group| group.id == id).ok_or(ChangeError::NotFound("group"))
}

async fn changed<T: Send + 'static>(
    app: &Arc<App>,
    viewer: &Viewer,
    subject: String,
    change: impl FnOnce(&mut ScannerSettings) -> Result<(T, String), ChangeError> + Send + 'static,
) -> Result<T, Failure> {
    let audit = viewer.does("scanner.changed", Some(subject), None);
    ask(app, move |app| Ok(app.policies.change_scanner(audit, change)?)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_rules_tell_their_name() {
        let mut settings: ScannerSettings =
            serde_json::from_value(serde_json::json!({ "groups": [{ "name": "g", "rules": [] }] })).unwrap();
        for (name, want) in [
            ("Order numbers!", "order-numbers"),
            ("order  NUMBERS", "order-numbers-2"),
            ("jwt", "jwt-2"),
            ("номер", "rule"),
            ("", "rule-2"),
        ] {
            let id = rule_id(name, &settings);
            assert_eq!(id, want);
            let rule = serde_json::json!({ "id": id, "name": name, "pattern": { "kind": "regex", "regex": "a" },
                "action": { "kind": "hash" } });
            settings.groups[0].rules.push(serde_json::from_value(rule).unwrap());
        }
    }
}
