//! The states of an issue and what moves it from one to the next.
//!
//! A state machine: a [`Status`] and what happened give the next status and the entries of the timeline, or
//! nothing where nothing changes. It knows no clock: `now` is given.
//!
//! | from | what happens | to |
//! |---|---|---|
//! | any | somebody sets a state ([`ask`]) | that state |
//! | for review | somebody assigns it ([`ask`]) | reviewed |
//! | resolved | an event that the resolution does not cover ([`occurred`]) | for review, a regression |
//! | ignored | so many events or users, or the date ([`counted`], [`time_passed`]) | for review |
//! | for review, reviewed | quiet, or outlived by newer versions ([`fell_quiet`]) | resolved |
//! | any | somebody sets the suspected cause ([`ask`]) | the same |
//! | any | a change is taken back ([`restore`]) | as before the change |
//! | any | its events are shown as those of another issue ([`merge_into`]) | the same; it waits for [`split_from`] |
//! | any | it has the events of other issues ([`take_in`], [`give_back`]) | the same |

mod automatic;
mod event;
mod merging;
mod person;
mod status;
#[cfg(test)]
mod tests;
pub mod versions;

pub use automatic::{
    EnvLife, Life, NEWER_VERSION_AGE_NS, QUIET_NS, Release, counted, fell_quiet, time_passed,
};
pub use event::{Occurrence, occurred};
pub use merging::{give_back, merge_into, split_from, take_in};
pub use person::{ASSIGNEE_BYTES_MAX, Request, Set, ask, restore};
pub use status::{
    Activity, Actor, EnvVersions, Ignore, KNOWN_MAX, MergedInto, Regression, Resolution, Scope, SetCause,
    State, Status, Step,
};
