use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::event::Event;

fn case() -> Case {
    let int = |value: usize| json!({"type": "int", "value": value.to_string()});
    let many: Vec<Json> = (0..2_500).map(int).collect();
    let library = json!({"function": "run", "file": "/usr/lib/x.py", "line_number": 9, "in_app": false, "module": "lib.x", "values": {"state": "third_party", "reason": "the client captures only your code"}});
    let own = json!({
        "function": "pay", "qualified_name": "Cart.pay", "module": "shop.cart", "file": "/srv/shop/cart.py", "line_number": 12, "in_app": true,
        "source": {"first_line_number": 11, "lines": ["    größe = 0", "    return ü(1) / größe"], "origin": "client", "file_hash": "ab"},
        "values": {
            "state": "captured", "code": {"first_line": 10, "instruction": 4, "end_line": 12, "columns": [11, 26]},
            "arguments": {"self": {"type": "Cart", "ref": 1, "fields": {"owner": {"type": "Customer", "ref": 2, "fields": {"cart": {"type": "Cart", "ref": 1}}}}}},
            "locals": {
                "many": {"type": "list", "elements": many, "size": 9_000, "not_captured": "collection_size"},
                "rates": {"type": "dict", "entries": [[{"type": "str", "value": "'EUR'"}, int(1)]]},
                "name": {"type": "str", "value": "'x\u{202e}y'"},
            },
            "globals": {"self": int(1)},
            "at_entry": {"many": int(0)},
        },
    });
    let cause = json!({"type": "KeyError", "message": "'EUR'", "relation": "context", "frames": [own]});
    let escaped = json!({"type": "shop.Refused", "message": "no\nrate", "notes": ["try later"], "frames": [library, own],
        "members": [[{"type": "ValueError", "message": "one", "frames": [library]}]], "members_left_out": 1});
    let event = json!({"id": "ab", "service": "shop", "thread": "worker-1", "values": {"state": "captured"}, "exceptions": [cause, escaped]});
    Case::new(Event::read(event).unwrap(), Default::default())
}

struct Client {
    session: Session,
    seq: i64,
    ended: bool,
    loads: Vec<Wanted>,
}

impl Client {
    fn new(session: Session) -> Self {
        Self { session, seq: 0, ended: false, loads: Vec::new() }
    }

    fn started() -> Self {
        let mut client = Self::new(Session::with(case()));
        for command in ["initialize", "attach", "configurationDone"] {
            client.ask(command, json!({}));
        }
        client
    }

    fn raw(&mut self, message: &[u8]) -> Vec<Json> {
        let effects = self.session.handle(message);
        self.messages(effects)
    }

    fn messages(&mut self, effects: Vec<Effect>) -> Vec<Json> {
        let mut messages = Vec::new();
        for effect in effects {
            match effect {
                Effect::Send(bytes) => messages.push(serde_json::from_slice(&bytes).unwrap()),
                Effect::Load(wanted) => self.loads.push(wanted),
                Effect::End => self.ended = true,
            }
        }
        messages
    }

    fn ask(&mut self, command: &str, arguments: Json) -> Vec<Json> {
        self.seq += 1;
        let request = json!({"seq": self.seq, "type": "request", "command": command, "arguments": arguments});
        self.raw(request.to_string().as_bytes())
    }

    #[track_caller]
    fn body(&mut self, command: &str, arguments: Json) -> Json {
        let got = self.ask(command, arguments);
        assert_eq!((&got[0]["success"], &got[0]["command"]), (&json!(true), &json!(command)), "{got:?}");
        got[0]["body"].clone()
    }

    #[track_caller]
    fn refused(&mut self, command: &str, arguments: Json, part: &str) {
        let got = self.ask(command, arguments);
        assert_eq!(got.len(), 1, "{got:?}");
        assert_eq!(got[0]["success"], false, "{got:?}");
        assert!(got[0]["message"].as_str().unwrap().contains(part), "{got:?}");
        assert!(got[0]["body"]["error"]["id"].is_i64());
    }

