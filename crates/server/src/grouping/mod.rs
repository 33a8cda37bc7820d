//! Grouping rules: which events get a fingerprint of the operators' making.
//!
//! - **Truth and order:** those of [`crate::arrival`]. An event whose application gave `error.fingerprint` is left
//!   alone; so is one that has none of the components of the rule's fingerprint.
//! - **Time:** rules decide about what arrives from then on; a job applies them to what is stored ([`crate::jobs`]).
//!   [`preview()`] says what they would have done.

mod compile;
mod preview;

use std::sync::Arc;

use reenact_store::control::Control;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::arrival::{RuleBook, RulesError};

pub(crate) use compile::{Applied, place_again};
pub(crate) use preview::{Becomes, Joined, Preview, PreviewOf, Sample, Splits, preview};

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
pub struct Grouping(pub(crate) RuleBook<GroupingRule>);

impl Grouping {
    /// Loads the rules.
    ///
    /// # Errors
    /// [`RulesError`] when the store fails, or what is stored cannot be used: events must not silently go to other
    /// issues than those that were decided on.
    pub fn load(control: Arc<dyn Control>) -> Result<Arc<Self>, RulesError> {
        Ok(Arc::new(Self(RuleBook::load(control)?)))
    }
}
