//! The addresses that clients send to: those of the Datadog Agent, as far as errors need them, and our own.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use reenact_model::{Limits, Outcome, Timestamp};
use reenact_wire::datadog::{self, ClientInfo};
use reenact_wire::{DecodeError, Decoded, native};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::body::{BodyError, ReadBody};
use crate::far_end::{ClientConfig, FarEnd, FarEndError, causes};
use crate::receipts::{Receipts, Source};
use crate::reply::{error_reply, next_request_id};
use crate::{BodyLimits, Reader};

/// What the handlers share.
pub struct Intake {
    reader: Reader,
    limits: Limits,
    far_end: Arc<dyn FarEnd>,
    receipts: Arc<Receipts>,
    workers: Semaphore,
    port: u16,
}

impl Intake {
    /// An intake that hands over to `far_end`; `workers` bodies are decoded at a time, and `port` is
    /// the one that clients are told.
    pub fn new(
        limits: Limits,
        body_limits: BodyLimits,
        far_end: Arc<dyn FarEnd>,
        receipts: Arc<Receipts>,
        workers: usize,
        port: u16,
    ) -> Self {
        Self {
            reader: Reader::new(body_limits),
            limits,
            far_end,
            receipts,
            workers: Semaphore::new(workers.max(1)),
            port,
        }
    }
}

/// The addresses of the Agent.
pub fn router(intake: Arc<Intake>) -> Router {
    let on = |source: Source| {
        any(move |State(intake): State<Arc<Intake>>, request: Request<Body>| async move {
            receive(intake, source, request).await
        })
    };
    Router::new()
        .route("/info", get(info))
        .route("/v0.3/traces", on(Source::TracesV03))
        .route("/v0.4/traces", on(Source::TracesV04))
        .route("/v0.5/traces", on(Source::TracesV05))
        .route("/v1.0/traces", on(Source::TracesV10))
        .route("/debugger/v1/input", on(Source::DebuggerV1))
        .route("/debugger/v2/input", on(Source::DebuggerV2))
        .route("/debugger/v1/diagnostics", on(Source::Diagnostics))
        .route("/evp_proxy/v4/api/v2/errorsintake", on(Source::Crash))
        .route("/v0.6/stats", on(Source::Stats))
        .route("/telemetry/proxy/api/v2/apmtelemetry", on(Source::Telemetry))
        .route("/symdb/v1/input", on(Source::Symbols))
        .route("/v0.7/config", on(Source::RemoteConfig))
        .route("/native/v1/captures", on(Source::Native))
        .route("/native/v1/config", get(client_config))
        .fallback(unknown_address)
        .method_not_allowed_fallback(wrong_method)
        .with_state(intake)
}

/// What clients read to decide what to send. Only addresses that work are listed, and only fields
/// that the clients' own parsers know: an unknown one makes some of them give up.
async fn info(State(intake): State<Arc<Intake>>) -> Response {
    axum::Json(json!({
        "version": "7.66.0",
        "git_commit": "0000000",
        "endpoints": [
            "/v0.3/traces", "/v0.4/traces", "/v0.5/traces", "/v0.6/stats", "/telemetry/proxy/", "/evp_proxy/v4/",
            "/debugger/v1/input", "/debugger/v1/diagnostics", "/debugger/v2/input", "/symdb/v1/input", "/v0.7/config",
        ],
        "client_drop_p0s": false,
        "span_meta_structs": true,
        "long_running_spans": true,
        "span_events": true,
        "evp_proxy_allowed_headers":
            ["Content-Type", "Accept-Encoding", "Content-Encoding", "User-Agent", "DD-CI-PROVIDER-NAME"],
        "config": {
            "default_env": "none",
            "target_tps": 10,
            "max_eps": 200,
            "receiver_port": intake.port,
            "receiver_socket": "",
            "connection_limit": 0,
            "receiver_timeout": 0,
            "max_request_bytes": intake.limits.body_bytes_max,
            "statsd_port": 0,
            "max_memory": 0,
            "max_cpu": 0,
            "analyzed_spans_by_service": {},
            "obfuscation": {
                "elastic_search": false, "mongo": false, "sql_exec_plan": false, "sql_exec_plan_normalize": false,
                "http": { "remove_query_string": false, "remove_path_digits": false },
                "remove_stack_traces": false,
                "redis": { "Enabled": false, "RemoveAllArgs": false },
                "memcached": { "Enabled": false, "KeepCommand": false },
            },
        },
        "peer_tags": [],
        "span_kinds_stats_computed": [],
    }))
    .into_response()
}

/// Which service and environment a client of ours belongs to.
#[derive(Deserialize)]
struct OfService {
    #[serde(default)]
    service: String,
    #[serde(default)]
    env: String,
}

/// What our own clients are told. They ask every `poll_seconds`.
async fn client_config(State(intake): State<Arc<Intake>>, Query(of): Query<OfService>) -> Response {
    #[derive(Serialize)]
    struct Told {
        #[serde(flatten)]
        config: ClientConfig,
        poll_seconds: u32,
    }
    let config = intake.far_end.client_config(&of.service, &of.env);
    axum::Json(Told { config, poll_seconds: POLL_SECONDS }).into_response()
}

