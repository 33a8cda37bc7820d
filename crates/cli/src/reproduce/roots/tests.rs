use super::*;

/// The folders that files of `/srv` are imported from, as they are told of, for a project of these files; each is
/// `path: text`, with `told` as what the client says of its module.
fn told(project: &[(&str, &str)], frames: &[&str], below: &str, module: Option<&str>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in project {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let here = folder.path().join(below);
    let captured: Vec<String> = frames.iter().map(|file| format!("/srv/{file}")).collect();
    let files = captured.iter().map(|file| {
        let at = here::end_below(file, &here).unwrap();
        let text = std::fs::read_to_string(here.join(&file[at..])).unwrap();
        OwnFile { file, at, module, text }
    });
    let roots = roots(&files.collect::<Vec<_>>(), &here);
    for root in &roots {
        let below = root.here.strip_prefix(folder.path()).unwrap().to_str().unwrap();
        assert_eq!(root.captured, format!("/srv/{below}").trim_end_matches('/'));
    }
    roots.into_iter().map(|root| format!("{}: {}", root.captured, root.why)).collect()
}

#[track_caller]
fn check(project: &[(&str, &str)], frames: &[&str], want: &[&str]) {
    assert_eq!(told(project, frames, "", None), want);
}

#[test]
fn flat_modules_are_imported_from_the_folder() {
    let project = [("cart.py", "import rates\nimport os\n"), ("rates.py", ""), ("os.py", "")];
    check(&project, &["cart.py"], &["/srv: the application's files import `rates` from it"]);
    check(&[("cart.py", "import json\n")], &["cart.py"], &["/srv: nothing tells of another one"]);
}

#[test]
fn a_service_in_a_folder_of_its_own_is_imported_from_there() {
    let project = [
        ("pyproject.toml", "[tool.ruff]\n"),
        ("demo/shop/__init__.py", ""),
        ("demo/shop/nightly.py", "from shop.measures import speed\n"),
        ("demo/shop/measures.py", ""),
    ];
    let want = ["/srv/demo: the application's files import `shop.measures` from it"];
    check(&project, &["demo/shop/nightly.py"], &want);
    check(&project, &["demo/shop/measures.py", "demo/shop/nightly.py"], &want);
    // Without anything that tells: the folder around its packages.
    let want = ["/srv/demo: `shop` is a package in it"];
    check(&project, &["demo/shop/measures.py"], &want);
    check(&project, &["demo/shop/__init__.py"], &want);
    // From inside of the package.
    let want = ["/srv/demo: the application's files import `shop.measures` from it"];
    assert_eq!(told(&project, &["demo/shop/nightly.py"], "demo/shop", None), want);
}

#[test]
fn what_the_client_says_counts_first() {
    let project = [("demo/shop/__init__.py", ""), ("demo/shop/nightly.py", "import shop.nightly\n")];
    let said = "/srv: the client says that a file is `demo.shop.nightly`";
    let imported = "/srv/demo: the application's files import `shop.nightly` from it";
    assert_eq!(told(&project, &["demo/shop/nightly.py"], "", Some("demo.shop.nightly")), [said, imported]);
    assert_eq!(told(&project, &["demo/shop/nightly.py"], "", Some("__main__")), [imported]);
    assert_eq!(told(&project, &["demo/shop/nightly.py"], "", Some("other")), [imported]);
}

#[test]
fn relative_imports_lead_to_a_package() {
    let project = [("tools/jobs/nightly/run.py", "from ..rates import eur\n"), ("tools/jobs/rates.py", "")];
    check(&project, &["tools/jobs/nightly/run.py"], &["/srv: nothing tells of another one"]);
    let project = [("my-tools/jobs/nightly.py", "from .rates import eur\n"), ("my-tools/jobs/rates.py", "")];
    check(&project, &["my-tools/jobs/nightly.py"], &["/srv/my-tools: nothing tells of another one"]);
}

#[test]
fn source_in_src_is_imported_from_there() {
    let namespace = [("src/shop/cart.py", "")];
    check(&namespace, &["src/shop/cart.py"], &["/srv/src: it is the folder `src`"]);
    let package = [("src/shop/__init__.py", ""), ("src/shop/cart.py", ""), ("pyproject.toml", "")];
    check(&package, &["src/shop/cart.py"], &["/srv/src: `shop` is a package in it"]);
    // Who imports it as a package means that.
    let named = [("src/__init__.py", ""), ("src/cart.py", "from src import rates\n"), ("src/rates.py", "")];
    check(&named, &["src/cart.py"], &["/srv: the application's files import `src` from it"]);
}

#[test]
fn what_a_project_declares_counts() {
    let project = [
        ("pyproject.toml", "[tool.pytest.ini_options]\npythonpath = [\"python\"]\n"),
        ("python/shop/cart.py", ""),
    ];
    check(&project, &["python/shop/cart.py"], &["/srv/python: `pyproject.toml` names it"]);
    let django = [("backend/manage.py", ""), ("backend/orders/views.py", ""), ("setup.cfg", "")];
    check(&django, &["backend/orders/views.py"], &["/srv/backend: `manage.py` is in it"]);
}

#[test]
fn packages_of_a_monorepo_have_a_folder_each() {
    let project = [
        ("services/shop/shop/__init__.py", ""),
        ("services/shop/shop/views.py", "from core.money import eur\nfrom shop import models\n"),
        ("services/shop/shop/models.py", ""),
        ("libs/core/pyproject.toml", ""),
        ("libs/core/src/core/__init__.py", ""),
        ("libs/core/src/core/money.py", "from core import rates\n"),
        ("libs/core/src/core/rates.py", ""),
    ];
    let want = [
        "/srv/libs/core/src: the application's files import `core` from it",
        "/srv/services/shop: the application's files import `shop` from it",
    ];
    check(&project, &["libs/core/src/core/money.py", "services/shop/shop/views.py"], &want);
}

#[test]
fn packages_without_a_file_of_their_own_are_found_by_what_is_in_them() {
    let project = [
        ("code/acme/billing/tax.py", "from acme.billing import rates\nfrom acme import geo\n"),
        ("code/acme/billing/rates.py", ""),
        ("code/acme/geo/country.py", ""),
    ];
    let want = ["/srv/code: the application's files import `acme` from it"];
    check(&project, &["code/acme/billing/tax.py"], &want);
}

#[test]
fn a_script_has_the_modules_beside_it_too() {
    let project = [
        ("scripts/nightly.py", "import shared\nfrom lib import rates, times\n"),
        ("scripts/shared.py", ""),
        ("lib/rates.py", ""),
    ];
    let want = [
        "/srv: the application's files import `lib` from it",
        "/srv/scripts: the application's files import `shared` from it",
    ];
    check(&project, &["scripts/nightly.py"], &want);
}

#[test]
fn a_module_that_was_not_found_is_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("libs/core/core")).unwrap();
    std::fs::write(folder.path().join("libs/core/core/money.py"), "").unwrap();
    let root = of_module(folder.path(), "/srv", "core.money").unwrap();
    assert_eq!((root.here, root.captured.as_str()), (folder.path().join("libs/core"), "/srv/libs/core"));
    assert_eq!(of_module(folder.path(), "/", "core").unwrap().captured, "/libs/core");
    assert_eq!(of_module(folder.path(), "/srv", "yaml"), None);
    assert_eq!(of_module(folder.path(), "/srv", "../core"), None);
}
