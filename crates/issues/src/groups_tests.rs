use super::*;

/// Printed by Python 3.11.
const PRINTED: &str = r#"  + Exception Group Traceback (most recent call last):
  |   File "/srv/app/jobs.py", line 34, in checkout
  |     raise ExceptionGroup("checkout failed", errors)
  | ExceptionGroup: checkout failed (3 sub-exceptions)
  | tried twice
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/jobs.py", line 26, in checkout
    |     try: f(*a)
    |          ^^^^^
    |   File "/venv/lib/python3.11/site-packages/pay/api.py", line 7, in charge
    |     fee = amount / rate
    |           ~~~~~~~^~~~~~
    | ZeroDivisionError: division by zero
    +---------------- 2 ----------------
    | Exception Group Traceback (most recent call last):
    |   File "/srv/app/jobs.py", line 21, in nested
    |     raise ExceptionGroup("inner", errs)
    | ExceptionGroup: inner (2 sub-exceptions)
    +-+---------------- 1 ----------------
      | ValueError: first line
      | +---------------- 2 ----------------
      |   + Exception Group Traceback (most recent call last):
      +---------------- 2 ----------------
      | KeyError
      +------------------------------------
    +---------------- 3 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/jobs.py", line 31, in checkout
    |     charge(order)
    |   [Previous line repeated 2 more times]
    | ZeroDivisionError: division by zero
    | 
    | The above exception was the direct cause of the following exception:
    | 
    | Traceback (most recent call last):
    |   File "/srv/app/jobs.py", line 32, in checkout
    |     raise Declined("while charging") from e
    | shop.Declined: while charging
    +------------------------------------
"#;

fn exception(type_name: &str, message: &str) -> Exception {
    Exception { type_name: type_name.to_owned(), message: message.to_owned(), ..Exception::default() }
}

fn escaped() -> Exception {
    exception("ExceptionGroup", "checkout failed (3 sub-exceptions)")
}

fn read(text: &str) -> Group {
    groups(&[escaped()], text).remove(&0).expect("there is a group")
}

