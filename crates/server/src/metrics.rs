//! Counters in the Prometheus text format.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use reenact_intake::{Receipts, Source};
use reenact_model::Outcome;
use reenact_store::StoreStats;

/// All counters as text; labels have small closed sets of values.
pub(crate) fn render(receipts: &Receipts, stats: &StoreStats) -> String {
    let mut text = String::new();
    text.push_str("# HELP reenact_intake_items_total Received items by what became of them.\n");
    text.push_str("# TYPE reenact_intake_items_total counter\n");
    for source in Source::ALL {
        for outcome in Outcome::ALL {
            let count = receipts.get(source, outcome);
            let (source, outcome) = (source.as_str(), outcome.as_str());
            line(
                &mut text,
                &format!("reenact_intake_items_total{{source=\"{source}\",outcome=\"{outcome}\"}}"),
                count,
            );
        }
    }
    let counters = [
        ("reenact_intake_requests_total", "Requests received.", &receipts.requests),
        ("reenact_intake_spans_total", "Spans decoded.", &receipts.spans_received),
        ("reenact_intake_snapshots_total", "Snapshots decoded.", &receipts.snapshots_received),
    ];
    for (name, help, counter) in counters {
        head(&mut text, name, help, "counter");
        line(&mut text, name, counter.load(Ordering::Relaxed));
    }
    let gauges = [
        ("reenact_store_events", "Events kept.", stats.events),
        ("reenact_store_snapshots", "Snapshots kept.", stats.snapshots),
        ("reenact_store_disk_bytes", "Bytes on disk.", stats.disk_bytes),
        (
            "reenact_store_events_unindexed",
            "Events that the index does not hold yet.",
            stats.events_unindexed,
        ),
    ];
    for (name, help, value) in gauges {
        head(&mut text, name, help, "gauge");
        line(&mut text, name, value);
    }
    text
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
}

fn line(text: &mut String, name: &str, value: u64) {
    writeln!(text, "{name} {value}").expect("writing into a String cannot fail");
}
