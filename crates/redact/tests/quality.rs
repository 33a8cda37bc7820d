//! The corpus: aims hold, and the page that shows the figures is current.

#![allow(missing_docs, unreachable_pub, dead_code, unused_imports, clippy::unwrap_used, reason = "tests")]

#[path = "../corpus/mod.rs"]
mod corpus;

#[test]
fn aims_hold_and_the_page_is_current() {
    let report = corpus::report();
    assert!(report.kinds >= 40 && report.secrets >= 300 && report.innocent >= 3_000);
    assert!(report.certain_recall >= 0.99, "recall by shape {}", report.certain_recall);
    assert!(report.random_recall >= 0.90, "recall by entropy {}", report.random_recall);
    assert!(report.false_positives < 0.005, "false positives {}", report.false_positives);
    // From the crate's folder, where cargo runs tests: clones may share what was built.
    let page = "../../docs/redaction-quality.md";
    let kept = std::fs::read_to_string(page).unwrap();
    assert!(kept == report.markdown, "stale: run `cargo run --release -p reenact-redact --example corpus`");
}
