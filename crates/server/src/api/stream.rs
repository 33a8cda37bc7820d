//! Server-sent events for live pages.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde_json::json;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};

use crate::App;
use crate::app::now;

/// Shortest time between two messages.
const INTERVAL: Duration = Duration::from_secs(1);

/// Says, at most once a second, that something was recorded, or that an issue was changed: `event: recorded` with
/// `{"events": n, "last_event_at": time}`, where `n` counts events and snapshots since the process began.
#[utoipa::path(get, operation_id = "streamRecorded", path = "/stream", tag = "explorer",
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(crate) async fn stream(
    State(app): State<Arc<App>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let recorded = WatchStream::from_changes(app.recorded.clone());
    let messages = recorded.throttle(INTERVAL).map(|count| {
        let data = json!({ "events": count, "last_event_at": now().to_string() });
        Ok(Event::default().event("recorded").json_data(data).unwrap_or_default())
    });
    Sse::new(messages).keep_alive(KeepAlive::default())
}
