//! A value that whoever holds the GIL may use.

use std::cell::{Cell, UnsafeCell};

use pyo3::Python;

/// A value that is used with the GIL held, and by one at a time: what is called back meanwhile finds it in use.
pub(super) struct UnderGil<T> {
    is_used: Cell<bool>,
    value: UnsafeCell<T>,
}

// SAFETY: a token of the GIL is asked for each use.
unsafe impl<T: Send> Sync for UnderGil<T> {}

impl<T> UnderGil<T> {
    pub(super) const fn new(value: T) -> Self {
        Self { is_used: Cell::new(false), value: UnsafeCell::new(value) }
    }

    /// Works with the value; `None` when somebody does already. The GIL is not to be given up in between.
    #[inline]
    pub(super) fn with<R>(&self, _: Python<'_>, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        if self.is_used.replace(true) {
            return None;
        }
        let _end = End(&self.is_used);
        // SAFETY: nobody else uses it: the flag says so, and the GIL keeps other threads out.
        Some(work(unsafe { &mut *self.value.get() }))
    }
}

struct End<'a>(&'a Cell<bool>);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
