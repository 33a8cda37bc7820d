//! Rules about events that arrive: what those of grouping and those of volume have in common.
//!
//! - **Truth:** one document for each kind, compiled before it is saved and swapped as a whole.
//! - **Order:** the first enabled rule whose query matches decides about an event.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use reenact_model::Placed;
use reenact_store::control::{AuditEntry, Control};
use reenact_store::query::{self, QueryError};
use reenact_store::{Filter, Matches, Store, StoreError, TimeRange};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::policy::{ChangeError, SettingsError};

/// Rules of one kind.
pub(crate) const RULES_MAX: usize = 50;
/// Length of the name of a rule, in bytes.
const NAME_BYTES_MAX: usize = 100;
/// Length of the id of a rule, in bytes.
const ID_BYTES_MAX: usize = 32;

/// Time for looking at stored events, for a preview of rules.
const PREVIEW_TIME_MAX: Duration = Duration::from_secs(20);
/// Issues, and the like, that a preview lists.
const LISTED_MAX: usize = 50;

/// A rule as it is written.
pub(crate) trait Rule: Clone + Serialize + DeserializeOwned {
    /// Name of the document that these rules are kept in, and of what they are about.
    const KIND: &'static str;
    /// What is decided about the events that its query finds.
    type Decision;

    /// What every rule has.
    fn head(&self) -> Head<'_>;

    /// Gives it an id.
    fn set_id(&mut self, id: String);

    /// What it decides; `at` is its number.
    fn decision(&self, at: usize) -> Result<Self::Decision, SettingsError>;
}

/// What every rule has.
pub(crate) struct Head<'a> {
    /// Empty where the server is to make one.
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) is_enabled: bool,
    /// Which events, over what is known of them when they arrive.
    pub(crate) query: &'a str,
}

/// Compiled rules, those that are enabled, in order.
#[derive(Debug)]
pub(crate) struct Rules<D>(Vec<(Filter, D)>);

impl<D> Default for Rules<D> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<D> Rules<D> {
    /// Compiles rules, and refuses what cannot be used.
    pub(crate) fn compile<R: Rule<Decision = D>>(rules: &[R]) -> Result<Self, SettingsError> {
        if rules.len() > RULES_MAX {
            return Err(wrong("rules", None, format!("there are {RULES_MAX} rules at most")));
        }
        let (mut ids, mut compiled) = (HashSet::new(), Vec::new());
        for (at, rule) in rules.iter().enumerate() {
            let head = rule.head();
            check(at, &head)?;
            let one = (filter(at, head.query)?, rule.decision(at)?);
            if !head.id.is_empty() && !ids.insert(head.id) {
                return Err(of_rule(at, "id", None, "another rule has this id".to_owned()));
            }
            if head.is_enabled {
                compiled.push(one);
            }
        }
        Ok(Self(compiled))
    }

    /// Whether no rule decides about anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the first rule that matches decides.
    pub(crate) fn first(&self, event: &Placed) -> Option<&D> {
        let at = Matches { event, has_values: false, has_value: &|_| false };
        self.0.iter().find(|(filter, _)| filter.matches(at)).map(|(_, decision)| decision)
    }
}

/// The rules of one kind that are in force.
pub(crate) struct RuleBook<R: Rule> {
    control: Arc<dyn Control>,
    current: RwLock<InForce<R>>,
    changing: Mutex<()>,
}

/// Rules, as they are written and compiled.
pub(crate) struct InForce<R: Rule> {
    /// Grows by one with each change; 0 when there never were rules.
    pub(crate) version: u64,
    pub(crate) rules: Vec<R>,
    compiled: Arc<Rules<R::Decision>>,
}

impl<R: Rule> Clone for InForce<R> {
    fn clone(&self) -> Self {
        Self { version: self.version, rules: self.rules.clone(), compiled: Arc::clone(&self.compiled) }
    }
}

/// The document.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "R: Deserialize<'de>"))]
struct Document<R> {
    #[serde(default = "Vec::new")]
    rules: Vec<R>,
}

