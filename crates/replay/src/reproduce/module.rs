//! The name under which a file of the application is imported.

use std::collections::BTreeSet;

use super::python::Dotted;
use super::standard::is_standard;

/// Folders from which installed packages are imported; what stands behind the last of them is the module.
const INSTALLED: [&str; 2] = ["site-packages", "dist-packages"];

/// Folders in which services usually lie, each with how many folders below it begin the module.
const ROOTS: [(&[&str], usize); 8] = [
    (&["usr", "src", "app"], 0),
    (&["home", "app"], 0),
    (&["app"], 0),
    (&["code"], 0),
    (&["workspace"], 0),
    (&["var", "task"], 0),
    (&["srv"], 1),
    (&["opt"], 1),
];

/// A module's name, and what else it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) name: Dotted,
    /// Other names that the path allows, longest first.
    pub(super) alternatives: Vec<String>,
}

/// What is known of the folders that modules are imported from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    /// Those of the application, where the caller knows them; a file belongs to the first that it is below.
    pub(super) roots: &'a [&'a str],
    /// The application's files of the event.
    pub(super) files: &'a [&'a str],
    /// Packages and modules that the application's files import.
    pub(super) imported: &'a BTreeSet<String>,
}

/// The module of a file: what the client says, else what its path tells.
///
/// Where the caller knows no folders that modules of the application are imported from, that is the one before what the
/// application's files import, else one that is known to be one, else what these files have in common. Installed packages
/// are imported from where they are.
pub(super) fn of_file(file: &str, told: Option<&str>, known: Known<'_>) -> Option<Module> {
    let parts = parts(file)?;
    let alternatives: Vec<String> =
        (0..parts.len()).filter_map(|from| dotted(&parts[from..])).map(|module| module.to_string()).collect();
    let chosen = if known.roots.is_empty() {
        let told = told.filter(|told| *told != "__main__").map(Dotted::checked);
        let of_path =
            || dotted(&parts[root_length(&parts, known)..]).or_else(|| dotted(&parts[parts.len() - 1..]));
        told.unwrap_or_else(of_path)?
    } else {
        let mut below = known.roots.iter().filter_map(|root| parts.strip_prefix(folders(root).as_slice()));
        match below.find_map(dotted) {
            Some(below) => below,
            None => dotted(&parts[installed_at(&parts)?..])?,
        }
    };
    let name = chosen.to_string();
    let alternatives = alternatives.into_iter().filter(|other| *other != name).collect();
    Some(Module { name: chosen, alternatives })
}

/// Whether calling functions of the module would be calling Python's own.
pub(super) fn is_pythons(module: &Dotted) -> bool {
    is_standard(&module.to_string())
}

/// Folders and file of a path to Python source.
fn parts(file: &str) -> Option<Vec<String>> {
    let stem = file.strip_suffix(".py")?;
    let parts = folders(stem);
    (!parts.is_empty() && parts.len() <= PARTS_MAX).then_some(parts)
}

/// Folders of a path that are followed.
const PARTS_MAX: usize = 64;

fn folders(path: &str) -> Vec<String> {
    let parts = path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".");
    parts.map(str::to_owned).collect()
}

fn dotted(parts: &[String]) -> Option<Dotted> {
    let parts = match parts {
        [package @ .., last] if last == "__init__" && !package.is_empty() => package,
        parts => parts,
    };
    if parts.is_empty() { None } else { Dotted::checked(&parts.join(".")) }
}

/// The distribution's folder or module of an installed file: `yaml` of `…/site-packages/yaml/reader.py`.
pub(super) fn package(file: &str) -> Option<String> {
    let parts = parts(file)?;
    parts.get(installed_at(&parts)?).cloned()
}

/// How many folders stand before the module of an installed file.
fn installed_at(parts: &[String]) -> Option<usize> {
    let folders = &parts[..parts.len() - 1];
    folders.iter().rposition(|part| INSTALLED.contains(&part.as_str())).map(|at| at + 1)
}

