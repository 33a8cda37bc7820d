//! Names of a generated program, and what it imports.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{Argument, Expression, WIDTH};
use super::python::{Dotted, Name};
use super::standard::is_standard;

/// Names that a program uses and that no variable may take: helpers, modules, and what is built in.
const TAKEN: [&str; 76] = [
    "obj",
    "class_named",
    "StandIn",
    "spread",
    "raised",
    "outcome",
    "reproduce",
    "LIBRARIES",
    "asyncio",
    "collections",
    "datetime",
    "decimal",
    "fractions",
    "inspect",
    "ipaddress",
    "itertools",
    "pathlib",
    "re",
    "sys",
    "traceback",
    "uuid",
    "types",
    "zoneinfo",
    "bool",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "enumerate",
    "filter",
    "float",
    "frozenset",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "list",
    "map",
    "next",
    "object",
    "print",
    "property",
    "range",
    "reversed",
    "set",
    "slice",
    "str",
    "tuple",
    "type",
    "vars",
    "zip",
    "self",
    "cls",
    "ast",
    "contextlib",
    "copy",
    "importlib",
    "statement",
    "loaded",
    "method_at",
    "Declared",
    "BLOCKS",
    "USED",
    "OPERATIONS",
    "scope_at",
    "is_around",
    "statements_at",
    "header_parts",
    "function_of",
    "fill",
    "exhausted",
    "frozen_clock",
    "environ_with",
    "stack",
    "unittest",
    "os",
];

/// Names that are taken, and imports.
#[derive(Debug, Default)]
pub(super) struct Scope {
    taken: BTreeSet<String>,
    /// By module and name there: the name here.
    imported: BTreeMap<(Dotted, Name), Name>,
    /// Modules of the standard library.
    modules: BTreeSet<&'static str>,
    /// A module that is in a variable of the body, and is not imported.
    pub(super) local_module: Option<(Dotted, Name)>,
}

impl Scope {
    /// A name for this, with an underscore or a number behind it where it is taken.
    pub(super) fn new_name(&mut self, wanted: &Name) -> Name {
        let mut name = wanted.clone();
        let mut number = 1;
        while TAKEN.contains(&name.as_str())
            || is_builtin(name.as_str())
            || self.taken.contains(name.as_str())
        {
            number += 1;
            let suffixed = if number == 2 { format!("{wanted}_") } else { format!("{wanted}_{number}") };
            // A checked name with such an ending is one, but for its length.
            name = Name::checked(&suffixed).unwrap_or_else(|| Name::fixed("value"));
            if number > NUMBER_MAX {
                break;
            }
        }
        self.taken.insert(name.to_string());
        name
    }

    /// `from module import …`, and the expression that leads to the name there.
    pub(super) fn import(&mut self, module: &Dotted, path: &Dotted) -> Expression {
        if let Some((_, variable)) = self.local_module.as_ref().filter(|(local, _)| local == module) {
            let variable = Expression::Name(variable.clone());
            return attributes(variable, path.parts());
        }
        let key = (module.clone(), path.first().clone());
        let local = match self.imported.get(&key) {
            Some(local) => local.clone(),
            None => {
                let local = self.new_name(&not_collected(path.first()));
                self.imported.insert(key, local.clone());
                local
            }
        };
        attributes(Expression::Name(local), &path.parts()[1..])
    }

    /// `import module` of the standard library.
    pub(super) fn import_standard(&mut self, module: &'static str) {
        self.modules.insert(module);
    }

    /// A call of something in the standard library.
    pub(super) fn standard_call(
        &mut self,
        module: &'static str,
        name: &'static str,
        arguments: Vec<Argument>,
    ) -> Expression {
        self.import_standard(module);
        let module = Expression::fixed(module);
        Expression::Call(Box::new(Expression::Attribute(Box::new(module), Name::fixed(name))), arguments)
    }

