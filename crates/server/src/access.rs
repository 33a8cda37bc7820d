//! Who asks, and what they may do.
//!
//! There are no accounts yet: everybody who reaches the pages is the local admin, whose permissions the
//! configuration may restrict. A program may show a key ([`keys`]) and then has the permissions of that key instead.
//! [`identify`] stands before every address of the API, so that a key that is none opens nothing; handlers ask the
//! [`Viewer`] that it made, so that accounts only change where it comes from.

pub(crate) mod keys;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use reenact_intake::listen::Peer;
use reenact_mcp::AGENT_HEADER;
use reenact_model::Timestamp;
use reenact_store::control::AuditEntry;

use crate::App;
use crate::api::failure::Failure;
use crate::app::now;

/// What somebody may do besides looking at issues, events and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// See captured values.
    pub see_values: bool,
    /// Take masks off.
    pub unmask: bool,
    /// Change settings, start jobs, and read the audit log.
    pub change_settings: bool,
    /// Change where issues stand, and write comments.
    pub triage: bool,
}

impl Permissions {
    /// Everything.
    pub const ALL: Self = Self { see_values: true, unmask: true, change_settings: true, triage: true };
    /// Their names in the configuration.
    pub const NAMES: [&str; 4] = ["values", "unmask", "settings", "triage"];

    /// The permissions of these names; the first name that is none is the error.
    ///
    /// # Errors
    /// The unknown name.
    pub fn of_names(names: &[String]) -> Result<Self, String> {
        let has = |name: &str| names.iter().any(|given| given == name);
        match names.iter().find(|name| !Self::NAMES.contains(&name.as_str())) {
            Some(unknown) => Err(unknown.clone()),
            None => Ok(Self {
                see_values: has("values"),
                unmask: has("unmask"),
                change_settings: has("settings"),
                triage: has("triage"),
            }),
        }
    }

    /// The names of those that are given.
    pub(crate) fn names(self) -> Vec<String> {
        let given = [self.see_values, self.unmask, self.change_settings, self.triage];
        let names = Self::NAMES.into_iter().zip(given);
        names.filter(|(_, given)| *given).map(|(name, _)| name.to_owned()).collect()
    }

    /// Whether each of `others` is among these.
    pub(crate) fn cover(self, others: Self) -> bool {
        let mine = self.names();
        others.names().iter().all(|name| mine.contains(name))
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    pub(crate) name: String,
    /// Whether a key was shown.
    pub(crate) by_key: bool,
    /// Whether a tool for agents asks, as it says itself.
    by_agent: bool,
    /// Where the connection comes from; a proxy's address where there is one between.
    address: Option<IpAddr>,
    pub(crate) permissions: Permissions,
}

impl Viewer {
    /// An entry of the audit log about what this viewer does now.
    pub(crate) fn does(&self, action: &str, subject: Option<String>, detail: Option<String>) -> AuditEntry {
        let detail = match detail {
            Some(detail) if self.by_agent => Some(format!("{detail}, over MCP")),
            None if self.by_agent => Some("over MCP".to_owned()),
            detail => detail,
        };
        AuditEntry {
            at: now(),
            actor: self.name.clone(),
            address: self.address.map(|address| address.to_string()),
            action: action.to_owned(),
            subject,
            detail,
        }
    }
}

/// Finds out who asks, for the handler behind; refuses whoever shows a key that there is not.
pub(crate) async fn identify(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    match viewer(&app, request.headers(), request.extensions().get::<Peer>()).await {
        Ok(viewer) => {
            request.extensions_mut().insert(viewer);
            next.run(request).await
        }
        Err(failure) => failure.into_response(),
    }
}

async fn viewer(app: &Arc<App>, headers: &HeaderMap, peer: Option<&Peer>) -> Result<Viewer, Failure> {
    let address = peer.map(|peer| peer.0);
    let by_agent = headers.contains_key(AGENT_HEADER);
    // Other schemes are those of proxies in front of us.
    let shown = headers.get_all(header::AUTHORIZATION).iter().find_map(keys::bearer);
    let Some(shown) = shown else {
        let name = "local admin".to_owned();
        return Ok(Viewer { name, by_key: false, by_agent, address, permissions: app.local_admin });
    };
    let key = keys::shown(app, shown).await?;
    let name = format!("key {}", key.name);
    Ok(Viewer { name, by_key: true, by_agent, address, permissions: key.permissions() })
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // Only an address that `identify` does not stand before has none.
        parts.extensions.get::<Self>().cloned().ok_or_else(Failure::internal)
    }
}

/// Searches of captured values that were noted lately. A page asks the same several times: for its list, its
/// histogram and each filter.
#[derive(Debug, Default)]
pub(crate) struct Searches(Mutex<VecDeque<Search>>);

#[derive(Debug)]
struct Search {
    actor: String,
    by_agent: bool,
    address: Option<IpAddr>,
    query: String,
    noted_at: Timestamp,
}

/// How long a repeated search is the one that was noted, in nanoseconds: ten minutes.
const SEARCH_NS: i64 = 600_000_000_000;
/// Searches that are remembered.
const SEARCHES_MAX: usize = 256;

impl Searches {
    /// Whether the search has to be noted.
    pub(crate) fn is_new(&self, viewer: &Viewer, query: &str, now: Timestamp) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.retain(|search| (0..SEARCH_NS).contains(&now.nanos_since(search.noted_at)));
        // What an agent searches for stands in the log as such.
        let is_known = noted.iter().any(|search| {
            search.query == query
                && search.actor == viewer.name
                && search.by_agent == viewer.by_agent
                && search.address == viewer.address
        });
        if !is_known {
            noted.truncate(SEARCHES_MAX - 1);
            let Viewer { by_agent, address, .. } = *viewer;
            let (actor, query) = (viewer.name.clone(), query.to_owned());
            noted.push_front(Search { actor, by_agent, address, query, noted_at: now });
        }
        !is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_noted_again_after_a_while() {
        let viewer = |name: &str| Viewer {
            name: name.to_owned(),
            by_key: false,
            by_agent: false,
            address: None,
            permissions: Permissions::ALL,
        };
        let searches = Searches::default();
        let (start, later) = (Timestamp::from_nanos(5), Timestamp::from_nanos(5 + SEARCH_NS));
        assert!(searches.is_new(&viewer("a"), "var.x:1", start));
        assert!(!searches.is_new(&viewer("a"), "var.x:1", start));
        assert!(searches.is_new(&viewer("b"), "var.x:1", start));
        let agent = Viewer { by_agent: true, ..viewer("a") };
        assert_eq!([(); 2].map(|()| searches.is_new(&agent, "var.x:1", start)), [true, false]);
        assert!(searches.is_new(&viewer("a"), "var.x:2", start));
        assert!(searches.is_new(&viewer("a"), "var.x:1", later));
        (0..2 * SEARCHES_MAX).for_each(|number| {
            searches.is_new(&viewer("a"), &number.to_string(), later);
        });
        assert!(searches.0.lock().unwrap().len() == SEARCHES_MAX);
    }

    #[test]
    fn permissions_have_names() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(Permissions::of_names(&names(&Permissions::NAMES)), Ok(Permissions::ALL));
        assert!(!Permissions::of_names(&names(&["settings"])).unwrap().see_values);
        assert_eq!(Permissions::of_names(&names(&["values", "all"])), Err("all".to_owned()));
        assert_eq!(Permissions::ALL.names(), Permissions::NAMES);
        let reader = Permissions::of_names(&names(&["values"])).unwrap();
        assert!(Permissions::ALL.cover(reader) && !reader.cover(Permissions::ALL));
    }
}
