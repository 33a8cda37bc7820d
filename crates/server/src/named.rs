//! Named things of which all of a kind are one document: saved views, repositories. So a change is atomic, and its entry
//! in the audit log is in the same transaction.

use std::collections::BTreeMap;

use reenact_store::StoreError;
use reenact_store::control::{AuditEntry, Control};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Tries to change a document while others do.
const TRIES: usize = 10;

/// A thing with a name that no other one of its kind has.
pub(crate) trait Named: Clone + Serialize + DeserializeOwned {
    /// Name of the document, and of the list in it.
    const DOCUMENT: &'static str;
    /// What one of them is called.
    const KIND: &'static str;
    /// How many there are at most.
    const COUNT_MAX: usize;

    fn id(&self) -> &str;
    fn name(&self) -> &str;
    /// Grows by one with each change; the first is 1.
    fn version(&self) -> u64;
}

/// A thing cannot be added, changed or deleted.
#[derive(Debug)]
pub(crate) enum NamedError {
    /// There are as many as there can be.
    TooMany { kind: &'static str, most: usize },
    /// Another one has the name.
    NameTaken(&'static str),
    /// There is none with the id.
    NotFound(&'static str),
    /// It has another version by now.
    Changed(&'static str),
    /// Others change the document all the time.
    Busy,
    /// The store fails.
    Store(StoreError),
}

impl From<StoreError> for NamedError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// All of a kind, by name, and the version of their document. Blocks.
pub(crate) fn load<T: Named>(control: &dyn Control) -> Result<(u64, Vec<T>), StoreError> {
    let Some(document) = control.document(T::DOCUMENT)? else { return Ok((0, Vec::new())) };
    let mut lists: BTreeMap<String, Vec<T>> =
        serde_json::from_str(&document.body).map_err(|error| StoreError::Engine {
            context: format!("reading the document `{}`", T::DOCUMENT),
            source: error.into(),
        })?;
    Ok((document.version, lists.remove(T::DOCUMENT).unwrap_or_default()))
}

/// Adds what `make` makes of the entry of the audit log, whose subject is the id, and the first version. Blocks.
pub(crate) fn add<T: Named>(
    control: &dyn Control,
    audit: AuditEntry,
    make: impl Fn(&AuditEntry, u64) -> T,
) -> Result<T, NamedError> {
    change(control, audit, |all, audit| {
        if all.len() >= T::COUNT_MAX {
            return Err(NamedError::TooMany { kind: T::KIND, most: T::COUNT_MAX });
        }
        let one = make(audit, 1);
        all.push(one.clone());
        Ok(one)
    })
}

/// Replaces the one with the id of the audit log's subject, which has this version. Blocks.
pub(crate) fn put<T: Named>(
    control: &dyn Control,
    audit: AuditEntry,
    version: u64,
    make: impl Fn(&AuditEntry, u64) -> T,
) -> Result<T, NamedError> {
    change(control, audit, |all, audit| {
        let place = place(all, audit, Some(version))?;
        all[place] = make(audit, version + 1);
        Ok(all[place].clone())
    })
}

/// Deletes the one with the id of the audit log's subject, if it has the version, where one is given. Blocks.
pub(crate) fn remove<T: Named>(
    control: &dyn Control,
    audit: AuditEntry,
    version: Option<u64>,
) -> Result<T, NamedError> {
    change(control, audit, |all, audit| Ok(all.remove(place(all, audit, version)?)))
}

fn place<T: Named>(all: &[T], audit: &AuditEntry, version: Option<u64>) -> Result<usize, NamedError> {
    let place = all.iter().position(|one| audit.subject.as_deref() == Some(one.id()));
    let place = place.ok_or(NamedError::NotFound(T::KIND))?;
    if version.is_some_and(|version| version != all[place].version()) {
        return Err(NamedError::Changed(T::KIND));
    }
    Ok(place)
}

fn change<T: Named>(
    control: &dyn Control,
    mut audit: AuditEntry,
    change: impl Fn(&mut Vec<T>, &AuditEntry) -> Result<T, NamedError>,
) -> Result<T, NamedError> {
    let more = audit.detail.take().map(|detail| format!(", {detail}")).unwrap_or_default();
    for _ in 0..TRIES {
        let (version, mut all) = load::<T>(control)?;
        let one = change(&mut all, &audit)?;
        if all.iter().filter(|other| other.name() == one.name()).count() > 1 {
            return Err(NamedError::NameTaken(T::KIND));
        }
        all.sort_by(|a, b| (a.name().to_lowercase(), a.name()).cmp(&(b.name().to_lowercase(), b.name())));
        audit.detail = Some(format!("the {} `{}`{more}", T::KIND, one.name()));
        let body = serde_json::to_string(&BTreeMap::from([(T::DOCUMENT, all)])).expect("it is plain data");
        if control.put_document(T::DOCUMENT, version, &body, Some(&audit))?.is_some() {
            return Ok(one);
        }
    }
    Err(NamedError::Busy)
}