    fn variables(&mut self, reference: &Json) -> Vec<Json> {
        let body = self.body("variables", json!({"variablesReference": reference}));
        body["variables"].as_array().unwrap().clone()
    }
}

fn names(messages: &[Json]) -> Vec<String> {
    let name = |message: &Json| message["event"].as_str().or(message["command"].as_str()).unwrap().to_owned();
    messages.iter().map(name).collect()
}

#[test]
fn a_session_begins_stops_and_ends() {
    let mut client = Client::new(Session::with(case()));
    assert_eq!(names(&client.ask("initialize", json!({"adapterID": "x"}))), ["initialize", "initialized"]);
    assert_eq!(names(&client.ask("attach", json!({}))), ["attach"]);
    let stopped = client.ask("configurationDone", json!(null));
    assert_eq!(names(&stopped), ["configurationDone", "output", "stopped"]);
    assert_eq!(stopped[2]["body"]["reason"], "exception");
    assert_eq!(stopped[2]["body"]["text"], "shop.Refused: no…");
    client.refused("attach", json!({}), "one session shows one event");
    for command in
        ["next", "stepIn", "stepOut", "stepBack", "pause", "goto", "restartFrame", "reverseContinue"]
    {
        client.refused(command, json!({"threadId": 1}), "nothing runs");
    }
    client.refused("setVariable", json!({}), "cannot be changed");
    client.refused("readMemory", json!({}), "`readMemory` is not known");
    assert_eq!(names(&client.ask("continue", json!({"threadId": 1}))), ["continue", "terminated"]);
    client.refused("threads", json!({}), "has ended");
    assert_eq!(names(&client.ask("terminate", json!({}))), ["terminate"]);
    assert!(!client.ended);
    client.ask("disconnect", json!({}));
    assert!(client.ended);
}

#[test]
fn an_event_is_named_by_the_client_and_its_absence_is_said() {
    let mut client = Client::new(Session::new());
    client.ask("initialize", json!({}));
    client.refused("launch", json!({}), "which event?");
    client.refused("stackTrace", json!({"threadId": 1}), "no event is open");
    assert!(client.ask("launch", json!({"event": "ab", "root": "src"})).is_empty());
    assert_eq!(client.loads, [Wanted { event: "ab".into(), root: Some("src".into()) }]);
    let effects = client.session.loaded(Err("there is no such event".into()));
    assert_eq!(client.messages(effects)[0]["message"], "there is no such event");
    // Another one may be tried; the order of both requests does not matter.
    client.ask("configurationDone", json!({}));
    client.ask("attach", json!({"event": "cd"}));
    let effects = client.session.loaded(Ok(case()));
    let got = client.messages(effects);
    assert_eq!(names(&got), ["attach", "output", "stopped"]);
    assert_eq!(got[0]["request_seq"], client.seq);
}

#[test]
fn frames_come_in_pages_with_labels_between_exceptions() {
    let mut client = Client::started();
    let threads = client.body("threads", json!({}));
    assert_eq!(threads["threads"][0]["name"], "worker-1");
    let all = client.body("stackTrace", json!({"threadId": 1}));
    let frames = all["stackFrames"].as_array().unwrap();
    let shown: Vec<_> = frames
        .iter()
        .map(|frame| (frame["name"].as_str().unwrap(), frame["presentationHint"].as_str().unwrap()))
        .collect();
    assert_eq!(
        shown,
        [
            ("Cart.pay", "normal"),
            ("run", "subtle"),
            ("exception 1 of 2 in the group: ValueError: one", "label"),
            ("run", "subtle"),
            ("while handling KeyError: 'EUR'", "label"),
            ("Cart.pay", "normal"),
        ]
    );
    // Columns are UTF-16 units from 1: `ü` is two bytes and one unit.
    assert_eq!(
        (&frames[0]["line"], &frames[0]["column"], &frames[0]["endColumn"]),
        (&json!(12), &json!(12), &json!(24))
    );
    let page = client.body("stackTrace", json!({"threadId": 1, "startFrame": 1, "levels": 1}));
    assert_eq!((page["stackFrames"].as_array().unwrap().len(), &page["totalFrames"]), (1, &json!(6)));
    assert_eq!(page["stackFrames"][0]["id"], 2);
    client.refused("stackTrace", json!({"threadId": 7}), "the one thread is 1");
    client.refused("scopes", json!({"frameId": 99}), "there is no frame 99");
    client.refused("scopes", json!({}), "missing field `frameId`");
}