    /// The lines that import everything, sorted as isort does.
    pub(super) fn import_lines(&self) -> String {
        let mut sections = [String::new(), String::new()];
        for module in &self.modules {
            sections[0].push_str(&format!("import {module}\n"));
        }
        let mut by_module: BTreeMap<&Dotted, Vec<(&Name, &Name)>> = BTreeMap::new();
        for ((module, name), local) in &self.imported {
            by_module.entry(module).or_default().push((name, local));
        }
        let mut modules: Vec<_> = by_module.into_iter().collect();
        modules.sort_by_key(|(module, _)| module.to_string().to_lowercase());
        for (module, mut names) in modules {
            names.sort_by_key(|(name, _)| (kind(name.as_str()), name.to_string()));
            let section = &mut sections[usize::from(!is_standard(&module.to_string()))];
            section.push_str(&from_lines(module, &names));
        }
        let filled: Vec<&str> =
            sections.iter().map(String::as_str).filter(|section| !section.is_empty()).collect();
        filled.join("\n")
    }
}

fn attributes(of: Expression, names: &[Name]) -> Expression {
    names.iter().fold(of, |of, name| Expression::Attribute(Box::new(of), name.clone()))
}

/// A name under which pytest does not take for a test what is imported.
fn not_collected(name: &Name) -> Name {
    let is_collected = name.as_str().starts_with("test") || name.as_str().starts_with("Test");
    let other = if is_collected { Name::checked(&format!("its_{name}")) } else { None };
    other.unwrap_or_else(|| name.clone())
}

/// Attempts at a name that is not taken.
const NUMBER_MAX: usize = 10_000;

/// Names of Python that are not shadowed, beside those that are used.
fn is_builtin(name: &str) -> bool {
    super::standard::is_builtin_class(name)
}

/// Constants first, then classes, then the rest.
fn kind(name: &str) -> u8 {
    let is_lower = |c: char| c.is_lowercase();
    match name.chars().next() {
        Some(c) if name.len() > 1 && !name.chars().any(is_lower) && !c.is_numeric() => 0,
        Some(c) if c.is_uppercase() => 1,
        _ => 2,
    }
}

/// The lines that import names of a module, each with its name here.
pub(super) fn from_lines(module: &Dotted, names: &[(&Name, &Name)]) -> String {
    let (mut plain, mut renamed) = (Vec::new(), String::new());
    for (name, local) in names {
        if name == local {
            plain.push(name.to_string());
        } else {
            renamed.push_str(&format!("from {module} import {name} as {local}\n"));
        }
    }
    if plain.is_empty() {
        return renamed;
    }
    let line = format!("from {module} import {}\n", plain.join(", "));
    if line.len() <= WIDTH + 1 {
        return line + &renamed;
    }
    format!("from {module} import (\n    {},\n)\n", plain.join(",\n    ")) + &renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_hide_each_other() {
        let mut scope = Scope::default();
        let name = |text| Name::checked(text).unwrap();
        let of = |scope: &mut Scope, text| scope.new_name(&name(text)).to_string();
        assert_eq!(of(&mut scope, "order"), "order");
        assert_eq!(of(&mut scope, "order"), "order_");
        assert_eq!(of(&mut scope, "order"), "order_3");
        assert_eq!(of(&mut scope, "list"), "list_");
        assert_eq!(of(&mut scope, "decimal"), "decimal_");
    }

    #[test]
    fn imports_are_sorted() {
        let mut scope = Scope::default();
        let dotted = |text| Dotted::checked(text).unwrap();
        scope.import(&dotted("shop.cart"), &dotted("total"));
        scope.import(&dotted("shop.cart"), &dotted("Cart.Line"));
        scope.import(&dotted("shop.cart"), &dotted("RATES"));
        scope.import(&dotted("another"), &dotted("total"));
        scope.import(&dotted("logging"), &dotted("Logger"));
        scope.import_standard("re");
        let want = "import re\nfrom logging import Logger\n\nfrom another import total as total_\n\
                    from shop.cart import RATES, Cart, total\n";
        assert_eq!(scope.import_lines(), want);
    }

    #[test]
    fn what_is_imported_is_no_test() {
        let mut scope = Scope::default();
        let dotted = |text| Dotted::checked(text).unwrap();
        scope.import(&dotted("jinja2.tests"), &dotted("test_odd"));
        scope.import(&dotted("shop.cart"), &dotted("TestCart.total"));
        let want = "from jinja2.tests import test_odd as its_test_odd\n\
                    from shop.cart import TestCart as its_TestCart\n";
        assert_eq!(scope.import_lines(), want);
    }
}
