//! Source code and history from local clones: the lines of a frame, the last commit that touched them, who owns them.
//!
//! What this crate promises:
//! - Only git objects, references, and the address of `origin` are read. Nothing of a repository is executed: no hook,
//!   filter, monitor or helper, and no command; the configuration of the machine and of the user is not read.
//! - Nothing is written.
//! - Every walk ends at a limit of [`limits`], or when its caller says so, and then says that it did.
//! - Names and texts from a repository are hostile; they come back as text, cut at a limit.
//!
//! [`paths`], [`owners`], [`blame`], [`suspect`] and [`web`] are pure; [`Repository`] does the I/O.

pub mod blame;
pub mod limits;
pub mod owners;
pub mod paths;
mod renames;
mod repository;
pub mod suspect;
pub mod web;

pub use repository::{
    ChosenBy, ChosenCommit, CommitFacts, Head, ObjectId, Repository, SourceError, Wanted as WantedCommit,
};