#[test]
fn captured_lines_stand_at_their_numbers() {
    let mut client = Client::started();
    let frame = &client.body("stackTrace", json!({"threadId": 1, "levels": 1}))["stackFrames"][0];
    assert!(frame["source"]["path"].is_null());
    assert_eq!(frame["source"]["origin"], "as captured");
    let source = client.body(
        "source",
        json!({"source": frame["source"], "sourceReference": frame["source"]["sourceReference"]}),
    );
    assert_eq!(source["content"].as_str().unwrap().lines().nth(11), Some("    return ü(1) / größe"));
    client.refused("source", json!({"sourceReference": 77}), "there is no source 77");
    assert_eq!(client.body("loadedSources", json!({}))["sources"].as_array().unwrap().len(), 2);
    let modules = client.body("modules", json!({}));
    assert_eq!((&modules["totalModules"], &modules["modules"][1]["id"]), (&json!(2), &json!("shop.cart")));
}

#[test]
fn variables_are_lazy_and_come_in_pages() {
    let mut client = Client::started();
    let scopes = client.body("scopes", json!({"frameId": 1}));
    let scopes = scopes["scopes"].as_array().unwrap();
    let titles: Vec<_> = scopes.iter().map(|scope| scope["name"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Arguments", "Locals", "Globals used", "At entry", "Exception"]);
    let arguments = client.variables(&scopes[0]["variablesReference"]);
    assert_eq!(arguments[0]["evaluateName"], "self");
    let owner = client.variables(&arguments[0]["variablesReference"]);
    let cart = client.variables(&owner[0]["variablesReference"]);
    assert_eq!(cart[0]["evaluateName"], "self.owner.cart");
    assert_eq!(client.variables(&cart[0]["variablesReference"])[0]["evaluateName"], "self.owner.cart.owner");

    let locals = client.variables(&scopes[1]["variablesReference"]);
    let many = &locals[0];
    assert_eq!((&many["indexedVariables"], &many["namedVariables"]), (&json!(2_500), &json!(1)));
    let page = |client: &mut Client, more: Json| {
        let mut arguments = json!({"variablesReference": many["variablesReference"]});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.body("variables", arguments)["variables"].as_array().unwrap().clone()
    };
    let indexed = page(&mut client, json!({"filter": "indexed", "start": 100, "count": 2}));
    assert_eq!(
        (indexed.len(), &indexed[0]["name"], &indexed[1]["evaluateName"]),
        (2, &json!("100"), &json!("many[101]"))
    );
    let named = page(&mut client, json!({"filter": "named"}));
    assert_eq!(
        (&named[0]["name"], &named[0]["value"]),
        (&json!("(not captured)"), &json!("6500 more: not captured: limit of elements"))
    );
    let whole = page(&mut client, json!({}));
    assert_eq!((whole.len(), &whole[1_000]["name"]), (1_001, &json!("(more)")));
    assert!(page(&mut client, json!({"start": 9_999_999, "count": 5})).is_empty());

    let rates = client.variables(&locals[1]["variablesReference"]);
    assert_eq!((&rates[0]["name"], &rates[0]["evaluateName"]), (&json!("'EUR'"), &json!("rates['EUR']")));
    assert_eq!(locals[2]["value"], "'x\\u202ey'");
    // The global is hidden by the argument of the same name.
    assert!(client.variables(&scopes[2]["variablesReference"])[0]["evaluateName"].is_null());
    assert_eq!(client.variables(&scopes[3]["variablesReference"])[0]["evaluateName"], "__at_entry__.many");
    let exception = client.variables(&scopes[4]["variablesReference"]);
    let shown: Vec<_> = exception.iter().map(|part| part["evaluateName"].as_str().unwrap()).collect();
    assert_eq!(
        shown,
        [
            "__exception__.message",
            "__exception__.__notes__",
            "__exception__.exceptions",
            "__exception__.__context__"
        ]
    );
    let none = client.body("scopes", json!({"frameId": 2}));
    let why = client.variables(&none["scopes"][0]["variablesReference"]);
    assert_eq!(why[0]["value"], "the client captures only your code");
    client.refused("variables", json!({"variablesReference": 99_999}), "there is no value");
    client.refused("variables", json!({"variablesReference": -1}), "there is no value");
}

#[test]
fn every_name_that_is_given_evaluates_to_what_it_names() {
    let mut client = Client::started();
    for frame in [1, 6] {
        let scopes = client.body("scopes", json!({"frameId": frame}));
        let mut rest: Vec<(Json, usize)> = scopes["scopes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|scope| (scope["variablesReference"].clone(), 0))
            .collect();
        let mut seen = 0;
        while let Some((reference, depth)) = rest.pop() {
            let body = client.body("variables", json!({"variablesReference": reference, "count": 20}));
            for variable in body["variables"].as_array().unwrap() {
                let Some(name) = variable["evaluateName"].as_str() else { continue };
                let got = client
                    .body("evaluate", json!({"expression": name, "frameId": frame, "context": "watch"}));
                assert_eq!((&got["result"], &got["type"]), (&variable["value"], &variable["type"]), "{name}");
                seen += 1;
                if variable["variablesReference"] != 0 && depth < 4 {
                    rest.push((variable["variablesReference"].clone(), depth + 1));
                }
            }
        }
        assert!(seen > 20, "{seen}");
    }
}

#[test]
fn expressions_and_completions() {
    let mut client = Client::started();
    let got = client.body(
        "evaluate",
        json!({"expression": "len(many) > 2 and self.owner", "frameId": 1, "context": "repl"}),
    );
    assert_eq!((&got["type"], got["variablesReference"].as_i64().unwrap() > 0), (&json!("Customer"), true));
    let got = client.body("evaluate", json!({"expression": "many[:3]"}));
    let parts = client.variables(&got["variablesReference"]);
    assert_eq!((&parts[2]["value"], &parts[2]["evaluateName"]), (&json!("2"), &json!("(many[:3])[2]")));
    client.refused(
        "evaluate",
        json!({"expression": "self.pay()", "frameId": 1, "context": "hover"}),
        "nothing is run",
    );
    client.refused("evaluate", json!({"expression": "many", "frameId": 3}), "choose one");
    client.refused("evaluate", json!({"expression": 5}), "the arguments are wrong");

    let complete = |client: &mut Client, text: &str| -> Vec<String> {
        let body = client.body(
            "completions",
            json!({"text": text, "column": text.encode_utf16().count() + 1, "frameId": 1}),
        );
        let targets = body["targets"].as_array().unwrap().iter();
        targets.map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(complete(&mut client, "ma"), ["many", "max"]);
    assert_eq!(complete(&mut client, "'ü' + self.ow"), ["owner"]);
    assert_eq!(complete(&mut client, "rates["), ["'EUR']"]);
    assert!(complete(&mut client, "nothing.").is_empty());
    let body = client.body("completions", json!({"text": "'ü' + self.ow", "column": 14, "frameId": 1}));
    assert_eq!((&body["targets"][0]["start"], &body["targets"][0]["length"]), (&json!(12), &json!(2)));
}

#[test]
fn the_exception_is_told_with_what_led_to_it() {
    let mut client = Client::started();
    let info = client.body("exceptionInfo", json!({"threadId": 1}));
    assert_eq!((&info["exceptionId"], &info["breakMode"]), (&json!("shop.Refused"), &json!("unhandled")));
    assert_eq!(info["details"]["message"], "no\nrate\ntry later");
    let inner = info["details"]["innerException"].as_array().unwrap();
    assert_eq!(
        (&inner[0]["fullTypeName"], &inner[0]["evaluateName"]),
        (&json!("KeyError"), &json!("__exception__.__context__"))
    );
    assert_eq!(
        (&inner[1]["typeName"], &inner[1]["evaluateName"]),
        (&json!("ValueError"), &json!("__exception__.exceptions[0]"))
    );
    let trace = info["details"]["stackTrace"].as_str().unwrap();
    assert!(trace.ends_with("line 12, in Cart.pay\n    return ü(1) / größe\n"), "{trace}");
}

#[test]
fn breakpoints_are_taken_and_not_verified() {
    let mut client = Client::started();
    let got = client
        .body("setBreakpoints", json!({"source": {"path": "x"}, "breakpoints": [{"line": 1}, {"line": 2}]}));
    assert_eq!(got["breakpoints"].as_array().unwrap().len(), 2);
    assert_eq!(got["breakpoints"][0]["verified"], false);
    for command in [
        "setExceptionBreakpoints",
        "setFunctionBreakpoints",
        "setDataBreakpoints",
        "setInstructionBreakpoints",
    ] {
        assert!(client.body(command, json!({"filters": [], "breakpoints": []}))["breakpoints"].is_array());
    }
    let many: Vec<Json> = vec![json!({}); 5_000];
    assert_eq!(
        client.body("setBreakpoints", json!({"breakpoints": many}))["breakpoints"].as_array().unwrap().len(),
        1_000
    );
}

#[test]
fn what_is_no_request_is_passed_over() {
    let mut client = Client::started();
    let nested = "[".repeat(100_000);
    for message in [
        "",
        "null",
        "[]",
        "{",
        "\u{0}",
        r#"{"type": "request"}"#,
        r#"{"type": 5}"#,
        r#"{"type": "request", "command": 1}"#,
        &nested,
    ] {
        let got = client.raw(message.as_bytes());
        assert_eq!(names(&got), ["output"], "{message:.40}");
    }
    assert!(client.raw(br#"{"type": "response", "seq": 1}"#).is_empty());
    client.raw(b"\xff\xfe");
    assert_eq!(client.body("threads", json!({}))["threads"][0]["id"], 1);
}

proptest! {
    #[test]
    fn every_request_is_answered_once(
        command in proptest::sample::select(vec![
            "initialize", "launch", "attach", "configurationDone", "setBreakpoints", "threads", "stackTrace", "scopes",
            "variables", "source", "exceptionInfo", "evaluate", "completions", "loadedSources", "modules", "continue",
            "next", "terminate", "cancel", "", "x",
        ]),
        key in proptest::sample::select(vec!["frameId", "variablesReference", "threadId", "start", "count", "column", "text", "expression", "levels", "startFrame", "sourceReference", "filter", "moduleCount"]),
        number in any::<i64>(),
        kind in 0..5_u8,
    ) {
        let mut client = Client::started();
        let value = match kind {
            0 => json!(number),
            1 => json!(number.to_string()),
            2 => json!([number]),
            3 => json!(null),
            _ => json!(number % 7),
        };
        let mut arguments = json!({"threadId": 1, "frameId": 1, "variablesReference": 1, "expression": "many", "text": "ma", "column": 2});
        arguments[key] = value;
        let got = client.ask(command, arguments);
        let responses = got.iter().filter(|message| message["type"] == "response" && message["request_seq"] == client.seq).count();
        prop_assert_eq!(responses, 1);
    }
}
