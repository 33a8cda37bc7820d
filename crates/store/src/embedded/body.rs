//! Stored bodies: events as JSON, snapshots packed, both compressed.
//!
//! A body is one byte of format, four bytes of length before compression (little endian), and one zstd
//! frame. A format is never changed; a better one is a further format, and readers of the old stay.

use std::io;
use std::sync::{Mutex, OnceLock};

use reenact_model::Snapshot;
use reenact_wire::packed::{self, Packer};
use serde::{Serialize, de::DeserializeOwned};
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use super::days::lock;
use super::failure::Failure;
use crate::StoreError;

/// Length of one body before compression, in bytes.
const BODY_BYTES_MAX: usize = 64 << 20;
/// Compressors and decompressors of a dictionary that are kept for the next body; each holds about a
/// megabyte, and making one costs more than compressing one event.
const KEPT_MAX: usize = 2;
const HEADER_BYTES: usize = 5;

/// A dictionary, and the format of the bodies made with it.
struct Dictionary {
    format: u8,
    /// Level of compression, 1 to 22.
    level: i32,
    bytes: &'static [u8],
    encoder: OnceLock<EncoderDictionary<'static>>,
    decoder: OnceLock<DecoderDictionary<'static>>,
    compressors: Mutex<Vec<Compressor<'static>>>,
    decompressors: Mutex<Vec<Decompressor<'static>>>,
}

impl Dictionary {
    const fn new(format: u8, level: i32, bytes: &'static [u8]) -> Self {
        Self {
            format,
            level,
            bytes,
            encoder: OnceLock::new(),
            decoder: OnceLock::new(),
            compressors: Mutex::new(Vec::new()),
            decompressors: Mutex::new(Vec::new()),
        }
    }

    fn compress(&'static self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let encoder = self.encoder.get_or_init(|| EncoderDictionary::copy(self.bytes, self.level));
        with_kept(
            &self.compressors,
            || Compressor::with_prepared_dictionary(encoder),
            |compressor| compressor.compress(bytes),
        )
    }

    fn decompress(&'static self, frame: &[u8], length: usize) -> io::Result<Vec<u8>> {
        let decoder = self.decoder.get_or_init(|| DecoderDictionary::copy(self.bytes));
        with_kept(
            &self.decompressors,
            || Decompressor::with_prepared_dictionary(decoder),
            |decompressor| decompressor.decompress(frame, length),
        )
    }
}

/// Events as JSON. Level 6 takes four times the time, a tenth of what an error costs, for 7 % less space.
static EVENTS: Dictionary = Dictionary::new(1, 3, include_bytes!("../../dictionaries/events-1.dict"));
/// Snapshots as a JSON array; read, and not written any more.
static SNAPSHOTS: Dictionary = Dictionary::new(2, 6, include_bytes!("../../dictionaries/snapshots-1.dict"));
/// Snapshots as [`packed`] has them. The packing finds what repeats, so that a higher level gains little:
/// 6 takes twice the time for 7 % less space.
static PACKED: Dictionary = Dictionary::new(3, 3, include_bytes!("../../dictionaries/snapshots-2.dict"));

/// Turns an event, or what is known of an issue, into a body.
pub(super) fn encode_event<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    encode(&EVENTS, &to_json(value)?)
}

/// Collects the snapshots of one body.
pub(super) struct Snapshots<'a>(Packer<'a>);

impl<'a> Snapshots<'a> {
    pub(super) fn new() -> Self {
        Self(Packer::new())
    }

    pub(super) fn push(&mut self, snapshot: &'a Snapshot) {
        self.0.push(snapshot);
    }

    /// Length so far before compression, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    pub(super) fn finish(self) -> Result<Vec<u8>, StoreError> {
        encode(&PACKED, &self.0.finish())
    }
}

/// The JSON text of a value.
pub(super) fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).during(|| "writing a body as JSON")
}

/// Reads a body of an event, or of what is known of an issue.
pub(super) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(&decompress(body)?.1).during(|| "reading the JSON of a stored body")
}

/// Reads a body of snapshots; they have no ids.
pub(super) fn decode_snapshots(body: &[u8]) -> Result<Vec<Snapshot>, StoreError> {
    match decompress(body)? {
        (format, bytes) if format == PACKED.format => {
            packed::unpack(&bytes, usize::MAX).ok_or_else(|| broken("its snapshots are not what was packed"))
        }
        (_, json) => serde_json::from_slice(&json).during(|| "reading the JSON of a stored body"),
    }
}

/// A body as JSON text.
pub(super) fn shown(body: &[u8]) -> Result<Vec<u8>, StoreError> {
    match decompress(body)? {
        (format, _) if format == PACKED.format => to_json(&decode_snapshots(body)?),
        (_, json) => Ok(json),
    }
}

