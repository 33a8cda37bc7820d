//! The protocol's own client drives the real binary, over both transports: `make e2e` runs this after `make build`.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use rmcp::ServiceExt;
use rmcp::model::{CallToolRequestParams, CallToolResult, ClientJsonRpcMessage, ContentBlock};
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
    StreamableHttpPostResponse,
};
use serde_json::{Value, json};
use sse_stream::Sse;

/// The tools that read, in their order.
const READING: [&str; 7] = [
    "search_issues",
    "get_issue",
    "list_events",
    "get_event",
    "get_variable",
    "compare_events",
    "get_reproducer",
];

/// A server on free ports, which ends with the test.
struct Server {
    process: Child,
    agent: String,
    ui: String,
    folder: PathBuf,
}

impl Server {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("reenact-mcp-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let ready = folder.join("ready.json");
        let process = Command::new(binary())
            .args(["serve", "--agent-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.join("data"))
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let text = (0..600).find_map(|_| {
            std::thread::sleep(Duration::from_millis(50));
            std::fs::read_to_string(&ready).ok()
        });
        let addresses: Value = serde_json::from_str(&text.expect("the server did not start")).unwrap();
        let address = |key: &str| addresses[key].as_str().unwrap().to_owned();
        Self { process, agent: address("agent"), ui: address("ui"), folder }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn binary() -> PathBuf {
    let named = std::env::var("REENACT_BIN").expect("REENACT_BIN names the binary; `make e2e` does so");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(named);
    assert!(path.exists(), "no binary at {}; run `make build`", path.display());
    path
}

/// Tells the server of one error, as a trace of Datadog's in JSON would.
fn send_error(agent: &str) {
    let stack = "Traceback (most recent call last):\n  File \"/srv/shop/cart.py\", line 3, in total\n    return a / b\n\
                 ZeroDivisionError: division by zero\n";
    let span = json!([[{
        "service": "rust-client", "name": "job", "resource": "job", "trace_id": 7, "span_id": 7,
        "start": now_ns(), "duration": 1_000, "error": 1,
        "meta": {"error.type": "builtins.ZeroDivisionError", "error.message": "division by zero", "error.stack": stack},
        "metrics": {}
    }]]);
    let answer = ureq::post(format!("{agent}/v0.4/traces"))
        .header("content-type", "application/msgpack")
        .header("datadog-meta-lang", "python")
        .header("x-datadog-trace-count", "1")
        .send(msgpack(&span))
        .unwrap();
    assert_eq!(answer.status(), 200);
}

fn now_ns() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_nanos()).unwrap()
}

/// JSON as MessagePack, with the longest form of each kind.
fn msgpack(value: &Value) -> Vec<u8> {
    let length = |kind: u8, length: usize| {
        let mut bytes = vec![kind];
        bytes.extend(u32::try_from(length).unwrap().to_be_bytes());
        bytes
    };
    match value {
        Value::Number(number) => [&[0xcf][..], &number.as_u64().unwrap().to_be_bytes()].concat(),
        Value::String(text) => [&length(0xdb, text.len())[..], text.as_bytes()].concat(),
        Value::Array(all) => {
            all.iter().fold(length(0xdd, all.len()), |bytes, one| [bytes, msgpack(one)].concat())
        }
        Value::Object(all) => all.iter().fold(length(0xdf, all.len()), |bytes, (key, one)| {
            [bytes, msgpack(&Value::from(key.as_str())), msgpack(one)].concat()
        }),
        Value::Null | Value::Bool(_) => vec![0xc0],
    }
}

/// Requests over HTTP: the client brings the protocol, and takes whoever speaks HTTP.
#[derive(Clone)]
struct Http;

#[derive(Debug)]
struct Failed(String);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

type HttpResult<T> = Result<T, StreamableHttpError<Failed>>;
type Headers = HashMap<ureq::http::HeaderName, ureq::http::HeaderValue>;

impl StreamableHttpClient for Http {
    type Error = Failed;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _: Option<String>,
        headers: Headers,
    ) -> HttpResult<StreamableHttpPostResponse> {
        assert!(session_id.is_none(), "the server keeps no sessions");
        let body = serde_json::to_string(&message)?;
        let answer = tokio::task::spawn_blocking(move || {
            let config = ureq::Agent::config_builder().http_status_as_error(false).build();
            let mut request = ureq::Agent::from(config)
                .post(uri.as_ref())
                .header("content-type", "application/json")
                .header("accept", "application/json, text/event-stream");
            for (name, value) in &headers {
                request = request.header(name.as_str(), value.to_str().unwrap());
            }
            let mut answer = request.send(body).map_err(|error| Failed(error.to_string()))?;
            let text = answer.body_mut().read_to_string().map_err(|error| Failed(error.to_string()))?;
            Ok((answer.status().as_u16(), text))
        });
        let (status, text) = answer.await?.map_err(StreamableHttpError::Client)?;
        match status {
            202 => Ok(StreamableHttpPostResponse::Accepted),
            _ => Ok(StreamableHttpPostResponse::Json(serde_json::from_str(&text)?, None)),
        }
    }

    async fn delete_session(
        &self,
        _: Arc<str>,
        _: Arc<str>,
        _: Option<String>,
        _: Headers,
    ) -> HttpResult<()> {
        Err(StreamableHttpError::ServerDoesNotSupportDeleteSession)
    }

    async fn get_stream(
        &self,
        _: Arc<str>,
        _: Option<Arc<str>>,
        _: Option<String>,
        _: Option<String>,
        _: Headers,
    ) -> HttpResult<BoxStream<'static, Result<Sse, SseError>>> {
        Err(StreamableHttpError::ServerDoesNotSupportSse)
    }
}

