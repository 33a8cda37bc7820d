//! Sets of issues that a caller knows by other means than their events, such as by their state.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use reenact_model::IssueId;

/// Some issues, under a name by which queries are told apart: the set may change between two pages of one
/// list. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct IssueSet {
    name: String,
    ids: Arc<HashSet<IssueId, IdHash>>,
}

impl IssueSet {
    /// A set of issues; the same `name` stands for the same question.
    pub fn new(name: &str, ids: impl IntoIterator<Item = IssueId>) -> Self {
        Self { name: name.to_owned(), ids: Arc::new(ids.into_iter().collect()) }
    }

    /// What it is told apart by.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the issue is in it.
    pub fn contains(&self, id: IssueId) -> bool {
        self.ids.contains(&id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The issues, in no order.
    pub fn iter(&self) -> impl Iterator<Item = IssueId> {
        self.ids.iter().copied()
    }
}

impl fmt::Debug for IssueSet {
    /// The name alone: cursors are told apart by this text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssueSet({})", self.name)
    }
}

/// Every issue in one of a few groups; those that are not named are in group 0. Cheap to clone.
#[derive(Clone, Default)]
pub struct IssueGroups {
    groups: usize,
    of: Arc<HashMap<IssueId, u8, IdHash>>,
}

impl IssueGroups {
    /// Groups with the numbers from 0 to before `groups`.
    ///
    /// # Panics
    /// When an issue has a group that there is not.
    pub fn new(groups: u8, of: impl IntoIterator<Item = (IssueId, u8)>) -> Self {
        let of: HashMap<_, _, _> = of.into_iter().collect();
        assert!(of.values().all(|group| *group < groups), "a group over {groups}");
        Self { groups: usize::from(groups), of: Arc::new(of) }
    }

    /// The group of an issue.
    pub fn of(&self, id: IssueId) -> u8 {
        self.of.get(&id).copied().unwrap_or(0)
    }

    /// How many groups there are; 0 when nothing is grouped.
    pub fn len(&self) -> usize {
        self.groups
    }

    /// Whether nothing is grouped.
    pub fn is_empty(&self) -> bool {
        self.groups == 0
    }
}

impl fmt::Debug for IssueGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssueGroups({})", self.groups)
    }
}

/// Ids of issues are hashes already.
pub(crate) type IdHash = BuildHasherDefault<IdHasher>;

#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_in_the_first_group() {
        let groups = IssueGroups::new(3, [(IssueId(5), 2)]);
        assert_eq!((groups.of(IssueId(5)), groups.of(IssueId(6)), groups.len()), (2, 0, 3));
        let set = IssueSet::new("resolved", [IssueId(5)]);
        assert!(set.contains(IssueId(5)) && !set.contains(IssueId(6)));
        assert_eq!(format!("{set:?}"), format!("{:?}", IssueSet::new("resolved", [])));
    }
}
