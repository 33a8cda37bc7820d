//! Reading the parameters of a request.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::StatusCode;
use reenact_model::Timestamp;
use reenact_store::{Filter, TimeRange};
use serde::Deserialize;
use utoipa::IntoParams;

use super::failure::Failure;
use crate::App;
use crate::access::Viewer;
use crate::workflow::FilterFailure;

/// Entries on one page, unless asked otherwise.
const LIMIT_DEFAULT: usize = 50;
/// Entries on one page at most.
const LIMIT_MAX: usize = 200;
/// Buckets of a histogram at most.
const BUCKETS_MAX: usize = 500;
const DAY_NS: i64 = 86_400_000_000_000;

/// Which events a call is about.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Selection {
    /// A query such as `service:checkout has:values "card declined"`.
    pub query: Option<String>,
    /// Start of the range: RFC 3339 or `now-1d` (units s, m, h, d, w); a day before `to` when absent.
    pub from: Option<String>,
    /// End of the range, likewise; now when absent.
    pub to: Option<String>,
}

impl Selection {
    /// What the viewer asks for. Conditions on captured values take the permission to see values, and stand in the
    /// audit log. Blocks.
    pub(crate) fn filter(&self, app: &App, viewer: &Viewer, now: Timestamp) -> Result<Filter, Failure> {
        let filter = self.read(app, now)?;
        if !filter.value_conditions().is_empty() {
            if !viewer.permissions.see_values {
                return Err(Failure::forbidden("search captured values"));
            }
            let query = self.query.as_deref().unwrap_or_default();
            if app.searches.is_new(viewer, query, now) {
                let audit = viewer.does("values.searched", None, Some(query.to_owned()));
                app.policies.control().audit(&audit)?;
            }
        }
        Ok(filter)
    }

    /// The query, whoever asks. Blocks: conditions on issues are looked up.
    pub(crate) fn read(&self, app: &App, now: Timestamp) -> Result<Filter, Failure> {
        let query = self.query.as_deref().unwrap_or("");
        app.workflow.filter(query, now, &|test| app.owners.filter(app, test, now)).map_err(|failure| {
            match failure {
                FilterFailure::Query(error) => Failure::query(&error),
                FilterFailure::Store(error) => error.into(),
            }
        })
    }

    pub(crate) fn range(&self, now: Timestamp) -> Result<TimeRange, Failure> {
        // An event of this very moment belongs to a range that ends now.
        let to =
            time(self.to.as_deref(), now, "to")?.unwrap_or_else(|| now.saturating_add_nanos(1_000_000_000));
        let from =
            time(self.from.as_deref(), now, "from")?.unwrap_or_else(|| to.saturating_add_nanos(-DAY_NS));
        if from >= to {
            return Err(Failure::bad("time_invalid", "`from` must be before `to`".to_owned()));
        }
        Ok(TimeRange { from, to })
    }
}

/// A time that may be absent; `name` is that of the parameter.
pub(crate) fn time(text: Option<&str>, now: Timestamp, name: &str) -> Result<Option<Timestamp>, Failure> {
    text.filter(|text| !text.is_empty()).map(|text| parse_time(text, now, name)).transpose()
}

fn parse_time(text: &str, now: Timestamp, name: &str) -> Result<Timestamp, Failure> {
    let relative = || -> Option<Timestamp> {
        let rest = text.strip_prefix("now")?;
        if rest.is_empty() {
            return Some(now.saturating_add_nanos(1_000_000_000));
        }
        let rest = rest.strip_prefix('-')?;
        let unit = rest.chars().next_back()?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        let count: i64 = rest[..rest.len() - unit.len_utf8()].parse().ok().filter(|count| *count >= 0)?;
        Some(now.saturating_add_nanos(-count.saturating_mul(seconds).saturating_mul(1_000_000_000)))
    };
    relative().or_else(|| Timestamp::parse_rfc3339(text).ok()).ok_or_else(|| {
        Failure::bad("time_invalid", format!("`{name}` is neither an RFC 3339 time nor like `now-1d`"))
    })
}

/// The parameters of a call, or which one cannot be read.
pub(crate) fn read<T>(parameters: Result<Query<T>, QueryRejection>) -> Result<T, Failure> {
    parameters
        .map(|Query(value)| value)
        .map_err(|error| Failure::bad("parameter_invalid", unreadable(&error.body_text())))
}

/// The JSON of a call, or what is wrong with it.
pub(crate) fn body<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Failure> {
    body.map(|Json(value)| value).map_err(|error| match error {
        JsonRejection::MissingJsonContentType(_) => Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content_type_unsupported",
            "the body is JSON, with `Content-Type: application/json`".to_owned(),
        ),
        JsonRejection::BytesRejection(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("the body has more than {BODY_BYTES_MAX} bytes");
            Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
        }
        // What the library says names the field and the place.
        other => {
            let text = other.body_text();
            let detail = text.split_once("type: ").or_else(|| text.split_once("JSON: "));
            Failure::bad(
                "body_invalid",
                format!("the body cannot be read: {}", detail.map_or(&*text, |two| two.1)),
            )
        }
    })
}

/// Length of the body of a call, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 8 << 20;

/// In our own words: what the library says names its own inner workings.
fn unreadable(library_says: &str) -> String {
    let detail = library_says.rsplit("query string: ").next().unwrap_or("");
    if let Some(name) = detail.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next()) {
        return format!("`{name}` is given more than once");
    }
    if let Some(name) = detail.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return format!("`{name}` is missing");
    }
    match detail.split(':').next() {
        Some("limit") => format!("`limit` is a number from 1 to {LIMIT_MAX}"),
        Some("version") => "`version` is a whole number".to_owned(),
        Some("tags") => "`tags` is a number from 0 to 100".to_owned(),
        Some("buckets") => format!("`buckets` is a number from 1 to {BUCKETS_MAX}"),
        Some(name @ ("has_values" | "values" | "pinned")) => format!("`{name}` is `true` or `false`"),
        _ => "the parameters cannot be read; they are percent-encoded UTF-8".to_owned(),
    }
}

/// Entries on a page.
pub(crate) fn limit(asked: Option<usize>) -> Result<usize, Failure> {
    let limit = asked.unwrap_or(LIMIT_DEFAULT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Failure::bad("parameter_invalid", format!("`limit` is from 1 to {LIMIT_MAX}")))
}

/// Buckets of a histogram.
pub(crate) fn buckets(asked: Option<usize>, default: usize) -> Result<usize, Failure> {
    let buckets = asked.unwrap_or(default);
    if (1..=BUCKETS_MAX).contains(&buckets) {
        return Ok(buckets);
    }
    Err(Failure::bad("parameter_invalid", format!("`buckets` is from 1 to {BUCKETS_MAX}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> Result<TimeRange, Failure> {
        let selection = Selection { query: None, from: Some(from.to_owned()), to: Some(to.to_owned()) };
        selection.range(Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap())
    }

    #[test]
    fn times_are_absolute_or_relative_to_now() {
        let got = range("now-2h", "2026-11-22T09:00:00Z").unwrap();
        assert_eq!(
            (got.from.to_string().as_str(), got.to.to_string().as_str()),
            ("2026-11-22T08:00:00.000Z", "2026-11-22T09:00:00.000Z")
        );
        for (from, to) in
            [("now", "now-1d"), ("yesterday", "now"), ("now-1y", "now"), ("now--1d", "now"), ("now-é", "now")]
        {
            assert!(range(from, to).is_err(), "{from} {to}");
        }
    }
}
