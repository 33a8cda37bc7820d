//! Asking a running server.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use reenact_mcp::{ApiError, Call, Method};
use serde_json::Value;

/// Where the server is.
#[derive(Args)]
pub(crate) struct ServerArguments {
    /// Address of the server
    #[arg(long, value_name = "URL", env = "REENACT_SERVER", default_value = "http://127.0.0.1:9126", value_parser = parse_url)]
    pub(crate) server: String,
}

fn parse_url(text: &str) -> Result<String, String> {
    let authority = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match authority {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(text.to_owned()),
        _ => Err("not the URL of a server, which is like `http://127.0.0.1:9126`".to_owned()),
    }
}

/// The key that is shown to the server.
const KEY_VARIABLE: &str = "REENACT_KEY";
/// Says that a tool for agents asks; the audit log has it.
const AGENT_HEADER: &str = "reenact-agent";
/// Length of an answer to a tool for agents, in bytes; an event with its values is far smaller.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// Time for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

fn agent(server: &str) -> anyhow::Result<ureq::Agent> {
    let config =
        ureq::Agent::config_builder().timeout_global(Some(ANSWER_TIMEOUT)).http_status_as_error(false);
    let config = if server.starts_with("https://") {
        config.tls_config(reenact_client::transport::tls_config(None).map_err(anyhow::Error::msg)?)
    } else {
        config
    };
    Ok(config.build().into())
}

/// Shows the key of the environment, where there is one.
fn keyed<Body>(request: ureq::RequestBuilder<Body>) -> ureq::RequestBuilder<Body> {
    match std::env::var(KEY_VARIABLE) {
        Ok(key) if !key.is_empty() => request.header("authorization", format!("Bearer {key}")),
        _ => request,
    }
}

fn url(server: &str, path: &str) -> String {
    format!("{}/api/v1{path}", server.trim_end_matches('/'))
}

/// `GET /api/v1{path}` with parameters; the answer's JSON.
pub(crate) fn get(server: &str, path: &str, parameters: &[(&str, String)]) -> anyhow::Result<Value> {
    let mut request = keyed(agent(server)?.get(url(server, path)));
    for (name, value) in parameters {
        request = request.query(name, value);
    }
    read(server, request.call())
}

/// `POST /api/v1{path}` with a JSON body; the answer's JSON.
pub(crate) fn post(server: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let request = keyed(agent(server)?.post(url(server, path))).header("content-type", "application/json");
    read(server, request.send(body.to_string()))
}

/// `PATCH /api/v1{path}` with a JSON body; the answer's JSON.
pub(crate) fn patch(server: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let request = keyed(agent(server)?.patch(url(server, path))).header("content-type", "application/json");
    read(server, request.send(body.to_string()))
}

/// `PUT /api/v1{path}` with a JSON body; the answer's JSON.
pub(crate) fn put(server: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let request = keyed(agent(server)?.put(url(server, path))).header("content-type", "application/json");
    read(server, request.send(body.to_string()))
}

/// `DELETE /api/v1{path}` with parameters; the answer's JSON, null where there is none.
pub(crate) fn delete(server: &str, path: &str, parameters: &[(&str, String)]) -> anyhow::Result<Value> {
    let mut request = keyed(agent(server)?.delete(url(server, path)));
    for (name, value) in parameters {
        request = request.query(name, value);
    }
    let answer = request.call();
    if answer.as_ref().is_ok_and(|answer| answer.status() == 204) {
        return Ok(Value::Null);
    }
    read(server, answer)
}

fn read(
    server: &str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> anyhow::Result<Value> {
    let mut answer = answer.with_context(|| {
        format!("no answer from `{server}`; is `reenact serve` running there? (see --server)")
    })?;
    let text = answer.body_mut().read_to_string().context("the answer broke off")?;
    let body: Value = serde_json::from_str(&text)
        .with_context(|| format!("`{server}` answered {} and no JSON; is it Reenact?", answer.status()))?;
    // A job has an error of its own, which is a text.
    if let Some(error) = body.get("error").filter(|error| error.is_object()) {
        bail!("{}", error["message"].as_str().unwrap_or("the server refused the call"));
    }
    Ok(body)
}

/// A call of a tool for agents: the answer's JSON, or the code and the message of the API.
pub(crate) fn call(server: &str, call: &Call) -> Result<Value, ApiError> {
    let address = url(server, &call.path);
    let unreachable = |message: String| ApiError { code: "unreachable".to_owned(), message };
    let agent = agent(server).map_err(|error| unreachable(format!("{error:#}")))?;
    let answer = match &call.body {
        None => {
            let mut request = keyed(agent.get(address));
            for (name, value) in &call.parameters {
                request = request.query(name, value);
            }
            request.header(AGENT_HEADER, "mcp").call()
        }
        Some(body) => {
            let request = match call.method {
                Method::Patch => agent.patch(address),
                Method::Get | Method::Post => agent.post(address),
            };
            let request = keyed(request).header("content-type", "application/json");
            request.header(AGENT_HEADER, "mcp").send(body.to_string())
        }
    };
    let mut answer = answer.map_err(|error| unreachable(format!("no answer from `{server}`: {error}")))?;
    let limit = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
    let text =
        limit.read_to_string().map_err(|error| unreachable(format!("the answer broke off: {error}")))?;
    let body: Value = serde_json::from_str(&text).map_err(|_| {
        unreachable(format!("`{server}` answered {} and no JSON; is it Reenact?", answer.status()))
    })?;
    match body.get("error") {
        Some(error) => Err(ApiError {
            code: self::text(error, "code").to_owned(),
            message: self::text(error, "message").to_owned(),
        }),
        None => Ok(body),
    }
}

/// A text field, or nothing.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}
