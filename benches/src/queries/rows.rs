//! Believable events: 30 services, 5,000 issues of which a few have most of the events, 50,000 users, ten tags,
//! stacks of 8 to 16 frames; two in a hundred have captured values. The same in every run.

use reenact_model::{
    CapturedValue, Client, Content, EventId, Exception, Fragment, Frame, Placed, Report, Request, Snapshot,
    SnapshotId, SpanId, Timestamp, TraceId, TraceSpan, ValuesHint, Variables,
};
use reenact_redact::{Redacted, Redactor};
use reenact_store::Write;

use crate::dice::Dice;

/// Issues; the weight of the n-th is 1/n.
pub(crate) const ISSUES: u64 = 5_000;
/// Days that the events are spread over.
pub(crate) const DAYS: i64 = 30;
const DAY_NS: i64 = 86_400_000_000_000;
/// Different captures that events with values take theirs from.
const CAPTURES: u64 = 64;
/// One event in so many has values.
const VALUES_EVERY: u64 = 50;

const WORDS: [&str; 24] = [
    "order", "price", "stock", "user", "cart", "invoice", "payment", "session", "report", "export", "token",
    "address", "coupon", "product", "shipment", "mail", "ledger", "quota", "webhook", "batch", "tenant",
    "schema", "bucket", "region",
];
const VERBS: [&str; 16] = [
    "load", "save", "check", "send", "render", "update", "find", "create", "merge", "convert", "sync",
    "parse", "charge", "close", "fetch", "index",
];
const TYPES: [&str; 12] = [
    "KeyError",
    "ValueError",
    "TypeError",
    "AttributeError",
    "shop.errors.PaymentError",
    "requests.exceptions.Timeout",
    "sqlalchemy.exc.IntegrityError",
    "psycopg.errors.DeadlockDetected",
    "redis.exceptions.ConnectionError",
    "IndexError",
    "PermissionError",
    "UnicodeDecodeError",
];
const LIBRARIES: [(&str, &str, &str); 8] = [
    ("wsgi_app", "flask/app.py", "response = self.full_dispatch_request()"),
    ("full_dispatch_request", "flask/app.py", "rv = self.dispatch_request()"),
    ("dispatch_request", "flask/app.py", "return self.view_functions[rule.endpoint](**view_args)"),
    ("execute", "sqlalchemy/engine/base.py", "return meth(self, multiparams, params)"),
    ("_execute_context", "sqlalchemy/engine/base.py", "self.dialect.do_execute(cursor, statement)"),
    ("get_response", "django/core/handlers/base.py", "response = self._middleware_chain(request)"),
    ("inner", "django/core/handlers/exception.py", "response = get_response(request)"),
    ("__call__", "celery/app/trace.py", "return self.run(*args, **kwargs)"),
];

/// Makes events by their number.
#[derive(Debug)]
pub(crate) struct Rows {
    events: u64,
    end: Timestamp,
    /// Sums of the issues' weights.
    weights: Vec<f64>,
    /// An event of each issue.
    templates: Vec<Redacted<Placed>>,
    captures: Vec<Redacted<Vec<Snapshot>>>,
}

/// An event, and the writes that make it.
pub(crate) struct Row {
    pub(crate) event: Redacted<Placed>,
    pub(crate) snapshots: Option<Redacted<Vec<Snapshot>>>,
}

impl Row {
    pub(crate) fn into_writes(self) -> impl Iterator<Item = Redacted<Write>> {
        let event = self.event.derive(|event| Write::Event(Box::new(event)));
        [event].into_iter().chain(self.snapshots.map(|snapshots| snapshots.derive(Write::Snapshots)))
    }
}

