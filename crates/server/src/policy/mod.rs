//! What is redacted of whose data: the default rules, the configuration, the settings of the project and
//! of services, and the scanner's groups, compiled together.
//!
//! A [`Policy`] is never changed; [`Policies`] swaps one for the next when settings change, and counts
//! what rules did.

mod compile;
mod facts;
mod groups;
mod hits;
mod keys;
mod live;
mod rule_sets;
pub(crate) mod settings;

pub(crate) use compile::Policy;
pub(crate) use facts::{Facts, SOURCES};
pub(crate) use hits::{RuleKey, counts, rule_key};
pub use keys::{Keys, KeysError};
pub(crate) use live::{ChangeError, Current};
pub use live::{Policies, PoliciesError};
pub(crate) use rule_sets::{SettingsError, check_name};
