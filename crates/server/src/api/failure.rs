//! Error answers of the API.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use reenact_intake::{error_reply_at, next_request_id};
use reenact_store::StoreError;
use reenact_store::query::QueryError;

use crate::named::NamedError;
use crate::policy::{ChangeError, SettingsError};
use crate::workflow::{ChangeFailure, MEMBERS_MAX, MERGED_MAX, PINS_MAX, PinFailure, STATUSES_MAX};

/// Why a call failed; becomes the one shape of error answers.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Which part of what was sent, and where in its text.
    place: Option<(String, Option<usize>)>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: String) -> Self {
        Self { status, code, message, place: None }
    }

    /// The caller's mistake.
    pub(crate) fn bad(code: &'static str, message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A query that is not understood, with the place of the term in it.
    pub(crate) fn query(error: &QueryError) -> Self {
        let place = Some(("query".to_owned(), Some(error.at)));
        Self { place, ..Self::bad("query_invalid", error.to_string()) }
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "this address does not take that method".to_owned();
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// A part of what was asked for names something that there is not.
    pub(crate) fn missing(field: &str, message: String) -> Self {
        let place = Some((field.to_owned(), None));
        Self { place, ..Self::new(StatusCode::NOT_FOUND, "not_found", message) }
    }

    /// The caller may not do `what`.
    pub(crate) fn forbidden(what: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", format!("you may not {what}"))
    }

    /// Settings that cannot be used.
    pub(crate) fn settings(error: SettingsError) -> Self {
        let place = Some((error.field, error.at));
        Self { place, ..Self::bad("settings_invalid", error.message) }
    }

    /// The caller's mistake in one part of what was sent.
    pub(crate) fn parameter(field: &str, message: String) -> Self {
        Self { place: Some((field.to_owned(), None)), ..Self::bad("parameter_invalid", message) }
    }

    /// Somebody else changed the settings meanwhile.
    pub(crate) fn conflict() -> Self {
        let message = "the settings were changed meanwhile; load them again".to_owned();
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Settings(error) => Self::settings(error),
            ChangeError::Conflict => Self::conflict(),
            ChangeError::NotFound(what) => Self::not_found(what),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<NamedError> for Failure {
    fn from(error: NamedError) -> Self {
        let conflict = |code, message: String| Self::new(StatusCode::CONFLICT, code, message);
        match error {
            NamedError::TooMany { kind, most } => conflict(
                "limit_reached",
                format!("there is no room for more than {most}; delete a {kind} first"),
            ),
            NamedError::NameTaken(kind) => {
                conflict("name_taken", format!("there is a {kind} with this name"))
            }
            NamedError::NotFound(kind) => Self::not_found(kind),
            NamedError::Changed(kind) => {
                conflict("conflict", format!("the {kind} was changed meanwhile; load it again"))
            }
            NamedError::Busy => Self::conflict(),
            NamedError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeFailure> for Failure {
    fn from(failure: ChangeFailure) -> Self {
        let conflict = |code, message: &str| Self::new(StatusCode::CONFLICT, code, message.to_owned());
        match failure {
            ChangeFailure::NotFound(what) => Self::not_found(what),
            ChangeFailure::Revision => {
                conflict("revision_conflict", "the issue was changed meanwhile; load it again")
            }
            ChangeFailure::AlreadyUndone => conflict("already_undone", "the change was undone already"),
            ChangeFailure::Full => {
                let message = format!("{STATUSES_MAX} issues have a state of their own; no more can get one");
                Self::new(StatusCode::CONFLICT, "limit_reached", message)
            }
            ChangeFailure::Missing(id) => {
                Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no issue `{id}`"))
            }
            ChangeFailure::NoMember(id) => {
                let message = format!(
                    "`{id}` was not merged into this issue; `members` lists what was, and the issue itself stays"
                );
                Self::parameter("members", message)
            }
            ChangeFailure::TooManyMembers => {
                let message =
                    format!("at most {MEMBERS_MAX} issues are shown as one; a grouping rule has no limit");
                Self::new(StatusCode::CONFLICT, "limit_reached", message)
            }
            ChangeFailure::TooManyMerged => {
                let message =
                    format!("{MERGED_MAX} issues are shown as others; a grouping rule has no limit");
                Self::new(StatusCode::CONFLICT, "limit_reached", message)
            }
            ChangeFailure::ExcludedDiffers => conflict(
                "excluded_differs",
                "some of these issues are excluded and some are not: merging would silently begin or end dropping \
                 events; give all of them another state first, or exclude all",
            ),
            ChangeFailure::TooMuch => {
                let message = "the issues have too many versions; resolve fewer of them at a time";
                Self::bad("parameter_invalid", message.to_owned())
            }
            ChangeFailure::NoId => Self::internal(),
            ChangeFailure::Store(error) => error.into(),
        }
    }
}

impl From<PinFailure> for Failure {
    fn from(failure: PinFailure) -> Self {
        match failure {
            PinFailure::Full => {
                let message =
                    format!("{PINS_MAX} variables are pinned to the issue; unpin one of them first");
                Self::new(StatusCode::CONFLICT, "limit_reached", message)
            }
            PinFailure::Conflict => {
                let message = "the pins were changed meanwhile; try again".to_owned();
                Self::new(StatusCode::CONFLICT, "conflict", message)
            }
            PinFailure::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Cursor => Self::bad("cursor_invalid", error.to_string()),
            StoreError::Overloaded => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", error.to_string())
            }
            other => {
                let chain =
                    std::iter::successors(Some(&other as &dyn std::error::Error), |error| error.source());
                let text: Vec<String> = chain.map(ToString::to_string).collect();
                tracing::error!(error = text.join(": "), "the store failed");
                Self::internal()
            }
        }
    }
}

impl Failure {
    /// Ours; the detail is in the log.
    pub(crate) fn internal() -> Self {
        let message = "something failed on the server; its log says what, under this request id".to_owned();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let request_id = next_request_id();
        if self.status.is_server_error() {
            tracing::error!(request.id = request_id, "a call failed");
        }
        let place = self.place.as_ref().map(|(field, at)| (field.as_str(), *at));
        error_reply_at(self.status, self.code, &self.message, &request_id, place)
    }
}
