//! Asking a running server.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use reenact_mcp::limits::ANSWER_BYTES_MAX;
use reenact_mcp::{AGENT_HEADER, ApiError, Call, Method};
use serde_json::Value;

use crate::output::inert;

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

/// What commands that list something are asked.
#[derive(Args)]
pub(crate) struct ListArguments {
    /// Print the API's JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
}

/// What commands about one that has a name are asked.
#[derive(Args)]
pub(crate) struct NamedArguments {
    /// Its name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
}

/// The start of a range that has every event.
pub(crate) const EVER: &str = "1970-01-02T00:00:00Z";
/// The key that is shown to the server.
const KEY_VARIABLE: &str = "REENACT_KEY";
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

/// The one with this name of what the API lists at `/{list}`, where there is one.
pub(crate) fn find(server: &str, list: &str, name: &str) -> anyhow::Result<Option<Value>> {
    let mut answer = get(server, &format!("/{list}"), &[])?;
    let all = answer[list].as_array_mut().map(std::mem::take).unwrap_or_default();
    Ok(all.into_iter().find(|one| text(one, "name") == name))
}

/// As [`find`], of one that there has to be; `word` is what one is called, also in commands.
pub(crate) fn named(server: &str, list: &str, word: &str, name: &str) -> anyhow::Result<Value> {
    find(server, list, name)?
        .with_context(|| format!("there is no {word} `{}`; `reenact {word} list` lists them", inert(name)))
}

type Answer = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

/// The JSON of an answer, be it an error or not.
fn answered(server: &str, answer: Answer) -> anyhow::Result<Value> {
    let mut answer = answer.with_context(|| {
        format!("no answer from `{server}`; is `reenact serve` running there? (see --server)")
    })?;
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX as u64);
    let text = body.read_to_string().context("the answer cannot be read")?;
    serde_json::from_str(&text)
        .with_context(|| format!("`{server}` answered {} and no JSON; is it Reenact?", answer.status()))
}

fn read(server: &str, answer: Answer) -> anyhow::Result<Value> {
    let body = answered(server, answer)?;
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
    let body = answered(server, answer).map_err(|error| unreachable(format!("{error:#}")))?;
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use serde_json::json;

    use super::*;

    #[test]
    fn large_answers_are_read() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let value = "x".repeat(12 << 20);
        let answering = std::thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4_096];
                assert!(stream.read(&mut request).unwrap() > 0);
                let body = json!({ "value": value }).to_string();
                let head =
                    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).unwrap();
            }
        });
        let length = |answer: &Value| text(answer, "value").len();
        assert_eq!(length(&get(&server, "/events/1", &[]).unwrap()), 12 << 20);
        assert_eq!(length(&call(&server, &Call::get("/events/1", Vec::new())).unwrap()), 12 << 20);
        answering.join().unwrap();
    }
}