/// How often clients of ours ask for news, in seconds.
const POLL_SECONDS: u32 = 10;

async fn unknown_address() -> Response {
    let message = "no such address; `/info` lists those that there are";
    error_reply(StatusCode::NOT_FOUND, "not_found", message, &next_request_id())
}

/// Of `/info`, the one address that is read.
async fn wrong_method() -> Response {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let mut reply = error_reply(status, "method_not_allowed", "read this with `GET`", &next_request_id());
    reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    reply
}

/// Why a request was refused whole.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("send this with `POST` or `PUT`")]
    Method,
    #[error("content type `{found}` is not supported here; send `{expected}`")]
    ContentType { found: String, expected: &'static str },
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    FarEnd(#[from] FarEndError),
}

impl Refusal {
    fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::ContentType { .. } => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type_unsupported"),
            Self::Body(error) => error.status(),
            Self::Decode(DecodeError::TooLarge { .. }) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Decode(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::FarEnd(FarEndError::Overloaded { .. }) => (StatusCode::TOO_MANY_REQUESTS, "overloaded"),
            Self::FarEnd(FarEndError::Failed { .. }) => (StatusCode::SERVICE_UNAVAILABLE, "storing_failed"),
        }
    }

    /// How many items were refused; a request that was not decoded counts as one.
    fn items(&self) -> u64 {
        match self {
            Self::FarEnd(FarEndError::Overloaded { items } | FarEndError::Failed { items, .. }) => *items,
            _ => 1,
        }
    }

    fn outcome(&self) -> Outcome {
        match self.status().0 {
            StatusCode::PAYLOAD_TOO_LARGE => Outcome::TooLarge,
            StatusCode::TOO_MANY_REQUESTS => Outcome::RateLimited,
            StatusCode::SERVICE_UNAVAILABLE => Outcome::Failed,
            _ => Outcome::Malformed,
        }
    }
}

async fn receive(intake: Arc<Intake>, source: Source, request: Request<Body>) -> Response {
    let request_id = next_request_id();
    intake.receipts.requests.fetch_add(1, Ordering::Relaxed);
    match take(&intake, source, request, &request_id).await {
        Ok(reply) => answer(source, reply),
        Err(refusal) => {
            let (status, code) = refusal.status();
            intake.receipts.count(source, refusal.outcome(), refusal.items());
            if let Refusal::FarEnd(FarEndError::Failed { source: cause, .. }) = &refusal {
                let chain: Vec<String> = causes(&**cause).map(ToString::to_string).collect();
                let error = chain.join(": ");
                tracing::error!(request.id = request_id, source = source.as_str(), error, "storing failed");
            } else {
                tracing::warn!(
                    request.id = request_id,
                    source = source.as_str(),
                    code,
                    "refused a request: {refusal}"
                );
            }
            let mut reply = error_reply(status, code, &refusal.to_string(), &request_id);
            if matches!(refusal, Refusal::Method) {
                reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST, PUT"));
            }
            reply
        }
    }
}

/// The answer that the clients expect, once everything is durable.
fn answer(source: Source, reply: Option<Value>) -> Response {
    if let Some(reply) = reply {
        return axum::Json(reply).into_response();
    }
    match source {
        Source::TracesV03 | Source::TracesV04 | Source::TracesV05 | Source::TracesV10 => {
            // A rate of 1 asks the client to keep every trace.
            axum::Json(json!({ "rate_by_service": { "service:,env:": 1.0 } })).into_response()
        }
        Source::Stats => axum::Json(json!({})).into_response(),
        _ => (StatusCode::ACCEPTED, axum::Json(json!({}))).into_response(),
    }
}

async fn take(
    intake: &Arc<Intake>,
    source: Source,
    request: Request<Body>,
    request_id: &str,
) -> Result<Option<Value>, Refusal> {
    let (head, body) = request.into_parts();
    if head.method != axum::http::Method::POST && head.method != axum::http::Method::PUT {
        return Err(Refusal::Method);
    }
    check_content_type(source, &head.headers)?;
    let received_at = now();
    let query = head.uri.query().map(str::to_owned);
    let body = intake.reader.read(&head.headers, body).await?;
    // Not held until everything is durable: what waits for one commit is written by the next together.
    let worker = intake.workers.acquire().await.expect("the semaphore is never closed");
    let is_small = body.is_small();
    let decode = || decode(intake, source, &head.headers, query.as_deref(), body, received_at);
    // Other requests go on meanwhile; a small body is decoded faster than a thread is woken.
    let decoded = if is_small { decode() } else { tokio::task::block_in_place(decode) }?;
    drop(worker);
    let Received { decoded, filtered, reply } = decoded;
    settle(intake, source, (decoded, filtered), received_at, request_id).await?;
    Ok(reply)
}

