//! Trains the dictionaries of bodies, and measures the store, with believable events.
//!
//! `believable train crates/store/dictionaries`: never over a dictionary that was released.
//! `believable measure DIRECTORY EVENTS`: bytes per event, writes per second, times of questions.

use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Instant;

use reenact_model::{
    CapturedValue, Client, Content, EventId, Exception, Frame, IssueId, NotCaptured, Placed, Report, Request,
    Snapshot, SnapshotId, SpanId, Timestamp, TraceId, TraceSpan, ValuesHint, Variables,
};
use reenact_redact::Redacted;
use reenact_store::{
    EmbeddedStore, EventOrder, EventQuery, Field, Filter, IssueBoosts, IssueGroups, IssueQuery, IssueSort,
    Options, Store, TimeRange, Write,
};

const START_NS: i64 = 1_795_000_000_000_000_000;
const DICTIONARY_BYTES: usize = 32 << 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["train", directory] => {
            let events: Vec<Vec<u8>> = (0..6_000)
                .map(|number| serde_json::to_vec(&event(&mut Dice(number * 7 + 1), 30)))
                .collect::<Result<_, _>>()?;
            let captures: Vec<Vec<u8>> =
                (0..3_000).map(|number| capture(number * 5 + 3)).collect::<Result<_, _>>()?;
            for (name, samples) in [("events-1.dict", events), ("snapshots-1.dict", captures)] {
                let dictionary = zstd::dict::from_samples(&samples, DICTIONARY_BYTES)?;
                std::fs::write(Path::new(directory).join(name), dictionary)?;
            }
        }
        ["measure", directory, events] => measure(Path::new(directory), events.parse()?)?,
        _ => return Err("see the comment at the top of the example".into()),
    }
    Ok(())
}

/// The snapshots of one exception, as they are stored.
fn capture(seed: u64) -> serde_json::Result<Vec<u8>> {
    let dice = &mut Dice(seed);
    let mut event = event(dice, 1);
    let snapshots: Vec<Snapshot> =
        (0..2 + dice.below(7) as usize).map(|frame| snapshot(dice, &mut event, frame)).collect();
    serde_json::to_vec(&snapshots)
}

fn measure(directory: &Path, events: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout();
    let store = EmbeddedStore::open(directory, Options::DEFAULT)?;
    let started = Instant::now();
    let (sender, receiver) = channel();
    let mut number = 0;
    while number < events {
        let batch: Vec<_> = (number..events.min(number + 100))
            .map(|number| event(&mut Dice(number * 31 + 5), 3))
            .map(|event| Redacted::trust_in_tests(Write::Event(Box::new(event))))
            .collect();
        number += batch.len() as u64;
        let sender = sender.clone();
        store.submit(batch, Box::new(move |outcomes| sender.send(outcomes.is_ok()).unwrap_or(())))?;
        if number > 5_000 {
            receiver.recv()?;
        }
    }
    drop(sender);
    while receiver.recv().is_ok() {}
    writeln!(out, "{events} events durable in {:?}", started.elapsed())?;
    store.wait_until_indexed();
    writeln!(out, "indexed after {:?}", started.elapsed())?;
    questions(&store)?;
    std::thread::sleep(std::time::Duration::from_secs(8));
    let resident = std::fs::read_to_string("/proc/self/status")?;
    let resident: Vec<&str> =
        resident.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("RssAnon")).collect();
    writeln!(out, "idle: {resident:?}")?;
    let before = store.stats()?.disk_bytes;
    store.close()?;
    drop(store);
    let store = EmbeddedStore::open(directory, Options::DEFAULT)?;
    let bytes = store.stats()?.disk_bytes;
    writeln!(out, "{} bytes per event ({} with open logs)", bytes / events, before / events)?;
    let with_values = (events / 20).max(1);
    let started = Instant::now();
    for number in 0..with_values {
        let (sender, receiver) = channel();
        let dice = &mut Dice(number * 17 + 3);
        let mut event = event(dice, 1);
        let snapshots: Vec<Snapshot> = (0..8).map(|frame| snapshot(dice, &mut event, frame)).collect();
        let json: usize =
            snapshots.iter().map(|snapshot| serde_json::to_vec(snapshot).map_or(0, |json| json.len())).sum();
        if number == 0 {
            writeln!(out, "{json} bytes of JSON in 8 snapshots")?;
        }
        let writes = [Write::Event(Box::new(event)), Write::Snapshots(snapshots)];
        let writes = writes.into_iter().map(Redacted::trust_in_tests).collect();
        store.submit(writes, Box::new(move |outcomes| sender.send(outcomes.is_ok()).unwrap_or(())))?;
        receiver.recv()?;
    }
    writeln!(out, "{with_values} commits with 8 snapshots each in {:?}", started.elapsed())?;
    store.wait_until_indexed();
    store.close()?;
    drop(store);
    let store = EmbeddedStore::open(directory, Options::DEFAULT)?;
    let more = store.stats()?.disk_bytes.saturating_sub(bytes) / with_values;
    writeln!(out, "{more} bytes per event with 8 snapshots")?;
    Ok(())
}

