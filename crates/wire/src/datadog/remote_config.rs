//! `/v0.7/config`: a client asks for its configuration, and is told whether to capture values.
//!
//! The answer has the form that the Datadog Agent passes on: targets, which name files by path and hash, and the files.
//! The Agent's backend signs the targets; the clients behind an Agent leave the signatures to it, and check the hashes.

use reenact_model::Limits;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::debugger::or_default;
use crate::json::{Loose, LooseList};
use crate::text::cut;
use crate::{DecodeError, base64, check_size};

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
    /// Whether its Exception Replay can be switched by an answer: ddtrace 4 can, 1 and 2 cannot.
    pub can_switch_captures: bool,
}

/// How many products of a request are kept.
pub const PRODUCTS_MAX: usize = 64;

/// The product whose files switch Exception Replay, among others.
const APM_TRACING: &str = "APM_TRACING";

/// The bit of the capabilities that says so: `APM_TRACING_ENABLE_EXCEPTION_REPLAY`.
const CAN_SWITCH_BIT: usize = 39;

/// Where the one file of an answer is.
const PATH: &str = "datadog/2/APM_TRACING/reenact-captures/config";

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
    let products: Vec<String> = client.products.items.into_iter().take(PRODUCTS_MAX).map(text).collect();
    let can_switch = has_bit(client.capabilities.raw(), CAN_SWITCH_BIT);
    Ok(ConfigRequest {
        can_switch_captures: can_switch && products.iter().any(|product| product == APM_TRACING),
        client_id: text(client.id),
        runtime_id: text(tracer.runtime_id),
        service: text(tracer.service),
        env: text(tracer.env),
        version: text(tracer.app_version),
        language: text(tracer.language),
        tracer_version: text(tracer.tracer_version),
        products,
        targets_version: client.state.targets_version.text().parse().unwrap_or(0),
        has_error: client.state.has_error.raw() == "true",
    })
}

/// What was set about the captures of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switched {
    /// Whether values are captured; `None`: as the client decides.
    pub enabled: Option<bool>,
    /// Grows with each change of what was set for any service; 0 when nothing ever was.
    pub version: u64,
}

/// The answer to one poll, as JSON: an empty object when there is nothing new to tell, or nothing that the client
/// understands. A file that was withdrawn leaves the client as it is until it starts anew.
///
/// - **Source:** `ClientGetConfigsResponse` of the Datadog Agent, as ddtrace 4.16 reads it.
pub fn answer(request: &ConfigRequest, switched: Switched) -> Value {
    let Switched { enabled, version } = switched;
    if !request.can_switch_captures || version == 0 || request.targets_version == version {
        return json!({});
    }
    match enabled {
        Some(enabled) => {
            let file = json!({
                "schema_version": "v1.0.0",
                "action": "enable",
                "service_target": { "service": request.service, "env": "*" },
                "lib_config": { "exception_replay_enabled": enabled },
            });
            with_files(version, &[(PATH, file.to_string())])
        }
        None if request.targets_version == 0 => json!({}),
        None => with_files(version, &[]),
    }
}

fn with_files(version: u64, files: &[(&str, String)]) -> Value {
    let target = |(path, text): &(&str, String)| {
        let hash = hexadecimal(&Sha256::digest(text));
        let target =
            json!({ "custom": { "v": version }, "hashes": { "sha256": hash }, "length": text.len() });
        ((*path).to_owned(), target)
    };
    let targets = json!({
        "signatures": [],
        "signed": {
            "_type": "targets",
            "custom": { "agent_refresh_interval": null, "opaque_backend_state": "e30=" },
            "expires": "2100-01-01T00:00:00Z",
            "spec_version": "1.0",
            "targets": files.iter().map(target).collect::<serde_json::Map<_, _>>(),
            "version": version,
        },
    });
    let file = |(path, text): &(&str, String)| json!({ "path": path, "raw": base64(text.as_bytes()) });
    json!({
        "roots": [],
        "targets": base64(targets.to_string().as_bytes()),
        "target_files": files.iter().map(file).collect::<Vec<_>>(),
        "client_configs": files.iter().map(|(path, _)| *path).collect::<Vec<_>>(),
    })
}

/// Whether a bit is set in an array of bytes, the last of which has the lowest bits. Texts, as ddtrace 1 sends them,
/// have none of those that are asked for.
fn has_bit(array: &str, bit: usize) -> bool {
    let Ok(bytes) = serde_json::from_str::<Vec<u8>>(array) else { return false };
    bytes.iter().rev().nth(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
    #[serde(default, borrow)]
    capabilities: Loose<'a>,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(targets_version: u64, capabilities: &str) -> ConfigRequest {
        let body = format!(
            r#"{{"client": {{"products": ["APM_TRACING"], "capabilities": {capabilities},
                "client_tracer": {{"service": "shop", "env": "prod"}},
                "state": {{"targets_version": {targets_version}}}}}}}"#
        );
        decode(body.as_bytes(), &Limits::DEFAULT).unwrap()
    }

    const ABLE: &str = "[1, 33, 192, 160, 8, 240, 2]";

    #[test]
    fn only_clients_that_can_are_told() {
        assert!(asked(0, ABLE).can_switch_captures);
        for unable in [r#""Ag==""#, "null", "[]", "[2]", "[0, 0, 0, 160, 8, 240, 2]", "[300]"] {
            assert!(!asked(0, unable).can_switch_captures, "{unable}");
            let switched = Switched { enabled: Some(false), version: 3 };
            assert_eq!(answer(&asked(0, unable), switched), json!({}));
        }
    }

    #[test]
    fn a_client_is_told_once_for_each_change() {
        let told = |has, enabled, version| answer(&asked(has, ABLE), Switched { enabled, version });
        assert_eq!(told(0, None, 0), json!({}));
        assert_eq!(told(0, None, 3), json!({}));
        assert_eq!(told(3, Some(false), 3), json!({}));
        let off = told(0, Some(false), 3);
        assert_eq!(off["client_configs"], json!([PATH]));
        assert_ne!(off, told(0, Some(true), 3));
        assert_eq!(told(3, None, 4)["client_configs"], json!([]));
    }

    #[test]
    fn the_targets_name_the_file_by_its_hash() {
        insta::assert_json_snapshot!(answer(&asked(0, ABLE), Switched { enabled: Some(false), version: 3 }));
    }
}