/// Counts what was decoded, and hands over what is to be kept.
async fn settle(
    intake: &Intake,
    source: Source,
    (decoded, filtered): (Decoded, u64),
    received_at: Timestamp,
    request_id: &str,
) -> Result<(), Refusal> {
    let receipts = &intake.receipts;
    receipts.spans_received.fetch_add(decoded.spans_received, Ordering::Relaxed);
    receipts.snapshots_received.fetch_add(decoded.snapshots_received, Ordering::Relaxed);
    receipts.count(source, Outcome::Filtered, filtered);
    for problem in &decoded.problems {
        receipts.count(source, problem.kind.outcome(), u64::from(problem.items));
        tracing::warn!(request.id = request_id, source = source.as_str(), "left out: {problem}");
    }
    if !decoded.fragments.is_empty() {
        for outcome in intake.far_end.accept(decoded.fragments, received_at).await? {
            receipts.count(source, outcome, 1);
        }
    }
    Ok(())
}

fn decode(
    intake: &Intake,
    source: Source,
    headers: &HeaderMap,
    query: Option<&str>,
    body: ReadBody,
    received_at: Timestamp,
) -> Result<Received, Refusal> {
    let bytes = intake.reader.decompress(&body)?;
    let limits = &intake.limits;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let client = ClientInfo {
        language: text("datadog-meta-lang").unwrap_or(""),
        tracer_version: text("datadog-meta-tracer-version"),
        language_version: text("datadog-meta-lang-version"),
    };
    let awaited = |trace_id| intake.far_end.awaits(trace_id);
    let unwanted = |items: u64| Received { decoded: Decoded::default(), filtered: items, reply: None };
    Ok(match source {
        Source::TracesV03 | Source::TracesV04 => {
            datadog::traces::v04::decode(&bytes, &client, limits, &awaited)?.into()
        }
        Source::TracesV05 => datadog::traces::v05::decode(&bytes, &client, limits, &awaited)?.into(),
        Source::TracesV10 => datadog::traces::v10::decode(&bytes, &client, limits, &awaited)?.into(),
        Source::DebuggerV1 | Source::DebuggerV2 | Source::Diagnostics => {
            let tags = query.and_then(|query| query.split('&').find_map(|part| part.strip_prefix("ddtags=")));
            datadog::debugger::decode(&bytes, tags, &client, received_at, limits)?.into()
        }
        Source::Crash => datadog::crash::decode(&bytes, &client, received_at, limits)?.into(),
        Source::Stats => unwanted(datadog::stats::decode(&bytes, limits)?.groups),
        Source::Telemetry => unwanted(datadog::telemetry::decode(&bytes, limits)?.messages),
        Source::Symbols => unwanted(datadog::symdb::decode(&bytes, text("content-type"), limits).map(|_| 1)?),
        Source::RemoteConfig => {
            let request = datadog::remote_config::decode(&bytes, limits)?;
            let switched = intake.far_end.switched(&request.service, &request.env);
            let reply = datadog::remote_config::answer(&request, switched);
            Received { reply: Some(reply), ..unwanted(1) }
        }
        Source::Native => native::v1::decode(&bytes, received_at, limits)?.into(),
    })
}

/// What a request held, how many of its items are understood and not kept, and the answer where it is one of its own.
struct Received {
    decoded: Decoded,
    filtered: u64,
    reply: Option<Value>,
}

impl From<Decoded> for Received {
    fn from(decoded: Decoded) -> Self {
        let filtered = decoded.traces_without_error + decoded.elements_without_snapshot;
        Self { filtered, decoded, reply: None }
    }
}

fn check_content_type(source: Source, headers: &HeaderMap) -> Result<(), Refusal> {
    let (accepted, expected): (&[&str], &'static str) = match source {
        Source::TracesV03 | Source::TracesV04 | Source::TracesV05 | Source::TracesV10 | Source::Stats => (
            &["application/msgpack", "application/x-msgpack", "application/octet-stream"],
            "application/msgpack",
        ),
        Source::Symbols => (&["multipart/form-data"], "multipart/form-data"),
        Source::Diagnostics | Source::DebuggerV1 | Source::DebuggerV2 => {
            (&["application/json", "multipart/form-data"], "application/json")
        }
        Source::Crash | Source::Telemetry | Source::RemoteConfig => {
            (&["application/json"], "application/json")
        }
        Source::Native => (&[native::v1::CONTENT_TYPE], native::v1::CONTENT_TYPE),
    };
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let full = value.to_str().unwrap_or("?").to_ascii_lowercase();
    let essence = full.split(';').next().unwrap_or("").trim();
    let json_in_utf8 =
        !full.contains("charset=") || full.contains("charset=utf-8") || full.contains("charset=\"utf-8\"");
    if essence.is_empty() || (accepted.contains(&essence) && json_in_utf8) {
        return Ok(());
    }
    let found =
        full.chars().filter(|c| c.is_ascii_alphanumeric() || "/;=-+. ".contains(*c)).take(60).collect();
    Err(Refusal::ContentType { found, expected })
}

fn now() -> Timestamp {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}
