//! Calls that returned, which clients of ours send now and then of a function that has raised: what an issue is compared
//! with.
//!
//! Their values are snapshots like others: redacted, stored, and gone when they are too old. Which call is of which function
//! is known in memory alone, since the process began.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use reenact_model::{Snapshot, SnapshotId};

/// Calls of one function that are known; the oldest one is forgotten.
const CALLS_MAX: usize = 200;
/// Functions whose calls are known; the one that was called longest ago is forgotten.
const FUNCTIONS_MAX: usize = 2_000;

/// A function of a service, with its file.
type Function = (String, String, String);

/// The calls that are known.
#[derive(Debug, Default)]
pub struct Calls {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    functions: HashMap<Function, Called>,
    /// Calls that were ever noted.
    count: u64,
}

#[derive(Debug, Default)]
struct Called {
    calls: VecDeque<SnapshotId>,
    last: u64,
}

impl Calls {
    /// Notes a call that arrived; snapshots of exceptions are none.
    pub(crate) fn arrived(&self, snapshot: &Snapshot) {
        if !snapshot.is_call() {
            return;
        }
        let function = (snapshot.service.clone(), snapshot.function.clone(), snapshot.file.clone());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.functions.len() >= FUNCTIONS_MAX && !known.functions.contains_key(&function) {
            let longest_ago = known.functions.iter().min_by_key(|(_, called)| called.last);
            if let Some(longest_ago) = longest_ago.map(|(function, _)| function.clone()) {
                known.functions.remove(&longest_ago);
            }
        }
        known.count += 1;
        let last = known.count;
        let called = known.functions.entry(function).or_default();
        called.last = last;
        // A client that gets no answer sends again.
        if !called.calls.contains(&snapshot.id) {
            called.calls.push_back(snapshot.id);
        }
        if called.calls.len() > CALLS_MAX {
            called.calls.pop_front();
        }
    }

    /// The calls of a function, the newest first.
    pub(crate) fn of(&self, service: &str, function: &str, file: &str) -> Vec<SnapshotId> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let function = (service.to_owned(), function.to_owned(), file.to_owned());
        known
            .functions
            .get(&function)
            .map(|called| called.calls.iter().rev().copied().collect())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(function: &str, id: u128) -> Snapshot {
        Snapshot {
            id: SnapshotId(id),
            capture_id: Some(SnapshotId(id)),
            service: "shop".into(),
            function: function.into(),
            file: "/srv/cart.py".into(),
            ..Snapshot::default()
        }
    }

    #[test]
    fn calls_are_known_by_their_function_the_newest_first_and_once() {
        let calls = Calls::default();
        for id in [1, 2, 3, 2] {
            calls.arrived(&call("total", id));
        }
        calls.arrived(&call("other", 9));
        calls.arrived(&Snapshot { capture_id: Some(SnapshotId(1)), ..call("total", 4) });
        let ids: Vec<u128> = calls.of("shop", "total", "/srv/cart.py").iter().map(|id| id.0).collect();
        assert_eq!(ids, [3, 2, 1]);
        assert!(calls.of("elsewhere", "total", "/srv/cart.py").is_empty());
    }

    #[test]
    fn calls_and_functions_are_bounded() {
        let calls = Calls::default();
        for id in 0..1_000 {
            calls.arrived(&call("total", id));
        }
        assert_eq!(calls.of("shop", "total", "/srv/cart.py").len(), CALLS_MAX);
        for id in 0..FUNCTIONS_MAX as u128 + 10 {
            calls.arrived(&call(&format!("f{id}"), id));
        }
        assert!(calls.of("shop", "total", "/srv/cart.py").is_empty());
        assert_eq!(calls.known.lock().unwrap().functions.len(), FUNCTIONS_MAX);
    }
}