/// How many folders stand before the module.
fn root_length(parts: &[String], known: Known<'_>) -> usize {
    let folders_before = parts.len() - 1;
    if let Some(at) = installed_at(parts) {
        return at;
    }
    if let Some(at) = parts[..folders_before].iter().rposition(|part| known.imported.contains(part)) {
        return at;
    }
    if let Some(at) = parts[..folders_before].iter().rposition(|part| part == "src")
        && at + 1 < parts.len()
        && !parts.starts_with(&["usr".to_owned(), "src".to_owned()])
    {
        return at + 1;
    }
    for (root, below) in ROOTS {
        if parts.len() > root.len() + below && parts.iter().zip(root).all(|(part, of_root)| part == of_root) {
            return root.len() + below;
        }
    }
    let mut common = folders_before;
    for other in known.files {
        let other = folders(other);
        let same = parts.iter().zip(&other).take_while(|(ours, theirs)| ours == theirs).count();
        common = common.min(same).min(other.len().saturating_sub(1));
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, told: Option<&str>, root: Option<&str>, want: Option<&str>) {
        let files = ["/builds/shop/app.py"];
        let known = Known { roots: root.as_slice(), files: &files, imported: &BTreeSet::new() };
        let module = of_file(file, told, known);
        assert_eq!(module.map(|module| module.name.to_string()).as_deref(), want, "{file}");
    }

    #[test]
    fn the_module_is_told_by_the_client_or_the_path() {
        check("/srv/shop/orders/cart.py", Some("orders.cart"), None, Some("orders.cart"));
        check("/srv/shop/orders/cart.py", None, None, Some("orders.cart"));
        check("/srv/shop/orders/__init__.py", None, None, Some("orders"));
        check("/app/orders/cart.py", Some("__main__"), None, Some("orders.cart"));
        check("/home/ada/shop/src/orders/cart.py", None, None, Some("orders.cart"));
        check(
            "/venv/lib/python3.12/site-packages/jinja2/environment.py",
            None,
            None,
            Some("jinja2.environment"),
        );
        check("/builds/shop/orders/cart.py", None, None, Some("orders.cart"));
        check("/builds/shop/orders/cart.py", None, Some("/builds"), Some("shop.orders.cart"));
        check("/builds/shop/orders/cart.py", None, Some("/elsewhere"), None);
        check(
            "/venv/lib/python3.12/site-packages/yaml/reader.py",
            None,
            Some("/builds"),
            Some("yaml.reader"),
        );
        check("/venv/lib/python3.12/site-packages/six.py", Some("six"), Some("/builds"), Some("six"));
        check("/builds/my-shop/cart.py", None, None, Some("cart"));
        check("C:\\app\\cart.py", None, Some("C:\\app"), Some("cart"));
        check("<string>", None, None, None);
        check("/builds/shop/a;b.py", None, None, None);
    }

    #[test]
    fn what_the_files_import_tells_where_from() {
        let check = |file: &str, imported: &[&str], roots: &[&str], want: Option<&str>| {
            let imported = imported.iter().map(|&name| name.to_owned()).collect();
            let known = Known { roots, files: &["/builds/demo/shop/nightly.py"], imported: &imported };
            assert_eq!(of_file(file, None, known).map(|module| module.name.to_string()).as_deref(), want);
        };
        check("/builds/demo/shop/nightly.py", &[], &[], Some("nightly"));
        check("/builds/demo/shop/nightly.py", &["shop", "yaml"], &[], Some("shop.nightly"));
        check("/builds/src/shop/nightly.py", &["src"], &[], Some("src.shop.nightly"));
        check("/builds/demo/shop/nightly.py", &["demo"], &["/builds/demo"], Some("shop.nightly"));
        // The first folder that it is below counts.
        let roots = ["/builds/libs/core", "/builds"];
        check("/builds/libs/core/rates/eur.py", &[], &roots, Some("rates.eur"));
        check("/builds/libs/core-rates/eur.py", &[], &roots, None);
        check("/builds/libs/other/eur.py", &[], &roots, Some("libs.other.eur"));
    }

    #[test]
    fn other_names_are_offered() {
        let known = Known { roots: &[], files: &[], imported: &BTreeSet::new() };
        let module = of_file("/srv/shop/orders/cart.py", None, known).unwrap();
        assert_eq!(module.alternatives, ["srv.shop.orders.cart", "shop.orders.cart", "cart"]);
    }
}
