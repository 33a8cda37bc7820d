//! The tools for coding agents, over HTTP at `/mcp`.
//!
//! They ask the API of this server as whoever asked them: with the same key, from the same address. What changes something
//! is there for keys with the scope `triage` alone, so that a client that was given nothing but the address changes nothing.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method as HttpMethod, Request as HttpRequest, header};
use axum::response::Response;
use reenact_intake::listen::Peer;
use reenact_mcp::limits::ANSWER_BYTES_MAX;
use reenact_mcp::{AGENT_HEADER, Api, ApiError, Call, Changes, Method, Tools, http_service};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::access::Viewer;

/// The API that the tools ask.
#[derive(Clone)]
pub(crate) struct Endpoint(Router);

impl Endpoint {
    pub(crate) fn new(api: Router) -> Self {
        Self(api)
    }
}

/// Answers one request of a client of the protocol.
pub(crate) async fn serve(endpoint: Endpoint, viewer: Viewer, request: Request) -> Response {
    let caller = Caller {
        api: endpoint.0,
        key: request.headers().get(header::AUTHORIZATION).cloned(),
        peer: request.extensions().get::<Peer>().copied(),
    };
    let changes = if viewer.by_key && viewer.permissions.triage { Changes::Allowed } else { Changes::None };
    let service = http_service(Tools::new(caller, changes, env!("CARGO_PKG_VERSION")));
    match service.oneshot(request).await {
        Ok(answer) => answer.map(Body::new),
        Err(never) => match never {},
    }
}

/// The API as the one who asks a tool would ask it.
#[derive(Clone)]
struct Caller {
    api: Router,
    key: Option<HeaderValue>,
    peer: Option<Peer>,
}

impl Api for Caller {
    async fn call(&self, call: Call) -> Result<Value, ApiError> {
        let failed = |message: &str| ApiError { code: "internal".to_owned(), message: message.to_owned() };
        let request = self.request(&call).ok_or_else(|| failed("the call cannot be written"))?;
        let answer = match self.api.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let body = to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await;
        let body = body.map_err(|_| failed("the answer is too large"))?;
        let value: Value = serde_json::from_slice(&body).map_err(|_| failed("the answer is no JSON"))?;
        match value.get("error") {
            Some(error) => Err(ApiError {
                code: error["code"].as_str().unwrap_or("internal").to_owned(),
                message: error["message"].as_str().unwrap_or("the call failed").to_owned(),
            }),
            None => Ok(value),
        }
    }
}

impl Caller {
    fn request(&self, call: &Call) -> Option<Request> {
        let method = match call.method {
            Method::Get => HttpMethod::GET,
            Method::Post => HttpMethod::POST,
            Method::Patch => HttpMethod::PATCH,
        };
        let parameters: Vec<String> =
            call.parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let mut request = HttpRequest::builder()
            .method(method)
            .uri(format!("/api/v1{}?{}", call.path, parameters.join("&")))
            .header(AGENT_HEADER, "mcp")
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, key);
        }
        if let Some(peer) = self.peer {
            request = request.extension(peer);
        }
        let body = call.body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
        request.body(body).ok()
    }
}

/// A value of a query of an address: everything but letters, digits, `-`, `.`, `_` and `~` is percent-encoded.
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn values_of_addresses_are_encoded() {
        assert_eq!(encoded("service:a b&c=ü"), "service%3Aa%20b%26c%3D%C3%BC");
    }
}
