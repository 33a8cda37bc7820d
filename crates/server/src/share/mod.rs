//! An event as one file of HTML that shows itself.
//!
//! What this module promises:
//! - Everything in the file went through strict redaction, with the rules of today.
//! - The file loads nothing and sends nothing: its policy (a `meta` element) allows one script and one style, by a number
//!   that is drawn for the file.
//! - Captured text is in one place, a block of JSON without `<`; the script of the file makes text nodes of it.

use reenact_model::{Fragment, Placed, Snapshot, Timestamp};
use reenact_replay::reproduce::{Options, reproduction};
use serde::Serialize;

use crate::api::present;
use crate::api::views::Event;
use crate::policy::{Facts, Policy};

const SCRIPT: &str = include_str!("viewer.js");
const STYLE: &str = include_str!("viewer.css");

/// A file, and what it lacks.
pub(crate) struct Bundle {
    pub(crate) html: String,
    pub(crate) missing: Vec<String>,
}

/// What the viewer shows.
#[derive(Serialize)]
struct Data {
    made_at: String,
    event: Event,
    /// The test, or why there is none.
    test: Result<Test, String>,
}

#[derive(Serialize)]
struct Test {
    file_name: String,
    text: String,
}

/// The file of an event; `None` when the system has no random numbers.
pub(crate) fn bundle(
    policy: &Policy,
    placed: Placed,
    snapshots: Vec<Snapshot>,
    now: Timestamp,
) -> Option<Bundle> {
    let mut placed = strict_event(policy, placed);
    let snapshots: Vec<Snapshot> =
        snapshots.into_iter().filter_map(|snapshot| strict_snapshot(policy, snapshot)).collect();
    anonymous(&mut placed);
    let options = Options::default();
    let test = match reproduction(&placed.report, &snapshots, options) {
        Ok(made) => Ok(Test { file_name: made.file_name, text: made.text }),
        Err(error) => Err(error.to_string()),
    };
    let mut missing = vec![
        "Texts are redacted: of captured values numbers, booleans and the shape are in the file.".to_owned(),
    ];
    if let Err(why) = &test {
        missing.push(format!("There is no test in it: {why}."));
    }
    let event = present::event(placed, snapshots, now);
    let data = Data { made_at: now.to_string(), event, test };
    // Plain data, whose keys are texts.
    let data = serde_json::to_string(&data).ok()?;
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).ok()?;
    Some(Bundle { html: page(&nonce, &data), missing })
}

/// The event after strict redaction.
fn strict_event(policy: &Policy, placed: Placed) -> Placed {
    let chosen = policy.choose(Facts::of_placed(&placed)).strict();
    chosen.placed(placed).0.into_inner()
}

/// A snapshot likewise.
fn strict_snapshot(policy: &Policy, snapshot: Snapshot) -> Option<Snapshot> {
    let snapshot = Fragment::Snapshot(snapshot);
    let chosen = policy.choose(Facts::of(&snapshot)).strict();
    match chosen.fragment(snapshot).0.into_inner() {
        Fragment::Snapshot(mut snapshot) => {
            drop_exception(&mut snapshot);
            (snapshot.thread, snapshot.host) = (None, None);
            Some(snapshot)
        }
        Fragment::Trace(_) | Fragment::Crash(_) | Fragment::Occurrence(_) => None,
    }
}

/// Takes out what the mode keeps because a server needs it: who was hit, where, and what the event was grouped by, which
/// may quote the message or be a text of the application.
fn anonymous(placed: &mut Placed) {
    placed.grouping.why.clear();
    placed.grouping.fingerprint.clear();
    placed.grouping.rule = None;
    let report = &mut placed.report;
    (report.user_id, report.resource, report.operation, report.thread) = (None, None, None, None);
    report.host = None;
    report.tags.clear();
    report.metrics.clear();
    report.trace.clear();
    report.repository = None;
    if let Some(request) = &mut report.request {
        (request.url, request.user_agent) = (None, None);
    }
}

/// The message of an exception that is among the variables is a text too; the stack has the type.
fn drop_exception(snapshot: &mut Snapshot) {
    for (_, variables) in snapshot.groups_mut() {
        variables.0.retain(|(name, _)| name != "@exception");
    }
}

/// The file, around JSON.
fn page(nonce: &[u8], json: &str) -> String {
    let nonce: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
    // In JSON `<` stands within texts alone.
    let json = json.replace('<', "\\u003c");
    [
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'nonce-",
        &nonce,
        "'; style-src 'nonce-",
        &nonce,
        "'; base-uri 'none'; form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Event of Reenact</title>\n<style nonce=\"",
        &nonce,
        "\">\n",
        STYLE,
        "</style>\n</head>\n<body>\n<main id=\"page\"><p>This file shows an event with a script of its own; allow it to run.</p>\
         </main>\n<script type=\"application/json\" id=\"data\">",
        &json,
        "</script>\n<script nonce=\"",
        &nonce,
        "\">\n",
        SCRIPT,
        "</script>\n</body>\n</html>\n",
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captured_text_ends_no_element() {
        let hostile = "</script><script>alert(1)</script><!--";
        let json = serde_json::to_string(hostile).unwrap();
        let html = page(&[7; 16], &json);
        let from = html.find("id=\"data\">").unwrap() + 10;
        let data = &html[from..from + html[from..].find("</script>").unwrap()];
        assert!(!data.contains('<'));
        assert_eq!(serde_json::from_str::<String>(data).unwrap(), hostile);
        // One block of data and one script, which has the number.
        assert_eq!(html.matches("<script").count(), 2);
        assert_eq!(html.matches(&format!("nonce=\"{}\"", "07".repeat(16))).count(), 2);
    }

    #[test]
    fn the_viewer_makes_text_nodes_alone() {
        for word in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "import("]
        {
            assert!(!SCRIPT.contains(word), "{word}");
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