impl Rows {
    /// As many events, the last ones just before `end`.
    pub(crate) fn new(events: u64, end: Timestamp) -> Self {
        let redactor = Redactor::default_rules();
        let templates = (0..ISSUES).map(|issue| redactor.redact_placed(template(issue), None).0).collect();
        let captures = (0..CAPTURES)
            .map(|number| {
                let dice = &mut Dice(number * 5 + 3);
                let snapshots = (0..2 + dice.below(7)).map(|_| Fragment::Snapshot(snapshot(dice)));
                Redacted::collect(
                    snapshots
                        .map(|fragment| redactor.redact(fragment).derive(the_snapshot))
                        .collect::<Vec<_>>(),
                )
            })
            .collect();
        let mut sum = 0.0;
        let weights = (1..=ISSUES)
            .map(|rank| {
                sum += 1.0 / rank as f64;
                sum
            })
            .collect();
        Self { events, end, weights, templates, captures }
    }

    /// The start of the time that the events are spread over.
    pub(crate) fn start(&self) -> Timestamp {
        self.end.saturating_add_nanos(-DAYS * DAY_NS)
    }

    /// The id of an issue by its rank; 0 has the most events.
    pub(crate) fn issue(&self, rank: usize) -> String {
        self.templates[rank].get().issue_id.to_string()
    }

    pub(crate) fn row(&self, number: u64) -> Row {
        let dice = &mut Dice(number.wrapping_mul(31) + 5);
        let share = dice.below(1 << 53) as f64 / (1_u64 << 53) as f64;
        let wanted = share * self.weights.last().copied().unwrap_or(0.0);
        let issue = self.weights.partition_point(|sum| *sum <= wanted).min(self.templates.len() - 1);
        let step = DAYS * DAY_NS / i64::try_from(self.events).unwrap_or(1).max(1);
        let mut at = self.start().as_nanos() + i64::try_from(number).unwrap_or(0) * step;
        at += i64::try_from(dice.below(step.unsigned_abs())).unwrap_or(0);
        if dice.below(200) == 0 {
            // Some come late.
            at -= i64::try_from(dice.below(3_600_000_000_000)).unwrap_or(0);
        }
        let at = Timestamp::from_nanos(at.max(self.start().as_nanos()));
        let number_plain = usize::try_from(number).unwrap_or(0);
        let event = self.templates[issue].clone().derive_with((number_plain, at), vary);
        let snapshots = has_values(number).then(|| {
            let capture = &self.captures[usize::try_from(dice.below(CAPTURES)).unwrap_or(0)];
            capture.clone().derive_with((number_plain, at), vary_snapshots)
        });
        Row { event, snapshots }
    }
}

fn has_values(number: u64) -> bool {
    number.is_multiple_of(VALUES_EVERY)
}

fn the_snapshot(fragment: Fragment) -> Snapshot {
    match fragment {
        Fragment::Snapshot(snapshot) => snapshot,
        Fragment::Trace(_) | Fragment::Crash(_) | Fragment::Occurrence(_) => Snapshot::default(),
    }
}

/// The id of a snapshot of an event.
fn snapshot_id(number: usize, index: usize) -> SnapshotId {
    let dice = &mut Dice((number as u64) << 8 | index as u64);
    SnapshotId(u128::from(dice.next()) << 64 | u128::from(dice.next()))
}

fn vary_snapshots(mut snapshots: Vec<Snapshot>, (number, at): (usize, Timestamp)) -> Vec<Snapshot> {
    for (index, snapshot) in snapshots.iter_mut().enumerate() {
        snapshot.id = snapshot_id(number, index);
        snapshot.timestamp = at;
        for (name, value) in &mut snapshot.arguments.0 {
            if name == "order_id" {
                *value = CapturedValue::scalar("int", (number * 7 + index).to_string());
            }
        }
    }
    snapshots
}

