//! The configuration: flag > environment > file > default.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use reenact_server::{Permissions, VolumeLimits};
use toml::de::{DeTable, DeValue};

use crate::output::{self, Out};

/// Settings that can be given on the command line.
#[derive(Args, Default)]
pub(crate) struct Flags {
    /// Where everything is kept
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<String>,
    /// Where clients send to; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) agent_listen: Option<String>,
    /// A Unix socket for clients on this machine
    #[arg(long, value_name = "PATH")]
    pub(crate) agent_socket: Option<String>,
    /// Where the pages and the API are; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Written as JSON, `{"agent": URL, "ui": URL}`, once everything listens
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<String>,
}

/// One setting: its key in the file, its names in the environment, its default, its meaning.
struct Setting {
    key: &'static str,
    environment: &'static [&'static str],
    default: &'static str,
    kind: Kind,
    meaning: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Address,
    Names,
    Duration,
    Size,
    Count,
}

/// A count that is not limited.
const UNLIMITED: &str = "unlimited";
/// The largest count.
const COUNT_MAX: u32 = 1_000_000_000;

/// Every setting there is.
const SETTINGS: [Setting; 17] = [
    Setting {
        key: "data_dir",
        environment: &["REENACT_DATA_DIR"],
        default: "reenact-data",
        kind: Kind::Text,
        meaning: "where everything is kept",
    },
    Setting {
        key: "listen",
        environment: &["REENACT_LISTEN"],
        default: "127.0.0.1:9126",
        kind: Kind::Address,
        meaning: "address of the pages and the API",
    },
    Setting {
        key: "allowed_hosts",
        environment: &["REENACT_ALLOWED_HOSTS"],
        default: "",
        kind: Kind::Names,
        meaning: "further names that the pages and the API may be asked for by, such as a proxy's",
    },
    Setting {
        key: "access.local_admin",
        environment: &["REENACT_ACCESS_LOCAL_ADMIN"],
        default: "values,unmask,settings,triage",
        kind: Kind::Names,
        meaning: "what everybody who reaches the pages may do: see values, take masks off, change settings, change the state of issues",
    },
    Setting {
        key: "ready_file",
        environment: &["REENACT_READY_FILE"],
        default: "",
        kind: Kind::Text,
        meaning: "written once everything listens",
    },
    Setting {
        key: "agent.listen",
        environment: &["REENACT_AGENT_LISTEN"],
        default: "127.0.0.1:8126",
        kind: Kind::Address,
        meaning: "address that clients send to",
    },
    Setting {
        key: "agent.socket",
        environment: &["REENACT_AGENT_SOCKET"],
        default: "",
        kind: Kind::Text,
        meaning: "Unix socket that clients send to",
    },
    Setting {
        key: "limits.body_max",
        environment: &["REENACT_LIMITS_BODY_MAX"],
        default: "32 MiB",
        kind: Kind::Size,
        meaning: "size of one request after decompression",
    },
    Setting {
        key: "limits.memory_max",
        environment: &["REENACT_LIMITS_MEMORY_MAX"],
        default: "256 MiB",
        kind: Kind::Size,
        meaning: "memory for the bodies of all requests under way",
    },
    Setting {
        key: "limits.events_per_minute",
        environment: &["REENACT_LIMITS_EVENTS_PER_MINUTE"],
        default: UNLIMITED,
        kind: Kind::Count,
        meaning: "events that are kept per minute of all issues together, which share them fairly",
    },
    Setting {
        key: "limits.issue_events_per_minute",
        environment: &["REENACT_LIMITS_ISSUE_EVENTS_PER_MINUTE"],
        default: UNLIMITED,
        kind: Kind::Count,
        meaning: "events that are kept per minute of each issue",
    },
    Setting {
        key: "redaction.identifiers",
        environment: &["REENACT_REDACTION_IDENTIFIERS", "DD_DYNAMIC_INSTRUMENTATION_REDACTED_IDENTIFIERS"],
        default: "",
        kind: Kind::Names,
        meaning: "further names whose values are removed",
    },
    Setting {
        key: "redaction.excluded_identifiers",
        environment: &[
            "REENACT_REDACTION_EXCLUDED_IDENTIFIERS",
            "DD_DYNAMIC_INSTRUMENTATION_REDACTION_EXCLUDED_IDENTIFIERS",
        ],
        default: "",
        kind: Kind::Names,
        meaning: "names whose values are kept",
    },
    Setting {
        key: "redaction.types",
        environment: &["REENACT_REDACTION_TYPES", "DD_DYNAMIC_INSTRUMENTATION_REDACTED_TYPES"],
        default: "",
        kind: Kind::Names,
        meaning: "types whose values are removed; `*` stands for any text",
    },
    Setting {
        key: "retention.age",
        environment: &["REENACT_RETENTION_AGE"],
        default: "30 days",
        kind: Kind::Duration,
        meaning: "how long events are kept",
    },
    Setting {
        key: "retention.size",
        environment: &["REENACT_RETENTION_SIZE"],
        default: "20 GiB",
        kind: Kind::Size,
        meaning: "how much disk events may take",
    },
    Setting {
        key: "source.roots",
        environment: &["REENACT_SOURCE_ROOTS"],
        default: "",
        kind: Kind::Names,
        meaning: "folders that clones of repositories may lie in; anywhere when empty",
    },
];

