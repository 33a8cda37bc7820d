//! Captures of our own clients, version 1.
//!
//! A body is `MAGIC · length of the head · head · packed snapshots`: the length is a LEB128 number, the head one JSON
//! object, and the snapshots are packed as [`crate::packed`] has it, in the order of their ids in the head.
//!
//! ```json
//! {"client": {"name": "reenact", "version": "0.1.0"}, "occurrences": [{"id": "…", "exceptions": […]}], "snapshots": ["…"]}
//! ```

use reenact_model::{
    Client, Exception, Fragment, Frame, Limits, Occurrence, ProblemKind, Request, Snapshot, SnapshotId,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json::{describe, parse_object};
use crate::packed::{Packer, unpack};
use crate::text::cut;
use crate::{DecodeError, Decoded, check_size};

/// What a body begins with; its last byte is the version.
pub const MAGIC: [u8; 4] = *b"RNT\x01";

/// The content type of a body.
pub const CONTENT_TYPE: &str = "application/vnd.reenact.captures";

/// Texts, names and values of the snapshots of one request.
const REQUEST_TEXTS_MAX: usize = 3_000_000;

/// Occurrences of one request.
const OCCURRENCES_MAX: usize = 1_000;

/// Packs occurrences and snapshots into a body. O(their size).
///
/// Fragments of other kinds are not sent this way and are left out.
pub fn encode(client: &Client, fragments: &[Fragment]) -> Vec<u8> {
    let snapshots = || {
        fragments.iter().filter_map(|fragment| match fragment {
            Fragment::Snapshot(snapshot) => Some(snapshot),
            _ => None,
        })
    };
    let occurrences = fragments.iter().filter_map(|fragment| match fragment {
        Fragment::Occurrence(occurrence) => Some(&**occurrence),
        _ => None,
    });
    let head = Head {
        client,
        occurrences: occurrences.collect(),
        snapshots: snapshots().map(|snapshot| snapshot.id).collect(),
    };
    let head = serde_json::to_vec(&head).expect("its maps have texts as keys");
    let mut packer = Packer::new();
    snapshots().for_each(|snapshot| packer.push(snapshot));
    let mut body = MAGIC.to_vec();
    crate::packed::number(&mut body, head.len() as u64);
    body.extend(head);
    body.extend(packer.finish());
    body
}

#[derive(Serialize)]
struct Head<'a> {
    client: &'a Client,
    occurrences: Vec<&'a Occurrence>,
    snapshots: Vec<SnapshotId>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReadHead<'a> {
    client: Client,
    #[serde(borrow)]
    occurrences: Vec<&'a RawValue>,
    snapshots: Vec<SnapshotId>,
}

/// Decodes a body. An occurrence that is not understood, and snapshots that are not, are problems; the others are kept.
///
/// - **Limits:** `limits.body_bytes_max`, `snapshots_max`, 1,000 occurrences, 3 million texts and values of all
///   snapshots; of an occurrence `text_bytes_max`, `stack_bytes_max` for messages, `frames_max`, `chain_max`, `tags_max`.
///
/// # Errors
/// [`DecodeError`] when it is no such body, or its head is no JSON object.
pub fn decode(body: &[u8], received_at: Timestamp, limits: &Limits) -> Result<Decoded, DecodeError> {
    check_size(body, limits.body_bytes_max)?;
    let (head, packed) = split(body)?;
    let head = std::str::from_utf8(head)
        .map_err(|error| malformed(MAGIC.len() + error.valid_up_to(), "the head is not UTF-8"))?;
    let head: ReadHead<'_> = parse_object(head)?;
    let mut decoded = Decoded::default();
    let client = Client {
        name: cut(&head.client.name, limits.text_bytes_max).to_owned(),
        version: head.client.version.map(|version| cut(&version, limits.text_bytes_max).to_owned()),
    };
    let bounds = Bounds { limits, received_at };
    for text in head.occurrences.iter().take(OCCURRENCES_MAX) {
        match serde_json::from_str::<Occurrence>(text.get()) {
            Ok(occurrence) => {
                let occurrence = bounds.occurrence(Occurrence { client: client.clone(), ..occurrence });
                decoded.fragments.push(Fragment::Occurrence(Box::new(occurrence)));
            }
            Err(error) => {
                let what = describe(&error);
                decoded.problem(ProblemKind::Malformed, 1, || format!("an occurrence is malformed: {what}"));
            }
        }
    }
    let over = head.occurrences.len().saturating_sub(OCCURRENCES_MAX);
    if over > 0 {
        decoded.problem(ProblemKind::TooLarge, count(over), || {
            format!("{over} occurrences are over the limit of {OCCURRENCES_MAX} of one request")
        });
    }
    snapshots(&mut decoded, head.snapshots, packed, &bounds);
    Ok(decoded)
}