/// What differs between the events of an issue.
fn vary(mut event: Placed, (number, at): (usize, Timestamp)) -> Placed {
    let dice = &mut Dice((number as u64).wrapping_mul(97) + 11);
    let report = &mut event.report;
    report.id = EventId(u128::from(dice.next()) << 64 | u128::from(dice.next()));
    report.timestamp = at;
    report.received_at = at.saturating_add_nanos(1_200_000_000);
    report.trace_id = Some(TraceId(u128::from(dice.next()) << 64 | u128::from(dice.next())));
    report.span_id = Some(SpanId(dice.next()));
    report.env = Some((*dice.pick(&["prod", "prod", "prod", "prod", "staging", "canary"])).to_owned());
    report.version = Some(format!("{}.{}.{}", 1 + dice.below(2), dice.below(5), dice.below(5)));
    report.host = Some(format!("{}-{}", report.service, dice.below(6)));
    report.user_id = (dice.below(4) > 0).then(|| format!("user-{}", dice.below(50_000)));
    let order = dice.below(100_000);
    report.exceptions[0].message += &format!(" {order}");
    if let Some(stack) = &mut report.stack_text {
        *stack += &format!(" {order}");
    }
    if let Some(url) = report.request.as_mut().and_then(|request| request.url.as_mut()) {
        *url += &format!("/{order}");
    }
    let tenant = dice.below(400).min(dice.below(400));
    for (name, value) in [
        ("region", (*dice.pick(&["eu-west-1", "eu-central-1", "us-east-1"])).to_owned()),
        ("tenant", format!("tenant-{tenant}")),
        ("runtime-id", format!("{:032x}", Dice(dice.below(400)).next())),
        ("flag.checkout", (*dice.pick(&["on", "off"])).to_owned()),
    ] {
        report.tags.insert(name.to_owned(), value);
    }
    report.metrics.insert("process_id".to_owned(), dice.below(60) as f64);
    for span in &mut report.trace {
        span.span_id = SpanId(dice.next());
        span.start = at;
        span.duration_ns = i64::try_from(dice.below(90_000_000)).unwrap_or(0);
    }
    if has_values(number as u64) {
        let frames = &mut report.exceptions[0].frames;
        for (index, frame) in frames.iter_mut().rev().take(2).enumerate() {
            frame.snapshot_id = Some(snapshot_id(number, index));
        }
        report.values =
            ValuesHint { allowed: Some(true), captured: true, snapshot_count: Some(2), skipped: None };
    }
    event
}

/// What the events of an issue have in common.
fn template(issue: u64) -> Placed {
    let dice = &mut Dice(issue.wrapping_mul(1_009) + 17);
    let service = format!("service-{}", dice.below(30).min(dice.below(30)));
    let (method, word, verb) =
        (*dice.pick(&["GET", "POST", "PUT", "DELETE"]), *dice.pick(&WORDS), *dice.pick(&VERBS));
    let route = format!("/{word}/{verb}/<int:id>");
    let exception = exception(dice, issue, &service);
    let mut report = Report {
        service: service.clone(),
        language: Some("python".to_owned()),
        resource: Some(format!("{method} {route}")),
        operation: Some((*dice.pick(&["flask.request", "django.request", "celery.run"])).to_owned()),
        handled: issue.is_multiple_of(9),
        client: Client { name: "ddtrace".to_owned(), version: Some("4.16.0".to_owned()) },
        commit: Some(format!("{:040x}", u128::from(dice.next()) << 32)),
        repository: Some("https://git.example.com/acme/shop.git".to_owned()),
        stack_text: Some(printed(&exception)),
        exceptions: vec![exception],
        request: Some(Request {
            method: Some(method.to_owned()),
            url: Some(format!("https://shop.example.com/{word}/{verb}")),
            route: Some(route.clone()),
            status_code: Some(500),
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0".to_owned()),
        }),
        ..Report::default()
    };
    for (name, value) in [
        ("component", "flask"),
        ("span.kind", "server"),
        ("http.route", &route),
        ("http.method", method),
        ("http.status_code", "500"),
        ("_dd.p.dm", "-0"),
    ] {
        report.tags.insert(name.to_owned(), value.to_owned());
    }
    for name in ["flask.request", "flask.dispatch_request", "postgres.query", "requests.request"] {
        report.trace.push(TraceSpan {
            span_id: SpanId(1),
            parent_id: None,
            service: service.clone(),
            operation: name.to_owned(),
            resource: format!("{method} {route}"),
            start: Timestamp::default(),
            duration_ns: 1,
            failed: true,
            has_exception: name == "flask.request",
        });
    }
    reenact_issues::place(report)
}

