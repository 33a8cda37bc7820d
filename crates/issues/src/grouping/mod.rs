//! Which issue a report belongs to.
//!
//! Each version of the algorithm is a file of its own and is frozen once shipped: stored events name
//! the version that placed them.

mod v1;

use reenact_model::{IssueId, Placed, Report};

/// Places a report with the newest version of the algorithm.
pub fn place(report: Report) -> Placed {
    let grouping = v1::group(&report);
    let mut hash = blake3::Hasher::new();
    hash.update(report.service.as_bytes()).update(&[0]).update(grouping.fingerprint.as_bytes());
    let mut id = [0; 8];
    id.copy_from_slice(&hash.finalize().as_bytes()[..8]);
    Placed { issue_id: IssueId(u64::from_be_bytes(id)), grouping, report }
}
