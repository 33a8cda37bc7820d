//! Exceptions whose next occurrence the server wants with values.

/// How many are remembered.
const WANTED_MAX: usize = 100;

/// An exception by its type and the function of the service's own code that raised it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) type_name: String,
    pub(crate) function: String,
    pub(crate) file: String,
}

/// What is wanted. The server names an exception until its event arrives: one that was captured meanwhile is not wanted
/// again before the server has left it out once.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    open: Vec<Want>,
    done: Vec<Want>,
}

impl Wanted {
    /// Takes over what the server wants now.
    pub(crate) fn set(&mut self, mut wanted: Vec<Want>) {
        wanted.truncate(WANTED_MAX);
        self.done.retain(|done| wanted.contains(done));
        wanted.retain(|want| !self.done.contains(want));
        self.open = wanted;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether this one is wanted; it is not from then on.
    pub(crate) fn take(&mut self, seen: &Want) -> bool {
        match self.open.iter().position(|want| want == seen) {
            Some(index) => {
                self.done.push(self.open.swap_remove(index));
                true
            }
            None => false,
        }
    }
}
