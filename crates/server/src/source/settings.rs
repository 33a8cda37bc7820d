//! Repositories as they are kept and as the API takes them.

use reenact_store::StoreError;
use reenact_store::control::Control;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::named::{self, Named};

/// Repositories that can be set up.
const REPOSITORIES_MAX: usize = 50;

/// A repository to set up, or to change.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RepositoryChange {
    /// 1 to 100 bytes, without control characters; no other repository has it.
    pub(crate) name: String,
    /// The folder of a local clone on the server's machine, or a bare repository; an absolute path.
    pub(crate) path: String,
    /// The services that it is the source of, 1 to 100; `*` stands for any text. A service whose name is given as it is
    /// belongs there before others.
    pub(crate) services: Vec<String>,
    /// Where paths of the machine that runs the service lie in the repository, 20 at most; without one that applies, the
    /// file whose path ends like the captured one.
    #[serde(default)]
    pub(crate) mappings: Vec<PathMapping>,
    /// Tags and branches of a version, with `{version}` in them, 5 at most; `{version}` and `v{version}` when empty.
    #[serde(default)]
    pub(crate) references: Vec<String>,
    /// Address of a line, with `{commit}`, `{path}` and `{line}`; recognised by the address of `origin` when absent.
    #[serde(default)]
    pub(crate) line_url: Option<String>,
    /// Address of a commit, with `{commit}`.
    #[serde(default)]
    pub(crate) commit_url: Option<String>,
    /// The version that is changed; needed for a change, and not known for a new repository.
    #[serde(default)]
    pub(crate) version: Option<u64>,
}

/// Where a part of the machine's files lies in the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PathMapping {
    /// What captured paths begin with: `/srv/app/`.
    pub(crate) prefix: String,
    /// The folder of the repository that stands for it; empty for its root.
    #[serde(default)]
    pub(crate) folder: String,
}

/// A repository that is set up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RepositorySetting {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) services: Vec<String>,
    pub(crate) mappings: Vec<PathMapping>,
    pub(crate) references: Vec<String>,
    pub(crate) line_url: Option<String>,
    pub(crate) commit_url: Option<String>,
    /// Grows by one with each change; the first is 1.
    pub(crate) version: u64,
    pub(crate) changed_at: String,
    pub(crate) changed_by: String,
}

impl Named for RepositorySetting {
    const DOCUMENT: &'static str = "repositories";
    const KIND: &'static str = "repository";
    const COUNT_MAX: usize = REPOSITORIES_MAX;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> u64 {
        self.version
    }
}

/// All of them, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repositories {
    pub(crate) repositories: Vec<RepositorySetting>,
}

impl Repositories {
    /// The repository of a service: the first that names it as it is, else the first whose form it has.
    pub(crate) fn of_service(&self, service: &str) -> Option<&RepositorySetting> {
        let named = |repository: &&RepositorySetting| repository.services.iter().any(|name| name == service);
        let formed = |repository: &&RepositorySetting| {
            repository.services.iter().any(|form| reenact_redact::has_form(form, service))
        };
        self.repositories.iter().find(named).or_else(|| self.repositories.iter().find(formed))
    }
}

impl RepositorySetting {
    /// The names of a version's tags and branches.
    pub(crate) fn version_references(&self) -> Vec<String> {
        if self.references.is_empty() {
            return ["{version}", "v{version}"].map(str::to_owned).to_vec();
        }
        self.references.clone()
    }

    pub(crate) fn mappings(&self) -> Vec<reenact_source::paths::Mapping> {
        let mapping = |mapping: &PathMapping| reenact_source::paths::Mapping {
            prefix: mapping.prefix.clone(),
            folder: mapping.folder.clone(),
        };
        self.mappings.iter().map(mapping).collect()
    }
}

/// The repositories that are set up. Blocks.
pub(crate) fn load(control: &dyn Control) -> Result<Repositories, StoreError> {
    Ok(Repositories { repositories: named::load(control)?.1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_belongs_where_it_is_named_before_where_its_form_is() {
        let repository = |name: &str, services: &[&str]| {
            serde_json::from_value::<RepositorySetting>(serde_json::json!({
                "id": name, "name": name, "path": "/", "services": services, "mappings": [], "references": [],
                "line_url": null, "commit_url": null, "version": 1, "changed_at": "", "changed_by": "",
            }))
            .unwrap()
        };
        let all = Repositories {
            repositories: vec![
                repository("all", &["*"]),
                repository("pay", &["pay*"]),
                repository("shop", &["x", "shop"]),
            ],
        };
        let of = |service: &str| all.of_service(service).map(|found| found.name.as_str());
        assert_eq!((of("shop"), of("payments"), of("other")), (Some("shop"), Some("all"), Some("all")));
        assert!(Repositories::default().of_service("shop").is_none());
    }
}
