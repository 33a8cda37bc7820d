//! Why an event is in its issue, part by part, for people.

use reenact_model::{Exception, Placed, Report};

use super::template::Template;
use super::v1;

/// Frames that are told of; more are counted.
pub const FRAMES_TOLD_MAX: usize = 40;
/// Length of a value that is told, in characters.
const VALUE_CHARACTERS_MAX: usize = 200;

/// One thing that is known of an event, and whether it decides which issue the event belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is: `service`, `error type`, `frame`.
    pub name: String,
    /// Its value, as far as it counts; cut.
    pub value: String,
    /// Whether it counts.
    pub contributes: bool,
    /// Why, or why not.
    pub reason: String,
}

/// Who decided about the fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The algorithm.
    Default,
    /// The application, through `error.fingerprint`.
    Application,
    /// A rule.
    Rule,
}

/// Why an event is in its issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Who decided.
    pub source: Source,
    /// What counts and what does not, what counts first.
    pub parts: Vec<Part>,
    /// Frames that are not told of.
    pub frames_left_out: usize,
}

/// Says what decided about an event and what did not. Computed from what is kept of the event: the same each time.
/// O(size of the stack).
pub fn explain(placed: &Placed) -> Explanation {
    let report = &placed.report;
    let mut explained = Explanation { source: Source::Default, parts: Vec::new(), frames_left_out: 0 };
    let always = "events of different services are never one issue, unless somebody merges them";
    explained.add("service", &report.service, Ok(always));
    if let Some(rule) = &placed.grouping.rule {
        explained.source = Source::Rule;
        explained.of_rule(placed, &rule.fingerprint);
        explained.ignored_by(report, "the rule names what counts");
    } else if let Some(given) = v1::given(report) {
        explained.source = Source::Application;
        explained.add("error.fingerprint", given, Ok("the application says what its events have in common"));
        explained.ignored_by(report, "the application gave a fingerprint");
    } else {
        explained.of_default(report);
    }
    explained.never(report);
    explained.parts.sort_by_key(|part| !part.contributes);
    explained
}

impl Explanation {
    /// Adds a part: `Ok` with why it counts, `Err` with why it does not.
    fn add(&mut self, name: &str, value: &str, reason: Result<&str, &str>) {
        let mut shown: String = value.chars().take(VALUE_CHARACTERS_MAX).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        let contributes = reason.is_ok();
        let (Ok(reason) | Err(reason)) = reason;
        self.parts.push(Part { name: name.to_owned(), value: shown, contributes, reason: reason.to_owned() });
    }

    fn of_rule(&mut self, placed: &Placed, template: &str) {
        let without_rules = v1::place(placed.report.clone());
        let values = Template::parse(template).map(|template| template.values(&without_rules));
        for (name, value) in values.unwrap_or_default() {
            match value {
                Some(value) => self.add(&name, &value, Ok("the rule names it")),
                None => self.add(&name, "", Err("the rule names it, and the event has none")),
            }
        }
    }

    fn of_default(&mut self, report: &Report) {
        self.add(
            "error type",
            v1::normalised_type(report.type_name()),
            Ok("type of the exception that escaped"),
        );
        let root = match report.exceptions.as_slice() {
            [root, _, ..] => Some(root),
            _ => None,
        };
        if let Some(root) = root {
            let reason = "a wrapper that raises the same for every cause must not hide it";
            self.add("root cause", v1::normalised_type(&root.type_name), Ok(reason));
        }
        let stack = report.exceptions.iter().rev().find(|exception| !exception.frames.is_empty());
        let Some(stack) = stack else {
            let reason = "there is no stack: the words of the first line count, without quoted parts, numbers, paths \
                          and addresses";
            return self.add("message", &v1::normalised_message(report.message()), Ok(reason));
        };
        self.frames(stack);
        if let Some((file, function)) = root.and_then(v1::raised_at) {
            self.add("root cause raised by", &format!("{function} in {file}"), Ok("where the cause is"));
        }
        for member in report.exception().into_iter().flat_map(|exception| &exception.members) {
            let place =
                v1::raised_at(member).map(|(file, function)| format!(" raised by {function} in {file}"));
            let value = format!("{}{}", v1::normalised_type(&member.type_name), place.unwrap_or_default());
            self.add("member of the group", &value, Ok("a group is raised at one place for every member"));
        }
        self.add(
            "message",
            first_line(report.message()),
            Err("there is a stack, which tells events apart better"),
        );
    }

    fn frames(&mut self, stack: &Exception) {
        let in_app = stack.frames.iter().any(|frame| frame.in_app);
        let (mut counted, mut last): (usize, Option<(String, String)>) = (0, None);
        for (told, frame) in stack.frames.iter().rev().enumerate() {
            if told == FRAMES_TOLD_MAX {
                self.frames_left_out = stack.frames.len() - told;
                return;
            }
            let place = v1::normalised(frame);
            let value = format!("{} in {}", place.1, place.0);
            let reason = match () {
                () if in_app != frame.in_app => Err("it is not your code, and there is a frame of your code"),
                () if v1::is_comprehension(frame) => Err("newer Python versions have no frame here"),
                () if last.as_ref() == Some(&place) => {
                    Err("it repeats the frame that it calls, as recursion does")
                }
                () if counted == v1::FRAMES_MAX => {
                    Err("only the innermost 5 count: how much of the outer stack is known differs")
                }
                () => Ok("where it was raised, or a caller; the line does not count"),
            };
            if reason.is_ok() {
                counted += 1;
                last = Some(place);
            }
            self.add("frame", &value, reason);
        }
    }