fn snapshots(decoded: &mut Decoded, ids: Vec<SnapshotId>, packed: &[u8], bounds: &Bounds<'_>) {
    decoded.snapshots_received = ids.len() as u64;
    let read = unpack(packed, REQUEST_TEXTS_MAX).filter(|snapshots| snapshots.len() == ids.len());
    let Some(snapshots) = read else {
        return decoded.problem(ProblemKind::Malformed, count(ids.len().max(1)), || {
            "the snapshots are not packed as they have to be, or over the limits".to_owned()
        });
    };
    let kept = bounds.limits.snapshots_max;
    let over = snapshots.len().saturating_sub(kept);
    for (id, snapshot) in ids.into_iter().zip(snapshots).take(kept) {
        decoded.fragments.push(Fragment::Snapshot(bounds.snapshot(Snapshot { id, ..snapshot })));
    }
    if over > 0 {
        decoded.problem(ProblemKind::TooLarge, count(over), || {
            format!("{over} snapshots are over the limit of {kept} of one request")
        });
    }
}

/// The head and the packed snapshots.
fn split(body: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
    let Some(rest) = body.strip_prefix(&MAGIC) else {
        return Err(match body.strip_prefix(&MAGIC[..3]) {
            Some([version, ..]) => malformed(3, &format!("version {version} of captures is not known; 1 is")),
            _ => malformed(0, "these are no captures"),
        });
    };
    let (length, rest) = crate::packed::leading_number(rest)
        .ok_or(DecodeError::Truncated { at: body.len() as u64, expected: "number" })?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    rest.split_at_checked(length).ok_or(DecodeError::Truncated { at: body.len() as u64, expected: "head" })
}

fn malformed(at: usize, message: &str) -> DecodeError {
    DecodeError::Malformed { at: at as u64, message: message.to_owned() }
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

/// Cuts what is over the limits.
struct Bounds<'a> {
    limits: &'a Limits,
    received_at: Timestamp,
}

impl Bounds<'_> {
    fn text(&self, text: &mut String) {
        text.truncate(cut(text, self.limits.text_bytes_max).len());
    }

    fn optional(&self, texts: &mut [&mut Option<String>]) {
        texts.iter_mut().filter_map(|text| text.as_mut()).for_each(|text| self.text(text));
    }

    fn occurrence(&self, mut occurrence: Occurrence) -> Occurrence {
        if occurrence.timestamp == Timestamp::default() {
            occurrence.timestamp = self.received_at;
        }
        [&mut occurrence.service, &mut occurrence.mechanism].into_iter().for_each(|text| self.text(text));
        self.optional(&mut [
            &mut occurrence.env,
            &mut occurrence.version,
            &mut occurrence.host,
            &mut occurrence.commit,
            &mut occurrence.repository,
            &mut occurrence.resource,
            &mut occurrence.user_id,
            &mut occurrence.thread,
        ]);
        if let Some(Request { method, url, route, user_agent, .. }) = &mut occurrence.request {
            self.optional(&mut [method, url, route, user_agent]);
        }
        let over = occurrence.exceptions.len().saturating_sub(self.limits.chain_max);
        occurrence.exceptions.drain(..over);
        occurrence.exceptions.iter_mut().for_each(|exception| self.exception(exception, 0));
        occurrence.tags = std::mem::take(&mut occurrence.tags)
            .into_iter()
            .take(self.limits.tags_max)
            .map(|(mut key, mut value)| {
                [&mut key, &mut value].into_iter().for_each(|text| self.text(text));
                (key, value)
            })
            .collect();
        occurrence.warnings.truncate(self.limits.chain_max);
        occurrence.warnings.iter_mut().for_each(|warning| self.text(warning));
        occurrence
    }

    fn exception(&self, exception: &mut Exception, depth: usize) {
        self.text(&mut exception.type_name);
        exception.message.truncate(cut(&exception.message, self.limits.stack_bytes_max).len());
        exception.notes.truncate(self.limits.chain_max);
        exception.notes.iter_mut().for_each(|note| self.text(note));
        let over = exception.frames.len().saturating_sub(self.limits.frames_max);
        exception.frames.drain(..over);
        exception.frames.iter_mut().for_each(|frame| self.frame(frame));
        exception.members.truncate(if depth < self.limits.chain_max { self.limits.chain_max } else { 0 });
        exception.members.iter_mut().for_each(|member| self.exception(member, depth + 1));
    }

    fn frame(&self, frame: &mut Frame) {
        [&mut frame.function, &mut frame.file].into_iter().for_each(|text| self.text(text));
        self.optional(&mut [&mut frame.qualified_name, &mut frame.module, &mut frame.source_line]);
    }

    fn snapshot(&self, mut snapshot: Snapshot) -> Snapshot {
        [&mut snapshot.service, &mut snapshot.function, &mut snapshot.file]
            .into_iter()
            .for_each(|text| self.text(text));
        self.optional(&mut [
            &mut snapshot.env,
            &mut snapshot.version,
            &mut snapshot.host,
            &mut snapshot.thread,
        ]);
        snapshot
    }
}

#[cfg(test)]
mod tests;
