//! Captured values as expressions of Python, and the statements that have to stand before them.

use std::collections::{BTreeMap, HashMap, HashSet};

use reenact_model::{CapturedValue, Content, Form, NotCaptured, unquoted};

use super::classes::{Classes, bare};
use super::expression::{Argument, Expression};
use super::fidelity::{State, Trouble};
use super::literal;
use super::objects::Fields;
use super::python::{Dotted, Name};
use super::scope::Scope;
use super::sharing::Sharing;
use super::standard::is_standard;

/// Values of one reproduction; further ones are stand-ins.
pub(super) const VALUES_MAX: usize = 20_000;
/// Nesting that is followed.
pub(super) const DEPTH_MAX: usize = 48;

/// Objects that stand at several places, by their number: where the content is.
pub(super) type Contents<'a> = HashMap<u32, &'a CapturedValue>;

/// Which of our functions the program needs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uses {
    pub(super) obj: bool,
    pub(super) class_named: bool,
    pub(super) stand_in: bool,
    pub(super) spread: bool,
    pub(super) method_at: bool,
    pub(super) loaded: bool,
    pub(super) statement: bool,
    pub(super) frozen_clock: bool,
    pub(super) environ_with: bool,
}

/// The program as far as it is written.
pub(super) struct Draft<'a> {
    pub(super) scope: Scope,
    /// Statements of the body, indented once.
    pub(super) statements: Vec<String>,
    pub(super) uses: Uses,
    /// What is wrong with the input that is being written.
    pub(super) troubles: Vec<Trouble>,
    pub(super) classes: Classes<'a>,
    contents: &'a Contents<'a>,
    sharing: Sharing,
    made: HashMap<u32, Made>,
    pub(super) by_name: BTreeMap<String, Name>,
    path: Vec<String>,
    values_left: usize,
}

#[derive(Debug)]
enum Made {
    /// Its parts are being written.
    Open,
    As(Name),
}

impl<'a> Draft<'a> {
    pub(super) fn new(contents: &'a Contents<'a>, classes: Classes<'a>) -> Self {
        Self {
            scope: Scope::default(),
            statements: Vec::new(),
            uses: Uses::default(),
            troubles: Vec::new(),
            classes,
            contents,
            sharing: Sharing::default(),
            made: HashMap::new(),
            by_name: BTreeMap::new(),
            path: Vec::new(),
            values_left: VALUES_MAX,
        }
    }

