//! What a client is told: where to send to, who it is, how much it may take.
//!
//! Settings arrive as names and values, as every language has them; a name that is not known and a value that does not
//! fit are errors that name the setting.

use std::collections::BTreeMap;
use std::time::Duration;

use reenact_model::Runtime;
use reenact_redact::{Mode, Redactor, Rules};

use crate::heap::HeapLimits;
use crate::novelty::NoveltyLimits;
use crate::transport::{Address, AddressError};

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("setting `{name}` {reason}")]
pub struct SettingError {
    /// Its name.
    pub name: String,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

/// The value of a setting, as languages have them.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not set: the default holds.
    Unset,
    /// On or off.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// Texts by name.
    Map(BTreeMap<String, String>),
}

/// How much of a value is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueLimits {
    /// Frames of one exception that carry values.
    pub frames_max: usize,
    /// Nesting: a variable has depth 0.
    pub depth_max: u32,
    /// Elements or entries of one container.
    pub items_max: usize,
    /// Characters of one text, bytes of a `bytes`.
    pub text_max: usize,
    /// Attributes of one object.
    pub fields_max: usize,
    /// Wall time of one capture.
    pub time_budget: Duration,
    /// Values and texts of one capture.
    pub heap: HeapLimits,
}

/// Everything that a client is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether values are captured.
    pub enabled: bool,
    /// Where captures go.
    pub address: Address,
    /// Certificates, in PEM, by which servers of `https://` addresses are trusted; the system's when absent.
    pub ca_file: Option<String>,
    /// The key of the project, where the server wants one.
    pub api_key: Option<String>,
    /// The service.
    pub service: String,
    /// The environment.
    pub env: Option<String>,
    /// The version of the service.
    pub version: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// The source commit.
    pub commit: Option<String>,
    /// Address of the source repository.
    pub repository: Option<String>,
    /// Tags of every event.
    pub tags: BTreeMap<String, String>,
    /// What the process runs on.
    pub runtime: Runtime,
    /// How much of a value is looked at.
    pub values: ValueLimits,
    /// How often values are captured.
    pub novelty: NoveltyLimits,
    /// Captures that wait to be sent.
    pub queue_captures_max: usize,
    /// Captures that wait to be sent, in bytes.
    pub queue_bytes_max: usize,
    /// What is redacted.
    pub rules: Rules,
    /// Folders that modules are imported from, with the metadata of the packages that are installed there.
    pub package_folders: Vec<String>,
    /// Folders with code that is not the service's own.
    pub library_paths: Vec<String>,
    /// Packages that are taken as third-party code in addition.
    pub third_party_includes: Vec<String>,
    /// Packages that are taken as the service's own code although they are installed.
    pub third_party_excludes: Vec<String>,
    /// Whether frames of third-party code carry values as well.
    pub capture_third_party: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            address: Address::default(),
            ca_file: None,
            api_key: None,
            service: "unnamed".to_owned(),
            env: None,
            version: None,
            host: None,
            commit: None,
            repository: None,
            tags: BTreeMap::new(),
            runtime: Runtime::default(),
            values: ValueLimits {
                frames_max: 8,
                depth_max: 3,
                items_max: 100,
                text_max: 255,
                fields_max: 20,
                time_budget: Duration::from_millis(2),
                heap: HeapLimits { nodes_max: 16_384, bytes_max: 1 << 20 },
            },
            novelty: NoveltyLimits {
                repeats_per_second: 1.0,
                novel_burst: 16.0,
                novel_per_second: 4.0,
                events_per_second: 50.0,
                raises_per_second: 20.0,
                cpu_share: 0.01,
            },
            queue_captures_max: 64,
            queue_bytes_max: 16 << 20,
            rules: Rules::default(),
            package_folders: Vec::new(),
            library_paths: Vec::new(),
            third_party_includes: Vec::new(),
            third_party_excludes: Vec::new(),
            capture_third_party: false,
        }
    }
}

