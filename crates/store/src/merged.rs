//! Issues that are shown as another one.
//!
//! Events keep their own issue for ever. A question is asked of own issues ([`Merged::own`]), and what is
//! found is put together under the issue that it is shown as ([`Merged::shown`]).

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use reenact_model::IssueId;

use crate::issue_set::IdHash;
use crate::{Field, Filter, IssueSet};

/// Which issues are shown as another one. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    shown: Arc<HashMap<IssueId, IssueId, IdHash>>,
    /// Of issues that others are shown as: those others, in order.
    others: Arc<HashMap<IssueId, Vec<IssueId>, IdHash>>,
}

impl Merged {
    /// From pairs of an issue and the one that it was merged into, each issue once. Chains are followed to their
    /// end; what would lead back to itself stays as it is.
    pub fn new(pairs: impl IntoIterator<Item = (IssueId, IssueId)>) -> Self {
        let next: HashMap<IssueId, IssueId, IdHash> = pairs.into_iter().collect();
        let mut shown = HashMap::with_capacity_and_hasher(next.len(), IdHash::default());
        let mut others: HashMap<IssueId, Vec<IssueId>, IdHash> = HashMap::default();
        for id in next.keys() {
            if let Some(end) = end_of(*id, &next) {
                shown.insert(*id, end);
                others.entry(end).or_default().push(*id);
            }
        }
        others.values_mut().for_each(|ids| ids.sort_unstable());
        Self { shown: Arc::new(shown), others: Arc::new(others) }
    }

    /// Whether every issue is shown as itself.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// How many issues are shown as another one.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// The issue that an own issue is shown as.
    pub fn shown(&self, own: IssueId) -> IssueId {
        self.shown.get(&own).copied().unwrap_or(own)
    }

    /// The own issues that are shown as this one, itself first; those of the other one where it is shown as that.
    pub fn members(&self, id: IssueId) -> Vec<IssueId> {
        let shown = self.shown(id);
        let others = self.others.get(&shown).map_or(&[][..], Vec::as_slice);
        std::iter::once(shown).chain(others.iter().copied()).collect()
    }

    /// Whether the issue is shown as another one, or others as it.
    pub fn has(&self, id: IssueId) -> bool {
        self.shown.contains_key(&id) || self.others.contains_key(&id)
    }

    /// A filter of shown issues, as one of own issues. An issue that is shown as another one stands for that one
    /// where it is asked for by its whole id.
    pub fn own(&self, filter: &Filter) -> Filter {
        if self.is_empty() {
            return filter.clone();
        }
        self.map(filter, &|condition| match condition {
            Filter::Equals(Field::Issue, text) => match id_of(text).filter(|id| self.has(*id)) {
                Some(id) => {
                    let name = format!("issue {}", self.shown(id));
                    Filter::Issues(IssueSet::new(&name, self.members(id)))
                }
                None => condition.clone(),
            },
            Filter::StartsWith(Field::Issue, _) | Filter::Passes(Field::Issue, _) => {
                self.of_text(condition.clone())
            }
            Filter::Issues(set) => Filter::Issues(self.own_set(set)),
            _ => condition.clone(),
        })
    }

    /// A filter in which issues that are shown as another one stand for that one. Events are compared with it by
    /// the issue that they are shown as.
    pub(crate) fn addressed(&self, filter: &Filter) -> Filter {
        self.map(filter, &|condition| match condition {
            Filter::Equals(Field::Issue, text) => {
                let shown = id_of(text).map(|id| self.shown(id).to_string());
                Filter::Equals(Field::Issue, shown.unwrap_or_else(|| text.clone()))
            }
            _ => condition.clone(),
        })
    }

    fn map(&self, filter: &Filter, of: &dyn Fn(&Filter) -> Filter) -> Filter {
        let all = |filters: &[Filter]| filters.iter().map(|filter| self.map(filter, of)).collect();
        match filter {
            Filter::And(filters) => Filter::And(all(filters)),
            Filter::Or(filters) => Filter::Or(all(filters)),
            Filter::Not(inner) => Filter::Not(Box::new(self.map(inner, of))),
            condition => of(condition),
        }
    }

