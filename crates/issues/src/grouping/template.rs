//! Fingerprints that rules give: text with components, `timeout {{type}} {{tag.region}}`.

use std::fmt;

use reenact_model::{AppliedRule, Placed, Report};

use super::v1;

/// Length of a template, in bytes.
pub const TEMPLATE_BYTES_MAX: usize = 500;
/// Components of a template.
pub const COMPONENTS_MAX: usize = 20;

/// What can stand between `{{` and `}}`, besides `tag.NAME`, and what it is.
pub const COMPONENTS: [(&str, &str); 8] = [
    ("default", "the fingerprint that the event has without rules"),
    ("type", "type of the exception that escaped"),
    ("message", "first line of its message, without quoted parts, numbers, paths and addresses"),
    ("function", "function that raised it: the innermost frame of your code"),
    ("file", "source file of that frame"),
    ("caller", "function and file that called it: the next frame of your code"),
    ("service", "service; it always counts, whatever the fingerprint says"),
    ("env", "environment"),
];
/// How the component of a tag begins; its name follows.
pub const TAG: &str = "tag.";

/// A component of a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Component {
    Named(&'static str),
    Tag(String),
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Tag(name) => write!(f, "{TAG}{name}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Component(Component),
}

/// A template that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

/// A template that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Where, in bytes from its start.
    pub at: usize,
    /// What is wrong, and how to mend it.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.message, self.at + 1)
    }
}

impl std::error::Error for TemplateError {}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`TemplateError`] names the place: nothing in it, over [`TEMPLATE_BYTES_MAX`] or [`COMPONENTS_MAX`], a
    /// `{{` without `}}`, a component that is none.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let wrong = |at: usize, message: String| Err(TemplateError { at, message });
        if text.trim().is_empty() {
            return wrong(0, "a fingerprint has text or components: `timeout {{type}}`".to_owned());
        }
        if text.len() > TEMPLATE_BYTES_MAX {
            return wrong(0, format!("the fingerprint is longer than {TEMPLATE_BYTES_MAX} bytes"));
        }
        if let Some((at, _)) = text.char_indices().find(|(_, character)| character.is_control()) {
            return wrong(at, "a fingerprint has no control characters".to_owned());
        }
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(open) = text[at..].find("{{").map(|open| at + open) {
            let Some(close) = text[open..].find("}}").map(|close| open + close) else {
                return wrong(open, "`{{` is not closed; write `{{type}}`".to_owned());
            };
            if open > at {
                parts.push(Part::Literal(text[at..open].to_owned()));
            }
            let component = component(text[open + 2..close].trim())
                .map_err(|message| TemplateError { at: open, message })?;
            parts.push(Part::Component(component));
            at = close + 2;
        }
        if at < text.len() {
            parts.push(Part::Literal(text[at..].to_owned()));
        }
        if parts.iter().filter(|part| matches!(part, Part::Component(_))).count() > COMPONENTS_MAX {
            return wrong(0, format!("a fingerprint has {COMPONENTS_MAX} components at most"));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Each component with its value for an event that was placed without rules; `None` where it has none.
    pub fn values(&self, placed: &Placed) -> Vec<(String, Option<String>)> {
        let components = self.parts.iter().filter_map(|part| match part {
            Part::Component(component) => Some(component),
            Part::Literal(_) => None,
        });
        components.map(|component| (component.to_string(), value(component, placed))).collect()
    }

    /// The fingerprint of an event that was placed without rules; `None` when the template has components and the
    /// event none of them. O(length of the stack).
    ///
    /// Text alone is taken as it is, and `{{default}}` alone is the fingerprint without rules. Anything else is
    /// hashed: a fingerprint stays when what is captured is redacted again, so it does not hold any of that.
    pub fn fingerprint(&self, placed: &Placed) -> Option<String> {
        let text = self.rendered(placed)?;
        match self.parts.as_slice() {
            [Part::Component(Component::Named("default"))] => Some(text),
            parts if parts.iter().all(|part| matches!(part, Part::Literal(_))) => Some(text),
            _ => Some(v1::short_hash(&["rule", &text])),
        }
    }

    fn rendered(&self, placed: &Placed) -> Option<String> {
        let (mut text, mut any, mut known) = (String::new(), false, false);
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Component(component) => {
                    any = true;
                    if let Some(value) = value(component, placed) {
                        known = true;
                        text.push_str(&value);
                    }
                }
            }
        }
        (known || !any).then_some(text)
    }
}

