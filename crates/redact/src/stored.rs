//! Redacting again what is stored, with the rules of today.

use reenact_model::{Exception, Grouping, Occurrence, Placed, Report, Request};

use crate::hits::Hits;
use crate::scanner::{Scanner, Selection};
use crate::walk::Walk;
use crate::{Redacted, Redactor};

impl Redactor {
    /// Redacts an event that was stored before a rule was. Its issue stays: grouping does not change with
    /// redaction. O(size of the event); never fails.
    pub fn redact_placed(
        &self,
        mut event: Placed,
        scanner: Option<(&Scanner, &Selection)>,
    ) -> (Redacted<Placed>, Hits) {
        let mut walk = Walk::of_stored(self, scanner, &event.report);
        walk.placed(&mut event);
        (Redacted::new(event), walk.hits)
    }

    /// As [`Redactor::redact_placed`], with a list of the changes.
    pub fn redact_placed_explained(
        &self,
        mut event: Placed,
        scanner: Option<(&Scanner, &Selection)>,
    ) -> (Redacted<Placed>, Hits, Vec<crate::Change>) {
        let mut walk = Walk::of_stored(self, scanner, &event.report).explaining();
        walk.placed(&mut event);
        let changes = walk.changes.take().unwrap_or_default();
        (Redacted::new(event), walk.hits, changes)
    }

    /// Redacts a stored message of an exception.
    pub fn redact_message(
        &self,
        mut message: String,
        scanner: Option<(&Scanner, &Selection)>,
    ) -> (Redacted<String>, Hits) {
        let mut walk = Walk::of_text(self, scanner, "error.message");
        walk.message(&mut message);
        (Redacted::new(message), walk.hits)
    }
}

impl Walk<'_> {
    fn placed(&mut self, event: &mut Placed) {
        self.report(&mut event.report);
        for part in &mut event.grouping.why {
            if Grouping::is_quoting(part) {
                self.message(part);
            } else {
                self.text(part, "");
            }
        }
    }

    /// The same texts under the same paths as in the spans that the report was made of.
    fn report(&mut self, report: &mut Report) {
        self.optional("resource", &mut report.resource);
        self.optional("operation", &mut report.operation);
        self.optional("repository", &mut report.repository);
        report.exceptions.iter_mut().for_each(|exception| self.exception_of_chain(exception));
        if let Some(stack) = &mut report.stack_text {
            self.within("error", |walk| walk.within("stack", |walk| walk.stack(stack)));
        }
        self.request(report.request.as_mut());
        for span in &mut report.trace {
            self.within("resource", |walk| walk.text(&mut span.resource, ""));
            self.within("operation", |walk| walk.text(&mut span.operation, ""));
        }
        self.within("tags", |walk| {
            walk.tags(&mut report.tags);
            walk.metrics(&mut report.metrics, &mut report.tags);
        });
    }

    pub(crate) fn occurrence(&mut self, occurrence: &mut Occurrence) {
        self.optional("resource", &mut occurrence.resource);
        self.optional("repository", &mut occurrence.repository);
        occurrence.exceptions.iter_mut().for_each(|exception| self.exception_of_chain(exception));
        self.request(occurrence.request.as_mut());
        self.within("tags", |walk| {
            walk.optional("usr.id", &mut occurrence.user_id);
            walk.tags(&mut occurrence.tags);
        });
    }

    fn optional(&mut self, name: &str, text: &mut Option<String>) {
        if let Some(text) = text {
            self.within(name, |walk| walk.text(text, ""));
        }
    }

    fn request(&mut self, request: Option<&mut Request>) {
        let Some(request) = request else { return };
        for (tag, text) in [
            ("http.url", &mut request.url),
            ("http.route", &mut request.route),
            ("http.useragent", &mut request.user_agent),
        ] {
            if let Some(text) = text {
                self.within("tags", |walk| walk.within(tag, |walk| walk.text(text, tag)));
            }
        }
    }

    /// Members of groups are not deeper than the decoders let them be.
    fn exception_of_chain(&mut self, exception: &mut Exception) {
        self.within("error", |walk| {
            walk.within("message", |walk| {
                walk.message(&mut exception.message);
                exception.notes.iter_mut().for_each(|note| walk.message(note));
            });
        });
        for frame in &mut exception.frames {
            if let Some(line) = &mut frame.source_line {
                self.within("source", |walk| walk.source_line(line));
            }
        }
        exception.members.iter_mut().for_each(|member| self.exception_of_chain(member));
    }
}
