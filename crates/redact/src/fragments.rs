//! Spans and crash reports: tags by key, texts by what is in them.

use std::collections::BTreeMap;

use reenact_model::{CrashReport, Span};

use crate::Redactor;
use crate::hits::RuleRef;
use crate::walk::Walk;

/// Tags whose meaning is fixed and whose key no rule can name. Texts within them are still read, but
/// for the fingerprint, which must stay what the application gave.
#[rustfmt::skip]
const RESERVED: [&str; 17] = [
    "component", "env", "error.fingerprint", "error.type", "http.method", "http.route", "http.status_code",
    "http.url", "http.useragent", "language", "runtime-id", "service", "span.kind", "usr.email", "usr.id",
    "usr.name", "version",
];

const VERBATIM: &str = "error.fingerprint";

impl Walk<'_> {
    pub(crate) fn span(&mut self, span: &mut Span) {
        self.within("resource", |walk| walk.text(&mut span.resource, ""));
        self.within("operation", |walk| walk.text(&mut span.operation, ""));
        if let Some(repository) = &mut span.repository {
            self.within("repository", |walk| walk.text(repository, ""));
        }
        if let Some(error) = &mut span.error {
            self.within("error", |walk| walk.exception(&mut error.message, error.stack.as_mut()));
        }
        for recorded in &mut span.recorded {
            self.within("recorded", |walk| {
                walk.exception(&mut recorded.message, recorded.stack.as_mut());
                walk.within("attributes", |walk| walk.tags(&mut recorded.attributes));
            });
        }
        self.within("tags", |walk| {
            walk.tags(&mut span.tags);
            walk.metrics(&mut span.metrics, &mut span.tags);
        });
    }

    pub(crate) fn crash(&mut self, report: &mut CrashReport) {
        self.within("error", |walk| walk.exception(&mut report.message, None));
        for frame in &mut report.frames {
            if let Some(line) = &mut frame.source_line {
                self.within("source", |walk| walk.source_line(line));
            }
        }
        self.within("tags", |walk| walk.tags(&mut report.tags));
    }

    fn exception(&mut self, message: &mut String, stack: Option<&mut String>) {
        self.within("message", |walk| walk.message(message));
        if let Some(stack) = stack {
            self.within("stack", |walk| walk.stack(stack));
        }
    }

    pub(crate) fn tags(&mut self, tags: &mut BTreeMap<String, String>) {
        let redactor = self.redactor;
        for (key, value) in tags.iter_mut().filter(|(key, _)| *key != VERBATIM) {
            self.within(key, |walk| match redactor.rule_of_tag(key) {
                Some(listed) => {
                    let mark = replacement(listed);
                    if *value != mark {
                        walk.note(RuleRef::Name, &mark);
                        *value = mark;
                    }
                }
                None if is_reserved(key) => walk.text(value, key),
                None if walk.is_strict() => walk.replace_strict(value),
                None => walk.text(value, key),
            });
        }
    }

    /// A number cannot say that it was redacted: it becomes a tag that does.
    pub(crate) fn metrics(
        &mut self,
        metrics: &mut BTreeMap<String, f64>,
        tags: &mut BTreeMap<String, String>,
    ) {
        metrics.retain(|key, _| match self.redactor.rule_of_tag(key) {
            Some(listed) => {
                let mark = replacement(listed);
                self.note(RuleRef::Name, &mark);
                tags.insert(key.clone(), mark);
                false
            }
            None => true,
        });
    }
}

impl Redactor {
    fn rule_of_tag(&self, key: &str) -> Option<&str> {
        if is_reserved(key) { None } else { self.names.matched(key) }
    }
}

fn is_reserved(key: &str) -> bool {
    RESERVED.contains(&key)
}

fn replacement(listed: &str) -> String {
    format!("[redacted: {}]", crate::name_rule(listed))
}
