//! `/telemetry/proxy/api/v2/apmtelemetry`: what the client says about itself; only counted.

use reenact_model::Limits;
use serde::Deserialize;

use super::debugger::or_default;
use crate::json::{Loose, LooseList};
use crate::text::cut;
use crate::{DecodeError, check_size};

/// What one telemetry request held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Telemetry {
    /// `app-started`, `message-batch`.
    pub request_type: String,
    /// Messages in it: more than one in a `message-batch`.
    pub messages: u64,
    /// The service.
    pub service: String,
    /// The environment.
    pub env: String,
    /// The version of the client library.
    pub tracer_version: String,
    /// The client's id of the process.
    pub runtime_id: String,
}

/// Reads what kind of telemetry a request carries, and of whom.
///
/// - **Limits:** `limits.body_bytes_max`; texts of `limits.text_bytes_max`.
/// - **Source:** ddtrace 1.16 and 4.16, recorded in `fixtures/ddtrace/*/*-telemetry-*`.
///
/// # Errors
/// [`DecodeError::Malformed`] or [`DecodeError::Truncated`] when the body is not one JSON object.
pub fn decode(body: &[u8], limits: &Limits) -> Result<Telemetry, DecodeError> {
    check_size(body, limits.body_bytes_max)?;
    let body = String::from_utf8_lossy(body);
    let raw: Raw<'_> = crate::json::parse_object(&body)?;
    let text = |loose: Loose<'_>| cut(&loose.text(), limits.text_bytes_max).to_owned();
    let request_type = text(raw.request_type);
    let messages = if request_type == "message-batch" {
        serde_json::from_str::<LooseList<'_>>(raw.payload.raw()).map_or(0, |list| list.count)
    } else {
        1
    };
    Ok(Telemetry {
        request_type,
        messages,
        service: text(raw.application.service_name),
        env: text(raw.application.env),
        tracer_version: text(raw.application.tracer_version),
        runtime_id: text(raw.runtime_id),
    })
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(default, borrow)]
    request_type: Loose<'a>,
    #[serde(default, borrow)]
    runtime_id: Loose<'a>,
    #[serde(default, borrow)]
    payload: Loose<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    application: Application<'a>,
}

#[derive(Default, Deserialize)]
struct Application<'a> {
    #[serde(default, borrow)]
    service_name: Loose<'a>,
    #[serde(default, borrow)]
    env: Loose<'a>,
    #[serde(default, borrow)]
    tracer_version: Loose<'a>,
}
