//! Who asks, and what they may do.
//!
//! There are no accounts yet: everybody who reaches the pages is the local admin, whose permissions the
//! configuration may restrict. Handlers ask a [`Viewer`], so that accounts only change where it comes from.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use reenact_intake::listen::Peer;
use reenact_store::control::AuditEntry;

use crate::App;
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
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    pub(crate) name: String,
    /// Where the connection comes from; a proxy's address where there is one between.
    address: Option<IpAddr>,
    pub(crate) permissions: Permissions,
}

impl Viewer {
    /// An entry of the audit log about what this viewer does now.
    pub(crate) fn does(&self, action: &str, subject: Option<String>, detail: Option<String>) -> AuditEntry {
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

impl FromRequestParts<Arc<App>> for Viewer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let address = parts.extensions.get::<Peer>().map(|peer| peer.0);
        Ok(Self { name: "local admin".to_owned(), address, permissions: app.local_admin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_have_names() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(Permissions::of_names(&names(&Permissions::NAMES)), Ok(Permissions::ALL));
        assert!(!Permissions::of_names(&names(&["settings"])).unwrap().see_values);
        assert_eq!(Permissions::of_names(&names(&["values", "all"])), Err("all".to_owned()));
    }
}
