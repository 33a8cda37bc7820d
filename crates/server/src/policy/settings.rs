//! What operators change about redaction, as it is kept and as the API shows it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Redaction on top of the default rules and the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RedactionSettings {
    /// For every service.
    pub(crate) project: RuleSet,
    /// For some services, in order; all that apply count, and of their modes the last.
    #[schema(max_items = 200)]
    pub(crate) services: Vec<ServiceRules>,
}

/// Rules to add, and default ones to switch off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RuleSet {
    /// Names whose values go, in any spelling: `tenant_key`, `X-Tenant-Key`.
    #[schema(max_items = 1000)]
    pub(crate) identifiers: Vec<String>,
    /// Names whose values stay; they win over every other rule about names.
    #[schema(max_items = 1000)]
    pub(crate) excluded_identifiers: Vec<String>,
    /// Types whose values go, with or without module; `*` stands for any text.
    #[schema(max_items = 1000)]
    pub(crate) types: Vec<String>,
    /// Value rules to switch on, by id.
    pub(crate) values_on: Vec<String>,
    /// Value rules to switch off, by id; wins over `values_on`. In both `*` stands for those that neither
    /// names.
    pub(crate) values_off: Vec<String>,
    /// How much is kept; absent: as it is otherwise.
    pub(crate) mode: Option<ModeName>,
}

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ModeName {
    /// What a rule finds goes.
    Targeted,
    /// Of captured values only numbers, booleans and `None` stay.
    Strict,
}

/// Rules for the services and environments with these names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServiceRules {
    /// The service; `*` stands for any text.
    pub(crate) service: String,
    /// The environment, likewise; absent: every one.
    pub(crate) env: Option<String>,
    /// What is different there.
    pub(crate) rules: RuleSet,
}

/// The Sensitive Data Scanner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ScannerSettings {
    /// Groups of rules.
    pub(crate) groups: Vec<ScannerGroup>,
}

/// Rules for what a query finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScannerGroup {
    /// Its id; given by the server.
    #[serde(default)]
    pub(crate) id: String,
    /// What people call it.
    pub(crate) name: String,
    /// Which data: `dd_source:debugger service:checkout`. Empty: everything.
    #[serde(default)]
    pub(crate) query: String,
    /// Whether its rules are used.
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    /// The rules.
    #[serde(default)]
    pub(crate) rules: Vec<ScannerRuleSetting>,
}

/// One rule of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScannerRuleSetting {
    /// Its id, part of the mark that the rule leaves; given by the server, whatever is sent.
    #[serde(default)]
    pub(crate) id: String,
    /// What people call it.
    pub(crate) name: String,
    /// Whether it is used.
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    /// What it looks for.
    pub(crate) pattern: PatternSetting,
    /// Words of which one must stand near a match.
    #[serde(default)]
    pub(crate) keywords: Option<KeywordsSetting>,
    /// Where it looks: `error.message`, `values.locals.order`; everywhere when empty.
    #[serde(default)]
    pub(crate) included_paths: Vec<String>,
    /// Where it does not look; wins over `included_paths`.
    #[serde(default)]
    pub(crate) excluded_paths: Vec<String>,
    /// What becomes of a match.
    pub(crate) action: ActionSetting,
    /// Of two rules that match the same text the one with the lower number acts.
    #[serde(default = "middle")]
    pub(crate) priority: u8,
    /// For how many of 100 events it is used.
    #[serde(default = "hundred")]
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) sampling_percent: u8,
}

/// What a scanner rule looks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum PatternSetting {
    /// A regular expression without look-around and back-references.
    Regex {
        /// At most 2,000 bytes.
        regex: String,
    },
    /// A rule of the library.
    Library {
        /// Its id.
        rule: String,
    },
}

/// Words that must stand near a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeywordsSetting {
    /// The words, in any case.
    pub(crate) words: Vec<String>,
    /// How many characters before or after a match they may stand.
    pub(crate) within_characters: usize,
}

/// What becomes of a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ActionSetting {
    /// A text stands in its place; `[redacted: <rule id>]` when empty.
    Redact {
        /// The text.
        #[serde(default)]
        text: String,
    },
    /// So many characters at one end go.
    Partial {
        /// How many.
        characters: usize,
        /// At which end.
        side: SideSetting,
    },
    /// A keyed hash stands in its place, the same for the same match.
    Hash,
    /// It is encrypted; who may unmask can read it.
    Mask,
}

/// An end of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SideSetting {
    /// Its beginning.
    First,
    /// Its end.
    Last,
}

fn yes() -> bool {
    true
}

fn middle() -> u8 {
    100
}

fn hundred() -> u8 {
    100
}
