//! The chain of an exception: what led to what, the members of groups, their tracebacks, and which frames carry values.

use reenact_client::heap::{ChainedException, Relation, TracedFrame};
use reenact_client::novelty::{Identity, IdentityMixer};

use super::messages::{self, Maker};
use super::variables::module_name;
use super::{Walk, types};
use crate::own_code::OwnCode;
use crate::read::containers::{list_items, tuple_items};
use crate::read::exception::Exception;
#[cfg(Py_3_12)]
use crate::read::frame::Frame;
use crate::read::frame::{Entries, Entry};
use crate::read::{Object, is_exactly, layout, text, type_of};

/// Exceptions of one chain.
const CHAIN_MAX: usize = 20;

/// Members of the groups of one chain.
const MEMBERS_MAX: usize = 16;

/// Entries of one traceback that are passed.
const ENTRIES_PASSED_MAX: usize = 10_000;

/// Entries of one traceback that are kept: those nearest to the raise.
const ENTRIES_MAX: usize = 100;

/// Entries of one traceback that tracers count, and print: those nearest to the raise.
const ENTRIES_COUNTED_MAX: usize = 30;

/// Notes of one exception.
const NOTES_MAX: usize = 20;

/// The longest name of a function or file, in characters.
const NAME_MAX: usize = 1000;

/// One exception of a chain.
pub(crate) struct Link<'a> {
    pub(crate) exception: Exception,
    relation: Option<Relation>,
    group: Option<u32>,
    /// Outermost call first.
    pub(crate) entries: Vec<TracedEntry<'a>>,
}

/// One entry of a traceback, and whose code it is.
pub(crate) struct TracedEntry<'a> {
    pub(crate) entry: Entry<'a>,
    pub(crate) is_own: bool,
}

impl<'a> TracedEntry<'a> {
    unsafe fn of(entry: Entry<'a>, own_code: &mut OwnCode) -> Self {
        // SAFETY: a code object holds the name of its file.
        Self { entry, is_own: unsafe { own_code.contains(entry.frame.code.file()) } }
    }
}

/// The place of an entry that stays the same while the exception travels outwards and its tracebacks grow at their
/// beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The exception, counted from the root cause.
    pub(crate) link: usize,
    /// The entry, counted from the raise.
    pub(crate) from_raise: usize,
}

/// How much of a chain is wanted.
#[cfg(Py_3_12)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// With what led to the exception.
    Whole,
    /// The exception itself.
    Last,
}

/// A chain, root cause first; members of groups behind it.
pub(crate) struct Chain<'a> {
    pub(crate) links: Vec<Link<'a>>,
}

impl<'a> Chain<'a> {
    /// # Safety
    /// The exception lives, and what it holds is not changed or freed within `'a`.
    pub(crate) unsafe fn of(exception: Exception, own_code: &mut OwnCode) -> Self {
        let mut chain: Vec<(Exception, Option<Relation>)> = vec![(exception, None)];
        while let Some((next, relation)) = led_to(chain[chain.len() - 1].0) {
            if chain.len() >= CHAIN_MAX || chain.iter().any(|(known, _)| *known == next) {
                break;
            }
            chain.push((next, Some(relation)));
        }
        chain.reverse();
        let mut links: Vec<Link<'a>> = Vec::with_capacity(chain.len());
        for (exception, relation) in chain {
            // SAFETY: as the caller promises.
            links.push(unsafe { Link::of(exception, relation, None, own_code) });
        }
        let mut group = 0;
        let in_chain = links.len();
        while group < links.len() {
            let exception = links[group].exception;
            for member in exception.members() {
                if links.len() >= in_chain + MEMBERS_MAX {
                    break;
                }
                // SAFETY: a group holds its members.
                unsafe {
                    if let Some(member) = Exception::of(*member) {
                        links.push(Link::of(member, Some(Relation::Member), Some(group as u32), own_code));
                    }
                }
            }
            group += 1;
        }
        Self { links }
    }