/// Rules cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The store fails.
    #[error("the {kind} rules cannot be read")]
    Store {
        /// What they are about.
        kind: &'static str,
        /// What is wrong.
        source: StoreError,
    },
    /// What is stored cannot be used by this version.
    #[error("the stored {kind} rules cannot be used: {message}")]
    Stored {
        /// What they are about.
        kind: &'static str,
        /// What is wrong.
        message: String,
    },
}

impl<R: Rule> RuleBook<R> {
    /// Loads the rules. What is stored and cannot be used is an error: events must not silently become of what nobody
    /// decided.
    pub(crate) fn load(control: Arc<dyn Control>) -> Result<Self, RulesError> {
        let kind = R::KIND;
        let document = control.document(kind).map_err(|source| RulesError::Store { kind, source })?;
        let (version, rules) = match document {
            None => (0, Vec::new()),
            Some(document) => {
                let read: Document<R> = serde_json::from_str(&document.body)
                    .map_err(|error| RulesError::Stored { kind, message: error.to_string() })?;
                (document.version, read.rules)
            }
        };
        let compiled = Rules::compile(&rules).map_err(|SettingsError { field, message, .. }| {
            RulesError::Stored { kind, message: format!("{field}: {message}") }
        })?;
        let current = InForce { version, rules, compiled: Arc::new(compiled) };
        Ok(Self { control, current: RwLock::new(current), changing: Mutex::default() })
    }

    /// What is in force now.
    pub(crate) fn current(&self) -> InForce<R> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What decides now.
    pub(crate) fn rules(&self) -> Arc<Rules<R::Decision>> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).compiled)
    }

    /// Replaces the rules that have version `from`.
    pub(crate) fn set(
        &self,
        from: u64,
        mut rules: Vec<R>,
        audit: &AuditEntry,
    ) -> Result<InForce<R>, ChangeError> {
        for (at, rule) in rules.iter_mut().enumerate() {
            if rule.head().id.is_empty() {
                rule.set_id(new_id(at)?);
            }
        }
        let compiled = Arc::new(Rules::compile(&rules)?);
        let document = Document { rules };
        let body = serde_json::to_string(&document).expect("rules are plain data");
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let version =
            self.control.put_document(R::KIND, from, &body, Some(audit))?.ok_or(ChangeError::Conflict)?;
        let current = InForce { version, rules: document.rules, compiled };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current.clone();
        Ok(current)
    }
}

/// The events that a preview looked at.
pub(crate) struct Newest {
    /// Events that match.
    pub(crate) matching: u64,
    /// Those that were looked at, the newest.
    pub(crate) looked_at: u64,
    /// Whether the time was over before all that were asked for were.
    pub(crate) out_of_time: bool,
}

/// Shows the newest matching events to `visit`, `events` of them at most, for 20 seconds at most. Blocks.
pub(crate) fn each_newest(
    store: &dyn Store,
    filter: &Filter,
    range: TimeRange,
    events: usize,
    visit: &mut dyn FnMut(Placed),
) -> Result<Newest, StoreError> {
    let began = Instant::now();
    let mut looked_at = 0;
    let matching = store.newest_events(filter, range, events, &mut |event| {
        looked_at += 1;
        visit(event);
        began.elapsed() < PREVIEW_TIME_MAX
    })?;
    Ok(Newest { matching, looked_at, out_of_time: looked_at < matching.min(events as u64) })
}

/// Keeps what a preview lists, and says how many were left out.
pub(crate) fn cut<T>(list: &mut Vec<T>) -> usize {
    let left_out = list.len().saturating_sub(LISTED_MAX);
    list.truncate(LISTED_MAX);
    left_out
}

/// What is wrong with the rule with this number.
pub(crate) fn of_rule(at: usize, field: &str, place: Option<usize>, message: String) -> SettingsError {
    wrong(&format!("rules.{at}.{field}"), place, message)
}

fn wrong(field: &str, at: Option<usize>, message: String) -> SettingsError {
    SettingsError { field: field.to_owned(), at, message }
}

