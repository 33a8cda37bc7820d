//! Counts bytes that are looked at, in tests: that a scan is linear is a matter of counts, not of time.

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Notes that so many bytes were looked at. Costs nothing outside of tests.
#[inline(always)]
pub(crate) fn add(bytes: usize) {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get() + bytes as u64 + 1));
    #[cfg(not(test))]
    let _ = bytes;
}

/// How many were looked at since the last call.
#[cfg(test)]
pub(crate) fn take() -> u64 {
    STEPS.with(std::cell::Cell::take)
}