fn questions(store: &EmbeddedStore) -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout();
    let range = TimeRange { from: Timestamp::default(), to: Timestamp::from_nanos(i64::MAX) };
    let mut time = |name: &str, ask: &mut dyn FnMut() -> Result<u64, reenact_store::StoreError>| {
        let started = Instant::now();
        let total = ask().unwrap_or(u64::MAX);
        writeln!(out, "{name}: {:?} ({total})", started.elapsed())
    };
    let mut query = IssueQuery {
        filter: Filter::All,
        range,
        sort: IssueSort::LastSeen,
        cursor: None,
        limit: 50,
        buckets: 60,
        groups: IssueGroups::default(),
        shown: None,
        boosts: IssueBoosts::default(),
    };
    time("issues, first", &mut || store.issues(&query).map(|page| page.total))?;
    time("issues", &mut || store.issues(&query).map(|page| page.total))?;
    query.filter = Filter::Words(vec!["stock".to_owned(), "missing".to_owned()]);
    time("issues with a phrase", &mut || store.issues(&query).map(|page| page.total))?;
    time("histogram", &mut || store.histogram(&Filter::All, range, 60).map(|histogram| histogram.total))?;
    for field in [Field::Service, Field::User, Field::Tag("http.route".to_owned())] {
        time("facet", &mut || {
            store.facet(&field, &Filter::All, range, "", 20).map(|counts| counts.len() as u64)
        })?;
    }
    let filter = Filter::Equals(Field::Issue, IssueId(3).to_string());
    let query = EventQuery { filter, range, order: EventOrder::ValuesFirst, cursor: None, limit: 50 };
    time("events of an issue", &mut || store.events(&query).map(|page| page.total))?;
    Ok(())
}

/// Numbers that look random and are the same in each run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

const WORDS: [&str; 16] = [
    "order", "price", "stock", "user", "cart", "invoice", "payment", "session", "report", "export", "token",
    "address", "coupon", "product", "shipment", "mail",
];
const VERBS: [&str; 10] =
    ["load", "save", "check", "send", "render", "update", "find", "create", "merge", "convert"];

fn event(dice: &mut Dice, days: u64) -> Placed {
    // A few issues have most of the events.
    let issue = dice.below(400).min(dice.below(400)).min(dice.below(400));
    let mut of_issue = Dice(issue);
    let service = of_issue.pick(&["shop", "billing", "search", "mailer", "gateway", "warehouse"]);
    let time = START_NS + (dice.below(days * 86_400_000)) as i64 * 1_000_000;
    let exception = exception(&mut of_issue, dice, service);
    let method = of_issue.pick(&["GET", "POST", "PUT", "DELETE"]);
    let route = format!("/{}/{}/<int:id>", of_issue.pick(&WORDS), of_issue.pick(&VERBS));
    let mut report = Report {
        id: EventId(u128::from(dice.roll()) << 64 | u128::from(dice.roll())),
        timestamp: Timestamp::from_nanos(time + dice.below(1_000_000) as i64),
        received_at: Timestamp::from_nanos(time + 1_200_000_000),
        service: service.to_owned(),
        env: Some(dice.pick(&["prod", "prod", "prod", "staging"]).to_owned()),
        version: Some(format!("1.{}.{}", dice.below(4), dice.below(3))),
        host: Some(format!("{service}-{}", dice.below(6))),
        language: Some("python".to_owned()),
        trace_id: Some(TraceId(u128::from(dice.roll()) << 64 | u128::from(dice.roll()))),
        span_id: Some(SpanId(dice.roll())),
        resource: Some(format!("{method} {route}")),
        operation: Some(of_issue.pick(&["flask.request", "django.request", "celery.run"]).to_owned()),
        handled: issue.is_multiple_of(9),
        client: Client { name: "ddtrace".to_owned(), version: Some("4.16.0".to_owned()) },
        commit: Some(format!("{:040x}", u128::from(Dice(dice.below(12)).roll()) << 32)),
        repository: Some("https://git.example.com/acme/shop.git".to_owned()),
        values: ValuesHint { allowed: Some(true), captured: true, snapshot_count: Some(8) },
        exceptions: vec![exception],
        user_id: (dice.below(3) > 0).then(|| format!("user-{}", dice.below(5_000))),
        ..Report::default()
    };
    report.stack_text = Some(printed(&report.exceptions[0]));
    report.request = Some(Request {
        method: Some(method.to_owned()),
        url: Some(format!(
            "https://shop.example.com{}",
            route.replace("<int:id>", &dice.below(90_000).to_string())
        )),
        route: Some(route.clone()),
        status_code: Some(500),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned()),
    });
    for (name, value) in [
        ("component", "flask"),
        ("span.kind", "server"),
        ("http.route", &route),
        ("http.method", method),
        ("http.status_code", "500"),
        ("runtime-id", &format!("{:032x}", Dice(dice.below(40)).roll())),
        ("region", dice.pick(&["eu-west-1", "eu-central-1", "us-east-1"])),
        ("_dd.p.dm", "-0"),
    ] {
        report.tags.insert(name.to_owned(), value.to_owned());
    }
    report.metrics.insert("process_id".to_owned(), dice.below(60) as f64);
    for span in 0..4 {
        report.trace.push(TraceSpan {
            span_id: SpanId(dice.roll()),
            parent_id: report.trace.last().map(|span| span.span_id),
            service: service.to_owned(),
            operation: ["flask.request", "flask.dispatch_request", "postgres.query", "requests.request"]
                [span]
                .to_owned(),
            resource: report.resource.clone().unwrap_or_default(),
            start: Timestamp::from_nanos(time + span as i64 * 1_000_000),
            duration_ns: dice.below(90_000_000) as i64,
            failed: true,
            has_exception: span == 0,
        });
    }
    reenact_issues::place(report)
}