/// Places an event anew by a rule. `placed` was placed without rules; it stays where it is when the application
/// gave a fingerprint, and when the event has none of the template's components.
pub fn apply(placed: Placed, rule: AppliedRule, template: &Template) -> Placed {
    if v1::given(&placed.report).is_some() {
        return placed;
    }
    let Some(fingerprint) = template.fingerprint(&placed) else { return placed };
    let mut why = vec![
        format!("service is \"{}\"", placed.report.service),
        format!("the rule \"{}\" decides", rule.name),
    ];
    for (name, value) in template.values(&placed) {
        why.push(match value {
            Some(value) => format!("{name} is \"{value}\""),
            None => format!("there is no {name}"),
        });
    }
    let Placed { report, grouping, .. } = placed;
    let issue_id = v1::issue_id(&report.service, &fingerprint);
    let grouping = reenact_model::Grouping { version: grouping.version, fingerprint, why, rule: Some(rule) };
    Placed { report, issue_id, grouping }
}

fn component(name: &str) -> Result<Component, String> {
    if let Some(tag) = name.strip_prefix(TAG) {
        let tag = tag.trim();
        return match tag.is_empty() {
            true => Err("name the tag: `{{tag.region}}`".to_owned()),
            false => Ok(Component::Tag(tag.to_owned())),
        };
    }
    COMPONENTS.iter().find(|(known, _)| *known == name).map(|(known, _)| Component::Named(known)).ok_or_else(
        || {
            // A foreign text goes into the answer: it is cut, so that the answer stays short.
            let shown: String = name.chars().take(40).collect();
            let known = COMPONENTS.map(|(known, _)| format!("`{known}`")).join(", ");
            format!("unknown component `{shown}`; there are {known} and `tag.NAME`")
        },
    )
}

fn value(component: &Component, placed: &Placed) -> Option<String> {
    let report = &placed.report;
    let frame = |at: usize| frames(report).into_iter().nth(at);
    let value = match component {
        Component::Tag(name) => {
            let number = || report.metrics.get(name).map(|number| number.to_string());
            report.tags.get(name).cloned().or_else(number)
        }
        Component::Named("default") => Some(placed.grouping.fingerprint.clone()),
        Component::Named("type") => Some(v1::normalised_type(report.type_name()).to_owned()),
        Component::Named("message") => Some(v1::normalised_message(report.message())),
        Component::Named("function") => frame(0).map(|(_, function)| function),
        Component::Named("file") => frame(0).map(|(file, _)| file),
        Component::Named("caller") => frame(1).map(|(file, function)| format!("{function} in {file}")),
        Component::Named("service") => Some(report.service.clone()),
        Component::Named("env") => report.env.clone(),
        Component::Named(other) => unreachable!("`{other}` is in the list"),
    };
    value.filter(|value| !value.is_empty())
}

