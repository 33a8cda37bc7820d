//! Spans and crash reports: tags by key, texts by what is in them.

use std::collections::BTreeMap;

use reenact_model::{CrashReport, Span};

use crate::Redactor;

/// Tags whose meaning is fixed and whose key no rule can name. Texts within them are still read, but
/// for the fingerprint, which must stay what the application gave.
#[rustfmt::skip]
const RESERVED: [&str; 17] = [
    "component", "env", "error.fingerprint", "error.type", "http.method", "http.route", "http.status_code",
    "http.url", "http.useragent", "language", "runtime-id", "service", "span.kind", "usr.email", "usr.id",
    "usr.name", "version",
];

const VERBATIM: &str = "error.fingerprint";

impl Redactor {
    pub(crate) fn redact_span(&self, span: &mut Span) {
        self.redact_text(&mut span.resource);
        self.redact_text(&mut span.operation);
        if let Some(repository) = &mut span.repository {
            self.redact_text(repository);
        }
        if let Some(error) = &mut span.error {
            self.redact_text(&mut error.message);
            if let Some(stack) = &mut error.stack {
                self.redact_text(stack);
            }
        }
        for recorded in &mut span.recorded {
            self.redact_text(&mut recorded.message);
            if let Some(stack) = &mut recorded.stack {
                self.redact_text(stack);
            }
            self.redact_tags(&mut recorded.attributes);
        }
        self.redact_tags(&mut span.tags);
        self.redact_metrics(span);
    }

    pub(crate) fn redact_crash(&self, report: &mut CrashReport) {
        self.redact_text(&mut report.message);
        for frame in &mut report.frames {
            if let Some(line) = &mut frame.source_line {
                self.redact_text(line);
            }
        }
        self.redact_tags(&mut report.tags);
    }

    fn redact_tags(&self, tags: &mut BTreeMap<String, String>) {
        for (key, value) in tags {
            match self.rule_of_tag(key) {
                Some(listed) => *value = replacement(listed),
                None if key == VERBATIM => {}
                None => self.redact_text(value),
            }
        }
    }

    /// A number cannot say that it was redacted: it becomes a tag that does.
    fn redact_metrics(&self, span: &mut Span) {
        let tags = &mut span.tags;
        span.metrics.retain(|key, _| match self.rule_of_tag(key) {
            Some(listed) => {
                tags.insert(key.clone(), replacement(listed));
                false
            }
            None => true,
        });
    }

    fn rule_of_tag(&self, key: &str) -> Option<&str> {
        if RESERVED.contains(&key) { None } else { self.names.matched(key) }
    }
}

fn replacement(listed: &str) -> String {
    format!("[redacted: {}]", crate::name_rule(listed))
}
