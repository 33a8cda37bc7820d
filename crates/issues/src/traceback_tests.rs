//! Tests of reading tracebacks; the texts are recorded ones, shortened.

use super::*;

pub(crate) const CHAIN: &str = r#"Traceback (most recent call last):
  File "/srv/app/shop/orders.py", line 37, in charge
    discount = lookup_discount({"WELCOME": 10}, options.get("code", "NOPE"))
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/srv/app/shop/orders.py", line 23, in lookup_discount
    return table[code]
           ~~~~~^^^^^^
KeyError: 'BOGUS'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/opt/venv/lib/python3.11/site-packages/ddtrace/contrib/internal/flask/wrappers.py", line 68, in _wrap_call
    return wrapped(*args, **kwargs)
           ^^^^^^^^^^^^^^^^^^^^^^^^
  File "/srv/app/app_flask.py", line 9, in checkout
    def checkout(cart_id):
  File "/opt/venv/lib/python3.11/site-packages/ddtrace/internal/wrapping/context.py", line 667, in trampoline
    return f(*args, **kwargs)
           ^^^^^^^^^^^^^^^^^^
  File "/srv/app/app_flask.py", line 10, in checkout
    return str(orders.checkout(cart_id))
               ^^^^^^^^^^^^^^^^^^^^^^^^
  File "/srv/app/shop/orders.py", line 56, in checkout
    raise RuntimeError("checkout of cart %s failed" % cart_id) from err
RuntimeError: checkout of cart c-1 failed
"#;

const GROUP: &str = r#"  + Exception Group Traceback (most recent call last):
  |   File "/srv/app/app_flask.py", line 64, in group
  |     orders.group()
  |   File "/srv/app/shop/orders.py", line 121, in group
  |     raise ExceptionGroup("many", errors)
  | ExceptionGroup: many (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/shop/orders.py", line 118, in group
    |     int(bad)
    | ValueError: invalid literal for int() with base 10: 'x'
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/shop/orders.py", line 118, in group
    |     int(bad)
    | ValueError: invalid literal for int() with base 10: 'y'
    +------------------------------------
"#;

fn read(text: &str) -> Traceback {
    parse(text, &Limits::DEFAULT)
}

#[test]
fn a_chain_is_read_from_its_root_cause() {
    let traceback = read(CHAIN);
    assert_eq!(traceback.problems, Vec::<String>::new());
    let [root, last] = traceback.exceptions.as_slice() else { panic!("{traceback:?}") };
    assert_eq!((root.type_name.as_str(), root.message.as_str()), ("KeyError", "'BOGUS'"));
    assert_eq!(root.relation, Some(Relation::Cause));
    assert_eq!(last.relation, None);
    assert_eq!(last.message, "checkout of cart c-1 failed");
    assert_eq!(root.frames[1].source_line.as_deref(), Some("return table[code]"));
    assert_eq!(root.frames[1].line_number, Some(23));
    assert_eq!(last.frames.iter().map(|f| f.in_app).collect::<Vec<_>>(), [false, true, false, true, true]);
    assert_eq!(traceback.first_frame_numbers, [1, 3]);
}

#[test]
fn a_group_keeps_its_exceptions() {
    let traceback = read(GROUP);
    let [group] = traceback.exceptions.as_slice() else { panic!("{traceback:?}") };
    assert_eq!(group.type_name, "ExceptionGroup");
    assert_eq!(group.message, "many (2 sub-exceptions)");
    assert_eq!(group.frames.len(), 2);
    assert_eq!(group.notes.len(), 2);
    assert!(group.notes[1].ends_with("'y' (in group, /srv/app/shop/orders.py:118)"), "{:?}", group.notes);
    assert_eq!(group.members.len(), 2);
    assert_eq!(group.members[0].type_name, "ValueError");
    assert_eq!(group.members[0].frames[0].function, "group");
}

#[test]
fn collapsed_recursion_counts_in_the_numbers() {
    let text = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    f()\n  [Previous line repeated 970 more times]\n  File \"a.py\", line 2, in g\nRecursionError: deep\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 3, in h\nValueError\n";
    let traceback = read(text);
    assert_eq!(traceback.exceptions[0].frames[0].repeats, 970);
    assert_eq!(traceback.exceptions[0].relation, Some(Relation::Context));
    assert_eq!(traceback.exceptions[1].type_name, "ValueError");
    assert_eq!(traceback.first_frame_numbers, [1, 973]);
}

#[test]
fn the_innermost_frames_of_a_deep_stack_stay_and_keep_their_numbers() {
    let mut text = String::from("Traceback (most recent call last):\n");
    for line in 1..=1_000 {
        text.push_str(&format!("  File \"a.py\", line {line}, in f\n"));
    }
    text.push_str("ValueError: x\n");
    let traceback = read(&text);
    let frames = &traceback.exceptions[0].frames;
    assert_eq!(frames.len(), Limits::DEFAULT.frames_max);
    assert_eq!(frames[0].line_number, Some(traceback.first_frame_numbers[0]));
    assert_eq!(frames[249].line_number, Some(1_000));
    assert_eq!(traceback.problems.len(), 1);
}

#[test]
fn messages_may_have_several_lines() {
    let traceback = read(
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nshop.E: one\ntwo: 2\n\nthree\n\n",
    );
    assert_eq!(traceback.exceptions[0].message, "one\ntwo: 2\n\nthree");
}

#[test]
fn a_syntax_error_has_a_place_but_no_frame_for_it() {
    let traceback = read(
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    eval(x)\n  File \"<string>\", line 1\n    1 +\n      ^\nSyntaxError: invalid syntax\n",
    );
    assert_eq!(traceback.exceptions[0].frames.len(), 1);
    assert_eq!(traceback.exceptions[0].type_name, "SyntaxError");
    assert_eq!(traceback.exceptions[0].notes, ["in <string>, line 1"]);
}

#[test]
fn what_is_whole_of_a_cut_text_is_kept() {
    let end = CHAIN.find("in lookup_discount").unwrap();
    let traceback = read(&format!("{}<truncated>...", &CHAIN[..end]));
    assert_eq!(traceback.exceptions[0].frames.len(), 1);
    assert_eq!(traceback.problems.len(), 2);
    let traceback = read("  File \"a.py\", line 1, in f\nValueError: x");
    assert_eq!(traceback.exceptions[0].frames.len(), 1);
    assert_eq!(traceback.problems, ["the beginning of the traceback is missing"]);
}

#[test]
fn a_text_that_is_no_traceback_is_one_exception_without_frames() {
    let traceback = read("java.lang.Exception: x\n\tat a.b(C.java:1)");
    assert_eq!(traceback.exceptions.len(), 1);
    assert_eq!(traceback.exceptions[0].type_name, "java.lang.Exception");
    assert!(traceback.exceptions[0].frames.is_empty());
    assert!(read("").exceptions.is_empty());
}

#[test]
fn code_of_libraries_and_of_the_interpreter_is_not_in_app() {
    for (file, want) in [
        ("/srv/app/a.py", true),
        ("<string>", true),
        ("<stdin>", true),
        ("/v/site-packages/a.py", false),
        ("<frozen importlib._bootstrap>", false),
        ("<sqlalchemy generated _go() wrapper at 0x1>", false),
        ("<attrs generated init shop.Order>", false),
        ("<__array_function__ internals>", false),
        ("./csu/../csu/libc-start.c", false),
        ("/usr/lib/libc.so.6", false),
    ] {
        assert_eq!(is_in_app(file), want, "{file}");
    }
}
