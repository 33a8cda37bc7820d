//! Grouping rules: which events get a fingerprint of the operators' making.
//!
//! - **Truth:** one document, `grouping`, compiled before it is saved and swapped as a whole.
//! - **Order:** the first enabled rule whose query matches decides. An event whose application gave
//!   `error.fingerprint` is left alone; so is one that has none of the components of the rule's fingerprint.
//! - **Time:** rules decide about what arrives from then on. [`preview()`] says what they would have done.

mod compile;
mod preview;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use reenact_store::StoreError;
use reenact_store::control::{AuditEntry, Control};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::arrival::name_rule;
use crate::policy::ChangeError;

pub(crate) use compile::{Applied, Rules};
pub(crate) use preview::{Becomes, Joined, Preview, PreviewOf, Sample, Splits, preview};

/// Name of the document.
const DOCUMENT: &str = "grouping";
/// Rules.
pub(crate) const RULES_MAX: usize = 50;

/// The rules, in order: the first one that matches decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupingSettings {
    /// 50 at most.
    #[serde(default)]
    pub(crate) rules: Vec<GroupingRule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupingRule {
    /// 1 to 32 letters, digits, `-` and `_`; each once. The server makes one where it is empty.
    #[serde(default)]
    pub(crate) id: String,
    /// For people; 1 to 100 bytes.
    pub(crate) name: String,
    /// Whether it decides about events.
    #[serde(default = "on")]
    pub(crate) enabled: bool,
    /// Which events: a query over what is known of an event when it arrives. `issue:` stands for the issue that it has
    /// without rules.
    #[serde(default)]
    pub(crate) query: String,
    /// What they have in common: text with components, `timeout {{type}}`.
    pub(crate) fingerprint: String,
}

fn on() -> bool {
    true
}

/// The rules in force.
pub struct Grouping {
    control: Arc<dyn Control>,
    current: RwLock<Current>,
    changing: Mutex<()>,
}

#[derive(Clone, Default)]
pub(crate) struct Current {
    pub(crate) version: u64,
    pub(crate) settings: GroupingSettings,
    pub(crate) rules: Arc<Rules>,
}

/// The rules cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum GroupingError {
    /// The store fails.
    #[error("the grouping rules cannot be read")]
    Store(#[from] StoreError),
    /// What is stored cannot be used by this version.
    #[error("the stored grouping rules cannot be used: {0}")]
    Stored(String),
}

impl Grouping {
    /// Loads the rules.
    ///
    /// # Errors
    /// [`GroupingError`] when the store fails, or what is stored cannot be used: events must not silently go to other
    /// issues than those that were decided on.
    pub fn load(control: Arc<dyn Control>) -> Result<Arc<Self>, GroupingError> {
        let mut current = Current::default();
        if let Some(document) = control.document(DOCUMENT)? {
            current.version = document.version;
            current.settings = serde_json::from_str(&document.body)
                .map_err(|error| GroupingError::Stored(error.to_string()))?;
            let rules = Rules::compile(&current.settings)
                .map_err(|error| GroupingError::Stored(format!("{}: {}", error.field, error.message)))?;
            current.rules = Arc::new(rules);
        }
        Ok(Arc::new(Self { control, current: RwLock::new(current), changing: Mutex::default() }))
    }

    /// What is in force now.
    pub(crate) fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).rules)
    }

    /// Replaces the rules that have version `from`.
    pub(crate) fn set(
        &self,
        from: u64,
        mut settings: GroupingSettings,
        audit: &AuditEntry,
    ) -> Result<Current, ChangeError> {
        for (at, rule) in settings.rules.iter_mut().enumerate() {
            name_rule(at, &mut rule.id)?;
        }
        let rules = Arc::new(Rules::compile(&settings)?);
        let body = serde_json::to_string(&settings).expect("rules are plain data");
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let version =
            self.control.put_document(DOCUMENT, from, &body, Some(audit))?.ok_or(ChangeError::Conflict)?;
        let current = Current { version, settings, rules };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current.clone();
        Ok(current)
    }
}
