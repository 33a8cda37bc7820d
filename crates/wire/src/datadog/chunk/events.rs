//! Exceptions that were recorded on a span without ending it.

use reenact_model::{ProblemKind, RecordedException, Timestamp};
use serde::Deserialize;

use super::{Place, RawEvent, Request};
use crate::json::{Loose, LooseMap};
use crate::text::Text;

/// The name of the events that count.
pub(super) const EXCEPTION: &str = "exception";

/// Events of one tag that are looked at.
const ELEMENTS_MAX: usize = 10_000;

/// Whether the `events` tag may hold an exception; cheap, and never wrong about a no.
pub(super) fn may_have_exceptions(json: &str) -> bool {
    memchr::memmem::find(json.as_bytes(), EXCEPTION.as_bytes()).is_some()
}

#[derive(Deserialize)]
struct JsonEvent<'a> {
    #[serde(default, borrow)]
    name: Loose<'a>,
    #[serde(default, borrow)]
    time_unix_nano: Loose<'a>,
    #[serde(default, borrow)]
    attributes: LooseMap<'a>,
}

/// The recorded exceptions, by time: clients do not send them in that order.
pub(super) fn recorded(
    meta: &[(Text<'_>, Text<'_>)],
    native: &[RawEvent<'_>],
    request: &mut Request<'_>,
    place: Place,
) -> Vec<RecordedException> {
    let events_max = request.limits.span_events_max;
    let mut recorded = Vec::new();
    let mut left_out = native.len().saturating_sub(events_max);
    for event in native.iter().take(events_max) {
        let mut exception = RecordedException {
            timestamp: Timestamp::from_nanos(event.time),
            ..RecordedException::default()
        };
        for (name, value) in &event.attributes {
            attribute(&mut exception, name, value, request);
        }
        recorded.push(exception);
    }
    for (_, json) in meta.iter().filter(|(name, _)| &**name == "events") {
        if json.len() > request.limits.body_bytes_max / 8 || json.len() > request.events_left {
            request.problem(
                ProblemKind::TooLarge,
                place,
                "`events` is too long; its exceptions are left out",
            );
            continue;
        }
        request.events_left -= json.len();
        for (number, element) in crate::json::elements(json).enumerate() {
            if number >= ELEMENTS_MAX {
                request.note(place, "`events` has too many events; the others are left out");
                break;
            }
            let event = element.ok().and_then(|element| element.parse::<JsonEvent<'_>>().ok());
            let Some(event) = event else {
                request.problem(
                    ProblemKind::Malformed,
                    place,
                    "`events` has an event that is not understood",
                );
                continue;
            };
            if event.name.text() != EXCEPTION {
                continue;
            }
            if recorded.len() >= events_max {
                left_out += 1;
                continue;
            }
            let time = event.time_unix_nano.text().parse().unwrap_or(0);
            let mut exception =
                RecordedException { timestamp: Timestamp::from_nanos(time), ..RecordedException::default() };
            for (name, value) in &event.attributes.0 {
                attribute(&mut exception, name, &value.text(), request);
            }
            recorded.push(exception);
        }
    }
    if left_out > 0 {
        let message = format!("{left_out} recorded exceptions over the limit of {events_max} are left out");
        request.note(place, &message);
    }
    recorded.sort_by_key(|exception| exception.timestamp);
    recorded
}

fn attribute(exception: &mut RecordedException, name: &str, value: &str, request: &mut Request<'_>) {
    match name {
        "exception.type" => exception.type_name = request.text(value),
        "exception.message" => exception.message = request.text(value),
        "exception.stacktrace" => exception.stack = request.stack(value),
        name if exception.attributes.len() < request.limits.tags_max => {
            exception.attributes.insert(request.text(name), request.text(value));
        }
        _ => {}
    }
}
