//! The one shape of error answers.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An id for the next request, unique within the process; it joins an answer with its log line.
pub fn next_request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{:08x}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// `{"error": {"code", "message", "request_id"}}` with the status; `429` and `503` say when to try again.
pub fn error_reply(status: StatusCode, code: &str, message: &str, request_id: &str) -> Response {
    error_reply_at(status, code, message, request_id, None)
}

/// As [`error_reply`], with the part of the request that is wrong as `field`, and where in its text, in
/// bytes, as `at`.
pub fn error_reply_at(
    status: StatusCode,
    code: &str,
    message: &str,
    request_id: &str,
    place: Option<(&str, Option<usize>)>,
) -> Response {
    let mut error = json!({ "code": code, "message": message, "request_id": request_id });
    if let Some((field, at)) = place {
        error["field"] = json!(field);
        error["at"] = json!(at);
    }
    let body = json!({ "error": error });
    let mut response = (status, axum::Json(body)).into_response();
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