/// `A` for an exception, `A > B` for a chain, `A(B, C)` for a group.
fn shape(group: &Group) -> String {
    let one = |member: &Member| {
        let inner = member.group.as_ref().map_or(String::new(), |group| format!("({})", shape(group)));
        format!("{}{inner}", member.exception.type_name)
    };
    let chain = |chain: &Vec<Member>| chain.iter().map(one).collect::<Vec<_>>().join(" > ");
    group.members.iter().map(chain).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_group_is_read_as_a_tree_each_member_with_what_led_to_it() {
    let group = read(PRINTED);
    assert_eq!(
        shape(&group),
        "ZeroDivisionError, ExceptionGroup(ValueError, KeyError), ZeroDivisionError > shop.Declined"
    );
    assert_eq!(group.members[2][0].exception.relation, Some(Relation::Cause));
    assert_eq!(group.left_out, 0);
}

#[test]
fn members_have_their_frames_with_source_lines_repeats_and_whose_code_it_is() {
    let group = read(PRINTED);
    let frames = &group.members[0][0].exception.frames;
    let told: Vec<_> = frames
        .iter()
        .map(|frame| (frame.function.as_str(), frame.line_number, frame.in_app, frame.source_line.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("checkout", Some(26), true, Some("try: f(*a)")),
            ("charge", Some(7), false, Some("fee = amount / rate"))
        ]
    );
    assert_eq!(group.members[2][0].exception.frames[0].repeats, 2);
}

#[test]
fn a_message_cannot_leave_its_place_whatever_it_imitates() {
    let group = read(PRINTED);
    let inner = group.members[1][0].group.as_ref().expect("it is a group");
    assert_eq!(inner.members.len(), 2);
    assert_eq!(
        inner.members[0][0].exception.message,
        "first line\n+---------------- 2 ----------------\n  + Exception Group Traceback (most recent call last):"
    );
}

#[test]
fn what_is_not_printed_is_counted() {
    let wide = "  + Exception Group Traceback (most recent call last):\n  | G: m (5 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | A\n    +---------------- ... ----------------\n    | and 4 more exceptions\n    +------------------------------------\n";
    let group = groups(&[exception("G", "m (5 sub-exceptions)")], wide).remove(&0).expect("there is a group");
    assert_eq!((group.members.len(), group.left_out), (1, 4));
    for cut in 0..PRINTED.len() {
        let Some(group) = groups(&[escaped()], &PRINTED[..cut]).remove(&0) else { continue };
        assert!(group.members.len() + group.left_out <= 3, "cut at {cut}: {group:?}");
    }
    assert!(read(&PRINTED[..900]).left_out > 0);
}

#[test]
fn a_group_stands_at_its_place_in_the_chain() {
    let key_error = exception("KeyError", "1");
    let cause = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 1\n\nThe above exception was the direct cause of the following exception:\n\n";
    let found = groups(&[key_error.clone(), escaped()], &format!("{cause}{PRINTED}"));
    assert_eq!(found.keys().collect::<Vec<_>>(), [&1]);
    let after = "\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 1\n";
    let found = groups(&[escaped(), key_error.clone()], &format!("{PRINTED}{after}"));
    assert_eq!(found.keys().collect::<Vec<_>>(), [&0]);
    assert!(groups(&[key_error], "Traceback (most recent call last):\nKeyError: 1\n").is_empty());
}

#[test]
fn notes_that_only_tell_of_the_members_are_left_out() {
    let notes = [
        "tried twice",
        "ZeroDivisionError: division by zero (in charge, /srv/a.py:7)",
        "Exception Group Traceback (most recent call last):",
        "KeyError",
    ];
    let noted = Exception { notes: notes.map(str::to_owned).to_vec(), ..escaped() };
    assert_eq!(own_notes(&noted, &read(PRINTED)), ["tried twice"]);
}

#[test]
fn width_and_depth_are_limited() {
    let mut wide = "  + Exception Group Traceback (most recent call last):\n  | ExceptionGroup: checkout failed (3000 sub-exceptions)\n".to_owned();
    for number in 1..=3_000 {
        let first = if number == 1 { "  +-+" } else { "    +" };
        wide.push_str(&format!(
            "{first}---------------- {number} ----------------\n    | KeyError: {number}\n"
        ));
    }
    let group = read(&wide);
    assert_eq!((group.members.len(), group.left_out), (MEMBERS_MAX, 3_000 - MEMBERS_MAX));

    let mut deep = String::new();
    for level in 0..100 {
        let margin = " ".repeat(2 * level + 2);
        let begin = if level == 0 { "+ " } else { "| " };
        deep.push_str(&format!("{margin}{begin}Exception Group Traceback (most recent call last):\n{margin}| ExceptionGroup: checkout failed (1 sub-exception)\n{margin}+-+---------------- 1 ----------------\n"));
    }
    let (mut group, mut levels) = (read(&deep), 1);
    while let Some(inner) =
        group.members.pop().and_then(|mut chain| chain.pop()).and_then(|member| member.group)
    {
        (group, levels) = (inner, levels + 1);
    }
    assert_eq!((levels, group.left_out), (DEPTH_MAX, 1));
}

#[test]
fn members_that_a_client_sent_as_such_are_the_tree() {
    let named = |name: &str| Exception { type_name: name.to_owned(), ..Exception::default() };
    let inner = Exception { members: vec![named("KeyError")], ..named("ExceptionGroup") };
    let outer = Exception { members: vec![named("ValueError"), inner], ..named("ExceptionGroup") };
    let found = groups(&[named("OSError"), outer.clone()], "");
    assert_eq!(found.keys().collect::<Vec<_>>(), [&1]);
    let members: Vec<&Exception> = found[&1].members.iter().map(|chain| &chain[0].exception).collect();
    assert_eq!(members, outer.members.iter().collect::<Vec<_>>());
    let inner = found[&1].members[1][0].group.as_ref().unwrap();
    assert_eq!(inner.members[0][0].exception.type_name, "KeyError");
    // What is printed says more.
    let printed = "  + Exception Group Traceback (most recent call last):\n  |   File \"/a.py\", line 1, in f\n  \
                   | ExceptionGroup: \n  +-+---------------- 1 ----------------\n    | OSError: no\n    \
                   +------------------------------------\n";
    assert_eq!(groups(&[outer], printed)[&0].members[0][0].exception.type_name, "OSError");
}
