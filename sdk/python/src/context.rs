//! What a hook tells beside the exception.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use reenact_client::heap::{Context, RequestContext};

/// Headers and tags that are taken.
const ENTRIES_MAX: usize = 100;

/// The longest text that is taken, in bytes.
const TEXT_BYTES_MAX: usize = 8 << 10;

/// What a hook tells, read as far as it is needed: most exceptions are repeats.
pub(crate) struct Given<'a, 'py>(pub(crate) Option<&'a Bound<'py, PyDict>>);

impl Given<'_, '_> {
    /// Whether values are wanted whatever the budgets say.
    pub(crate) fn is_forced(&self) -> bool {
        self.flag(|py| pyo3::intern!(py, "force")).unwrap_or(false)
    }

    /// Whether an event of its own is to be sent, and not snapshots alone.
    pub(crate) fn wants_event(&self) -> bool {
        self.flag(|py| pyo3::intern!(py, "own_event")).unwrap_or(true)
    }

    fn flag(&self, name: impl for<'p> Fn(Python<'p>) -> &'p Bound<'p, PyString>) -> Option<bool> {
        let given = self.0?;
        given.get_item(name(given.py())).ok()??.extract().ok()
    }

    /// Everything. What is of another type than expected is left out: a hook must not fail on it.
    pub(crate) fn context(&self) -> Context {
        let timestamp_ns =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_nanos() as i64);
        let mut context = Context { timestamp_ns, own_event: self.wants_event(), ..Context::default() };
        let Some(given) = self.0 else { return context };
        context.handled = value(given, "handled").unwrap_or(false);
        context.mechanism = text(given, "mechanism").unwrap_or_default();
        context.trace_id = value(given, "trace_id");
        context.span_id = value(given, "span_id");
        context.resource = text(given, "resource");
        context.user_id = text(given, "user_id");
        context.thread = text(given, "thread");
        context.tags = texts(given, "tags");
        let request = item(given, "request").and_then(|request| request.cast_into::<PyDict>().ok());
        context.request = request.map(|request| RequestContext {
            method: text(&request, "method"),
            url: text(&request, "url"),
            route: text(&request, "route"),
            status_code: value(&request, "status_code"),
            user_agent: text(&request, "user_agent"),
            headers: texts(&request, "headers"),
        });
        context
    }
}

fn item<'py>(given: &Bound<'py, PyDict>, name: &str) -> Option<Bound<'py, PyAny>> {
    given.get_item(name).ok().flatten().filter(|value| !value.is_none())
}

fn value<T: for<'a, 'py> FromPyObject<'a, 'py>>(given: &Bound<'_, PyDict>, name: &str) -> Option<T> {
    item(given, name)?.extract().ok()
}

/// Only what is a text: anything else would have to be asked for its text.
fn text(given: &Bound<'_, PyDict>, name: &str) -> Option<String> {
    text_of(&item(given, name)?)
}

fn text_of(value: &Bound<'_, PyAny>) -> Option<String> {
    let text = value.cast::<PyString>().ok()?.to_string_lossy();
    Some(text[..text.floor_char_boundary(TEXT_BYTES_MAX.min(text.len()))].to_owned())
}

fn texts(given: &Bound<'_, PyDict>, name: &str) -> BTreeMap<String, String> {
    let Some(entries) = item(given, name).and_then(|entries| entries.cast_into::<PyDict>().ok()) else {
        return BTreeMap::new();
    };
    let pair =
        |(name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| Some((text_of(&name)?, text_of(&value)?));
    entries.iter().take(ENTRIES_MAX).filter_map(pair).collect()
}
