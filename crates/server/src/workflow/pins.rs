//! Variables that are pinned to issues: columns of their occurrences, the same for everybody.
//!
//! One document of an issue, so that a change and its audit entry are in one transaction.

use std::collections::HashMap;

use reenact_model::{IssueId, Timestamp, ValuePath};
use reenact_replay::pick::Wanted;
use reenact_store::StoreError;
use reenact_store::control::AuditEntry;
use serde::{Deserialize, Serialize};

use super::{FORGOTTEN_NS, Workflow};

/// Variables that one issue has pinned.
pub(crate) const PINS_MAX: usize = 5;
/// Length of the name of a function, in bytes.
pub(crate) const FUNCTION_BYTES_MAX: usize = 500;
/// Tries to change the pins of an issue while others do.
const TRIES: usize = 10;
/// What the names of the documents begin with; the issue follows.
const DOCUMENTS: &str = "pins/";

/// A pinned variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pin {
    /// The text of a [`ValuePath`].
    pub(crate) path: String,
    /// Only of this function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) function: Option<String>,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

impl Pin {
    fn is(&self, wanted: &Wanted) -> bool {
        self.path == wanted.path.to_string() && self.function == wanted.function
    }

    /// What is looked for; `None` when the path cannot be read any more.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        let path = ValuePath::parse(&self.path).ok()?;
        Some(Wanted { path, function: self.function.clone() })
    }
}

/// Why pins could not be changed.
#[derive(Debug)]
pub(crate) enum PinFailure {
    /// There are [`PINS_MAX`] of them.
    Full,
    /// Others change them all the time.
    Conflict,
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for PinFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Workflow {
    /// The pins of an issue, in the order in which they were pinned. Blocks.
    pub(crate) fn pins(&self, issue: IssueId) -> Result<Vec<Pin>, StoreError> {
        Ok(self.load_pins(issue)?.1)
    }

    /// Pins a variable; one that is pinned already stays as it is. Blocks.
    pub(crate) fn pin(
        &self,
        issue: IssueId,
        wanted: &Wanted,
        audit: &AuditEntry,
    ) -> Result<Vec<Pin>, PinFailure> {
        self.change_pins(issue, audit, |pins| {
            if pins.iter().any(|pin| pin.is(wanted)) {
                return Ok(false);
            }
            if pins.len() >= PINS_MAX {
                return Err(PinFailure::Full);
            }
            let (path, function) = (wanted.path.to_string(), wanted.function.clone());
            pins.push(Pin { path, function, by: audit.actor.clone(), at: audit.at });
            Ok(true)
        })
    }

    /// Takes a pin away; one that is not there is no error. Blocks.
    pub(crate) fn unpin(
        &self,
        issue: IssueId,
        wanted: &Wanted,
        audit: &AuditEntry,
    ) -> Result<Vec<Pin>, PinFailure> {
        self.change_pins(issue, audit, |pins| {
            let before = pins.len();
            pins.retain(|pin| !pin.is(wanted));
            Ok(pins.len() != before)
        })
    }

    /// Forgets the pins of issues that were neither seen nor pinned to for long.
    pub(super) fn forget_pins(
        &self,
        last_seen: &HashMap<IssueId, Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for (name, document) in self.control.documents(DOCUMENTS)? {
            let issue = name.strip_prefix(DOCUMENTS).and_then(|id| id.parse::<IssueId>().ok());
            let seen = issue.and_then(|issue| last_seen.get(&issue)).copied();
            let pinned = read(&document.body).iter().map(|pin| pin.at).max();
            if now.nanos_since(seen.max(pinned).unwrap_or_default()) >= FORGOTTEN_NS {
                self.control.delete_document(&name)?;
            }
        }
        Ok(())
    }

    /// The document of an issue's pins: those of the issue that it is shown as.
    fn name_of_pins(&self, issue: IssueId) -> String {
        format!("{DOCUMENTS}{}", self.shown(issue))
    }

    fn load_pins(&self, issue: IssueId) -> Result<(u64, Vec<Pin>), StoreError> {
        let document = self.control.document(&self.name_of_pins(issue))?;
        Ok(document.map_or((0, Vec::new()), |document| (document.version, read(&document.body))))
    }

    fn change_pins(
        &self,
        issue: IssueId,
        audit: &AuditEntry,
        change: impl Fn(&mut Vec<Pin>) -> Result<bool, PinFailure>,
    ) -> Result<Vec<Pin>, PinFailure> {
        for _ in 0..TRIES {
            let (version, mut pins) = self.load_pins(issue)?;
            if !change(&mut pins)? {
                return Ok(pins);
            }
            let body = serde_json::to_string(&pins).expect("pins are plain data");
            let name = self.name_of_pins(issue);
            if self.control.put_document(&name, version, &body, Some(audit))?.is_some() {
                return Ok(pins);
            }
        }
        Err(PinFailure::Conflict)
    }
}

/// What cannot be read is as if it were not there: pins are a convenience.
fn read(body: &str) -> Vec<Pin> {
    serde_json::from_str(body).unwrap_or_else(|error| {
        tracing::error!(%error, "the pinned variables of an issue cannot be read");
        Vec::new()
    })
}