/// The traceback as Python prints it.
fn printed(exception: &Exception) -> String {
    let mut text = "Traceback (most recent call last):\n".to_owned();
    for frame in &exception.frames {
        let (line_number, source) = (frame.line_number.unwrap_or(1), frame.source_line.as_deref());
        text += &format!("  File \"{}\", line {line_number}, in {}\n", frame.file, frame.function);
        text += &format!("    {}\n", source.unwrap_or("pass"));
    }
    text + &format!("{}: {}\n", exception.type_name, exception.message)
}

fn exception(of_issue: &mut Dice, dice: &mut Dice, service: &str) -> Exception {
    let libraries = [
        ("wsgi_app", "flask/app.py", "response = self.full_dispatch_request()"),
        ("full_dispatch_request", "flask/app.py", "rv = self.dispatch_request()"),
        (
            "dispatch_request",
            "flask/app.py",
            "return self.ensure_sync(self.view_functions[rule.endpoint])(**view_args)",
        ),
        ("execute", "sqlalchemy/engine/base.py", "return meth(self, multiparams, params)"),
        (
            "_execute_context",
            "sqlalchemy/engine/base.py",
            "self.dialect.do_execute(cursor, statement, parameters, context)",
        ),
        ("get_response", "django/core/handlers/base.py", "response = self._middleware_chain(request)"),
        ("inner", "django/core/handlers/exception.py", "response = get_response(request)"),
        ("__call__", "celery/app/trace.py", "return self.run(*args, **kwargs)"),
    ];
    let mut frames = Vec::new();
    for _ in 0..3 + of_issue.below(6) {
        let (function, file, line) = libraries[of_issue.below(8) as usize];
        frames.push(Frame {
            function: function.to_owned(),
            file: format!("/usr/lib/python3.13/site-packages/{file}"),
            line_number: Some(of_issue.below(1_500) as u32 + 1),
            source_line: Some(line.to_owned()),
            ..Frame::default()
        });
    }
    for _ in 0..3 + of_issue.below(6) {
        let (verb, word) = (of_issue.pick(&VERBS), of_issue.pick(&WORDS));
        frames.push(Frame {
            function: format!("{verb}_{word}"),
            qualified_name: Some(format!("{word}Service.{verb}_{word}")),
            file: format!("/app/{service}/{word}s.py"),
            line_number: Some(of_issue.below(400) as u32 + 1),
            in_app: true,
            source_line: Some(format!("{word} = self.{verb}({word}_id, strict=True)")),
            ..Frame::default()
        });
    }
    Exception {
        type_name: of_issue
            .pick(&[
                "KeyError",
                "ValueError",
                "TypeError",
                "shop.errors.PaymentError",
                "requests.exceptions.Timeout",
            ])
            .to_owned(),
        message: format!(
            "{} {} {} is missing",
            of_issue.pick(&WORDS),
            of_issue.pick(&WORDS),
            dice.below(90_000)
        ),
        frames,
        ..Exception::default()
    }
}

