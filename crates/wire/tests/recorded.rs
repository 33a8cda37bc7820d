//! Every recorded request of the real clients, decoded and shown whole.
#![allow(clippy::unwrap_used)]

mod rendering;

use std::io::Read;
use std::path::PathBuf;

use reenact_model::{Limits, Timestamp};
use reenact_wire::datadog::{self, ClientInfo, NOTHING_AWAITED};
use serde_json::Value;

use rendering::render;

/// From the crate's folder, where cargo runs tests: clones may share what was built.
fn fixtures() -> PathBuf {
    PathBuf::from("../../fixtures/ddtrace")
}

struct Recorded {
    name: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Recorded {
    fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    fn client(&self) -> ClientInfo<'_> {
        ClientInfo {
            language: self.header("Datadog-Meta-Lang").unwrap_or(""),
            tracer_version: self.header("Datadog-Meta-Tracer-Version"),
            language_version: self.header("Datadog-Meta-Lang-Version"),
        }
    }

    fn shown(&self) -> Option<String> {
        let (client, limits) = (self.client(), &Limits::DEFAULT);
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let received_at = Timestamp::from_millis(1_795_000_000_000);
        let shown = match path {
            "/v0.3/traces" => {
                render(&datadog::traces::v03::decode(&self.body, &client, limits, NOTHING_AWAITED))
            }
            "/v0.4/traces" => {
                render(&datadog::traces::v04::decode(&self.body, &client, limits, NOTHING_AWAITED))
            }
            "/v0.5/traces" => {
                render(&datadog::traces::v05::decode(&self.body, &client, limits, NOTHING_AWAITED))
            }
            "/debugger/v1/input" | "/debugger/v2/input" | "/debugger/v1/diagnostics" => {
                let ddtags = query.split('&').find_map(|pair| pair.strip_prefix("ddtags="));
                render(&datadog::debugger::decode(&self.body, ddtags, &client, received_at, limits))
            }
            "/evp_proxy/v4/api/v2/errorsintake" => {
                render(&datadog::crash::decode(&self.body, &client, received_at, limits))
            }
            "/v0.6/stats" => format!("{:#?}\n", datadog::stats::decode(&self.body, limits).unwrap()),
            "/telemetry/proxy/api/v2/apmtelemetry" => {
                format!("{:#?}\n", datadog::telemetry::decode(&self.body, limits).unwrap())
            }
            "/v0.7/config" => format!("{:#?}\n", datadog::remote_config::decode(&self.body, limits).unwrap()),
            "/symdb/v1/input" => {
                let content_type = self.header("Content-Type");
                format!("{:#?}\n", datadog::symdb::decode(&self.body, content_type, limits).unwrap())
            }
            _ => return None,
        };
        Some(shown)
    }
}

fn recorded() -> Vec<Recorded> {
    let mut all = Vec::new();
    let mut scenarios: Vec<_> =
        std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    scenarios.sort();
    for scenario in scenarios {
        let Ok(list) = std::fs::read(scenario.join("requests.json")) else { continue };
        let list: Value = serde_json::from_slice(&list).unwrap();
        for request in list["requests"].as_array().unwrap() {
            let Some(file) = request["body_file"].as_str() else { continue };
            let stored = std::fs::read(scenario.join(file)).unwrap();
            let mut body = Vec::new();
            if file.ends_with(".gz") {
                flate2::read::GzDecoder::new(&stored[..]).read_to_end(&mut body).unwrap();
            } else {
                body = stored;
            }
            let headers = request["headers"]
                .as_array()
                .unwrap()
                .iter()
                .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned()));
            let stem = file.split('.').next().unwrap();
            let stem = if stem.ends_with("-v0") { file.split(".msgpack").next().unwrap() } else { stem };
            let scenario = scenario.file_name().unwrap().to_str().unwrap();
            all.push(Recorded {
                name: format!("{scenario}__{stem}"),
                path: request["path"].as_str().unwrap().to_owned(),
                headers: headers.collect(),
                body,
            });
        }
    }
    all
}

#[test]
fn every_recorded_request_decodes() {
    let all = recorded();
    assert!(all.len() > 100, "{}", all.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for request in &all {
            let shown = request.shown().unwrap_or_else(|| panic!("{} is not decoded", request.path));
            assert!(!shown.contains("problem:"), "{}: {shown}", request.name);
            insta::assert_snapshot!(request.name.as_str(), shown);
        }
    });
}

/// Body, decoder, and how many spans or snapshots are found in it.
fn counted(request: &Recorded, body: &[u8]) -> Option<u64> {
    let (client, limits) = (request.client(), &Limits::DEFAULT);
    let decoded = if request.path.starts_with("/v0.5/traces") {
        datadog::traces::v05::decode(body, &client, limits, NOTHING_AWAITED)
    } else if request.path.starts_with("/v0.4/traces") || request.path.starts_with("/v0.3/traces") {
        datadog::traces::v04::decode(body, &client, limits, NOTHING_AWAITED)
    } else if request.path.starts_with("/debugger/") {
        datadog::debugger::decode(body, None, &client, Timestamp::default(), limits)
    } else {
        return None;
    };
    Some(decoded.map_or(0, |decoded| decoded.spans_received + decoded.snapshots_received))
}

#[test]
fn a_body_cut_anywhere_never_panics_and_keeps_what_stood_before() {
    for request in recorded().iter().filter(|request| request.body.len() < 200_000) {
        let Some(whole) = counted(request, &request.body) else { continue };
        let step = (request.body.len() / 61).max(1);
        let mut before = 0;
        for end in (0..request.body.len()).step_by(step) {
            let found = counted(request, &request.body[..end]).unwrap();
            assert!(found >= before && found <= whole, "{} at {end}: {found} after {before}", request.name);
            before = found;
        }
    }
}

#[test]
fn a_flipped_bit_never_panics() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for request in recorded().iter().filter(|request| request.body.len() < 100_000) {
        let mut body = request.body.clone();
        for _ in 0..60 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 33) as usize % body.len();
            body[at] ^= 1 << (seed >> 61);
            let _ = counted(request, &body);
        }
    }
}
