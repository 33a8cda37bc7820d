//! Asking the API.

use std::future::Future;

use serde_json::Value;

/// The header by which whoever answers says to the API that a tool for agents asks; the audit log has it.
pub const AGENT_HEADER: &str = "reenact-agent";

/// How an address is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Adds.
    Post,
    /// Changes.
    Patch,
}

/// One call of the API.
#[derive(Clone, Debug)]
pub struct Call {
    /// How.
    pub method: Method,
    /// The path behind `/api/v1`: `/issues`.
    pub path: String,
    /// The parameters, not encoded.
    pub parameters: Vec<(&'static str, String)>,
    /// The JSON that is sent.
    pub body: Option<Value>,
}

impl Call {
    /// Reads an address.
    pub fn get(path: impl Into<String>, parameters: Vec<(&'static str, String)>) -> Self {
        Self { method: Method::Get, path: path.into(), parameters, body: None }
    }

    /// Sends JSON to an address.
    pub fn send(method: Method, path: impl Into<String>, body: Value) -> Self {
        Self { method, path: path.into(), parameters: Vec::new(), body: Some(body) }
    }
}

/// Why a call was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The code of the API, or one of ours: `unreachable`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// Whoever answers the API: a server over HTTP, or the one that we are part of.
pub trait Api: Send + Sync + 'static {
    /// The answer's JSON.
    ///
    /// # Errors
    /// [`ApiError`] with the code and the message of the API.
    fn call(&self, call: Call) -> impl Future<Output = Result<Value, ApiError>> + Send;
}
