use serde_json::json;

use super::*;
use crate::event::Event;

fn prompt() -> Prompt {
    let lines: Vec<String> = (1..=40).map(|number| format!("line {number}")).collect();
    let source = json!({"first_line_number": 1, "lines": lines, "origin": "client"});
    let values =
        |name: &str, value: serde_json::Value| json!({"state": "captured", "arguments": {name: value}});
    let long: Vec<_> = (0..40).map(|n| json!({"type": "int", "value": n.to_string()})).collect();
    let frame = |function: &str, line: u32, values| json!({"function": function, "file": "/srv/shop.py", "line_number": line, "in_app": true, "source": source, "values": values});
    let frames = json!([
        frame("main", 3, json!({"state": "off", "reason": "capturing is off"})),
        frame("handle", 10, values("order", json!({"type": "int", "value": "7"}))),
        frame("charge", 20, values("items", json!({"type": "list", "elements": long}))),
    ]);
    let cause = json!({"type": "KeyError", "message": "'x'", "relation": "cause", "frames": [frame("look", 30, values("key", json!({"type": "str", "value": "'x\u{1b}'"})))]});
    let exception = json!({"type": "ValueError", "message": "no", "frames": frames});
    let event = json!({"service": "shop", "values": {"state": "captured"}, "exceptions": [cause, exception]});
    Prompt::new(Case::new(Event::read(event).unwrap(), Default::default()))
}

#[track_caller]
fn check(prompt: &mut Prompt, line: &str, parts: &[&str]) {
    let answer = prompt.handle(line);
    for part in parts {
        assert!(answer.text.contains(part), "{line}: {}", answer.text);
    }
    assert!(!answer.is_end && (answer.text.is_empty() || answer.text.ends_with('\n')), "{line}");
    assert!(!answer.text.contains('\u{1b}'), "{line}");
}

#[test]
fn frames_are_walked_as_in_pdb() {
    let mut prompt = prompt();
    assert!(prompt.greeting().contains("> /srv/shop.py(20)charge()\n-> line 20\n"), "{}", prompt.greeting());
    check(
        &mut prompt,
        "w",
        &["  /srv/shop.py(3)main()  [capturing is off]", "> /srv/shop.py(20)charge()", "ValueError: no"],
    );
    check(&mut prompt, "d", &["this is the deepest frame"]);
    check(&mut prompt, "u", &["> /srv/shop.py(10)handle()"]);
    check(&mut prompt, "p order + 1", &["8\n"]);
    check(&mut prompt, "order", &["7\n"]);
    check(&mut prompt, "a", &["order = 7\n"]);
    check(&mut prompt, "locals", &["none were captured"]);
    check(&mut prompt, "u 5", &["main()"]);
    check(&mut prompt, "", &["this is the outermost frame"]);
    check(&mut prompt, "a", &["capturing is off"]);
    check(&mut prompt, "u x", &["a number of frames is missing"]);
    check(&mut prompt, "exceptions", &["> ", "  0 ValueError: no", "  1 KeyError: 'x'"]);
    check(&mut prompt, "exceptions 1", &["(30)look()"]);
    check(&mut prompt, "p key", &["'x\\x1b'"]);
    check(&mut prompt, "exceptions 9", &["there are 2"]);
}

#[test]
fn lines_are_listed_as_in_pdb() {
    let mut prompt = prompt();
    check(
        &mut prompt,
        "l",
        &["[as captured]", "  15    line 15\n", "  20 -> line 20\n", "  25    line 25\n"],
    );
    check(&mut prompt, "", &["  26    line 26\n", "  36    line 36\n"]);
    check(&mut prompt, "l", &["  40    line 40\n"]);
    check(&mut prompt, "l", &["[EOF]"]);
    check(&mut prompt, "l .", &["  20 -> line 20\n"]);
    check(&mut prompt, "l 2, 3", &["   2    line 2\n   3    line 3\n"]);
    check(&mut prompt, "ll", &["   1    line 1\n", "  40    line 40\n"]);
    check(&mut prompt, "l x", &["numbers of lines are missing"]);
}

#[test]
fn values_are_laid_out_and_nothing_runs() {
    let mut prompt = prompt();
    check(&mut prompt, "pp items", &["list with 40 parts\n    [0] 0\n    [1] 1\n"]);
    check(&mut prompt, "whatis items", &["<class 'list'>"]);
    check(&mut prompt, "p items[40]", &["*** there are 40 elements"]);
    check(&mut prompt, "n", &["nothing runs"]);
    check(&mut prompt, "x = 1", &["values cannot be changed"]);
    check(&mut prompt, "h", &["w, where, bt"]);
    assert!(prompt.handle("q").is_end);
}
