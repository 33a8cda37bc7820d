//! Which issue an occurrence belongs to. Each version is frozen once shipped: a change is a new version.

pub mod explain;
pub mod template;
pub mod v1;
