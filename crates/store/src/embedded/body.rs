//! Stored bodies: JSON, compressed with a dictionary of ours.
//!
//! A body is one byte of format, four bytes of length (little endian), and one zstd frame. A format
//! is never changed; a better dictionary is a further format, and readers of the old ones stay.

use std::io;
use std::sync::{Mutex, OnceLock};

use serde::{Serialize, de::DeserializeOwned};
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use super::days::lock;
use super::failure::Failure;
use crate::StoreError;

/// Length of one body before compression, in bytes.
const BODY_BYTES_MAX: usize = 64 << 20;
/// Compression level: a tenth less space than 4, for a tenth of the CPU time that an error costs.
const LEVEL: i32 = 6;
/// Compressors and decompressors of a dictionary that are kept for the next body; each holds about a
/// megabyte, and making one costs more than compressing one event.
const KEPT_MAX: usize = 2;
const HEADER_BYTES: usize = 5;

/// A dictionary, and the format of the bodies made with it.
struct Dictionary {
    format: u8,
    bytes: &'static [u8],
    encoder: OnceLock<EncoderDictionary<'static>>,
    decoder: OnceLock<DecoderDictionary<'static>>,
    compressors: Mutex<Vec<Compressor<'static>>>,
    decompressors: Mutex<Vec<Decompressor<'static>>>,
}

impl Dictionary {
    const fn new(format: u8, bytes: &'static [u8]) -> Self {
        Self {
            format,
            bytes,
            encoder: OnceLock::new(),
            decoder: OnceLock::new(),
            compressors: Mutex::new(Vec::new()),
            decompressors: Mutex::new(Vec::new()),
        }
    }

    fn compress(&'static self, json: &[u8]) -> io::Result<Vec<u8>> {
        let encoder = self.encoder.get_or_init(|| EncoderDictionary::copy(self.bytes, LEVEL));
        with_kept(
            &self.compressors,
            || Compressor::with_prepared_dictionary(encoder),
            |compressor| compressor.compress(json),
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

static EVENTS: Dictionary = Dictionary::new(1, include_bytes!("../../dictionaries/events-1.dict"));
static SNAPSHOTS: Dictionary = Dictionary::new(2, include_bytes!("../../dictionaries/snapshots-1.dict"));

/// Turns an event, or what is known of an issue, into a body.
pub(super) fn encode_event<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    encode(&EVENTS, &to_json(value)?)
}

/// Collects the elements of one body that is a JSON array.
#[derive(Debug, Default)]
pub(super) struct Array {
    json: Vec<u8>,
}

impl Array {
    pub(super) fn push<T: Serialize>(&mut self, value: &T) -> Result<(), StoreError> {
        self.json.push(if self.json.is_empty() { b'[' } else { b',' });
        serde_json::to_writer(&mut self.json, value).during(|| "writing a body as JSON")
    }

    /// Length of the JSON so far.
    pub(super) fn bytes(&self) -> usize {
        self.json.len()
    }

    /// The body; the array is empty again afterwards.
    pub(super) fn finish(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut json = std::mem::take(&mut self.json);
        if json.is_empty() {
            json.push(b'[');
        }
        json.push(b']');
        encode(&SNAPSHOTS, &json)
    }
}

/// The JSON text of a value.
pub(super) fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).during(|| "writing a body as JSON")
}

/// Reads a body.
pub(super) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(&decompress(body)?).during(|| "reading the JSON of a stored body")
}

/// The JSON text of a body.
pub(super) fn decompress(body: &[u8]) -> Result<Vec<u8>, StoreError> {
    let broken = |what: &str| StoreError::Engine {
        context: "reading a stored body".to_owned(),
        source: what.to_owned().into(),
    };
    let (header, frame) = body.split_first_chunk::<HEADER_BYTES>().ok_or_else(|| broken("it is cut"))?;
    let [format, length @ ..] = *header;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > BODY_BYTES_MAX {
        return Err(broken("it is longer than any body"));
    }
    let dictionary = [&EVENTS, &SNAPSHOTS].into_iter().find(|dictionary| dictionary.format == format);
    let dictionary = dictionary.ok_or_else(|| broken("its format is newer than this program"))?;
    let text = dictionary.decompress(frame, length);
    let text = text.during(|| "decompressing a stored body")?;
    if text.len() == length { Ok(text) } else { Err(broken("its length is wrong")) }
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

fn encode(dictionary: &'static Dictionary, json: &[u8]) -> Result<Vec<u8>, StoreError> {
    let length = u32::try_from(json.len()).ok().filter(|_| json.len() <= BODY_BYTES_MAX);
    let Some(length) = length else {
        return Err(StoreError::Engine {
            context: "storing a body".to_owned(),
            source: format!("{} bytes are over the limit of {BODY_BYTES_MAX}", json.len()).into(),
        });
    };
    let mut body = vec![dictionary.format];
    body.extend(length.to_le_bytes());
    body.extend(dictionary.compress(json).during(|| "compressing a body")?);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_both_formats_are_read() {
        let value = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(decode::<Vec<String>>(&encode_event(&value).unwrap()).unwrap(), value);
        let mut array = Array::default();
        value.iter().for_each(|element| array.push(element).unwrap());
        assert_eq!(decode::<Vec<String>>(&array.finish().unwrap()).unwrap(), value);
        assert_eq!(decode::<Vec<String>>(&array.finish().unwrap()).unwrap(), [""; 0]);
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