fn exception(dice: &mut Dice, issue: u64, service: &str) -> Exception {
    let mut frames = Vec::new();
    for _ in 0..4 + dice.below(5) {
        let (function, file, line) = *dice.pick(&LIBRARIES);
        frames.push(Frame {
            function: function.to_owned(),
            file: format!("/usr/lib/python3.13/site-packages/{file}"),
            line_number: Some(dice.below(1_500) as u32 + 1),
            source_line: Some(line.to_owned()),
            ..Frame::default()
        });
    }
    for _ in 0..4 + dice.below(5) {
        let (verb, word) = (*dice.pick(&VERBS), *dice.pick(&WORDS));
        frames.push(Frame {
            function: format!("{verb}_{word}"),
            qualified_name: Some(format!("{word}Service.{verb}_{word}")),
            file: format!("/app/{service}/{word}s.py"),
            line_number: Some(dice.below(400) as u32 + 1),
            in_app: true,
            source_line: Some(format!("{word} = self.{verb}({word}_id, strict=True)")),
            ..Frame::default()
        });
    }
    // A word that many issues have, and none but in the message.
    let end = if issue % 3 == 1 { "is overdue" } else { "is missing" };
    Exception {
        type_name: (*dice.pick(&TYPES)).to_owned(),
        message: format!("{} {} {end}", dice.pick(&WORDS), dice.pick(&WORDS)),
        frames,
        ..Exception::default()
    }
}

/// The traceback as Python prints it.
fn printed(exception: &Exception) -> String {
    let mut text = "Traceback (most recent call last):\n".to_owned();
    for frame in &exception.frames {
        let (line_number, source) = (frame.line_number.unwrap_or(1), frame.source_line.as_deref());
        text += &format!("  File \"{}\", line {line_number}, in {}\n", frame.file, frame.function);
        text += &format!("    {}\n", source.unwrap_or("pass"));
    }
    text + &format!("{}: {}", exception.type_name, exception.message)
}

fn snapshot(dice: &mut Dice) -> Snapshot {
    let mut names = |count: u64| -> Vec<(String, CapturedValue)> {
        (0..count).map(|_| ((*dice.pick(&WORDS)).to_owned(), value(dice, 3))).collect()
    };
    let mut arguments = names(3);
    arguments.push(("order_id".to_owned(), CapturedValue::scalar("int", "0")));
    Snapshot {
        service: "service-1".to_owned(),
        function: "charge_order".to_owned(),
        file: "/app/service-1/orders.py".to_owned(),
        line_number: Some(12),
        thread: Some("MainThread".to_owned()),
        arguments: Variables(arguments),
        locals: Variables(names(7)),
        ..Snapshot::default()
    }
}

fn value(dice: &mut Dice, depth: u32) -> CapturedValue {
    match dice.below(if depth == 0 { 4 } else { 7 }) {
        0 => CapturedValue::scalar("int", dice.below(10_000).to_string()),
        1 | 2 => CapturedValue::scalar("str", format!("'{} {}'", dice.pick(&VERBS), dice.pick(&WORDS))),
        3 => CapturedValue::new("NoneType", Content::Null),
        4 | 5 => {
            let fields = (0..6).map(|_| ((*dice.pick(&WORDS)).to_owned(), value(dice, depth - 1))).collect();
            CapturedValue::new("Order", Content::Fields(fields))
        }
        _ => {
            let elements: Vec<_> = (0..dice.below(6)).map(|_| value(dice, depth - 1)).collect();
            CapturedValue {
                size: Some(elements.len() as u64),
                ..CapturedValue::new("list", Content::Elements(elements))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varied_events_stay_in_their_issue() {
        let rows = Rows::new(1_000, Timestamp::from_nanos(1_795_000_000_000_000_000));
        for number in 0..200 {
            let event = rows.row(number).event.into_inner();
            assert_eq!(reenact_issues::place(event.report.clone()).issue_id, event.issue_id);
        }
        let ids: std::collections::BTreeSet<_> =
            rows.templates.iter().map(|template| template.get().issue_id).collect();
        assert_eq!(ids.len() as u64, ISSUES);
    }
}
