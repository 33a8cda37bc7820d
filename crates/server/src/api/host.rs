//! The names that the pages and the API may be asked for by.
//!
//! A page of a foreign site can give its own name our loopback address, and then read our answers as
//! its own. Its requests carry that name in `Host`, and are refused.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::failure::Failure;
use crate::App;

/// Refuses requests for a name that is not ours.
pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let listening = app.addresses.ui;
    if !listening.ip().is_loopback() && app.allowed_hosts.is_empty() {
        return next.run(request).await;
    }
    // A browser always sends one; what sends none is no page.
    let foreign = request
        .headers()
        .get_all(header::HOST)
        .iter()
        .any(|host| !host.to_str().is_ok_and(|host| is_ours(host, listening, &app.allowed_hosts)));
    if !foreign {
        return next.run(request).await;
    }
    let message = "the server is not known by the name in `Host`; add it to `allowed_hosts`".to_owned();
    Failure::new(StatusCode::MISDIRECTED_REQUEST, "host_unknown", message).into_response()
}

fn is_ours(host: &str, listening: SocketAddr, allowed: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    if let Ok(ip) = name.parse::<IpAddr>() {
        // An address is nobody's to give away; a loopback one is asked for by itself all the same.
        return ip.is_loopback()
            || ip == listening.ip()
            || !listening.ip().is_loopback()
            || allowed.iter().any(|allowed| allowed == name);
    }
    let known = |known: &str| known.eq_ignore_ascii_case(name) || known.eq_ignore_ascii_case(host);
    known("localhost") || allowed.iter().any(|allowed| known(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_answered() {
        let loopback: SocketAddr = "127.0.0.1:9126".parse().unwrap();
        let allowed = ["errors.example".to_owned()];
        for host in
            ["localhost", "LOCALHOST:9126", "127.0.0.1:9126", "127.0.0.2", "[::1]:1", "errors.example:80"]
        {
            assert!(is_ours(host, loopback, &allowed), "{host}");
        }
        for host in ["evil.example", "evil.example:9126", "localhost.evil.example", "192.0.2.1", "", ":80"] {
            assert!(!is_ours(host, loopback, &allowed), "{host}");
        }
        let everywhere: SocketAddr = "0.0.0.0:9126".parse().unwrap();
        assert!(is_ours("192.0.2.1:9126", everywhere, &allowed));
        assert!(!is_ours("evil.example", everywhere, &allowed));
    }
}