    /// The chain of an exception that has just been raised, with the calls that run, that of the raise first, for its traceback.
    ///
    /// # Safety
    /// As for [`Chain::of`]; the calls run.
    #[cfg(Py_3_12)]
    pub(crate) unsafe fn at_raise(
        exception: Exception,
        calls: &[Entry<'a>],
        own_code: &mut OwnCode,
        extent: Extent,
    ) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            let mut chain = match extent {
                Extent::Whole => Self::of(exception, own_code),
                Extent::Last => Self { links: vec![Link::of(exception, None, None, own_code)] },
            };
            for link in chain.links.iter_mut().filter(|link| link.exception == exception) {
                link.entries = calls.iter().rev().map(|entry| TracedEntry::of(*entry, own_code)).collect();
            }
            chain
        }
    }

    /// The entries whose frames carry values, `limit` at most: of each exception the frame nearest to the raise, then the
    /// next ones outwards.
    pub(crate) fn selected(&self, limit: usize, with_third_party: bool) -> Vec<Place> {
        let mut selected: Vec<Place> = Vec::new();
        let mut frames: Vec<usize> = Vec::new();
        let candidates = |link: &Link<'a>| -> Vec<usize> {
            let wanted = |entry: &TracedEntry<'a>| with_third_party || entry.is_own;
            (0..link.entries.len()).rev().filter(|index| wanted(&link.entries[*index])).collect()
        };
        let candidates: Vec<Vec<usize>> = self.links.iter().map(candidates).collect();
        for round in 0..ENTRIES_MAX {
            for (link, indices) in candidates.iter().enumerate() {
                let Some(index) = indices.get(round) else { continue };
                if selected.len() >= limit {
                    return selected;
                }
                let frame = self.links[link].entries[*index].entry.frame.identity();
                if !frames.contains(&frame) {
                    frames.push(frame);
                    selected.push(Place { link, from_raise: self.links[link].entries.len() - 1 - index });
                }
            }
            if candidates.iter().all(|indices| indices.len() <= round) {
                break;
            }
        }
        selected
    }

    /// The frame that people look at first: the one of the service's own code nearest to the raise, of the exception that
    /// escaped, else of what led to it.
    pub(crate) fn culprit(&self) -> Option<Place> {
        let chained = self.links.iter().enumerate().filter(|(_, link)| link.group.is_none()).rev();
        chained
            .filter_map(|(index, link)| {
                let from_raise = link.entries.iter().rev().position(|entry| entry.is_own)?;
                Some(Place { link: index, from_raise })
            })
            .next()
    }

    /// The entry at a place.
    pub(crate) fn entry(&self, place: Place) -> Option<&TracedEntry<'a>> {
        let entries = &self.links.get(place.link)?.entries;
        entries.get(entries.len().checked_sub(place.from_raise + 1)?)
    }

    /// The places of all entries, with their numbers over the chain as tracers count: from 1, root cause first, each
    /// traceback outermost call first, the last 30 entries of each; members of groups are not counted.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (Place, u32)> + '_ {
        let mut number = 0;
        let counted = self.links.iter().enumerate().filter(|(_, link)| link.group.is_none());
        counted
            .flat_map(|(index, link)| {
                let count = link.entries.len().min(ENTRIES_COUNTED_MAX);
                (0..count).map(move |entry| Place { link: index, from_raise: count - 1 - entry })
            })
            .map(move |place| {
                number += 1;
                (place, number)
            })
    }
}

impl<'a> Link<'a> {
    unsafe fn of(
        exception: Exception,
        relation: Option<Relation>,
        group: Option<u32>,
        own_code: &mut OwnCode,
    ) -> Self {
        // SAFETY: an exception holds its traceback.
        let entries: Vec<Entry<'a>> =
            unsafe { Entries::of(exception.traceback()) }.take(ENTRIES_PASSED_MAX).collect();
        let from = entries.len().saturating_sub(ENTRIES_MAX);
        // SAFETY: the frames live.
        let entries = entries[from..].iter().map(|entry| unsafe { TracedEntry::of(*entry, own_code) });
        Self { exception, relation, group, entries: entries.collect() }
    }
}

fn led_to(exception: Exception) -> Option<(Exception, Relation)> {
    match exception.cause() {
        Some(cause) => Some((cause, Relation::Cause)),
        None => exception.context().map(|context| (context, Relation::Context)),
    }
}

/// What makes an occurrence the same as another: the types of the chain, and the code and instructions of its tracebacks.
/// Calls that repeat within a few entries, as in a recursion, count once.
///
/// # Safety
/// The exception lives.
pub(crate) unsafe fn identity(exception: Exception) -> Identity {
    const CHAIN_MIXED_MAX: usize = 4;
    let mut mixer = IdentityMixer::default();
    let mut next = Some(exception);
    for _ in 0..CHAIN_MIXED_MAX {
        let Some(exception) = next else { break };
        // SAFETY: the caller has a live exception, which holds its traceback and those before it.
        unsafe {
            mixer.add(type_of(exception.object()) as u64);
            let mut recent = [(0_usize, 0_i32); 4];
            for (index, entry) in Entries::of(exception.traceback()).take(ENTRIES_PASSED_MAX).enumerate() {
                let location = (std::ptr::from_ref(entry.frame.code) as usize, entry.instruction);
                if !recent.contains(&location) {
                    mixer.add(location.0 as u64);
                    mixer.add(location.1 as u64);
                }
                recent[index % recent.len()] = location;
            }
        }
        next = led_to(exception).map(|(next, _)| next);
    }
    mixer.finish()
}

