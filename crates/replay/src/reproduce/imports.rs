//! Which modules a file imports, and which folder they are imported from.

use std::collections::BTreeSet;

use super::python::Dotted;
use super::source::{Lines, SourceFile};
use super::standard::is_standard;

/// A module that a file imports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The dots before a name that is relative to the file's package.
    pub dots: usize,
    /// `shop.orders`; empty where there are dots alone.
    pub module: String,
    /// The names that are taken from it, each of which may be a module: `cart`.
    pub names: Vec<String>,
}

impl Import {
    fn absolute(module: &str) -> Self {
        Self { dots: 0, module: module.to_owned(), names: Vec::new() }
    }

    /// Whether it may be a module of the application: neither relative nor Python's own.
    pub fn may_be_own(&self) -> bool {
        self.dots == 0 && !is_standard(&self.module)
    }
}

/// Imports of a file that are looked at.
const IMPORTS_MAX: usize = 1_000;

/// The modules that the file imports, in functions too, each once; what stands in a text over several lines is not code.
///
/// - **Limits:** 50,000 lines, 1,000 imports.
pub fn imports(text: &str) -> Vec<Import> {
    let mut found = BTreeSet::new();
    for statement in Lines::of_text(text).statements() {
        if !statement.starts_with(['i', 'f']) {
            continue;
        }
        statement.split(';').for_each(|part| of_statement(part.trim(), &mut found));
        if found.len() >= IMPORTS_MAX {
            break;
        }
    }
    found.into_iter().take(IMPORTS_MAX).collect()
}

fn of_statement(statement: &str, found: &mut BTreeSet<Import>) {
    let listed = |text: &str| -> Vec<String> {
        let text = text.trim().trim_start_matches('(').trim_end_matches(')');
        let names = text.split(',').filter_map(|name| name.split_whitespace().next());
        names.map(str::to_owned).collect()
    };
    if let Some(modules) = statement.strip_prefix("import ") {
        found
            .extend(listed(modules).iter().filter(|name| is_dotted(name)).map(|name| Import::absolute(name)));
        return;
    }
    let Some((module, names)) = statement.strip_prefix("from ").and_then(|rest| rest.split_once(" import"))
    else {
        return;
    };
    if !names.starts_with([' ', '(', '*']) {
        return;
    }
    let relative: String = module.chars().filter(|c| !c.is_whitespace()).collect();
    let module = relative.trim_start_matches('.');
    let dots = relative.len() - module.len();
    if is_dotted(module) || (dots > 0 && module.is_empty()) {
        let names = listed(names).into_iter().filter(|name| is_dotted(name)).collect();
        found.insert(Import { dots, module: module.to_owned(), names });
    }
}

fn is_dotted(name: &str) -> bool {
    Dotted::checked(name).is_some()
}

/// The packages and modules at the top that the application's own files import. One that is a folder of a path tells what
/// stands before it: `shop`, which a file imports, in `/builds/demo/shop/nightly.py`.
pub(super) fn told_by(sources: &[SourceFile<'_>], own: &[&str]) -> BTreeSet<String> {
    let own_sources = sources.iter().filter(|source| own.contains(&source.file));
    let imported = own_sources.flat_map(|source| imports(source.text)).filter(Import::may_be_own);
    imported.map(|import| import.module.split('.').next().unwrap_or_default().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let told = |import: &Import| {
            let names = import.names.iter().map(|name| format!(" {name}")).collect::<String>();
            format!("{}{}{names}", ".".repeat(import.dots), import.module)
        };
        assert_eq!(imports(text).iter().map(told).collect::<Vec<_>>(), want, "{text}");
    }

    #[test]
    fn modules_that_are_imported_are_listed() {
        check("import shop.cart as cart, os\n", &["os", "shop.cart"]);
        check("def f():\n    from shop import cart, rates as r  # both\n", &["shop cart rates"]);
        check(
            "from shop.orders import (\n    cart,  # a comment, with a comma\n    rates,\n)\n",
            &["shop.orders cart rates"],
        );
        check("from . import cart\nfrom ..orders import rates\n", &[". cart", "..orders rates"]);
        check("from shop import \\\n    cart\nimport a; import b\n", &["a", "b", "shop cart"]);
        check("from shop import(cart)\nfrom shop import *\n", &["shop", "shop cart"]);
    }

    #[test]
    fn what_is_no_import_is_none() {
        check("\"\"\"\nimport shop\n\"\"\"\nimportant = 1\nfrom_ = 2\nimport a-b\n", &[]);
        check("if x: pass\nfrom x imported y\nimport\n", &[]);
        assert!(!Import::absolute("os.path").may_be_own() && Import::absolute("shop").may_be_own());
    }
}