    /// A condition on the text of an id: that of the shown issue counts.
    fn of_text(&self, condition: Filter) -> Filter {
        let passes = |id: IssueId| {
            let id = id.to_string();
            match &condition {
                Filter::StartsWith(_, start) => id.starts_with(start.as_str()),
                Filter::Passes(field, test) => test.holds(field, &id),
                _ => false,
            }
        };
        let others = self.shown.iter().filter(|(_, shown)| passes(**shown)).map(|(own, _)| *own);
        let others = Filter::Issues(IssueSet::new("merged that pass", others));
        let merged = Filter::Issues(IssueSet::new("merged", self.shown.keys().copied()));
        Filter::Or(vec![Filter::And(vec![condition, Filter::Not(Box::new(merged))]), others])
    }

    fn own_set(&self, set: &IssueSet) -> IssueSet {
        let changes = |(own, shown): (&IssueId, &IssueId)| set.contains(*own) != set.contains(*shown);
        if !self.shown.iter().any(changes) {
            return set.clone();
        }
        let unmerged = set.iter().filter(|id| !self.shown.contains_key(id));
        let others = self.shown.iter().filter(|(_, shown)| set.contains(**shown)).map(|(own, _)| *own);
        IssueSet::new(set.name(), unmerged.chain(others))
    }

    /// What was found of own issues, put together under the issues that they are shown as.
    pub(crate) fn fold<T>(
        &self,
        found: impl IntoIterator<Item = (u64, T)>,
        absorb: &mut dyn FnMut(&mut T, T),
    ) -> HashMap<u64, T, IdHash> {
        let mut folded: HashMap<u64, T, IdHash> = HashMap::default();
        for (own, one) in found {
            match folded.entry(self.shown(IssueId(own)).0) {
                std::collections::hash_map::Entry::Occupied(mut known) => absorb(known.get_mut(), one),
                std::collections::hash_map::Entry::Vacant(place) => drop(place.insert(one)),
            }
        }
        folded
    }

    /// How many issues these own ones, each once, are shown as.
    pub(crate) fn count(&self, own: impl IntoIterator<Item = IssueId>) -> u64 {
        let own = own.into_iter();
        if self.is_empty() {
            return own.count() as u64;
        }
        own.map(|own| self.shown(own)).collect::<HashSet<_, IdHash>>().len() as u64
    }
}

/// Where a chain ends; `None` when it leads back to its beginning or runs into a ring.
fn end_of<S: std::hash::BuildHasher>(id: IssueId, next: &HashMap<IssueId, IssueId, S>) -> Option<IssueId>
where
    IssueId: Hash,
{
    let mut end = id;
    // Longer than all of them together it can only be when it is a ring.
    for _ in 0..=next.len() {
        match next.get(&end) {
            Some(further) => end = *further,
            None => return Some(end).filter(|end| *end != id),
        }
    }
    None
}

fn id_of(text: &str) -> Option<IssueId> {
    text.parse::<IssueId>().ok().filter(|id| id.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(pairs: &[(u64, u64)]) -> Merged {
        Merged::new(pairs.iter().map(|(own, into)| (IssueId(*own), IssueId(*into))))
    }

    #[test]
    fn chains_end_and_rings_stay_apart() {
        let chained = merged(&[(1, 2), (2, 3), (4, 3)]);
        assert_eq!([1, 2, 3, 4, 5].map(|id| chained.shown(IssueId(id)).0), [3, 3, 3, 3, 5]);
        assert_eq!(chained.members(IssueId(1)), [3, 1, 2, 4].map(IssueId));
        let ring = merged(&[(1, 2), (2, 1), (3, 1)]);
        assert_eq!([1, 2, 3].map(|id| ring.shown(IssueId(id)).0), [1, 2, 3]);
        assert!(ring.is_empty());
    }

    #[test]
    fn a_set_that_no_merge_touches_is_the_same_set() {
        let set = IssueSet::new("some", [IssueId(8)]);
        assert_eq!(merged(&[(1, 2)]).own(&Filter::Issues(set.clone())), Filter::Issues(set));
        let both = IssueSet::new("some", [IssueId(1), IssueId(2), IssueId(9)]);
        let Filter::Issues(own) = merged(&[(1, 2), (9, 7)]).own(&Filter::Issues(both)) else { panic!() };
        let mut own: Vec<u64> = own.iter().map(|id| id.0).collect();
        own.sort_unstable();
        assert_eq!(own, [1, 2]);
    }
}