    /// Says what the inputs will be, so that what they share becomes a variable.
    pub(super) fn expect(&mut self, inputs: &[(&Name, &'a CapturedValue)]) {
        for (name, value) in inputs {
            if let Some(reference) = value.reference {
                self.sharing.variables.entry(reference).or_insert_with(|| (*name).clone());
            }
        }
        for (_, value) in inputs {
            let mut left = VALUES_MAX;
            self.sharing.count(value, self.contents, &mut Vec::new(), 0, &mut left);
        }
    }

    /// Assigns an input to its variable, and says what is wrong with it.
    pub(super) fn assign(&mut self, name: &Name, value: &'a CapturedValue) -> Vec<Trouble> {
        self.path = vec![name.to_string()];
        let made = self.value(value, name);
        if made != Expression::Name(name.clone()) {
            self.statements.push(made.assigned(name));
        }
        std::mem::take(&mut self.troubles)
    }

    pub(super) fn trouble(&mut self, state: State, why: impl Into<String>) {
        let state = if state == State::StandIn && self.path.len() > 1 { State::Partial } else { state };
        self.troubles.push(Trouble { state, path: self.path.join(""), why: why.into() });
    }

    pub(super) fn at<T>(&mut self, step: String, write: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let written = write(self);
        self.path.pop();
        written
    }

    pub(super) fn value(&mut self, value: &'a CapturedValue, hint: &Name) -> Expression {
        if self.values_left == 0 || self.path.len() > DEPTH_MAX {
            return self.stand_in(value, &[], "is over the limit of a test");
        }
        self.values_left -= 1;
        let Some(reference) = value.reference else { return self.content(value, hint) };
        match self.made.get(&reference) {
            Some(Made::As(name)) => return Expression::Name(name.clone()),
            Some(Made::Open) => {
                self.trouble(State::Partial, "refers to itself in a way that cannot be written");
                return Expression::none();
            }
            None => {}
        }
        let Some(value) = self.resolved(value) else {
            return self.stand_in(value, &[], "was captured elsewhere, which is not kept");
        };
        if self.sharing.uses.get(&reference).is_none_or(|uses| *uses < 2) {
            return self.content(value, hint);
        }
        let variable = self.sharing.variables.get(&reference).cloned();
        let name = variable.unwrap_or_else(|| self.scope.new_name(hint));
        if self.sharing.cyclic.contains(&reference)
            && let Some(made) = self.cyclic(reference, value, &name)
        {
            return made;
        }
        self.made.insert(reference, Made::Open);
        let made = self.content(value, hint);
        if matches!(made, Expression::Plain(_) | Expression::Name(_)) {
            self.made.remove(&reference);
            return made;
        }
        self.statements.push(made.assigned(&name));
        self.made.insert(reference, Made::As(name.clone()));
        Expression::Name(name)
    }

    /// The place where the content of an object stands.
    pub(super) fn resolved(&self, value: &'a CapturedValue) -> Option<&'a CapturedValue> {
        let is_elsewhere = matches!(value.content, Content::Nothing) && value.not_captured.is_none();
        match value.reference {
            Some(reference) if is_elsewhere => self.contents.get(&reference).copied(),
            _ => Some(value),
        }
    }

    /// An object that leads back to itself: made empty, then filled.
    fn cyclic(&mut self, reference: u32, value: &'a CapturedValue, name: &Name) -> Option<Expression> {
        let is_plain = |fields: &Fields| !fields.iter().any(|(name, _)| name.starts_with('('));
        let (empty, method) = match (&value.content, bare(&value.type_name)) {
            (Content::Elements(_), "list") => (Expression::List(Vec::new()), "extend"),
            (Content::Entries(_), "dict") => (Expression::Dict(Vec::new()), "update"),
            (Content::Fields(fields), _) if is_plain(fields) && value.form != Some(Form::Enum) => {
                let class = self.class(&value.type_name)?;
                self.uses.obj = true;
                (Expression::call("obj", vec![class]), "")
            }
            _ => return None,
        };
        self.statements.push(empty.assigned(name));
        self.made.insert(reference, Made::As(name.clone()));
        let filled = match &value.content {
            Content::Fields(fields) => {
                let mut arguments = vec![Argument::Positional(Expression::Name(name.clone()))];
                arguments.extend(self.attributes(fields));
                Expression::Call(Box::new(Expression::fixed("fill")), arguments)
            }
            _ => {
                let parts = self.content(value, name);
                let of = Expression::Attribute(Box::new(Expression::Name(name.clone())), Name::fixed(method));
                Expression::Call(Box::new(of), vec![Argument::Positional(parts)])
            }
        };
        self.statements.push(filled.stated("", 4));
        Some(Expression::Name(name.clone()))
    }

    fn content(&mut self, value: &'a CapturedValue, hint: &Name) -> Expression {
        let made = match &value.content {
            Content::Null => Expression::none(),
            Content::Scalar(text) => self.scalar(value, text),
            Content::Elements(elements) => match self.printed_array(value) {
                Some(array) => array,
                None => self.elements(value, elements, hint),
            },
            Content::Entries(entries) => self.entries(value, entries, hint),
            Content::Fields(fields) => self.fields(value, fields, hint),
            Content::Nothing => return self.absent(value),
        };
        let count = match &value.content {
            Content::Elements(elements) => Some(elements.len()),
            Content::Entries(entries) => Some(entries.len()),
            _ => None,
        };
        let missing = count.zip(value.size).filter(|(count, size)| (*count as u64) < *size);
        if let Some((count, size)) = missing {
            self.trouble(State::Partial, format!("has {count} of {size} elements"));
        } else if let Some(reason) = value.not_captured {
            let state = if reason.is_redacted() { State::Redacted } else { State::Partial };
            self.trouble(state, format!("was captured in part: {}", spoken(reason)));
        }
        made
    }

    fn scalar(&mut self, value: &CapturedValue, text: &str) -> Expression {
        if let Some(Form::Function | Form::Class | Form::Module) = value.form {
            return match self
                .classes
                .named(text)
                .filter(|(module, path)| may_be_given(value, module) && self.classes.has(module, path))
            {
                Some((module, path)) => self.scope.import(&module, &path),
                None if value.form == Some(Form::Class) && super::standard::is_builtin_class(bare(text)) => {
                    Expression::Name(Name::checked(bare(text)).unwrap_or_else(|| Name::fixed("object")))
                }
                None => self.stand_in(value, &[], "cannot be imported"),
            };
        }
        if ["[redacted", "[hash: ", "[masked: "].iter().any(|mark| text.contains(mark)) {
            self.trouble(State::Redacted, "has a redacted part: fill it in");
        }
        if let Some(number) = self.printed_number(value, text) {
            return number;
        }
        if let Some(scalar) = literal::parse(text) {
            for module in scalar.modules {
                self.scope.import_standard(module);
            }
            if value.truncated {
                self.trouble(State::Partial, cut_at(value, text));
            }
            return scalar.expression;
        }
        if let Some((class, member)) = member(text)
            && let Some(member) = Name::checked(member)
            && bare(class) == bare(&value.type_name)
            && let Some(class) = self.class(&value.type_name)
        {
            return Expression::Attribute(Box::new(class), member);
        }
        match literal::parse_cut(text).filter(|_| matches!(bare(&value.type_name), "str" | "bytes")) {
            Some(cut) => {
                self.trouble(State::Partial, cut_at(value, text));
                cut
            }
            None if bare(&value.type_name) == "str" => {
                self.trouble(State::Partial, "is no text that Python prints");
                Expression::text(&unquoted(text))
            }
            None => self.stand_in(value, &[], "is no value that can be written"),
        }
    }

    fn elements(&mut self, value: &CapturedValue, elements: &'a [CapturedValue], hint: &Name) -> Expression {
        let mut items = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            items.push(self.at(format!("[{index}]"), |draft| draft.value(element, hint)));
        }
        let listed = |items: Vec<Expression>| Argument::Positional(Expression::List(items));
        match bare(&value.type_name) {
            "list" => Expression::List(items),
            "tuple" => Expression::Tuple(items),
            "set" if items.is_empty() => Expression::call("set", Vec::new()),
            "set" => Expression::Set(items),
            "frozenset" if items.is_empty() => Expression::call("frozenset", Vec::new()),
            "frozenset" => Expression::call("frozenset", vec![Expression::Set(items)]),
            "deque" => self.scope.standard_call("collections", "deque", vec![listed(items)]),
            "dict_keys" | "dict_values" | "dict_items" | "odict_keys" | "odict_values" => {
                self.trouble(State::Partial, "is a list here, and was a view");
                Expression::List(items)
            }
            _ => match self.class(&value.type_name) {
                Some(class) => {
                    self.uses.obj = true;
                    Expression::call("obj", vec![class, Expression::List(items)])
                }
                None => self.stand_in(value, &[], "is of a class that is not known"),
            },
        }
    }

    fn entries(
        &mut self,
        value: &CapturedValue,
        entries: &'a [(CapturedValue, CapturedValue)],
        hint: &Name,
    ) -> Expression {
        let mut seen = HashSet::new();
        let mut items = Vec::with_capacity(entries.len());
        for (index, (key, entry)) in entries.iter().enumerate() {
            let step = match &key.content {
                Content::Scalar(text) => format!("[{}]", text.chars().take(40).collect::<String>()),
                _ => format!("[key {index}]"),
            };
            let key = self.at(format!("[key {index}]"), |draft| draft.value(key, hint));
            if matches!(key, Expression::Plain(_) | Expression::Text(_) | Expression::Bytes(_))
                && !seen.insert(key.stated("", 0))
            {
                self.trouble(State::Partial, "has the same key twice, as far as keys were captured");
                continue;
            }
            let hint = value_name(&key, hint);
            items.push((key, self.at(step, |draft| draft.value(entry, &hint))));
        }
        let dict = Expression::Dict(items);
        match bare(&value.type_name) {
            "dict" => dict,
            name @ ("OrderedDict" | "Counter") => {
                let name = if name == "Counter" { "Counter" } else { "OrderedDict" };
                self.scope.standard_call("collections", name, vec![Argument::Positional(dict)])
            }
            "defaultdict" => {
                self.trouble(State::Partial, "makes no defaults: its factory was not captured");
                let arguments =
                    vec![Expression::none(), dict].into_iter().map(Argument::Positional).collect();
                self.scope.standard_call("collections", "defaultdict", arguments)
            }
            "mappingproxy" => {
                self.scope.standard_call("types", "MappingProxyType", vec![Argument::Positional(dict)])
            }
            _ => match self.class(&value.type_name) {
                Some(class) => {
                    self.uses.obj = true;
                    Expression::call("obj", vec![class, dict])
                }
                None => self.stand_in(value, &[], "is of a class that is not known"),
            },
        }
    }

    fn absent(&mut self, value: &'a CapturedValue) -> Expression {
        let name = bare(&value.type_name);
        let reason = value.not_captured;
        if reason.is_some_and(NotCaptured::is_redacted) {
            let rule = value.rule.as_deref().map_or(String::new(), |rule| format!(" by {rule}"));
            self.trouble(State::Redacted, format!("was redacted{rule}: fill it in"));
            return match name {
                "str" => Expression::text("redacted"),
                "bytes" => Expression::Bytes(b"redacted".to_vec()),
                "int" => Expression::Plain("0".to_owned()),
                "float" => Expression::Plain("0.0".to_owned()),
                "bool" => Expression::Plain("False".to_owned()),
                "NoneType" => Expression::none(),
                _ => self.stood_in(value, &[]),
            };
        }
        if value.size == Some(0) {
            match name {
                "dict" => return Expression::Dict(Vec::new()),
                "list" => return Expression::List(Vec::new()),
                "tuple" => return Expression::Tuple(Vec::new()),
                "set" => return Expression::call("set", Vec::new()),
                _ => {}
            }
        }
        let why = reason
            .map_or("was not captured".to_owned(), |reason| format!("was not captured: {}", spoken(reason)));
        self.stand_in(value, &[], &why)
    }

    pub(super) fn stand_in(&mut self, value: &CapturedValue, fields: &'a Fields, why: &str) -> Expression {
        self.trouble(State::StandIn, why);
        self.stood_in(value, fields)
    }

    fn stood_in(&mut self, value: &CapturedValue, fields: &'a Fields) -> Expression {
        self.uses.stand_in = true;
        let mut arguments = vec![Argument::Positional(Expression::text(&value.type_name))];
        if self.values_left > 0 && self.path.len() <= DEPTH_MAX {
            let attributes = fields.iter().filter(|(name, _)| Name::checked(name).is_some());
            arguments.extend(self.attributes(attributes));
        }
        Expression::Call(Box::new(Expression::fixed("StandIn")), arguments)
    }
}

/// A variable's name after the key that leads to its value.
fn value_name(key: &Expression, hint: &Name) -> Name {
    let text = match key {
        Expression::Text(text) => text.iter().filter_map(|code| char::from_u32(*code)).collect(),
        _ => String::new(),
    };
    Name::checked(&text).unwrap_or_else(|| hint.clone())
}

/// Modules of Python whose classes a test may give to the code: they make values, and do nothing.
const HARMLESS: [&str; 10] = [
    "collections",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "ipaddress",
    "pathlib",
    "types",
    "uuid",
    "zoneinfo",
];

/// Whether a function or class may be given to the code, which may call it with what else was captured. Those of Python
/// itself may not: they start processes and delete files.
fn may_be_given(value: &CapturedValue, module: &Dotted) -> bool {
    let module = module.to_string();
    value.form != Some(Form::Module) && (!is_standard(&module) || HARMLESS.contains(&module.as_str()))
}

/// `<Color.RED: 1>` as class and member.
fn member(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('<')?.split_once(':')?.0.split_once('.')
}

fn cut_at(value: &CapturedValue, text: &str) -> String {
    let kept = unquoted(text).chars().count();
    match value.size.filter(|size| *size > kept as u64) {
        Some(size) => format!("was cut at {kept} of {size} characters"),
        None => format!("was cut at {kept} characters"),
    }
}

/// The reason for people.
fn spoken(reason: NotCaptured) -> &'static str {
    match reason {
        NotCaptured::Depth => "nested too deep",
        NotCaptured::CollectionSize => "too many elements",
        NotCaptured::FieldCount => "too many attributes",
        NotCaptured::Timeout => "no time was left",
        NotCaptured::RedactedIdentifier | NotCaptured::RedactedType | NotCaptured::RedactedValue => {
            "redacted"
        }
        NotCaptured::ConcurrentModification => "changed meanwhile",
        NotCaptured::Pruned => "left out for its size",
        NotCaptured::Limit => "over a limit of the server",
        NotCaptured::Unknown => "cannot be read",
    }
}
