//! The name under which a file of the application is imported.

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

/// The module of a file: what the client says, else what its path tells.
///
/// `root` is the folder that modules of the application are imported from, where the caller knows it; else a folder that is
/// known to be one, else the folder that the application's files of the event have in common. Installed packages are
/// imported from where they are.
pub(super) fn of_file(file: &str, told: Option<&str>, root: Option<&str>, others: &[&str]) -> Option<Module> {
    let parts = parts(file)?;
    let alternatives: Vec<String> =
        (0..parts.len()).filter_map(|from| dotted(&parts[from..])).map(|module| module.to_string()).collect();
    let below_root = root.map(|root| parts.strip_prefix(folders(root).as_slice()));
    let chosen = match (below_root, told) {
        (Some(Some(below)), _) => dotted(below)?,
        (Some(None), _) => dotted(&parts[installed_at(&parts)?..])?,
        (None, Some(told)) if told != "__main__" => Dotted::checked(told)?,
        _ => dotted(&parts[root_length(&parts, others)..]).or_else(|| dotted(&parts[parts.len() - 1..]))?,
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
fn root_length(parts: &[String], others: &[&str]) -> usize {
    let folders_before = parts.len() - 1;
    if let Some(at) = installed_at(parts) {
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
    for other in others {
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
        let others = ["/builds/shop/app.py"];
        let module = of_file(file, told, root, &others);
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
    fn other_names_are_offered() {
        let module = of_file("/srv/shop/orders/cart.py", None, None, &[]).unwrap();
        assert_eq!(module.alternatives, ["srv.shop.orders.cart", "shop.orders.cart", "cart"]);
    }
}