fn check(at: usize, head: &Head<'_>) -> Result<(), SettingsError> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if head.id.len() > ID_BYTES_MAX || !head.id.chars().all(is_letter) {
        let message = format!("an id has 1 to {ID_BYTES_MAX} letters, digits, `-` and `_`");
        return Err(of_rule(at, "id", None, message));
    }
    let is_plain = !head.name.chars().any(char::is_control);
    if head.name.trim().is_empty() || head.name.len() > NAME_BYTES_MAX || !is_plain {
        let message = format!("a name has 1 to {NAME_BYTES_MAX} bytes and no control characters");
        return Err(of_rule(at, "name", None, message));
    }
    Ok(())
}

fn filter(at: usize, query: &str) -> Result<Filter, SettingsError> {
    arrival_filter(query).map_err(|error| of_rule(at, "query", Some(error.at), error.message))
}

/// A query over what is known of an event when it arrives.
///
/// # Errors
/// [`QueryError`] where the query is wrong, or asks for captured values or for what is known of issues.
pub(crate) fn arrival_filter(query: &str) -> Result<Filter, QueryError> {
    let filter = query::parse_with(query, &query::field_of_key).map_err(|error| {
        let message = not_known_yet(&query[error.at..]).unwrap_or(error.message);
        QueryError::new(query, error.at, message)
    })?;
    if asks_for_values(&filter) {
        let message = "captured values are not known yet when an event is placed: leave `has:values` out";
        return Err(QueryError::new(query, query.find("has:").unwrap_or(0), message.to_owned()));
    }
    Ok(filter)
}

/// What is said of a key that other queries have, at the beginning of `term`.
fn not_known_yet(term: &str) -> Option<String> {
    let name = term.strip_prefix('-').unwrap_or(term).split(':').next()?;
    let (what, left_out) = if name.starts_with(query::VALUE_KEY) {
        ("captured values are", query::VALUE_KEY)
    } else {
        ("what becomes of its issue is", query::key(name).filter(|key| key.of_issues)?.name)
    };
    Some(format!("{what} not known yet when an event is placed: leave `{left_out}` out"))
}

fn asks_for_values(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => filters.iter().any(asks_for_values),
        Filter::Not(inner) => asks_for_values(inner),
        Filter::HasValues => true,
        _ => false,
    }
}

fn new_id(at: usize) -> Result<String, SettingsError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|_| of_rule(at, "id", None, "the system gives no random numbers; give an id".to_owned()))?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Serialize, Deserialize)]
    struct Plain(String, String, String);

    impl Rule for Plain {
        const KIND: &'static str = "plain";
        type Decision = ();

        fn head(&self) -> Head<'_> {
            Head { id: &self.0, name: &self.1, is_enabled: true, query: &self.2 }
        }

        fn set_id(&mut self, id: String) {
            self.0 = id;
        }

        fn decision(&self, _: usize) -> Result<(), SettingsError> {
            Ok(())
        }
    }

    fn rule(id: &str, name: &str, query: &str) -> Plain {
        Plain(id.to_owned(), name.to_owned(), query.to_owned())
    }

    #[track_caller]
    fn check(rules: &[Plain], field: &str, at: Option<usize>, says: &str) {
        let error = Rules::compile(rules).unwrap_err();
        assert_eq!((error.field.as_str(), error.at), (field, at));
        assert!(error.message.contains(says), "{}", error.message);
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_place() {
        let ok = rule("ok", "ok", "");
        let second = |id: &str, name: &str, query: &str| [ok.clone(), rule(id, name, query)];
        check(&second("a", "a", "env:prod servce:x"), "rules.1.query", Some(9), "did you mean `service`");
        check(&second("a", "a", "env:prod has:values"), "rules.1.query", Some(9), "not known yet");
        check(&second("a", "a", "é -var.order.id:1"), "rules.1.query", Some(3), "values are not known yet");
        check(&second("a", "a", "env:prod age:<2d"), "rules.1.query", Some(9), "leave `age` out");
        check(&second("a", "a", "is:resolved"), "rules.1.query", Some(0), "`is:` knows");
        check(&second("a", "", ""), "rules.1.name", None, "a name has");
        check(&second("a b", "a", ""), "rules.1.id", None, "an id has");
        check(&second("ok", "a", ""), "rules.1.id", None, "another rule");
        let many: Vec<_> = (0..=RULES_MAX).map(|at| rule(&format!("r{at}"), "a", "")).collect();
        check(&many, "rules", None, "at most");
    }
}