/// The snapshots of a body as they are packed today.
#[cfg(feature = "testing")]
pub(super) fn packed(body: &[u8]) -> Result<Vec<u8>, StoreError> {
    let snapshots = decode_snapshots(body)?;
    let mut packer = Packer::new();
    snapshots.iter().for_each(|snapshot| packer.push(snapshot));
    Ok(packer.finish())
}

fn broken(what: &str) -> StoreError {
    StoreError::Engine { context: "reading a stored body".to_owned(), source: what.to_owned().into() }
}

/// The format of a body, and what was compressed.
fn decompress(body: &[u8]) -> Result<(u8, Vec<u8>), StoreError> {
    let (header, frame) = body.split_first_chunk::<HEADER_BYTES>().ok_or_else(|| broken("it is cut"))?;
    let [format, length @ ..] = *header;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > BODY_BYTES_MAX {
        return Err(broken("it is longer than any body"));
    }
    let dictionary =
        [&EVENTS, &SNAPSHOTS, &PACKED].into_iter().find(|dictionary| dictionary.format == format);
    let dictionary = dictionary.ok_or_else(|| broken("its format is newer than this program"))?;
    let text = dictionary.decompress(frame, length);
    let text = text.during(|| "decompressing a stored body")?;
    if text.len() == length { Ok((format, text)) } else { Err(broken("its length is wrong")) }
}

/// Uses one that was kept, or a new one, and keeps it afterwards.
fn with_kept<T, U>(
    kept: &Mutex<Vec<T>>,
    make: impl FnOnce() -> io::Result<T>,
    work: impl FnOnce(&mut T) -> io::Result<U>,
) -> io::Result<U> {
    let found = lock(kept).pop();
    let mut tool = match found {
        Some(tool) => tool,
        None => make()?,
    };
    let done = work(&mut tool)?;
    let mut kept = lock(kept);
    if kept.len() < KEPT_MAX {
        kept.push(tool);
    }
    Ok(done)
}

fn encode(dictionary: &'static Dictionary, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= BODY_BYTES_MAX);
    let Some(length) = length else {
        return Err(StoreError::Engine {
            context: "storing a body".to_owned(),
            source: format!("{} bytes are over the limit of {BODY_BYTES_MAX}", bytes.len()).into(),
        });
    };
    let mut body = vec![dictionary.format];
    body.extend(length.to_le_bytes());
    body.extend(dictionary.compress(bytes).during(|| "compressing a body")?);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body of one snapshot as JSON, as it was written before snapshots were packed.
    const BODY_OF_FORMAT_2: &str = "02fb01000028b52ffd6373a28d25fb009d040003c610773c1e2240c4f0822f78e10a65\
        088318be40062f84c10ac7acfa65734d9289be055148cd9ee5f0e694f4ec5ceb2f8549967f8b53918cf78e7cc9b42e4f28\
        45c00211501bf0deb07f665fb8349d1382432c512c03c95bdc6a2bdd180ecf6977c21fc145807d9f3551da27670db6c28c\
        ff28d3f70383078d77c113f39e1ba43cec4308e8cd1e07b0349359bc7d4722a564";

    #[test]
    fn bodies_of_every_format_are_read() {
        let value = vec!["a".to_owned(), "b".to_owned()];
        let event = encode_event(&value).unwrap();
        assert_eq!(decode::<Vec<String>>(&event).unwrap(), value);
        assert_eq!(shown(&event).unwrap(), br#"["a","b"]"#);

        let old: Vec<u8> = (0..BODY_OF_FORMAT_2.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&BODY_OF_FORMAT_2[at..at + 2], 16).unwrap())
            .collect();
        let snapshots = decode_snapshots(&old).unwrap();
        assert_eq!(snapshots.len(), 1);
        assert_eq!(snapshots[0].function, "group");

        let mut body = Snapshots::new();
        snapshots.iter().for_each(|snapshot| body.push(snapshot));
        let body = body.finish().unwrap();
        assert_eq!(body[0], PACKED.format);
        assert_eq!(decode_snapshots(&body).unwrap(), snapshots);
        assert_eq!(shown(&body).unwrap(), shown(&old).unwrap());
        assert!(decode::<Vec<Snapshot>>(&body).is_err());
    }

    #[test]
    fn a_body_that_lies_about_its_length_is_refused() {
        let mut body = encode_event(&"abcdef").unwrap();
        body[1] = 2;
        assert!(decompress(&body).is_err());
        body[4] = 255;
        assert!(decompress(&body).is_err());
        assert!(decompress(&[7, 0, 0, 0, 0]).is_err());
        assert!(decompress(&[1, 0]).is_err());
    }
}