fn snapshot(dice: &mut Dice, event: &mut Placed, frame: usize) -> Snapshot {
    let id = SnapshotId(u128::from(dice.roll()) << 64 | u128::from(dice.roll()));
    let frames = &mut event.report.exceptions[0].frames;
    let last = frames.len() - 1;
    let frame = &mut frames[frame.min(last)];
    frame.snapshot_id = Some(id);
    let mut names = |count: u64| -> Variables {
        Variables((0..count).map(|_| (dice.pick(&NAMES).to_owned(), value(dice, 3))).collect())
    };
    let (arguments, mut locals) = (names(3), names(7));
    locals.0.push(("@exception".to_owned(), exception_value(dice, 3)));
    Snapshot {
        id,
        timestamp: event.report.timestamp,
        service: event.report.service.clone(),
        trace_id: event.report.trace_id,
        span_id: event.report.span_id,
        function: frame.function.clone(),
        file: frame.file.clone(),
        line_number: frame.line_number,
        thread: Some("MainThread".to_owned()),
        arguments,
        locals,
        ..Snapshot::default()
    }
}

/// Types whose values have fields, with some names of those.
const OBJECTS: [(&str, [&str; 6]); 8] = [
    ("Order", ["id", "lines", "customer", "currency", "total", "created_at"]),
    ("User", ["id", "email", "name", "_state", "is_active", "last_login"]),
    ("Request", ["environ", "method", "path", "args", "headers", "remote_addr"]),
    ("WSGIRequest", ["META", "GET", "POST", "path_info", "resolver_match", "user"]),
    ("ModelState", ["db", "adding", "fields_cache", "_prefetched", "_deferred", "pk"]),
    ("Session", ["registry", "bind", "identity_map", "autoflush", "transaction", "info"]),
    ("datetime", ["year", "month", "day", "hour", "minute", "second"]),
    ("Decimal", ["_exp", "_int", "_sign", "_is_special", "precision", "context"]),
];

/// Names of variables, attributes and keys.
const NAMES: [&str; 32] = [
    "self",
    "request",
    "order",
    "items",
    "item",
    "price",
    "total",
    "key",
    "value",
    "name",
    "result",
    "data",
    "payload",
    "response",
    "args",
    "kwargs",
    "index",
    "count",
    "user_id",
    "HTTP_HOST",
    "HTTP_ACCEPT",
    "CONTENT_TYPE",
    "wsgi.input",
    "wsgi.errors",
    "SERVER_NAME",
    "QUERY_STRING",
    "status",
    "message",
    "config",
    "path",
    "timeout",
    "created_at",
];

fn value(dice: &mut Dice, depth: u32) -> CapturedValue {
    match dice.below(if depth == 0 { 6 } else { 11 }) {
        0 => CapturedValue::scalar("int", dice.below(10_000).to_string()),
        1 | 2 => CapturedValue::scalar("str", format!("'{} {}'", dice.pick(&VERBS), dice.pick(&WORDS))),
        3 => CapturedValue::new("NoneType", Content::Null),
        4 => CapturedValue::scalar("bool", dice.pick(&["True", "False"]).to_owned()),
        5 => CapturedValue::absent(
            dice.pick(&["dict", "list", "tuple", "Order", "UUID", "type"]).to_owned(),
            if dice.below(3) > 0 { NotCaptured::Depth } else { NotCaptured::RedactedIdentifier },
        ),
        6 => exception_value(dice, depth),
        7 | 8 => {
            let (name, names) = &OBJECTS[dice.below(8) as usize];
            let fields = names.iter().map(|name| ((*name).to_owned(), value(dice, depth - 1))).collect();
            CapturedValue::new(*name, Content::Fields(fields))
        }
        9 => {
            let entries: Vec<_> = (0..dice.below(8))
                .map(|_| {
                    let key = CapturedValue::scalar("str", format!("'{}'", dice.pick(&NAMES)));
                    (key, value(dice, depth - 1))
                })
                .collect();
            CapturedValue {
                size: Some(entries.len() as u64),
                ..CapturedValue::new("dict", Content::Entries(entries))
            }
        }
        _ => {
            let elements: Vec<_> = (0..dice.below(6)).map(|_| value(dice, depth - 1)).collect();
            let name = dice.pick(&["list", "tuple", "set"]).to_owned();
            CapturedValue {
                size: Some(elements.len() as u64),
                ..CapturedValue::new(name, Content::Elements(elements))
            }
        }
    }
}

/// An exception, as the clients capture it.
fn exception_value(dice: &mut Dice, depth: u32) -> CapturedValue {
    let mut fields = vec![("args".to_owned(), value(dice, depth - 1))];
    for name in ["__cause__", "__context__"] {
        let inner = if depth > 1 && dice.below(2) == 0 {
            exception_value(dice, depth - 1)
        } else {
            CapturedValue::new("NoneType", Content::Null)
        };
        fields.push((name.to_owned(), inner));
    }
    fields.push(("__suppress_context__".to_owned(), CapturedValue::scalar("bool", "False")));
    CapturedValue::new(
        dice.pick(&["KeyError", "ValueError", "RuntimeError"]).to_owned(),
        Content::Fields(fields),
    )
}
