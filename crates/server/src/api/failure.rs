//! Error answers of the API.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use reenact_intake::{error_reply, next_request_id};
use reenact_store::StoreError;
use reenact_store::query::QueryError;

/// Why a call failed; becomes the one shape of error answers.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: String) -> Self {
        Self { status, code, message }
    }

    /// The caller's mistake.
    pub(crate) fn bad(code: &'static str, message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message }
    }

    pub(crate) fn query(error: &QueryError) -> Self {
        Self::bad("query_invalid", error.to_string())
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "this address does not take that method".to_owned();
        Self { status: StatusCode::METHOD_NOT_ALLOWED, code: "method_not_allowed", message }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "not_found", message: format!("there is no such {what}") }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Cursor => Self::bad("cursor_invalid", error.to_string()),
            StoreError::Overloaded => {
                Self { status: StatusCode::TOO_MANY_REQUESTS, code: "overloaded", message: error.to_string() }
            }
            other => {
                let chain =
                    std::iter::successors(Some(&other as &dyn std::error::Error), |error| error.source());
                let text: Vec<String> = chain.map(ToString::to_string).collect();
                tracing::error!(error = text.join(": "), "the store failed");
                Self::internal()
            }
        }
    }
}

impl Failure {
    /// Ours; the detail is in the log.
    pub(crate) fn internal() -> Self {
        let message = "something failed on the server; its log says what, under this request id".to_owned();
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: "internal", message }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let request_id = next_request_id();
        if self.status.is_server_error() {
            tracing::error!(request.id = request_id, "a call failed");
        }
        error_reply(self.status, self.code, &self.message, &request_id)
    }
}
