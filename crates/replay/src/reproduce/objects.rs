//! Captured objects as expressions: their classes, attributes, and what else they hold.

use std::collections::HashSet;

use reenact_model::{CapturedValue, Content, Form};

use super::classes::bare;
use super::expression::{Argument, Expression};
use super::python::{Dotted, Name};
use super::standard::{is_opaque, is_standard};
use super::values::Draft;

/// What a client read of an object, by name.
pub(super) type Fields = [(String, CapturedValue)];

pub(super) fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a CapturedValue> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

impl<'a> Draft<'a> {
    pub(super) fn fields(&mut self, value: &'a CapturedValue, fields: &'a Fields, hint: &Name) -> Expression {
        let field = |name: &str| field(fields, name);
        if let Some(made) = self.special(value, fields, hint) {
            return made;
        }
        if is_opaque(&value.type_name)
            || matches!(value.form, Some(Form::Table | Form::Iterator | Form::Opaque))
        {
            return self.stand_in(value, fields, "keeps its state where it cannot be read");
        }
        let Some(class) = self.class(&value.type_name) else {
            return self.stand_in(value, fields, "is of a class that cannot be imported");
        };
        self.uses.obj = true;
        let mut arguments = vec![Argument::Positional(class)];
        let raised = field("(args)").or_else(|| field("args").filter(|_| field("__cause__").is_some()));
        if let Some(raised) = raised {
            if let Content::Elements(elements) = &raised.content {
                for (index, element) in elements.iter().enumerate() {
                    let element = self.at(format!(".args[{index}]"), |draft| draft.value(element, hint));
                    arguments.push(Argument::Positional(element));
                }
            }
        } else if let Some((_, base)) = fields
            .iter()
            .find(|(name, _)| name.starts_with('(') && BASES.contains(&name.trim_matches(['(', ')'])))
        {
            arguments.push(Argument::Positional(self.value(base, hint)));
        }
        let is_error = raised.is_some();
        let kept = fields.iter().filter(|(name, _)| {
            !name.starts_with('(') && !(is_error && (name == "args" || name.starts_with("__")))
        });
        let attributes = self.attributes(kept);
        arguments.extend(attributes);
        Expression::Call(Box::new(Expression::fixed("obj")), arguments)
    }

    /// Members of enumerations, bound methods, arrays, and containers with a factory or a length.
    fn special(&mut self, value: &'a CapturedValue, fields: &'a Fields, hint: &Name) -> Option<Expression> {
        let field = |name: &str| field(fields, name);
        let name_of = |value: &CapturedValue| value.text().as_deref().and_then(Name::checked);
        if let Some(member) =
            field("_name_").filter(|_| field("_value_").is_some() || value.form == Some(Form::Enum))
        {
            let member = name_of(member)?;
            return Some(Expression::Attribute(Box::new(self.class(&value.type_name)?), member));
        }
        match (value.form, bare(&value.type_name)) {
            (Some(Form::Method), _) => {
                let name = name_of(field("(function)")?).or_else(|| {
                    let text = field("(function)")?.text()?;
                    Name::checked(bare(&text))
                })?;
                let bound = field("(self)")?;
                let of = self.at(".__self__".to_owned(), |draft| draft.value(bound, hint));
                Some(Expression::Attribute(Box::new(of), name))
            }
            (Some(Form::NamedTuple), _) => {
                let class = self.class(&value.type_name)?;
                self.uses.obj = true;
                let mut items = Vec::with_capacity(fields.len());
                for (name, part) in fields {
                    items.push(self.at(format!(".{name}"), |draft| draft.value(part, hint)));
                }
                Some(Expression::call("obj", vec![class, Expression::List(items)]))
            }
            (Some(Form::Iterator), _) => self.iterator(value, fields, hint),
            (_, "UUID") => {
                let int = self.value(field("int")?, hint);
                let arguments = vec![Argument::Named(Name::fixed("int"), int)];
                Some(self.scope.standard_call("uuid", "UUID", arguments))
            }
            (Some(Form::Array), _) => {
                self.array(field("(dtype)")?, field("(shape)")?, field("(data)")?, hint)
            }
            (Some(Form::Table), _) => self.table(fields, hint),
            (_, "defaultdict") => {
                let factory = self.at(".default_factory".to_owned(), |draft| {
                    field("(default_factory)").map(|factory| draft.value(factory, hint))
                });
                let dict = self.value(field("(dict)")?, hint);
                let arguments = vec![factory.unwrap_or_else(Expression::none), dict];
                let arguments = arguments.into_iter().map(Argument::Positional).collect();
                Some(self.scope.standard_call("collections", "defaultdict", arguments))
            }
            (_, "deque") => {
                let items = field("(deque)").or_else(|| field("(list)"))?;
                let items = match &items.content {
                    Content::Elements(elements) => {
                        let list = CapturedListOf(elements);
                        list.write(self, hint)
                    }
                    _ => return None,
                };
                let mut arguments = vec![Argument::Positional(items)];
                if let Some(length) = field("(maxlen)") {
                    arguments.push(Argument::Named(Name::fixed("maxlen"), self.value(length, hint)));
                }
                Some(self.scope.standard_call("collections", "deque", arguments))
            }
            _ => None,
        }
    }

