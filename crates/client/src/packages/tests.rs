//! Folders of installed distributions, as installers leave them.

use std::path::PathBuf;

use super::{Packages, topmost_modules};

/// A folder that is removed with the test.
struct Site(PathBuf);

impl Site {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("reenact-packages-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.0.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    fn install(&self, name: &str, version: &str, record: &str) {
        let metadata =
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: in the description\n");
        let folder = format!("{}-{version}.dist-info", name.to_lowercase().replace('-', "_"));
        self.write(&format!("{folder}/METADATA"), &metadata);
        self.write(&format!("{folder}/RECORD"), record);
    }

    fn packages(&self, names: &[&str]) -> Vec<String> {
        let names = names.iter().map(|name| (*name).to_owned());
        let found =
            Packages::default().of(names, &[self.0.display().to_string(), "/no/such/folder".to_owned()]);
        found.into_iter().map(|(name, version)| format!("{name} {version}")).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_module_is_told_by_the_real_name_of_its_distribution() {
    let site = Site::new("names");
    site.install("PyYAML", "6.0.3", "_yaml/__init__.py,sha256=x,1\nyaml/__init__.py,,\nyaml/nodes.py,,\n");
    site.install("six", "1.17.0", "six.py,sha256=x,34703\nsix-1.17.0.dist-info/METADATA,,\n");
    site.install("unused", "1", "unused.py,,\n");
    assert_eq!(
        site.packages(&["yaml.nodes.Node", "six", "__main__", "list", ""]),
        ["PyYAML 6.0.3", "six 1.17.0"]
    );
    assert_eq!(site.packages(&["yamlx", "_yaml.CParser"]), ["PyYAML 6.0.3"]);
    assert!(site.packages(&["metadata", "nodes"]).is_empty());
}

#[test]
fn distributions_that_share_a_namespace_are_told_apart() {
    let site = Site::new("namespaces");
    site.install(
        "google-cloud-storage",
        "2.1",
        "google/cloud/storage/__init__.py,,\ngoogle/cloud/storage/blob.py,,\n",
    );
    site.install(
        "google-auth",
        "2.2",
        "google/auth/__init__.py,,\ngoogle/auth/_jwt.cpython-311-x86_64-linux-gnu.so,,\n",
    );
    site.install("protobuf", "5.0", "google/protobuf/message.py,,\ngoogle/protobuf/__init__.py,,\n");
    let found = site.packages(&["google.cloud.storage.blob.Blob", "google.auth._jwt", "google.other"]);
    assert_eq!(found, ["google-auth 2.2", "google-cloud-storage 2.1"]);
}

#[test]
fn older_and_editable_installations_are_told_by_what_they_say() {
    let site = Site::new("others");
    site.write("Old_Thing-0.9.egg-info/PKG-INFO", "Metadata-Version: 1.0\nName: Old-Thing\nVersion: 0.9\n");
    site.write("Old_Thing-0.9.egg-info/top_level.txt", "oldthing\n");
    site.write("single-2.egg-info", "Name: single\nVersion: 2\n");
    site.install("my-shop", "0.1", "__editable___my_shop_finder.py,,\n__editable__.my_shop-0.1.pth,,\n");
    site.write("broken-1.dist-info/METADATA", "\u{0}");
    assert_eq!(
        site.packages(&["oldthing.core", "single", "my_shop.web"]),
        ["Old-Thing 0.9", "my-shop 0.1", "single 2"]
    );
}

#[test]
fn hostile_lists_of_files_are_read_within_limits() {
    let scripts = "../../../bin/tool.py,,\n/etc/absolute.py,,\n\"a,b.py\",,\n.py,,\nno_extension,,\nx.dist-info/y.py,,\n,,\n";
    assert!(topmost_modules(scripts).is_empty());
    let many: String = (0..3_000).map(|number| format!("m{number}.py,,\n")).collect();
    assert_eq!(topmost_modules(&many).len(), super::MODULES_MAX);
    let deep = format!("{}/x.py,,\n", ["d"; 500].join("/"));
    assert_eq!(topmost_modules(&deep).len(), 1);
}