impl Settings {
    /// Takes over one setting.
    ///
    /// # Errors
    /// [`SettingError`] for a name that is not known, and for a value of another type or out of its bounds.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), SettingError> {
        if value == Value::Unset {
            return Ok(());
        }
        let given = Given { name, value };
        match name {
            "enabled" => self.enabled = given.flag()?,
            "url" => {
                let text = given.text()?;
                self.address = text.parse().map_err(|error: AddressError| given.wrong(&error.to_string()))?;
            }
            "ca_file" => self.ca_file = given.optional()?,
            "api_key" => self.api_key = given.optional()?,
            "service" => self.service = given.text()?.to_owned(),
            "env" => self.env = given.optional()?,
            "version" => self.version = given.optional()?,
            "host" => self.host = given.optional()?,
            "commit" => self.commit = given.optional()?,
            "repository" => self.repository = given.optional()?,
            "tags" => self.tags = given.map()?,
            "implementation" => self.runtime.implementation = given.text()?.to_owned(),
            "runtime_version" => self.runtime.version = given.text()?.to_owned(),
            "platform" => self.runtime.platform = given.text()?.to_owned(),
            "package_folders" => self.package_folders = given.list()?,
            "redacted_identifiers" => self.rules.identifiers = given.list()?,
            "excluded_identifiers" => self.rules.excluded_identifiers = given.list()?,
            "redacted_types" => self.rules.types = given.list()?,
            "redaction_mode" => self.rules.mode = given.mode()?,
            "library_paths" => self.library_paths = given.list()?,
            "third_party_includes" => self.third_party_includes = given.list()?,
            "third_party_excludes" => self.third_party_excludes = given.list()?,
            "capture_third_party" => self.capture_third_party = given.flag()?,
            _ => return self.set_limit(&given),
        }
        Ok(())
    }

    fn set_limit(&mut self, given: &Given<'_>) -> Result<(), SettingError> {
        let values = &mut self.values;
        match given.name {
            "frames_max" => values.frames_max = given.count(0, 100)?,
            "depth_max" => values.depth_max = given.count(0, 20)? as u32,
            "items_max" => values.items_max = given.count(0, 10_000)?,
            "text_max" => values.text_max = given.count(0, 64 << 10)?,
            "fields_max" => values.fields_max = given.count(0, 1_000)?,
            "time_budget_ms" => {
                values.time_budget = Duration::from_secs_f64(given.number(0.01, 1_000.0)? / 1_000.0);
            }
            "capture_bytes_max" => values.heap.bytes_max = given.count(1 << 10, 16 << 20)?,
            "queue_captures_max" => self.queue_captures_max = given.count(1, 10_000)?,
            "queue_bytes_max" => self.queue_bytes_max = given.count(1 << 16, 1 << 30)?,
            "captures_per_second" => self.novelty.repeats_per_second = given.number(0.0, 1e6)?,
            "novel_burst" => self.novelty.novel_burst = given.number(0.0, 1e6)?,
            "novel_per_second" => self.novelty.novel_per_second = given.number(0.0, 1e6)?,
            "events_per_second" => self.novelty.events_per_second = given.number(0.0, 1e6)?,
            "raises_per_second" => self.novelty.raises_per_second = given.number(0.0, 1e6)?,
            "cpu_share" => self.novelty.cpu_share = given.number(0.0, 100.0)?,
            _ => return Err(given.wrong("is not known")),
        }
        Ok(())
    }

    /// Compiles the rules of redaction.
    ///
    /// # Errors
    /// [`SettingError`] with the first rule that cannot be used.
    pub fn redactor(&self) -> Result<Redactor, SettingError> {
        Redactor::new(&self.rules).map_err(|error| {
            let name = match error.list {
                "identifiers" => "redacted_identifiers",
                "types" => "redacted_types",
                other => other,
            };
            SettingError { name: name.to_owned(), reason: format!("has a rule that {}", error.reason) }
        })
    }
}

/// A setting as it was given.
struct Given<'a> {
    name: &'a str,
    value: Value,
}

impl Given<'_> {
    fn wrong(&self, reason: &str) -> SettingError {
        SettingError { name: self.name.to_owned(), reason: reason.to_owned() }
    }

    fn flag(&self) -> Result<bool, SettingError> {
        match &self.value {
            Value::Flag(flag) => Ok(*flag),
            _ => Err(self.wrong("is true or false")),
        }
    }

    fn text(&self) -> Result<&str, SettingError> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong("is a text")),
        }
    }

    /// A text that stands for nothing when it is empty.
    fn optional(&self) -> Result<Option<String>, SettingError> {
        self.text().map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    fn list(&self) -> Result<Vec<String>, SettingError> {
        match &self.value {
            Value::List(list) => Ok(list.clone()),
            _ => Err(self.wrong("is a list of texts")),
        }
    }

    fn map(&self) -> Result<BTreeMap<String, String>, SettingError> {
        match &self.value {
            Value::Map(map) => Ok(map.clone()),
            _ => Err(self.wrong("has texts by name")),
        }
    }

    fn mode(&self) -> Result<Mode, SettingError> {
        match self.text()? {
            "targeted" => Ok(Mode::Targeted),
            "strict" => Ok(Mode::Strict),
            _ => Err(self.wrong("is `targeted` or `strict`")),
        }
    }

    fn number(&self, min: f64, max: f64) -> Result<f64, SettingError> {
        match self.value {
            Value::Number(number) if (min..=max).contains(&number) => Ok(number),
            _ => Err(self.wrong(&format!("is a number from {min} to {max}"))),
        }
    }

    fn count(&self, min: usize, max: usize) -> Result<usize, SettingError> {
        match self.value {
            Value::Number(number) if number.fract() == 0.0 && (min as f64..=max as f64).contains(&number) => {
                Ok(number as usize)
            }
            _ => Err(self.wrong(&format!("is a whole number from {min} to {max}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuse(name: &str, value: Value, want: &str) {
        let error = Settings::default().set(name, value).unwrap_err();
        assert_eq!(error.to_string(), want);
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_would_be_right() {
        refuse("speed", Value::Number(1.0), "setting `speed` is not known");
        refuse("frames_max", Value::Number(0.5), "setting `frames_max` is a whole number from 0 to 100");
        refuse("frames_max", Value::Number(101.0), "setting `frames_max` is a whole number from 0 to 100");
        refuse("service", Value::Flag(true), "setting `service` is a text");
        refuse(
            "redaction_mode",
            Value::Text("hard".into()),
            "setting `redaction_mode` is `targeted` or `strict`",
        );
    }

    #[test]
    fn what_is_not_set_keeps_its_default() {
        let mut settings = Settings::default();
        settings.set("frames_max", Value::Unset).unwrap();
        settings.set("time_budget_ms", Value::Number(5.0)).unwrap();
        assert_eq!(settings.values.frames_max, 8);
        assert_eq!(settings.values.time_budget, Duration::from_millis(5));
    }

    #[test]
    fn a_rule_that_cannot_be_used_is_an_error_of_its_setting() {
        let mut settings = Settings::default();
        settings.set("redacted_identifiers", Value::List(vec!["a".into(), "--".into()])).unwrap();
        let error = settings.redactor().unwrap_err();
        assert_eq!(error.name, "redacted_identifiers");
    }
}