    /// Attributes as arguments by name; names that are none as one mapping.
    pub(super) fn attributes(
        &mut self,
        fields: impl IntoIterator<Item = &'a (String, CapturedValue)>,
    ) -> Vec<Argument> {
        let (mut named, mut odd, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for (name, value) in fields {
            let is_pythons = matches!(name.as_str(), "__weakref__" | "__dict__");
            if is_pythons || !seen.insert(name.as_str()) {
                continue;
            }
            let hint = Name::checked(name).unwrap_or_else(|| Name::fixed("value"));
            let value = self.at(format!(".{name}"), |draft| draft.value(value, &hint));
            match Name::checked(name) {
                Some(name) => named.push(Argument::Named(name, value)),
                None => odd.push((Expression::text(name), value)),
            }
        }
        if !odd.is_empty() {
            named.push(Argument::SpreadNamed(Expression::Dict(odd)));
        }
        named
    }

    /// The class of a name that a client gave: imported, or looked for where the module is not known.
    pub(super) fn class(&mut self, type_name: &str) -> Option<Expression> {
        if let Some((module, path)) = self.classes.named(type_name) {
            let is_class = path.last().as_str().trim_start_matches('_').starts_with(char::is_uppercase);
            if is_standard(&module.to_string()) && !is_class && module.first().as_str() != "collections" {
                // A function of Python would be named like this.
                return None;
            }
            if self.classes.has(&module, &path) {
                return Some(self.scope.import(&module, &path));
            }
            return Some(self.class_named(type_name, &path, Some(&module)));
        }
        let dotted = Dotted::checked(type_name.strip_prefix("builtins.").unwrap_or(type_name))?;
        let name = dotted.last().clone();
        if dotted.parts().len() == 1 && super::standard::is_builtin_class(name.as_str()) {
            return Some(Expression::Name(name));
        }
        let module = self.classes.module().cloned();
        Some(self.class_named(type_name, &dotted, module.as_ref()))
    }

    /// The class that is looked for by its name when the test runs, in a module and among those that are loaded.
    fn class_named(&mut self, type_name: &str, path: &Dotted, module: Option<&Dotted>) -> Expression {
        if let Some(known) = self.by_name.get(type_name) {
            return Expression::Name(known.clone());
        }
        let local = self.scope.new_name(path.last());
        self.uses.class_named = true;
        let mut arguments = vec![Expression::text(&path.to_string())];
        arguments.extend(module.map(|module| Expression::text(&module.to_string())));
        self.statements.push(Expression::call("class_named", arguments).assigned(&local));
        self.by_name.insert(type_name.to_owned(), local.clone());
        Expression::Name(local)
    }
}

/// Elements that are written as a list, whatever they were in.
struct CapturedListOf<'a>(&'a [CapturedValue]);

impl<'a> CapturedListOf<'a> {
    fn write(&self, draft: &mut Draft<'a>, hint: &Name) -> Expression {
        let elements = self.0.iter().enumerate();
        let mut items = Vec::with_capacity(self.0.len());
        for (index, element) in elements {
            items.push(draft.at(format!("[{index}]"), |draft| draft.value(element, hint)));
        }
        Expression::List(items)
    }
}

/// What a subclass of a builtin class is besides its attributes.
const BASES: [&str; 11] =
    ["dict", "list", "tuple", "set", "frozenset", "str", "bytes", "int", "float", "complex", "bytearray"];
