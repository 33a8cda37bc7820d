//! What a debugger may send: any bytes, any message, and any expression over captured values.

#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use reenact_debug::{Case, Effect, Event, Framing, Prompt, Session};
use serde_json::{Value, json};

fuzz_target!(|bytes: &[u8]| {
    let mut framing = Framing::default();
    framing.receive(bytes);
    while let Ok(Some(_)) = framing.take() {}

    let mut session = Session::with(case());
    for command in ["initialize", "attach", "configurationDone"] {
        session.handle(json!({"type": "request", "seq": 1, "command": command}).to_string().as_bytes());
    }
    session.handle(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let evaluated = |text: &str| json!({"expression": text, "frameId": 1, "context": "repl"});
    for (command, arguments) in [
        ("evaluate", evaluated(text)),
        ("evaluate", evaluated("s == u")),
        ("evaluate", evaluated("p == q")),
        ("completions", json!({"text": text, "column": text.len(), "frameId": 1})),
    ] {
        let request = json!({"type": "request", "seq": 2, "command": command, "arguments": arguments});
        let answered = session.handle(request.to_string().as_bytes());
        assert!(matches!(answered.as_slice(), [Effect::Send(_)]), "one answer to each request");
    }
    Prompt::new(case()).handle(text);
});

fn case() -> Case {
    let int = |value: &str| json!({"type": "int", "value": value});
    // Values that hold themselves, as no Python makes them: an event is what anybody wrote.
    let set = |n: u32| json!({"type": "set", "ref": n, "elements": [{"type": "set", "ref": n}, int("1")]});
    let key = |n: u32| json!({"type": "mappingproxy", "ref": n, "entries": [[{"type": "mappingproxy", "ref": n}, int("1")]]});
    let values: Value = json!({"state": "captured", "locals": {
        "a": {"type": "shop.Order", "ref": 1, "fields": {"b": {"type": "shop.Order", "ref": 1}, "n": int("5")}},
        "l": {"type": "list", "elements": [int("1"), int("-2"), {"type": "str", "value": "'x'"}], "size": 9, "not_captured": "collection_size"},
        "d": {"type": "dict", "entries": [[{"type": "str", "value": "'k'"}, int("3")], [int("2"), {"type": "X", "not_captured": "depth"}]]},
        "f": {"type": "float", "value": "1.5"}, "t": {"type": "str", "value": "'größe'", "size": 90, "truncated": true},
        "m": {"type": "Decimal", "value": "Decimal('1.5')"}, "i": int("99999999999999999999999999999999999999999999"),
        "s": set(3), "u": set(4), "p": key(5), "q": key(6),
    }});
    let frame = json!({"function": "pay", "file": "pay.py", "line_number": 3, "in_app": true, "values": values});
    let event = json!({"exceptions": [{"type": "ValueError", "message": "no", "frames": [frame]}]});
    Case::new(Event::read(event).unwrap_or_default(), HashMap::new())
}
