//! Whether the clients of a service capture values, and how often.

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use reenact_redact::has_form;
use reenact_store::StoreError;
use reenact_store::control::{AuditEntry, Control};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::policy::{ChangeError, SettingsError, check_name};

/// Name of the document.
const DOCUMENT: &str = "captures";
/// How many switches there are at most.
pub(crate) const SWITCHES_MAX: usize = 500;
/// The most captures per second that can be set.
const PER_SECOND_MAX: f64 = 1_000.0;

/// What was set for one service or for several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaptureSwitch {
    /// The service; `*` stands for any text. 1 to 200 bytes.
    pub(crate) service: String,
    /// The environment, likewise; null: every one, also none.
    #[serde(default)]
    pub(crate) env: Option<String>,
    /// Whether its clients capture values.
    pub(crate) enabled: bool,
    /// How many captures of exceptions that were seen before a process may make per second; null: as the client is set.
    /// Only clients of ours can be told.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000)]
    pub(crate) captures_per_second: Option<f64>,
}

/// What was set cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CapturingError {
    /// The store fails.
    #[error("what was set about captures cannot be read")]
    Store(#[from] StoreError),
    /// What is stored cannot be used by this version.
    #[error("what is stored about captures cannot be used: {message}")]
    Stored {
        /// What is wrong.
        message: String,
    },
}

/// The switches in force, in order: the first one that fits decides.
pub(crate) struct Switches {
    control: Arc<dyn Control>,
    current: RwLock<CurrentSwitches>,
    changing: Mutex<()>,
}

/// Switches with their version.
#[derive(Clone, Debug, Default)]
pub(crate) struct CurrentSwitches {
    /// Grows by one with each change; 0 when nothing was ever set.
    pub(crate) version: u64,
    pub(crate) switches: Vec<CaptureSwitch>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    switches: Vec<CaptureSwitch>,
}

impl Switches {
    pub(super) fn load(control: Arc<dyn Control>) -> Result<Self, CapturingError> {
        let current = match control.document(DOCUMENT)? {
            None => CurrentSwitches::default(),
            Some(document) => {
                let read: Document = serde_json::from_str(&document.body)
                    .map_err(|error| CapturingError::Stored { message: error.to_string() })?;
                CurrentSwitches { version: document.version, switches: read.switches }
            }
        };
        Ok(Self { control, current: RwLock::new(current), changing: Mutex::default() })
    }

    /// What is in force now.
    pub(crate) fn current(&self) -> CurrentSwitches {
        self.read().clone()
    }

    pub(super) fn version(&self) -> u64 {
        self.read().version
    }

    /// What was set for a service in an environment.
    pub(super) fn of(&self, service: &str, env: &str) -> Option<CaptureSwitch> {
        let fits = |switch: &&CaptureSwitch| {
            has_form(&switch.service, service)
                && switch.env.as_deref().is_none_or(|pattern| has_form(pattern, env))
        };
        self.read().switches.iter().find(fits).cloned()
    }

    /// Replaces the switches that have version `from`.
    pub(crate) fn set(
        &self,
        from: u64,
        switches: Vec<CaptureSwitch>,
        audit: &AuditEntry,
    ) -> Result<CurrentSwitches, ChangeError> {
        check(&switches)?;
        let document = Document { switches };
        let body = serde_json::to_string(&document).expect("switches are plain data");
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let version =
            self.control.put_document(DOCUMENT, from, &body, Some(audit))?.ok_or(ChangeError::Conflict)?;
        let current = CurrentSwitches { version, switches: document.switches };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current.clone();
        Ok(current)
    }

    fn read(&self) -> RwLockReadGuard<'_, CurrentSwitches> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check(switches: &[CaptureSwitch]) -> Result<(), SettingsError> {
    if switches.len() > SWITCHES_MAX {
        return Err(SettingsError::new("switches", format!("there are {SWITCHES_MAX} switches at most")));
    }
    for (at, switch) in switches.iter().enumerate() {
        let place = format!("switches.{at}");
        for (field, text) in [("service", Some(&switch.service)), ("env", switch.env.as_ref())] {
            if let Some(text) = text {
                check_name(field, text).map_err(|error| error.within(&place))?;
            }
        }
        let is_possible = |per_second: f64| (0.0..=PER_SECOND_MAX).contains(&per_second);
        if !switch.captures_per_second.is_none_or(is_possible) {
            let message = format!("the captures per second are a number from 0 to {PER_SECOND_MAX}");
            return Err(SettingsError::new("captures_per_second", message).within(&place));
        }
        let same = |other: &CaptureSwitch| other.service == switch.service && other.env == switch.env;
        if switches[..at].iter().any(same) {
            let message = "another switch above is about the same service and environment";
            return Err(SettingsError::new("service", message).within(&place));
        }
    }
    Ok(())
}