/// Normalised file and function of the frames that count, the raise first.
pub(crate) fn frames(report: &Report) -> Vec<(String, String)> {
    let stack = report.exceptions.iter().rev().find(|exception| !exception.frames.is_empty());
    stack.map(|exception| v1::frames_that_count(exception).0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grouping::v1::place;
    use crate::traceback;
    use reenact_model::{Grouping, Limits};

    fn placed() -> Placed {
        let stack = "Traceback (most recent call last):\n  File \"/srv/app/app.py\", line 10, in checkout\n    x\n  File \"/srv/app/shop/orders.py\", line 16, in price\n    y\nKeyError: order 17 of 'x'\n";
        let mut report = Report {
            service: "shop".into(),
            exceptions: traceback::parse(stack, &Limits::DEFAULT).exceptions,
            ..Report::default()
        };
        report.tags.insert("region".into(), "eu".into());
        report.metrics.insert("shard".into(), 7.0);
        place(report)
    }

    fn rule(text: &str) -> (AppliedRule, Template) {
        let rule = AppliedRule { id: "1".into(), name: "timeouts".into(), fingerprint: text.to_owned() };
        (rule, Template::parse(text).unwrap())
    }

    fn rendered(text: &str) -> Option<String> {
        Template::parse(text).unwrap().rendered(&placed())
    }

    fn fingerprint(text: &str) -> Option<String> {
        Template::parse(text).unwrap().fingerprint(&placed())
    }

    #[test]
    fn components_have_values() {
        let check = |text: &str, want: &str| assert_eq!(rendered(text).as_deref(), Some(want), "{text}");
        check("plain", "plain");
        check("{{type}}/{{ function }}", "KeyError/price");
        check("{{file}} {{caller}}", "shop/orders.py checkout in app/app.py");
        check("{{message}}", "order * of *");
        check("{{tag.region}}-{{tag.shard}}-{{service}}", "eu-7-shop");
        check("{{default}}", &placed().grouping.fingerprint);
        check("{{env}}{{type}}", "KeyError");
        assert_eq!(fingerprint("{{tag.none}} {{env}}"), None, "there is nothing to tell events apart by");
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        let check = |text: &str, at: usize, says: &str| {
            let error = Template::parse(text).unwrap_err();
            assert!(error.at == at && error.message.contains(says), "{text}: {error}");
        };
        check(" ", 0, "text or components");
        check("a {{type", 2, "not closed");
        check("é {{typ}}", 3, "unknown component `typ`");
        check("{{tag.}}", 0, "name the tag");
        check("a\u{7}", 1, "control characters");
        check(&"x".repeat(501), 0, "longer than 500");
        check(&"{{type}}".repeat(21), 0, "20 components");
    }

    #[test]
    fn a_rule_places_an_event_and_says_so() {
        let (applied, template) = rule("late {{type}} {{env}}");
        let before = placed();
        let after = apply(before.clone(), applied.clone(), &template);
        assert_ne!(after.issue_id, before.issue_id);
        assert_eq!(after.grouping.rule, Some(applied));
        assert_eq!(
            after.grouping.why,
            [
                "service is \"shop\"",
                "the rule \"timeouts\" decides",
                "type is \"KeyError\"",
                "there is no env"
            ]
        );
        let (applied, template) = rule("{{default}}");
        assert_eq!(apply(before.clone(), applied, &template).issue_id, before.issue_id);
    }

    #[test]
    fn reasons_that_quote_texts_begin_as_is_known() {
        let quoting =
            |placed: &Placed| placed.grouping.why.iter().filter(|part| Grouping::is_quoting(part)).count();
        let (decides, template) = rule("{{message}} {{tag.region}} {{type}} {{env}}");
        assert_eq!(quoting(&apply(placed(), decides, &template)), 2);
        assert_eq!(quoting(&placed()), 0);
        let bare = Placed { report: Report { exceptions: vec![], ..placed().report }, ..placed() };
        assert_eq!(quoting(&place(bare.report)), 1);
    }

    #[test]
    fn what_the_application_gave_stays() {
        let mut report = placed().report;
        report.tags.insert("error.fingerprint".into(), "my own".into());
        let before = place(report);
        let (applied, template) = rule("late");
        assert_eq!(apply(before.clone(), applied, &template), before);
    }

    #[test]
    fn nothing_captured_is_in_a_fingerprint() {
        for text in ["{{message}}", "late {{tag.region}}", "{{type}}"] {
            let found = fingerprint(text).unwrap();
            assert!(
                found.len() == 32 && found.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{text}: {found}"
            );
        }
        assert_eq!(fingerprint("late").as_deref(), Some("late"));
        assert_eq!(fingerprint("{{default}}"), Some(placed().grouping.fingerprint));
        assert_ne!(fingerprint("{{type}}"), fingerprint("{{function}}"));
    }
}
