//! Where classes and functions of captured names are imported from.

use super::python::{Dotted, Name};

/// Classes of the standard library that clients name without their module.
const BARE: [(&str, &str); 10] = [
    ("SimpleNamespace", "types"),
    ("OrderedDict", "collections"),
    ("defaultdict", "collections"),
    ("Counter", "collections"),
    ("deque", "collections"),
    ("ChainMap", "collections"),
    ("UserDict", "collections"),
    ("UserList", "collections"),
    ("Namespace", "argparse"),
    ("JSONDecodeError", "json"),
];

/// What is known of the modules of an event.
#[derive(Clone, Debug)]
pub(super) struct Classes<'a> {
    /// The module of the function that is called.
    pub(super) of_function: Option<Dotted>,
    /// The module that ran as a program.
    pub(super) of_program: Option<Dotted>,
    /// Names of modules that the client told.
    pub(super) told: &'a [String],
    /// Names with their modules that cannot be imported.
    pub(super) not_importable: &'a [&'a str],
}

impl Classes<'_> {
    pub(super) fn module(&self) -> Option<&Dotted> {
        self.of_function.as_ref()
    }

    /// Whether the module has the name when it is imported, as far as that is known.
    pub(super) fn has(&self, module: &Dotted, path: &Dotted) -> bool {
        let name = format!("{module}.{}", path.first());
        !self.not_importable.contains(&name.as_str())
    }

    /// Module and path of a captured `module.qualname`, if it tells a module.
    ///
    /// The module ends where a module that is known ends, else before the first name with a capital letter, else
    /// before the last one.
    pub(super) fn named(&self, text: &str) -> Option<(Dotted, Dotted)> {
        if let Some((name, module)) = BARE.iter().find(|(name, _)| *name == text) {
            return Some((Dotted::checked(module)?, Dotted::checked(name)?));
        }
        let dotted = Dotted::checked(text)?;
        let parts = dotted.parts();
        if parts.len() < 2 || parts[0].as_str() == "builtins" {
            return None;
        }
        let join = |parts: &[Name]| {
            let names: Vec<&str> = parts.iter().map(Name::as_str).collect();
            names.join(".")
        };
        let known = (1..parts.len()).rev().find(|at| {
            let module = join(&parts[..*at]);
            self.told.contains(&module)
                || self.of_function.as_ref().is_some_and(|known| known.to_string() == module)
        });
        let is_class = |name: &Name| {
            name.as_str().trim_start_matches('_').chars().next().is_some_and(char::is_uppercase)
        };
        if known.is_none() && is_class(&parts[0]) {
            // A class in a class, from a client that names no modules.
            return None;
        }
        let capital = || (1..parts.len()).find(|at| is_class(&parts[*at]));
        let at = known.or_else(capital).unwrap_or(parts.len() - 1);
        let module = match join(&parts[..at]).as_str() {
            "__main__" => self.of_program.clone()?,
            module => Dotted::checked(module)?,
        };
        Some((module, Dotted::checked(&join(&parts[at..]))?))
    }
}

/// The last part of a name with dots.
pub(super) fn bare(type_name: &str) -> &str {
    type_name.rsplit('.').next().unwrap_or(type_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_of_a_class_is_found() {
        let told = vec!["shop.Odd".to_owned()];
        let classes = Classes {
            of_function: None,
            of_program: Dotted::checked("pay"),
            told: &told,
            not_importable: &["shop.cart.Made"],
        };
        for (text, want) in [
            ("shop.cart.Cart", "shop.cart Cart"),
            ("shop.cart.Cart.Line", "shop.cart Cart.Line"),
            ("shop.cart.total", "shop.cart total"),
            ("shop.Odd.Cart", "shop.Odd Cart"),
            ("__main__.Cart", "pay Cart"),
            ("_thread.lock", "_thread lock"),
            ("deque", "collections deque"),
        ] {
            let (module, path) = classes.named(text).unwrap();
            assert_eq!(format!("{module} {path}"), want);
        }
        let has = |path| classes.has(&Dotted::checked("shop.cart").unwrap(), &Dotted::checked(path).unwrap());
        assert!(has("Cart") && !has("Made") && !has("Made.Line"));
        for text in ["Cart", "Cart.Line", "builtins.int", "a.<locals>.B", "os;x.Y", ""] {
            assert_eq!(classes.named(text), None, "{text}");
        }
    }
}
