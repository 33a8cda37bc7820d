use super::*;

const TEST: &str = r#""""KeyError in `total` of shop.

Text.
"""

import asyncio
import datetime
import types

from shop import Cart, Line, total


def reproduce():
    """Calls `total` as it was called, and gives the exception that it raises."""
    # partial: text
    line = obj(Line, day=datetime.date(2024, 1, 2))
    rows = [
        {"a": 1, "price": "a long text that is cut ----------------------------------------------------------------"},
        {"a": 2, "more": [line, (1,), {3}, b"\x00'", -1.5e-05]},
        {"b": 3},
    ]
    rows.extend([rows])
    args, kwargs = spread(total, rows=rows)
    return raised(total, *args, **kwargs)


def test_total_key_error():
    assert outcome(reproduce()) == ("KeyError", "line of Cart", "shop.py:3")
"#;

#[test]
fn a_test_is_read_as_it_was_written() {
    let test = Test::read(TEST).unwrap();
    assert_eq!(
        test.text(&Less::default()).replace("import asyncio\n", ""),
        TEST.replace("import asyncio\n", "").replace("import types\n", "").replace("Cart, ", "")
    );
    let read = test.statements.iter().filter(|statement| matches!(statement, Statement::Assigned(..)));
    assert_eq!((read.count(), test.statements.len()), (2, 4));
}

#[test]
fn what_is_not_needed_is_left_out_with_its_imports() {
    let shrunk = shrink(TEST, 1_000, |text| {
        text.contains("\"a\": 2") && text.contains("\"a long") || text.contains("\"b\": 3")
    })
    .unwrap();
    let body = shrunk.text.split_once("captured.\n").unwrap().1.split_once("\n\n").unwrap().0;
    assert_eq!(
        body,
        "    rows = [{\"b\": 3}]\n    rows.extend([rows])\n    args, kwargs = spread(total, rows=rows)\n    return raised(total, *args, **kwargs)"
    );
    assert!(shrunk.text.contains("\n\nfrom shop import total\n\n\ndef reproduce"), "{}", shrunk.text);
    assert!(!shrunk.text.contains("import datetime"));
    assert_eq!(shrunk.parts_removed, 3);
}

#[test]
fn texts_are_cut_and_the_caller_is_asked_so_often_at_most() {
    let shrunk = shrink(TEST, 1_000, |text| text.contains("\"price\": \"a l")).unwrap();
    assert!(
        shrunk.text.contains("rows = [{\"price\": \"a lon\"}]")
            || shrunk.text.contains("rows = [{\"price\": \"a l"),
        "{}",
        shrunk.text
    );
    assert!(shrunk.characters_removed > 50);
    let mut asked = 0;
    let shrunk = shrink(TEST, 3, |_| {
        asked += 1;
        false
    });
    assert_eq!((shrunk.unwrap().runs, asked), (3, 3));
    assert_eq!(shrink("import os\n", 3, |_| true), None);
}