impl Walk<'_> {
    /// Notes the variables of the frames at `places`, with the ids of their snapshots, and looks into them.
    ///
    /// # Safety
    /// The chain lives.
    pub(crate) unsafe fn frames(&mut self, chain: &Chain<'_>, places: &[(Place, u128)]) {
        // SAFETY: as the caller promises.
        unsafe {
            for (place, id) in places {
                if let Some(traced) = chain.entry(*place) {
                    let raised = (place.from_raise == 0).then(|| chain.links[place.link].exception);
                    let frame = self.frame(*id, &traced.entry, raised);
                    self.heap.frames.push(frame);
                }
            }
            self.finish();
        }
    }

    /// Notes the exceptions themselves: types, messages, notes, tracebacks.
    ///
    /// # Safety
    /// The chain lives.
    pub(crate) unsafe fn exceptions(&mut self, chain: &Chain<'_>, places: &[(Place, u128)]) {
        let mut has_foreign_message = false;
        for (index, link) in chain.links.iter().enumerate() {
            // SAFETY: as the caller promises.
            unsafe {
                let facts = self.scratch.types.facts(type_of(link.exception.object()), self.heap);
                let start = self.heap.text_start();
                let maker = messages::write(link.exception, self.heap.bytes_mut());
                has_foreign_message |= maker == Maker::Application;
                let exception = ChainedException {
                    type_index: facts.index,
                    message: self.heap.text_from(start),
                    notes: self.notes(link.exception),
                    relation: link.relation,
                    group: link.group,
                    frames: self.traced_frames(chain, index, places),
                };
                self.heap.exceptions.push(exception);
            }
        }
        if has_foreign_message {
            let warning =
                "the message is made of the arguments: the class has its own `__str__`, which is not called";
            self.heap.context.warnings.push(warning.to_owned());
        }
    }

    unsafe fn traced_frames(
        &mut self,
        chain: &Chain<'_>,
        link: usize,
        places: &[(Place, u128)],
    ) -> Vec<TracedFrame> {
        let entries = &chain.links[link].entries;
        let mut frames = Vec::with_capacity(entries.len());
        for traced in entries {
            let (frame, code) = (&traced.entry.frame, traced.entry.frame.code);
            // One frame can stand in several tracebacks: its values are those of all.
            let captured = places.iter().position(|(place, _)| {
                chain.entry(*place).is_some_and(|known| known.entry.frame.identity() == frame.identity())
            });
            let line = match traced.entry.line {
                line if line > 0 => line as u32,
                _ => code.position(traced.entry.instruction).0,
            };
            // SAFETY: code and globals hold these texts.
            unsafe {
                frames.push(TracedFrame {
                    function: self.text_of(code.name()),
                    qualified_name: self.text_of(code.qualified_name().unwrap_or(std::ptr::null_mut())),
                    module: self.text_of(module_name(frame)),
                    file: self.text_of(code.file()),
                    line_number: line,
                    in_app: traced.is_own,
                    captured: captured.map(|index| index as u32),
                });
            }
        }
        frames
    }

    /// Notes what a call is of whose arguments are there: function and place, without an exception.
    ///
    /// # Safety
    /// The frame lives.
    #[cfg(Py_3_12)]
    pub(crate) unsafe fn call(&mut self, frame: &Frame<'_>, id: u128) {
        let code = frame.code;
        // SAFETY: code and globals hold these texts.
        let (traced, parameters) = unsafe {
            let traced = TracedFrame {
                function: self.text_of(code.name()),
                qualified_name: self.text_of(code.qualified_name().unwrap_or(std::ptr::null_mut())),
                module: self.text_of(module_name(frame)),
                file: self.text_of(code.file()),
                line_number: code.position(0).1.first_line,
                in_app: true,
                captured: Some(0),
            };
            (traced, code.argument_names().iter().map(|name| self.text_of(*name)).collect())
        };
        self.heap.exceptions.push(ChainedException { frames: vec![traced], ..ChainedException::default() });
        if let Some(captured) = self.heap.frames.first_mut() {
            (captured.id, captured.parameters, captured.signature) = (id, parameters, code.signature());
        }
    }

    unsafe fn notes(&mut self, exception: Exception) -> Vec<reenact_client::heap::Text> {
        let Some(dict) = exception.dict() else { return Vec::new() };
        // SAFETY: an exception holds its dictionary, and this its notes.
        unsafe {
            let Some(notes) = super::variables::look_up(dict, layout::known().names.notes) else {
                return Vec::new();
            };
            let notes = if is_exactly(notes, &raw mut pyo3::ffi::PyList_Type) {
                list_items(notes)
            } else if is_exactly(notes, &raw mut pyo3::ffi::PyTuple_Type) {
                tuple_items(notes)
            } else {
                &[]
            };
            notes
                .iter()
                .filter(|note| text::is_text(**note))
                .take(NOTES_MAX)
                .map(|note| self.text_of(*note))
                .collect()
        }
    }

    /// Copies a text; empty for null and for what is none.
    unsafe fn text_of(&mut self, object: Object) -> reenact_client::heap::Text {
        let start = self.heap.text_start();
        // SAFETY: a live object, or null.
        unsafe {
            if !object.is_null()
                && text::is_text(object)
                && let Some(characters) = text::Characters::of(object)
            {
                characters.write_plain(self.heap.bytes_mut(), NAME_MAX);
            }
        }
        self.heap.text_from(start)
    }
}

/// The name of the type of an exception, with its module.
///
/// # Safety
/// The exception lives.
pub(crate) unsafe fn type_name(exception: Exception) -> String {
    let mut name = Vec::new();
    // SAFETY: as the caller promises.
    unsafe { types::write_type_name(type_of(exception.object()), &mut name) };
    String::from_utf8_lossy(&name).into_owned()
}
