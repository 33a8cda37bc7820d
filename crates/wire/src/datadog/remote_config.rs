//! `/v0.7/config`: a client asks for its configuration.

use reenact_model::Limits;
use serde::Deserialize;

use super::debugger::or_default;
use crate::json::{Loose, LooseList};
use crate::text::cut;
use crate::{DecodeError, check_size};

/// Who asks, and for what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigRequest {
    /// The client's id for this endpoint.
    pub client_id: String,
    /// The client's id of the process.
    pub runtime_id: String,
    /// The service.
    pub service: String,
    /// The environment.
    pub env: String,
    /// The version of the service.
    pub version: String,
    /// The programming language.
    pub language: String,
    /// The version of the client library.
    pub tracer_version: String,
    /// What it wants configuration for: `APM_TRACING`; at most [`PRODUCTS_MAX`].
    pub products: Vec<String>,
    /// The version of the targets that it has.
    pub targets_version: u64,
    /// Whether applying the last configuration failed.
    pub has_error: bool,
}

/// How many products of a request are kept.
pub const PRODUCTS_MAX: usize = 64;

/// Decodes one poll for configuration.
///
/// - **Limits:** `limits.body_bytes_max`; texts of `limits.text_bytes_max`.
/// - **Source:** ddtrace 1.16 and 4.16, recorded in `fixtures/ddtrace/*/*-v0.7-config.json`.
///
/// # Errors
/// [`DecodeError::Malformed`] or [`DecodeError::Truncated`] when the body is not one JSON object.
pub fn decode(body: &[u8], limits: &Limits) -> Result<ConfigRequest, DecodeError> {
    check_size(body, limits.body_bytes_max)?;
    let body = String::from_utf8_lossy(body);
    let raw: Raw<'_> = crate::json::parse_object(&body)?;
    let text = |loose: Loose<'_>| cut(&loose.text(), limits.text_bytes_max).to_owned();
    let client = raw.client;
    let tracer = client.client_tracer;
    Ok(ConfigRequest {
        client_id: text(client.id),
        runtime_id: text(tracer.runtime_id),
        service: text(tracer.service),
        env: text(tracer.env),
        version: text(tracer.app_version),
        language: text(tracer.language),
        tracer_version: text(tracer.tracer_version),
        products: client.products.items.into_iter().take(PRODUCTS_MAX).map(text).collect(),
        targets_version: client.state.targets_version.text().parse().unwrap_or(0),
        has_error: client.state.has_error.raw() == "true",
    })
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(default, borrow, deserialize_with = "or_default")]
    client: Client<'a>,
}

#[derive(Default, Deserialize)]
struct Client<'a> {
    #[serde(default, borrow)]
    id: Loose<'a>,
    #[serde(default, borrow)]
    products: LooseList<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    client_tracer: Tracer<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    state: State<'a>,
}

#[derive(Default, Deserialize)]
struct Tracer<'a> {
    #[serde(default, borrow)]
    runtime_id: Loose<'a>,
    #[serde(default, borrow)]
    service: Loose<'a>,
    #[serde(default, borrow)]
    env: Loose<'a>,
    #[serde(default, borrow)]
    app_version: Loose<'a>,
    #[serde(default, borrow)]
    language: Loose<'a>,
    #[serde(default, borrow)]
    tracer_version: Loose<'a>,
}

#[derive(Default, Deserialize)]
struct State<'a> {
    #[serde(default, borrow)]
    targets_version: Loose<'a>,
    #[serde(default, borrow)]
    has_error: Loose<'a>,
}
