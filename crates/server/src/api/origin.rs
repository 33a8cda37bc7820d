//! Changes are taken from our own pages and from programs, not from pages of other sites.
//!
//! A page of another site can send a request without asking, but not hide where it comes from: browsers
//! say so in `Origin` and `Sec-Fetch-Site`.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::failure::Failure;

/// Refuses changes that a page of another site asks for.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if reads || is_ours(request.headers()) {
        return next.run(request).await;
    }
    let message = "changes are taken from the pages of this server only".to_owned();
    Failure::new(StatusCode::FORBIDDEN, "origin_foreign", message).into_response()
}

fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if text(header::HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|site| !matches!(site, "same-origin" | "none"))
    {
        return false;
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host))
        }
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &[(&'static str, &'static str)], want: bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.insert(*name, value.parse().unwrap());
        }
        assert_eq!(is_ours(&headers), want, "{given:?}");
    }

    #[test]
    fn only_our_pages_and_programs_change_something() {
        check(&[("host", "127.0.0.1:9126")], true);
        check(&[("host", "127.0.0.1:9126"), ("origin", "http://127.0.0.1:9126")], true);
        check(&[("host", "errors.example"), ("origin", "https://errors.example")], true);
        check(&[("host", "127.0.0.1:9126"), ("origin", "http://evil.example")], false);
        check(&[("host", "127.0.0.1:9126"), ("origin", "http://127.0.0.1:8000")], false);
        check(&[("host", "127.0.0.1:9126"), ("origin", "null")], false);
        check(&[("host", "127.0.0.1:9126"), ("sec-fetch-site", "cross-site")], false);
        check(&[("host", "127.0.0.1:9126"), ("sec-fetch-site", "same-origin")], true);
        check(&[("origin", "http://127.0.0.1:9126")], false);
    }
}