/// The settings in force, as typed values.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) agent_listen: SocketAddr,
    pub(crate) agent_socket: Option<PathBuf>,
    pub(crate) local_admin: Permissions,
    pub(crate) ready_file: Option<PathBuf>,
    pub(crate) body_bytes_max: usize,
    pub(crate) memory_bytes_max: usize,
    pub(crate) volume_limits: VolumeLimits,
    pub(crate) redacted_identifiers: Vec<String>,
    pub(crate) excluded_identifiers: Vec<String>,
    pub(crate) redacted_types: Vec<String>,
    pub(crate) retention_age: Duration,
    pub(crate) retention_bytes: u64,
    pub(crate) source_roots: Vec<PathBuf>,
}

/// A configuration that cannot be used; says where and how to mend it.
#[derive(Debug)]
pub(crate) struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// A setting's text, and where it comes from.
#[derive(Clone)]
struct Given {
    text: String,
    origin: String,
}

type Values = BTreeMap<&'static str, Given>;

/// The settings in force.
pub(crate) fn load(file: Option<&Path>, flags: &Flags) -> Result<Config, ConfigError> {
    typed(&collect(file, flags)?)
}

/// `reenact config show`.
pub(crate) fn show(file: Option<&Path>, flags: &Flags, origin: bool, json: bool) -> anyhow::Result<ExitCode> {
    let values = collect(file, flags)?;
    typed(&values)?;
    let mut out = Out::stdout();
    if json {
        let map: serde_json::Map<_, _> = SETTINGS
            .iter()
            .map(|setting| {
                let given = &values[setting.key];
                (setting.key.to_owned(), serde_json::json!({ "value": given.text, "origin": given.origin, "meaning": setting.meaning }))
            })
            .collect();
        output::json(&mut out, &serde_json::Value::Object(map))?;
        return Ok(ExitCode::SUCCESS);
    }
    for setting in &SETTINGS {
        let given = &values[setting.key];
        if origin {
            out.line(&format!(
                "{:<32} = {:<24} # {}",
                setting.key,
                format!("{:?}", given.text),
                given.origin
            ))?;
        } else {
            out.line(&format!("{:<32} = {:?}", setting.key, given.text))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `reenact config check`.
pub(crate) fn check(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let Some(path) = file.map(Path::to_owned).or_else(default_file) else {
        Out::stdout().line("there is no configuration file; the defaults are in force")?;
        return Ok(ExitCode::SUCCESS);
    };
    typed(&collect(Some(&path), &Flags::default())?)?;
    Out::stdout().line(&format!("{} is fine", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn default_file() -> Option<PathBuf> {
    let path = PathBuf::from("reenact.toml");
    path.is_file().then_some(path)
}

fn collect(file: Option<&Path>, flags: &Flags) -> Result<Values, ConfigError> {
    let mut values = Values::new();
    for setting in &SETTINGS {
        values.insert(setting.key, Given { text: setting.default.to_owned(), origin: "default".to_owned() });
    }
    if let Some(path) = file.map(Path::to_owned).or_else(default_file) {
        let text = std::fs::read_to_string(&path).map_err(|error| {
            ConfigError(format!("cannot read the configuration file `{}`: {error}", path.display()))
        })?;
        read_file(&text, &path.display().to_string(), &mut values)?;
    }
    for setting in &SETTINGS {
        for name in setting.environment {
            if let Ok(text) = std::env::var(name) {
                values.insert(setting.key, Given { text, origin: format!("environment {name}") });
                break;
            }
        }
    }
    let on_command_line = [
        ("data_dir", "--data-dir", &flags.data_dir),
        ("agent.listen", "--agent-listen", &flags.agent_listen),
        ("agent.socket", "--agent-socket", &flags.agent_socket),
        ("listen", "--listen", &flags.listen),
        ("ready_file", "--ready-file", &flags.ready_file),
    ];
    for (key, flag, text) in on_command_line {
        if let Some(text) = text {
            values.insert(key, Given { text: text.clone(), origin: format!("flag {flag}") });
        }
    }
    Ok(values)
}

fn read_file(text: &str, name: &str, values: &mut Values) -> Result<(), ConfigError> {
    let at =
        |byte: usize| 1 + text.as_bytes()[..byte.min(text.len())].iter().filter(|b| **b == b'\n').count();
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| at(span.start));
        ConfigError(format!("{name}:{line}: {}", error.message()))
    })?;
    let mut entries = Vec::new();
    for (key, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::Table(section) => {
                for (inner, value) in section {
                    entries.push((
                        format!("{}.{}", key.get_ref(), inner.get_ref()),
                        inner.span().start,
                        value,
                    ));
                }
            }
            _ => entries.push((key.get_ref().to_string(), key.span().start, value)),
        }
    }
    for (key, start, value) in entries {
        let line = at(start);
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
            return Err(ConfigError(format!("{name}:{line}: unknown key `{key}`{}", suggestion(&key))));
        };
        let text = match (value.get_ref(), setting.kind) {
            (DeValue::String(text), _) => text.to_string(),
            (DeValue::Integer(number), Kind::Count) => number.to_string(),
            (DeValue::Array(elements), Kind::Names) => {
                let names: Option<Vec<&str>> =
                    elements.iter().map(|element| element.get_ref().as_str()).collect();
                names
                    .ok_or_else(|| ConfigError(format!("{name}:{line}: `{key}` is a list of texts")))?
                    .join(",")
            }
            (_, kind) => {
                return Err(ConfigError(format!("{name}:{line}: `{key}` is {}", expected(setting, kind))));
            }
        };
        let given = Given { text, origin: format!("{name}:{line}") };
        check_kind(setting, &given)?;
        values.insert(setting.key, given);
    }
    Ok(())
}

fn expected(setting: &Setting, kind: Kind) -> String {
    let words = match kind {
        Kind::Text => "a text",
        // Of each listener its own, so that nobody gives both the same.
        Kind::Address => return format!("an address such as {:?}", setting.default),
        Kind::Names => "a list of texts such as [\"session_key\"]",
        Kind::Duration => "a duration with its unit such as \"30 days\"",
        Kind::Size => "a size with its unit such as \"10 MiB\"",
        Kind::Count => "a number from 1 to 1000000000, or \"unlimited\"",
    };
    words.to_owned()
}

fn suggestion(key: &str) -> String {
    let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
    let near = |known: &&Setting| {
        last(known.key) == last(key)
            || known.key.replace(['.', '_'], "") == key.replace(['.', '_', '-'], "").to_lowercase()
            || (known.key.len().abs_diff(key.len()) <= 2
                && known.key.chars().zip(key.chars()).filter(|(a, b)| a == b).count() + 3 >= key.len())
    };
    match SETTINGS.iter().find(near) {
        Some(setting) => format!("; did you mean `{}`?", setting.key),
        None => "; `reenact config show` lists the keys".to_owned(),
    }
}

fn check_kind(setting: &Setting, given: &Given) -> Result<(), ConfigError> {
    let fine = match setting.kind {
        Kind::Text | Kind::Names => true,
        Kind::Address => given.text.parse::<SocketAddr>().is_ok(),
        Kind::Duration => parse_duration(&given.text).is_some(),
        Kind::Size => parse_size(&given.text).is_some(),
        Kind::Count => parse_count(&given.text).is_some(),
    };
    if fine {
        return Ok(());
    }
    Err(ConfigError(format!(
        "{}: `{}` is {}, not `{}`",
        given.origin,
        setting.key,
        expected(setting, setting.kind),
        given.text
    )))
}

fn typed(values: &Values) -> Result<Config, ConfigError> {
    for setting in &SETTINGS {
        check_kind(setting, &values[setting.key])?;
    }
    let text = |key: &str| values[key].text.as_str();
    let checked = "checked above";
    let address = |key: &str| text(key).parse().expect(checked);
    let size = |key: &str| parse_size(text(key)).expect(checked);
    let count = |key: &str| parse_count(text(key)).expect(checked);
    let path = |key: &str| (!text(key).is_empty()).then(|| PathBuf::from(text(key)));
    let names = |key: &str| -> Vec<String> {
        text(key).split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    Ok(Config {
        data_dir: path("data_dir").ok_or_else(|| ConfigError("`data_dir` is empty".to_owned()))?,
        listen: address("listen"),
        allowed_hosts: names("allowed_hosts"),
        agent_listen: address("agent.listen"),
        agent_socket: path("agent.socket"),
        local_admin: Permissions::of_names(&names("access.local_admin")).map_err(|unknown| {
            let given = &values["access.local_admin"].origin;
            let known = Permissions::NAMES.join("`, `");
            ConfigError(format!("{given}: `access.local_admin` has `{unknown}`; it knows `{known}`"))
        })?,
        ready_file: path("ready_file"),
        body_bytes_max: usize::try_from(size("limits.body_max")).unwrap_or(usize::MAX),
        memory_bytes_max: usize::try_from(size("limits.memory_max")).unwrap_or(usize::MAX),
        volume_limits: VolumeLimits {
            events_per_minute: count("limits.events_per_minute"),
            issue_events_per_minute: count("limits.issue_events_per_minute"),
        },
        redacted_identifiers: names("redaction.identifiers"),
        excluded_identifiers: names("redaction.excluded_identifiers"),
        redacted_types: names("redaction.types"),
        retention_age: parse_duration(text("retention.age")).expect(checked),
        retention_bytes: size("retention.size"),
        source_roots: names("source.roots").into_iter().map(PathBuf::from).collect(),
    })
}

/// `30 days`, `12 hours`, `90s`.
fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let seconds: u64 = match unit {
        "s" | "second" | "seconds" => 1,
        "m" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    };
    number.checked_mul(seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// `10 MiB`, `2GB`, `512 bytes`; in bytes.
fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let bytes: u64 = match unit {
        "B" | "byte" | "bytes" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(bytes).filter(|bytes| *bytes > 0)
}

/// `600`; `unlimited` is some other thing than a number.
fn parse_count(text: &str) -> Option<Option<NonZeroU32>> {
    let text = text.trim();
    if text == UNLIMITED {
        return Some(None);
    }
    text.parse().ok().filter(|count: &NonZeroU32| count.get() <= COUNT_MAX).map(Some)
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    Some((text[..digits].parse().ok()?, text[digits..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Values, ConfigError> {
        let mut values = Values::new();
        read_file(text, "reenact.toml", &mut values).map(|()| values)
    }

    #[track_caller]
    fn refused(text: &str, message: &str) {
        let error = read(text).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some(message));
    }

    #[test]
    fn a_file_gives_values_with_their_line() {
        let values = read("listen = \"127.0.0.1:1\"\n[redaction]\nidentifiers = [\"a\", \"b\"]\n").unwrap();
        assert_eq!(values["redaction.identifiers"].text, "a,b");
        assert_eq!(values["redaction.identifiers"].origin, "reenact.toml:3");
    }

    #[test]
    fn mistakes_are_named_with_line_and_remedy() {
        refused(
            "\n[agent]\nlisten_on = 3",
            "reenact.toml:3: unknown key `agent.listen_on`; `reenact config show` lists the keys",
        );
        refused(
            "agent_listen = \"x\"",
            "reenact.toml:1: unknown key `agent_listen`; did you mean `agent.listen`?",
        );
        refused("lisen = \"x\"", "reenact.toml:1: unknown key `lisen`; did you mean `listen`?");
        refused("listen = 3", "reenact.toml:1: `listen` is an address such as \"127.0.0.1:9126\"");
        refused(
            "[retention]\nage = \"soon\"",
            "reenact.toml:2: `retention.age` is a duration with its unit such as \"30 days\", not `soon`",
        );
        assert!(read("a = ").is_err());
    }

    #[test]
    fn sizes_and_durations_have_units() {
        assert_eq!(parse_size("10 MiB"), Some(10 << 20));
        assert_eq!(parse_size("2GB"), Some(2_000_000_000));
        assert_eq!(parse_size("10"), None);
        assert_eq!(parse_size("0 B"), None);
        assert_eq!(parse_duration("30 days"), Some(Duration::from_secs(30 * 86_400)));
        assert_eq!(parse_duration("5 fortnights"), None);
    }

    #[test]
    fn counts_may_be_unlimited() {
        let values = read("[limits]\nevents_per_minute = 600\nissue_events_per_minute = \"60\"\n").unwrap();
        assert_eq!(values["limits.events_per_minute"].text, "600");
        assert_eq!(parse_count("600"), Some(NonZeroU32::new(600)));
        assert_eq!(parse_count("unlimited"), Some(None));
        for text in ["0", "-1", "none", "1000000001", "6.5", ""] {
            assert_eq!(parse_count(text), None, "{text}");
        }
        refused(
            "[limits]\nevents_per_minute = 0",
            "reenact.toml:2: `limits.events_per_minute` is a number from 1 to 1000000000, or \"unlimited\", not `0`",
        );
    }
}
