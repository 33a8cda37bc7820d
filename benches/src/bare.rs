//! The limit: an HTTP handler that decodes a body with the same decoder, appends it to one file
//! together with whatever else waits, syncs, and answers. Nothing is redacted, grouped or indexed.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::{get, post};
use reenact_model::{Limits, Timestamp};
use reenact_wire::datadog::{ClientInfo, NOTHING_AWAITED, debugger, traces};
use tokio::sync::oneshot;

/// Bodies that may wait for a commit.
const QUEUE: usize = 1_024;

struct Waiting {
    body: Bytes,
    durable: oneshot::Sender<()>,
}

/// Serves until it is killed.
pub(crate) fn serve(data_dir: &Path, ready_file: &Path) -> anyhow::Result<()> {
    let log = File::create(data_dir.join("bodies.log")).context("cannot make the log")?;
    let (queue, waiting) = sync_channel(QUEUE);
    std::thread::spawn(move || commit(log, &waiting));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/v0.5/traces", post(take))
            .route("/debugger/v2/input", post(take))
            .route("/info", get(|| async { "{}" }))
            .layer(DefaultBodyLimit::max(Limits::DEFAULT.body_bytes_max))
            .with_state(queue);
        let ready = serde_json::json!({ "agent": format!("http://{address}"), "ui": "" });
        let partial = ready_file.with_extension("partial");
        std::fs::write(&partial, ready.to_string())?;
        std::fs::rename(&partial, ready_file)?;
        axum::serve(listener, router).await.context("serving failed")
    })
}

async fn take(
    State(queue): State<SyncSender<Waiting>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let decoding = body.clone();
    let decoded = tokio::task::block_in_place(move || decode(&uri, &headers, &decoding));
    if !decoded {
        return StatusCode::BAD_REQUEST;
    }
    let (durable, committed) = oneshot::channel();
    let sent = tokio::task::block_in_place(|| queue.send(Waiting { body, durable }));
    if sent.is_err() || committed.await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    StatusCode::OK
}

/// Whether the body is whole; what was decoded is dropped.
fn decode(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> bool {
    let limits = &Limits::DEFAULT;
    let version = headers.get("datadog-meta-tracer-version").and_then(|value| value.to_str().ok());
    let client = ClientInfo { language: "python", tracer_version: version, language_version: None };
    let decoded = if uri.path() == "/v0.5/traces" {
        traces::v05::decode(body, &client, limits, NOTHING_AWAITED)
    } else {
        debugger::decode(body, None, &client, Timestamp::default(), limits)
    };
    decoded.is_ok_and(|decoded| decoded.problems.is_empty())
}

/// Writes whatever waits, syncs once, answers all.
fn commit(mut log: File, waiting: &Receiver<Waiting>) {
    while let Ok(first) = waiting.recv() {
        let mut together = vec![first];
        together.extend(waiting.try_iter());
        let written = together.iter().try_for_each(|waiting| log.write_all(&waiting.body));
        if written.and_then(|()| log.sync_data()).is_err() {
            return;
        }
        for waiting in together {
            // The sender may have hung up.
            let _ = waiting.durable.send(());
        }
    }
}
