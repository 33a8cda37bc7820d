//! Facets of whole days, kept for whoever asks again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::days::Days;
use super::facets::FacetsTally;
use super::kept::Whole;
use super::scan::scan_days;
use crate::{Filter, StoreError, TimeRange};

/// Memory of what is kept, in bytes.
pub(super) const BYTES_MAX: usize = 16 << 20;

/// Counts the fields of matching events.
pub(super) fn count(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
    tally: &mut FacetsTally,
) -> Result<(), StoreError> {
    let (whole, others) = Whole::split(days, range, |_| true);
    scan_days(days, others, filter, range, tally)?;
    let Some(whole) = whole else { return Ok(()) };
    let fields = Arc::clone(tally.fields());
    let is_asked = |kept: &FacetsTally| *kept.fields() == fields;
    if let Some(kept) = days.facets.find(days, filter, &whole, is_asked) {
        days.facets_used.fetch_add(1, Ordering::Relaxed);
        tally.add(&kept);
        return Ok(());
    }
    let mut counted = FacetsTally::new(Arc::clone(&fields));
    scan_days(days, whole.days.clone(), filter, range, &mut counted)?;
    tally.add(&counted);
    days.facets.keep(filter, whole, Arc::new(counted), is_asked);
    Ok(())
}
