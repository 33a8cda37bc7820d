//! Tests of grouping.

use reenact_model::Limits;

use super::*;
use crate::traceback;

fn report(stack: &str) -> Report {
    Report {
        service: "shop".into(),
        exceptions: traceback::parse(stack, &Limits::DEFAULT).exceptions,
        ..Report::default()
    }
}

fn fingerprint(stack: &str) -> String {
    place(report(stack)).grouping.fingerprint
}

const VIEW: &str = "Traceback (most recent call last):\n  File \"/srv/app/app_flask.py\", line 10, in checkout\n    x\n  File \"/srv/app/shop/orders.py\", line 16, in price_lines\n    y\nKeyError: 'a'\n";

#[test]
fn the_algorithm_is_frozen() {
    let placed = place(report(VIEW));
    let of_message = fingerprint("ValueError: order 17 of 'x' failed");
    assert_eq!(
        [placed.grouping.fingerprint.as_str(), &placed.issue_id.to_string(), &of_message],
        ["57a25f2de999decab08bee87bd314f93", "415eb70ba8aaed08", "9f09822a6109a320b764b731ed9e61a1"]
    );
    assert_eq!(
        placed.grouping.why,
        [
            "service is \"shop\"",
            "error type is \"KeyError\"",
            "in-app frames: price_lines in shop/orders.py ← checkout in app/app_flask.py",
            "line numbers are ignored",
        ]
    );
}

#[test]
fn lines_messages_roots_and_outer_packages_do_not_matter() {
    let other = VIEW
        .replace("line 16", "line 99")
        .replace("'a'", "'b'")
        .replace("/srv/app/", "/home/me/app/")
        .replace("KeyError", "builtins.KeyError")
        .replace(
            "last):\n",
            "last):\n  File \"/v/lib/python3.11/site-packages/flask/app.py\", line 1, in dispatch\n    z\n",
        );
    assert_eq!(fingerprint(&other), fingerprint(VIEW));
}

#[test]
fn recursion_and_comprehensions_do_not_matter() {
    let deep = VIEW.replace(
        "KeyError",
        "  File \"/srv/app/shop/orders.py\", line 17, in price_lines\n  File \"/srv/app/shop/orders.py\", line 18, in <listcomp>\nKeyError",
    );
    assert_eq!(fingerprint(&deep), fingerprint(VIEW));
}

#[test]
fn functions_types_and_services_matter() {
    assert_ne!(fingerprint(&VIEW.replace("price_lines", "other")), fingerprint(VIEW));
    assert_ne!(fingerprint(&VIEW.replace("KeyError", "ValueError")), fingerprint(VIEW));
    let mut other = report(VIEW);
    other.service = "pay".into();
    assert_ne!(place(other).issue_id, place(report(VIEW)).issue_id);
}

#[test]
fn a_given_fingerprint_is_taken_as_it_is() {
    let mut given = report(VIEW);
    given.tags.insert("error.fingerprint".into(), "my own".into());
    assert_eq!(place(given).grouping.fingerprint, "my own");
}

#[test]
fn without_a_stack_the_words_of_the_message_count() {
    let one = fingerprint("ValueError: order 17 of 'a b' failed for x@y.z in /tmp/a");
    assert_eq!(one, fingerprint("ValueError: order 99 of 'c' failed for q@y.z in /tmp/b"));
    assert_ne!(one, fingerprint("ValueError: another text"));
}
