//! What probably went wrong, in one word. A help to sort by, not a diagnosis.
//!
//! The exception that escaped is looked at first, then the one that led to it, and so on; the first whose cause is known
//! decides. Of one exception, in this order: its type with its module, its message where the type says little
//! (`OSError: [Errno 28] No space left on device`), and the words of its class name (`GatewayTimeout`).
//! `docs/explorer.md` has the table.

mod tables;

use reenact_model::{Exception, Frame, Report};
use serde::{Deserialize, Serialize};

use tables::{DATABASES, FIRST_WORDS, MESSAGES, TYPES, WORDS};

/// Exceptions of a chain that are looked at, from the one that escaped inwards.
const EXCEPTIONS_MAX: usize = 20;
/// Length of the beginning of a message that is looked at, in bytes.
const MESSAGE_BYTES_MAX: usize = 2_000;
/// Length of a class name that is looked at, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// What probably went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Something on the network could not be reached, or failed there.
    Network,
    /// A time limit passed.
    Timeout,
    /// A database refused or failed.
    Database,
    /// A value that came in is not what was expected: its form, type or range.
    InvalidInput,
    /// There is no value: `None`, an attribute or name that is not there.
    MissingValue,
    /// What was looked up is not there: a key, an index, a record, a file.
    MissingItem,
    /// Somebody or something may not do this.
    Permission,
    /// Memory, disk, depth, descriptors or a quota is used up.
    Resources,
    /// The program is set up wrongly: imports, settings, environment.
    Configuration,
    /// Things happened at the same time or in an order that does not work.
    Concurrency,
    /// The program's own expectation did not hold.
    Assertion,
    /// None of these is recognised.
    Unknown,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 12] = [
        Self::Network,
        Self::Timeout,
        Self::Database,
        Self::InvalidInput,
        Self::MissingValue,
        Self::MissingItem,
        Self::Permission,
        Self::Resources,
        Self::Configuration,
        Self::Concurrency,
        Self::Assertion,
        Self::Unknown,
    ];

    /// The name in the API and in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Database => "database",
            Self::InvalidInput => "invalid_input",
            Self::MissingValue => "missing_value",
            Self::MissingItem => "missing_item",
            Self::Permission => "permission",
            Self::Resources => "resources",
            Self::Configuration => "configuration",
            Self::Concurrency => "concurrency",
            Self::Assertion => "assertion",
            Self::Unknown => "unknown",
        }
    }

    /// The cause of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == name)
    }
}

/// A cause, and what it was recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspectedCause {
    /// The cause.
    pub cause: Cause,
    /// What it was recognised by, as a sentence without its full stop. Has no part of a message.
    pub why: String,
}

/// Says what probably went wrong. Pure and total; O(length of types and messages, within the limits).
pub fn suspected_cause(report: &Report) -> SuspectedCause {
    let escaped = report.exceptions.last().map_or("", |exception| class(&exception.type_name).1);
    for (depth, exception) in report.exceptions.iter().rev().take(EXCEPTIONS_MAX).enumerate() {
        let Some((cause, sign)) = of_exception(exception) else { continue };
        let name = cut(class(&exception.type_name).1);
        let mut why = match sign {
            Sign::Type => format!("`{name}` is of this kind"),
            Sign::Message(what) => format!("the message of `{name}` tells of {what}"),
            Sign::Word(word) => format!("`{word}` is in the name of `{name}`"),
            Sign::Frame(what) => format!("`{name}` was raised by {what}"),
        };
        if depth > 0 {
            why.push_str(&format!(", which led to `{}`", cut(escaped)));
        }
        return SuspectedCause { cause, why };
    }
    SuspectedCause { cause: Cause::Unknown, why: "nothing in types and messages is recognised".to_owned() }
}

/// What a cause was recognised by.
enum Sign {
    Type,
    Message(&'static str),
    Word(&'static str),
    Frame(&'static str),
}

fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES_MAX)]
}

