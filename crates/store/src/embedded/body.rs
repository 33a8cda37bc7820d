//! Stored bodies: JSON, compressed with a dictionary of ours.
//!
//! A body is one byte of format, four bytes of length (little endian), and one zstd frame. A format
//! is never changed; a better dictionary is a further format, and readers of the old ones stay.

use std::cell::RefCell;
use std::io;
use std::sync::OnceLock;

use serde::{Serialize, de::DeserializeOwned};
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use super::failure::Failure;
use crate::StoreError;

/// Length of one body before compression, in bytes.
const BODY_BYTES_MAX: usize = 64 << 20;
/// Format of a body without a dictionary.
const PLAIN: u8 = 0;
/// Format of a body with the dictionary `dictionaries/v1.dict`.
const DICTIONARY_1: u8 = 1;
const LEVEL: i32 = 6;
const HEADER_BYTES: usize = 5;

static DICTIONARY_1_BYTES: &[u8] = include_bytes!("../../dictionaries/v1.dict");
static ENCODER_1: OnceLock<EncoderDictionary<'static>> = OnceLock::new();
static DECODER_1: OnceLock<DecoderDictionary<'static>> = OnceLock::new();

/// Turns a value into a body, an event's with the dictionary.
pub(super) fn encode_event<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    let json = to_json(value)?;
    // Making a compressor costs more than compressing one event.
    thread_local! {
        static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    COMPRESSOR.with_borrow_mut(|kept| {
        if kept.is_none() {
            let dictionary = ENCODER_1.get_or_init(|| EncoderDictionary::copy(DICTIONARY_1_BYTES, LEVEL));
            let compressor = Compressor::with_prepared_dictionary(dictionary);
            *kept = Some(compressor.during(|| "opening the dictionary")?);
        }
        let compressor = kept.as_mut().expect("it was made above");
        encode(DICTIONARY_1, compressor, &json)
    })
}

/// Turns JSON texts into one body that is a JSON array.
pub(super) fn encode_array(texts: &[Vec<u8>]) -> Result<Vec<u8>, StoreError> {
    let mut json = vec![b'['];
    for (ordinal, text) in texts.iter().enumerate() {
        if ordinal > 0 {
            json.push(b',');
        }
        json.extend_from_slice(text);
    }
    json.push(b']');
    encode(PLAIN, &mut Compressor::new(LEVEL).during(|| "opening zstd")?, &json)
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
    let text = match format {
        PLAIN => Decompressor::new().and_then(|mut plain| plain.decompress(frame, length)),
        DICTIONARY_1 => decompress_with_dictionary(frame, length),
        _ => return Err(broken("its format is newer than this program")),
    };
    let text = text.during(|| "decompressing a stored body")?;
    if text.len() == length { Ok(text) } else { Err(broken("its length is wrong")) }
}

fn decompress_with_dictionary(frame: &[u8], length: usize) -> io::Result<Vec<u8>> {
    thread_local! {
        static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    DECOMPRESSOR.with_borrow_mut(|kept| {
        if kept.is_none() {
            let dictionary = DECODER_1.get_or_init(|| DecoderDictionary::copy(DICTIONARY_1_BYTES));
            *kept = Some(Decompressor::with_prepared_dictionary(dictionary)?);
        }
        kept.as_mut().expect("it was made above").decompress(frame, length)
    })
}

fn encode(format: u8, compressor: &mut Compressor<'_>, json: &[u8]) -> Result<Vec<u8>, StoreError> {
    let length = u32::try_from(json.len()).ok().filter(|_| json.len() <= BODY_BYTES_MAX);
    let Some(length) = length else {
        return Err(StoreError::Engine {
            context: "storing a body".to_owned(),
            source: format!("{} bytes are over the limit of {BODY_BYTES_MAX}", json.len()).into(),
        });
    };
    let mut body = vec![format];
    body.extend(length.to_le_bytes());
    body.extend(compressor.compress(json).during(|| "compressing a body")?);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_both_formats_are_read() {
        let value = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(decode::<Vec<String>>(&encode_event(&value).unwrap()).unwrap(), value);
        let texts = [b"\"a\"".to_vec(), b"\"b\"".to_vec()];
        assert_eq!(decode::<Vec<String>>(&encode_array(&texts).unwrap()).unwrap(), value);
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
