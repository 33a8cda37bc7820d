//! What the handlers share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use reenact_intake::Receipts;
use reenact_model::Timestamp;
use reenact_store::Store;

use crate::Addresses;
use crate::access::{Permissions, Searches};
use crate::calls::Calls;
use crate::capturing::Capturing;
use crate::grouping::Grouping;
use crate::jobs::Jobs;
use crate::pipeline::Recorded;
use crate::policy::Policies;
use crate::source::{OwnerIndex, Sources};
use crate::volume::Volume;
use crate::workflow::Workflow;

/// What the handlers of the API share.
pub struct App {
    /// Where events are kept.
    pub store: Arc<dyn Store>,
    /// The count of what arrived.
    pub receipts: Arc<Receipts>,
    /// When the process began.
    pub started_at: Timestamp,
    /// Where clients send to.
    pub addresses: Addresses,
    /// Says when something was recorded.
    pub recorded: Recorded,
    /// Whether the last commit failed.
    pub storing_fails: Arc<AtomicBool>,
    /// Further names that the pages and the API may be asked for by.
    pub allowed_hosts: Vec<String>,
    /// What is redacted, and the settings behind it.
    pub policies: Arc<Policies>,
    /// Long work.
    pub jobs: Arc<Jobs>,
    /// Where issues stand.
    pub workflow: Arc<Workflow>,
    /// Rules that decide which issue an event belongs to.
    pub grouping: Arc<Grouping>,
    /// What is not kept of what arrives.
    pub volume: Arc<Volume>,
    /// What clients of ours are told.
    pub capturing: Arc<Capturing>,
    /// Calls that returned.
    pub calls: Arc<Calls>,
    /// What everybody who reaches the pages may do, until there are accounts.
    pub local_admin: Permissions,
    /// Searches of captured values that stand in the audit log.
    pub(crate) searches: Searches,
    /// Clones of repositories.
    pub(crate) sources: Sources,
    /// Whose issues are whose.
    pub(crate) owners: OwnerIndex,
}

/// What an [`App`] is made of.
pub struct AppOptions {
    /// Where events are kept.
    pub store: Arc<dyn Store>,
    /// The count of what arrived.
    pub receipts: Arc<Receipts>,
    /// Where clients send to.
    pub addresses: Addresses,
    /// Says when something was recorded.
    pub recorded: Recorded,
    /// Whether the last commit failed.
    pub storing_fails: Arc<AtomicBool>,
    /// Further names that the pages and the API may be asked for by.
    pub allowed_hosts: Vec<String>,
    /// What is redacted, and the settings behind it.
    pub policies: Arc<Policies>,
    /// Long work.
    pub jobs: Arc<Jobs>,
    /// Where issues stand.
    pub workflow: Arc<Workflow>,
    /// Rules that decide which issue an event belongs to.
    pub grouping: Arc<Grouping>,
    /// What is not kept of what arrives.
    pub volume: Arc<Volume>,
    /// What clients of ours are told.
    pub capturing: Arc<Capturing>,
    /// Calls that returned.
    pub calls: Arc<Calls>,
    /// What everybody who reaches the pages may do, until there are accounts.
    pub local_admin: Permissions,
    /// Folders that clones of repositories may lie in; anywhere when empty.
    pub source_roots: Vec<PathBuf>,
}

impl App {
    /// An application that began now.
    pub fn new(options: AppOptions) -> Arc<Self> {
        let AppOptions {
            store,
            receipts,
            addresses,
            recorded,
            storing_fails,
            allowed_hosts,
            policies,
            jobs,
            workflow,
            grouping,
            volume,
            capturing,
            calls,
            local_admin,
            source_roots,
        } = options;
        Arc::new(Self {
            sources: Sources::new(source_roots),
            owners: OwnerIndex::default(),
            policies,
            jobs,
            workflow,
            grouping,
            volume,
            capturing,
            calls,
            local_admin,
            store,
            receipts,
            started_at: now(),
            addresses,
            recorded,
            storing_fails,
            allowed_hosts,
            searches: Searches::default(),
        })
    }

    /// Looks up the owners of issues that queries have left, until [`App::stop_owners`]; blocks.
    pub fn run_owners(&self) {
        self.owners.run(self);
    }

    /// Ends [`App::run_owners`] soon.
    pub fn stop_owners(&self) {
        self.owners.stop();
    }
}

/// The time of the machine's clock.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp::from_nanos(since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)))
}
