//! The policy in force: loaded, changed, and what it did counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use reenact_model::Timestamp;
use reenact_redact::{Hits, Rules};
use reenact_store::StoreError;
use reenact_store::control::{AuditEntry, Control, RuleHits};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::compile::Policy;
use super::hits::{RuleKey, counts};
use super::keys::Keys;
use super::rule_sets::SettingsError;
use super::settings::{RedactionSettings, ScannerSettings};
use crate::app::now;

/// Names of the documents.
const REDACTION: &str = "redaction";
const SCANNER: &str = "scanner";

const HOUR_NS: i64 = 3_600_000_000_000;

/// The policy in force.
pub struct Policies {
    configured: Rules,
    keys: Keys,
    control: Arc<dyn Control>,
    current: RwLock<Current>,
    /// Held while settings are changed: each change is compiled with the other settings as they are.
    changing: Mutex<()>,
    /// Hits that are not in the store yet, by hour.
    counted: Mutex<HashMap<(i64, RuleKey), u64>>,
}

/// What is in force, with the settings that it was made from.
#[derive(Clone)]
pub(crate) struct Current {
    pub(crate) policy: Arc<Policy>,
    pub(crate) redaction: Versioned<RedactionSettings>,
    pub(crate) scanner: Versioned<ScannerSettings>,
}

/// Settings and how often they were changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Versioned<T> {
    pub(crate) version: u64,
    pub(crate) settings: T,
}

/// The settings cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum PoliciesError {
    /// The store fails.
    #[error("the settings cannot be read")]
    Store(#[from] StoreError),
    /// What is stored cannot be used by this version.
    #[error("the stored settings `{name}` cannot be used: {message}")]
    Stored {
        /// Which settings.
        name: &'static str,
        /// Why.
        message: String,
    },
    /// The configuration has a rule that cannot be used.
    #[error("the configured redaction rules cannot be used")]
    Configured(#[from] reenact_redact::RuleError),
}

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum ChangeError {
    /// The settings cannot be used.
    Settings(SettingsError),
    /// Somebody else changed them meanwhile.
    Conflict,
    /// There is no such group or rule.
    NotFound(&'static str),
    /// The store fails.
    Store(StoreError),
}

impl From<StoreError> for ChangeError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SettingsError> for ChangeError {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

impl Policies {
    /// Loads the settings on top of what the configuration says.
    ///
    /// # Errors
    /// [`PoliciesError`] when the store fails, or what is configured or stored cannot be used: data must not
    /// be kept under weaker rules than those that were set.
    pub fn load(
        configured: Rules,
        keys: Keys,
        control: Arc<dyn Control>,
    ) -> Result<Arc<Self>, PoliciesError> {
        reenact_redact::Redactor::new(&configured)?;
        let redaction: Versioned<RedactionSettings> = read(&*control, REDACTION)?;
        let scanner: Versioned<ScannerSettings> = read(&*control, SCANNER)?;
        let policy = Policy::new(&configured, &redaction.settings, &scanner.settings, keys.scanner())
            .map_err(|error| PoliciesError::Stored { name: REDACTION, message: error.to_string() })?;
        Ok(Arc::new(Self {
            configured,
            keys,
            control,
            current: RwLock::new(Current { policy: Arc::new(policy), redaction, scanner }),
            changing: Mutex::default(),
            counted: Mutex::default(),
        }))
    }

    /// What is in force now.
    pub(crate) fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).policy)
    }

    pub(crate) fn configured(&self) -> &Rules {
        &self.configured
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) fn control(&self) -> &dyn Control {
        &*self.control
    }

    /// A policy of other settings, to try them out.
    pub(crate) fn compile(
        &self,
        redaction: &RedactionSettings,
        scanner: &ScannerSettings,
    ) -> Result<Policy, SettingsError> {
        Policy::new(&self.configured, redaction, scanner, self.keys.scanner())
    }

    /// Puts redaction settings in force, made from version `from`.
    pub(crate) fn set_redaction(
        &self,
        from: u64,
        settings: RedactionSettings,
        audit: &AuditEntry,
    ) -> Result<(), ChangeError> {
        let _changing = lock(&self.changing);
        let mut next = self.current();
        if next.redaction.version != from {
            return Err(ChangeError::Conflict);
        }
        next.policy = Arc::new(self.compile(&settings, &next.scanner.settings)?);
        next.redaction = self.save(REDACTION, from, settings, audit)?;
        self.put_in_force(next);
        Ok(())
    }

    /// Changes the scanner and puts it in force. The change also says what the audit log tells of it.
    pub(crate) fn change_scanner<T>(
        &self,
        mut audit: AuditEntry,
        change: impl FnOnce(&mut ScannerSettings) -> Result<(T, String), ChangeError>,
    ) -> Result<T, ChangeError> {
        let _changing = lock(&self.changing);
        let mut next = self.current();
        let mut settings = next.scanner.settings.clone();
        let (answer, detail) = change(&mut settings)?;
        audit.detail = Some(detail);
        next.policy = Arc::new(self.compile(&next.redaction.settings, &settings)?);
        next.scanner = self.save(SCANNER, next.scanner.version, settings, &audit)?;
        self.put_in_force(next);
        Ok(answer)
    }

    fn save<T: Serialize>(
        &self,
        name: &'static str,
        from: u64,
        settings: T,
        audit: &AuditEntry,
    ) -> Result<Versioned<T>, ChangeError> {
        let body = serde_json::to_string(&settings).expect("settings are plain data");
        let version =
            self.control.put_document(name, from, &body, Some(audit))?.ok_or(ChangeError::Conflict)?;
        Ok(Versioned { version, settings })
    }

    fn put_in_force(&self, next: Current) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// Counts what rules did.
    pub(crate) fn count(&self, hits: &Hits) {
        if hits.total() == 0 {
            return;
        }
        let hour = now().as_nanos().div_euclid(HOUR_NS);
        let mut counted = lock(&self.counted);
        for (rule, count) in counts(hits) {
            *counted.entry((hour, rule)).or_default() += count;
        }
    }

    /// Writes the counts to the store; those that it does not take wait for the next time.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub fn write_hits(&self) -> Result<(), StoreError> {
        let counted = std::mem::take(&mut *lock(&self.counted));
        if counted.is_empty() {
            return Ok(());
        }
        let hits: Vec<RuleHits> = counted
            .iter()
            .map(|((hour, rule), count)| RuleHits { hour: *hour, rule: rule.to_text(), count: *count })
            .collect();
        let written = self.control.add_hits(&hits);
        if written.is_err() {
            let mut waiting = lock(&self.counted);
            for (key, count) in counted {
                *waiting.entry(key).or_default() += count;
            }
        }
        written
    }

    /// Deletes records that are older than they are kept.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub fn forget(&self, now: Timestamp) -> Result<(), StoreError> {
        self.control.forget(now.saturating_add_nanos(-RECORDS_NS))
    }
}

/// How long the audit log and hits are kept, in nanoseconds: 400 days.
const RECORDS_NS: i64 = 400 * 24 * HOUR_NS;

fn read<T: DeserializeOwned + Default>(
    control: &dyn Control,
    name: &'static str,
) -> Result<Versioned<T>, PoliciesError> {
    let Some(document) = control.document(name)? else { return Ok(Versioned::default()) };
    let settings = serde_json::from_str(&document.body)
        .map_err(|error| PoliciesError::Stored { name, message: error.to_string() })?;
    Ok(Versioned { version: document.version, settings })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