    /// What would count otherwise.
    fn ignored_by(&mut self, report: &Report, reason: &str) {
        let has = |parts: &[Part], name: &str| parts.iter().any(|part| part.name == name && part.contributes);
        if !has(&self.parts, "type") && !has(&self.parts, "default") {
            self.add("error type", v1::normalised_type(report.type_name()), Err(reason));
        }
        if !has(&self.parts, "default") {
            for (file, function) in super::template::frames(report) {
                self.add("frame", &format!("{function} in {file}"), Err(reason));
            }
        }
        if !has(&self.parts, "message") {
            self.add("message", first_line(report.message()), Err(reason));
        }
    }

    /// What counts only when a rule says so.
    fn never(&mut self, report: &Report) {
        let reason = "one error is one issue wherever it happens";
        let known = |value: &Option<String>| value.clone().unwrap_or_default();
        for (name, value) in
            [("version", known(&report.version)), ("env", known(&report.env)), ("host", known(&report.host))]
        {
            if !value.is_empty() && !self.parts.iter().any(|part| part.name == name) {
                self.add(name, &value, Err(reason));
            }
        }
    }
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grouping::template::apply;
    use crate::traceback;
    use reenact_model::{AppliedRule, Limits};

    fn placed(stack: &str) -> Placed {
        let report = Report {
            service: "shop".into(),
            version: Some("1.2".into()),
            exceptions: traceback::parse(stack, &Limits::DEFAULT).exceptions,
            ..Report::default()
        };
        v1::place(report)
    }

    const STACK: &str = "Traceback (most recent call last):\n  File \"/srv/app/app.py\", line 10, in checkout\n    x\n  File \"/v/lib/python3.11/site-packages/flask/app.py\", line 1, in dispatch\n    z\n  File \"/srv/app/shop/orders.py\", line 16, in price\n    y\n  File \"/srv/app/shop/orders.py\", line 17, in price\n    y\nKeyError: 'a'\n";

    fn told(placed: &Placed) -> Vec<(bool, String)> {
        let parts = explain(placed).parts;
        parts.into_iter().map(|part| (part.contributes, format!("{}: {}", part.name, part.value))).collect()
    }

    #[test]
    fn what_counts_comes_first_and_what_does_not_says_why() {
        let told = told(&placed(STACK));
        let told: Vec<(bool, &str)> = told.iter().map(|(counts, text)| (*counts, text.as_str())).collect();
        assert_eq!(
            told,
            [
                (true, "service: shop"),
                (true, "error type: KeyError"),
                (true, "frame: price in shop/orders.py"),
                (true, "frame: checkout in app/app.py"),
                (false, "frame: price in shop/orders.py"),
                (false, "frame: dispatch in flask/app.py"),
                (false, "message: 'a'"),
                (false, "version: 1.2"),
            ]
        );
    }

    #[test]
    fn without_a_stack_the_message_counts() {
        let explained = explain(&placed("ValueError: order 17 failed"));
        let message = explained.parts.iter().find(|part| part.name == "message").unwrap();
        assert!(message.contributes && message.value == "order * failed", "{message:?}");
    }

    #[test]
    fn a_rule_and_an_application_are_named() {
        let rule = AppliedRule { id: "1".into(), name: "r".into(), fingerprint: "{{type}} {{tag.x}}".into() };
        let template = Template::parse(&rule.fingerprint).unwrap();
        let by_rule = explain(&apply(placed(STACK), rule, &template));
        assert_eq!(by_rule.source, Source::Rule);
        let counting: Vec<&str> =
            by_rule.parts.iter().filter(|part| part.contributes).map(|part| part.name.as_str()).collect();
        assert_eq!(counting, ["service", "type"]);
        let mut given = placed(STACK).report;
        given.tags.insert("error.fingerprint".into(), "mine".into());
        let given = explain(&v1::place(given));
        assert_eq!(given.source, Source::Application);
        assert_eq!(given.parts[1].value, "mine");
    }

    /// The frames that are said to count are those that count.
    #[test]
    fn the_explanation_agrees_with_the_algorithm() {
        let mut deep = STACK.to_owned();
        for depth in 0..60 {
            deep = deep.replace(
                "KeyError:",
                &format!("  File \"/srv/app/m{}.py\", line 1, in f{}\nKeyError:", depth % 7, depth % 9),
            );
        }
        for stack in [STACK, &deep] {
            let placed = placed(stack);
            let explained = explain(&placed);
            let frames: Vec<String> = explained
                .parts
                .iter()
                .filter(|part| part.name == "frame" && part.contributes)
                .map(|part| part.value.clone())
                .collect();
            let counted: Vec<String> = super::super::template::frames(&placed.report)
                .into_iter()
                .map(|(file, function)| format!("{function} in {file}"))
                .collect();
            assert_eq!(frames, counted);
        }
        assert!(explain(&placed(&deep)).frames_left_out > 0);
    }
}
