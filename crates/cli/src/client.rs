//! Asking a running server.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
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

fn url(server: &str, path: &str) -> String {
    format!("{}/api/v1{path}", server.trim_end_matches('/'))
}

/// `GET /api/v1{path}` with parameters; the answer's JSON.
pub(crate) fn get(server: &str, path: &str, parameters: &[(&str, String)]) -> anyhow::Result<Value> {
    let mut request = agent(server)?.get(url(server, path));
    for (name, value) in parameters {
        request = request.query(name, value);
    }
    read(server, request.call())
}

/// `POST /api/v1{path}` with a JSON body; the answer's JSON.
pub(crate) fn post(server: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let request = agent(server)?.post(url(server, path)).header("content-type", "application/json");
    read(server, request.send(body.to_string()))
}

/// `PATCH /api/v1{path}` with a JSON body; the answer's JSON.
pub(crate) fn patch(server: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let request = agent(server)?.patch(url(server, path)).header("content-type", "application/json");
    read(server, request.send(body.to_string()))
}

/// `PUT /api/v1{path}` with a JSON body; the answer's JSON.
pub(crate) fn put(server: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let request = agent(server)?.put(url(server, path)).header("content-type", "application/json");
    read(server, request.send(body.to_string()))
}

/// `DELETE /api/v1{path}` with parameters; the answer's JSON, null where there is none.
pub(crate) fn delete(server: &str, path: &str, parameters: &[(&str, String)]) -> anyhow::Result<Value> {
    let mut request = agent(server)?.delete(url(server, path));
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
    if let Some(error) = body.get("error") {
        bail!("{}", error["message"].as_str().unwrap_or("the server refused the call"));
    }
    Ok(body)
}

/// A text field, or nothing.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}