/// Module and name of a class; built-in ones have no module.
fn class(type_name: &str) -> (&str, &str) {
    let (module, name) = type_name.rsplit_once('.').unwrap_or(("", type_name));
    (if module == "builtins" { "" } else { module }, name)
}

fn of_exception(exception: &Exception) -> Option<(Cause, Sign)> {
    let (module, name) = class(&exception.type_name);
    let name = cut(name);
    let message = &exception.message[..exception.message.floor_char_boundary(MESSAGE_BYTES_MAX)];
    if name == "KeyError" && exception.frames.last().is_some_and(is_environment) {
        return Some((Cause::Configuration, Sign::Frame("a look into the environment")));
    }
    let of_message = || {
        let message = message.to_lowercase();
        let found = MESSAGES.iter().find(|(types, signs, ..)| {
            types.iter().any(|known| *known == name || is_database(module) && *known == "database")
                && signs.iter().any(|sign| message.contains(sign))
        });
        found.map(|(_, _, cause, what)| (*cause, Sign::Message(what)))
    };
    let of_type = || {
        let found = TYPES.iter().find(|(_, names)| names.contains(&name));
        found.map(|(cause, _)| (*cause, Sign::Type))
    };
    let of_database = || is_database(module).then_some((Cause::Database, Sign::Type));
    let of_words = |words: &[(Cause, &[&'static str])]| {
        words.iter().find_map(|(cause, words)| {
            words.iter().find(|word| has_word(name, word)).map(|word| (*cause, Sign::Word(word)))
        })
    };
    of_message()
        .or_else(|| of_words(&FIRST_WORDS))
        .or_else(of_database)
        .or_else(of_type)
        .or_else(|| of_words(&WORDS))
}

/// `os.environ["X"]` raises in the standard library.
fn is_environment(frame: &Frame) -> bool {
    frame.function == "__getitem__" && (frame.file == "<frozen os>" || frame.file.ends_with("/os.py"))
}

fn is_database(module: &str) -> bool {
    DATABASES
        .iter()
        .any(|known| module.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Whether a word stands in a class name in full: `Timeout` in `ReadTimeoutError`, not in `Timeouts`.
fn has_word(name: &str, word: &str) -> bool {
    name.match_indices(word).any(|(at, _)| {
        let rest = &name[at + word.len()..];
        !rest.starts_with(|next: char| next.is_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exception(type_name: &str, message: &str) -> Exception {
        Exception { type_name: type_name.to_owned(), message: message.to_owned(), ..Exception::default() }
    }

    fn of(chain: &[(&str, &str)]) -> SuspectedCause {
        let exceptions = chain.iter().map(|(type_name, message)| exception(type_name, message)).collect();
        suspected_cause(&Report { exceptions, ..Report::default() })
    }

    #[test]
    fn causes_follow_from_types_and_messages() {
        for (type_name, message, want) in [
            ("builtins.KeyError", "'sku'", "missing_item"),
            ("IndexError", "list index out of range", "missing_item"),
            ("shop.models.Order.DoesNotExist", "", "missing_item"),
            ("django.db.models.Model.DoesNotExist", "", "missing_item"),
            ("FileNotFoundError", "[Errno 2] No such file or directory: 'a'", "missing_item"),
            ("AttributeError", "'NoneType' object has no attribute 'total'", "missing_value"),
            ("AttributeError", "'Order' object has no attribute 'totl'", "missing_value"),
            ("TypeError", "unsupported operand type(s) for *: 'NoneType' and 'int'", "missing_value"),
            ("TypeError", "can only concatenate str (not \"int\") to str", "invalid_input"),
            ("UnboundLocalError", "", "missing_value"),
            ("ValueError", "invalid literal for int() with base 10: 'x'", "invalid_input"),
            ("decimal.InvalidOperation", "", "invalid_input"),
            ("pydantic_core._pydantic_core.ValidationError", "", "invalid_input"),
            ("json.decoder.JSONDecodeError", "", "invalid_input"),
            ("ZeroDivisionError", "division by zero", "invalid_input"),
            ("requests.exceptions.ConnectionError", "", "network"),
            ("requests.exceptions.ReadTimeout", "", "timeout"),
            ("requests.exceptions.HTTPError", "503 Server Error", "network"),
            ("requests.exceptions.HTTPError", "403 Client Error: Forbidden", "permission"),
            ("requests.exceptions.HTTPError", "429 Client Error", "resources"),
            ("httpx.ConnectError", "", "network"),
            ("urllib.error.URLError", "<urlopen error timed out>", "timeout"),
            ("TimeoutError", "", "timeout"),
            ("asyncio.exceptions.TimeoutError", "", "timeout"),
            ("socket.gaierror", "", "network"),
            ("shop.gateway.GatewayTimeout", "", "timeout"),
            ("shop.gateway.UpstreamUnavailable", "", "network"),
            ("sqlite3.OperationalError", "no such table: orders", "database"),
            ("sqlite3.OperationalError", "database is locked", "concurrency"),
            ("psycopg2.errors.UniqueViolation", "", "database"),
            ("psycopg.errors.DeadlockDetected", "deadlock detected", "concurrency"),
            ("django.db.utils.IntegrityError", "", "database"),
            ("sqlalchemy.exc.NoResultFound", "", "missing_item"),
            ("redis.exceptions.TimeoutError", "", "timeout"),
            ("redis.exceptions.ConnectionError", "", "database"),
            ("PermissionError", "", "permission"),
            ("shop.auth.AccessDenied", "", "permission"),
            ("OSError", "[Errno 28] No space left on device", "resources"),
            ("MemoryError", "", "resources"),
            ("RecursionError", "maximum recursion depth exceeded", "resources"),
            ("ModuleNotFoundError", "No module named 'x'", "configuration"),
            ("django.core.exceptions.ImproperlyConfigured", "", "configuration"),
            ("RuntimeError", "dictionary changed size during iteration", "concurrency"),
            ("RuntimeError", "STRIPE_KEY is not set", "configuration"),
            ("RuntimeError", "something", "unknown"),
            ("AssertionError", "", "assertion"),
            ("NotImplementedError", "", "unknown"),
            ("shop.payments.PaymentDeclined", "", "unknown"),
            ("shop.Timeouts", "", "unknown"),
            ("", "", "unknown"),
        ] {
            assert_eq!(of(&[(type_name, message)]).cause.as_str(), want, "{type_name}: {message}");
        }
    }

    #[test]
    fn the_chain_is_asked_from_the_exception_that_escaped_inwards() {
        let found = of(&[("TimeoutError", ""), ("shop.CheckoutFailed", "")]);
        assert_eq!(found.cause, Cause::Timeout);
        assert_eq!(found.why, "`Timeout` is in the name of `TimeoutError`, which led to `CheckoutFailed`");
        let found = of(&[("ValueError", ""), ("KeyError", "'a'")]);
        assert_eq!((found.cause, found.why.as_str()), (Cause::MissingItem, "`KeyError` is of this kind"));
    }

    #[test]
    fn a_key_missing_in_the_environment_is_a_setting() {
        let mut missing = exception("KeyError", "'STRIPE_KEY'");
        missing.frames =
            vec![Frame { function: "__getitem__".into(), file: "<frozen os>".into(), ..Frame::default() }];
        let found = suspected_cause(&Report { exceptions: vec![missing], ..Report::default() });
        assert_eq!(found.cause, Cause::Configuration);
    }

    #[test]
    fn causes_have_names() {
        for cause in Cause::ALL {
            assert_eq!(Cause::of_name(cause.as_str()), Some(cause));
        }
        assert_eq!(Cause::of_name("other"), None);
    }

    proptest! {
        #[test]
        fn it_says_the_same_of_the_same_and_nothing_of_the_message(type_name in "\\PC{0,30}", message in "[a-z ]{3,20}") {
            let chain = [(type_name.as_str(), message.as_str())];
            let found = of(&chain);
            prop_assert_eq!(&found, &of(&chain));
            prop_assert_eq!(found.why, of(&[(type_name.as_str(), message.to_uppercase().as_str())]).why);
        }
    }
}
