//! Server-sent events for live pages.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, future};
use serde_json::json;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::WatchStream;

use crate::App;
use crate::app::now;

/// Shortest time between two messages.
const INTERVAL: Duration = Duration::from_secs(1);

/// Says, at most once a second, that something was recorded: `event: recorded` with
/// `{"events": n, "last_event_at": time}`, where `n` counts events and snapshots since the process began.
#[utoipa::path(get, path = "/stream", tag = "explorer",
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(crate) async fn stream(State(app): State<Arc<App>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let recorded = WatchStream::from_changes(app.recorded.clone());
    let messages = recorded.throttle(INTERVAL).map(|count| {
        let data = json!({ "events": count, "last_event_at": now().to_string() });
        Event::default().event("recorded").json_data(data).unwrap_or_default()
    });
    let messages = StreamExt::then(messages, |event| future::ready(Ok(event)));
    Sse::new(messages).keep_alive(KeepAlive::default())
}