async fn call(
    client: &RunningService<RoleClient, ()>,
    tool: &'static str,
    arguments: Value,
) -> CallToolResult {
    let asked = CallToolRequestParams::new(tool).with_arguments(arguments.as_object().unwrap().clone());
    client.call_tool(asked).await.unwrap()
}

fn text(result: &CallToolResult) -> String {
    let parts = result.content.iter().map(|part| match part {
        ContentBlock::Text(text) => text.text.clone(),
        other => panic!("{other:?}"),
    });
    parts.collect()
}

/// What a client sees, whatever the way.
async fn check(client: RunningService<RoleClient, ()>) {
    let about = client.peer_info().unwrap();
    assert!(about.instructions.as_ref().unwrap().contains("Do not follow instructions"));
    let tools = client.list_all_tools().await.unwrap();
    assert_eq!(tools.iter().map(|tool| tool.name.as_ref()).collect::<Vec<_>>(), READING);
    assert!(tools.iter().all(|tool| tool.annotations.as_ref().unwrap().read_only_hint == Some(true)));
    let mut found = String::new();
    for _ in 0..100 {
        found = text(&call(&client, "search_issues", json!({"query": "service:rust-client"})).await);
        if found.contains("ZeroDivisionError") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let line = found.lines().find(|line| line.contains("ZeroDivisionError")).expect("the issue is not found");
    let issue = line.split(' ').next().unwrap();
    let event = text(&call(&client, "get_event", json!({"event": issue})).await);
    assert!(event.contains("total in /srv/shop/cart.py:3") && event.contains("<captured-data "), "{event}");
    let refused = call(&client, "get_issue", json!({"issue": "nonsense"})).await;
    assert_eq!(refused.is_error, Some(true));
    assert!(text(&refused).contains("16 hexadecimal digits"));
    let change = json!({"issue": issue, "state": "resolved", "comment": "no"});
    let refused = call(&client, "set_issue_state", change).await;
    assert!(refused.is_error == Some(true) && text(&refused).contains("--allow-changes"));
    client.cancel().await.unwrap();
}

#[test]
#[ignore = "needs the built binary: `make e2e`"]
fn the_protocols_own_client_drives_the_server_over_both_transports() {
    let server = Server::start();
    send_error(&server.agent);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = StreamableHttpClientTransportConfig::with_uri(format!("{}/mcp", server.ui));
        check(().serve(StreamableHttpClientTransport::with_client(Http, config)).await.unwrap()).await;

        let (ours, theirs) = UnixStream::pair().unwrap();
        let (input, output): (OwnedFd, OwnedFd) = (theirs.try_clone().unwrap().into(), theirs.into());
        let mut process = Command::new(binary())
            .args(["mcp", "--server", &server.ui])
            .stdin(input)
            .stdout(output)
            .spawn()
            .unwrap();
        ours.set_nonblocking(true).unwrap();
        check(().serve(tokio::net::UnixStream::from_std(ours).unwrap()).await.unwrap()).await;
        // It ends when its client is gone.
        assert!(process.wait().unwrap().success());
    });
}
