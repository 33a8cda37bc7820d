//! A cursor over MessagePack bytes.
//!
//! It borrows from the body, allocates only for texts that are not UTF-8, never trusts a declared
//! length, and skips values of any nesting without recursion. Tolerant where clients differ: `bin`
//! is accepted for `str`, nil for anything, integers and floats of any width for any number.

use crate::text::Text;
use crate::{DecodeError, with_article};

/// A value that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The bytes end inside a value; nothing after it can be read.
    Truncated { at: usize, expected: &'static str },
    /// The value is of another type; the cursor can skip it from its start.
    Wrong { at: usize, expected: &'static str },
    /// A limit was passed; the cursor can skip the value from its start.
    Limit { message: String },
}

impl From<ReadError> for DecodeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Truncated { at, expected } => Self::Truncated { at: at as u64, expected },
            ReadError::Wrong { at, expected } => {
                Self::Malformed { at: at as u64, message: format!("expected {}", with_article(expected)) }
            }
            ReadError::Limit { message } => Self::Malformed { at: 0, message },
        }
    }
}

type Read<T> = Result<T, ReadError>;

/// The head of one value: everything but its content.
enum Head<'a> {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bytes(&'a [u8]),
    Array(u32),
    Map(u32),
    Extension,
}

/// A position in MessagePack bytes.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Where the cursor is, in bytes from the start.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub(crate) fn bytes_left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Goes back to a place where the cursor was.
    pub(crate) fn go_back(&mut self, at: usize) {
        debug_assert!(at <= self.at);
        self.at = at;
    }

    fn take(&mut self, count: usize, expected: &'static str) -> Read<&'a [u8]> {
        match self.bytes[self.at..].get(..count) {
            Some(taken) => {
                self.at += count;
                Ok(taken)
            }
            None => Err(ReadError::Truncated { at: self.bytes.len(), expected }),
        }
    }

    fn take_number<const N: usize>(&mut self, expected: &'static str) -> Read<[u8; N]> {
        let mut number = [0; N];
        number.copy_from_slice(self.take(N, expected)?);
        Ok(number)
    }

    fn take_sized(&mut self, width: u8, expected: &'static str) -> Read<&'a [u8]> {
        let length = match width {
            1 => u32::from(self.take_number::<1>(expected)?[0]),
            2 => u32::from(u16::from_be_bytes(self.take_number(expected)?)),
            _ => u32::from_be_bytes(self.take_number(expected)?),
        };
        self.take(length as usize, expected)
    }

    fn head(&mut self, expected: &'static str) -> Read<Head<'a>> {
        let tag = self.take_number::<1>(expected)?[0];
        Ok(match tag {
            0x00..=0x7f => Head::Unsigned(u64::from(tag)),
            0x80..=0x8f => Head::Map(u32::from(tag & 0x0f)),
            0x90..=0x9f => Head::Array(u32::from(tag & 0x0f)),
            0xa0..=0xbf => Head::Bytes(self.take(usize::from(tag & 0x1f), expected)?),
            0xc0 => Head::Nil,
            0xc1 => return Err(ReadError::Wrong { at: self.at - 1, expected }),
            0xc2 | 0xc3 => Head::Bool(tag == 0xc3),
            0xc4 | 0xd9 => Head::Bytes(self.take_sized(1, expected)?),
            0xc5 | 0xda => Head::Bytes(self.take_sized(2, expected)?),
            0xc6 | 0xdb => Head::Bytes(self.take_sized(4, expected)?),
            0xc7..=0xc9 => {
                self.take_extension(1 << (tag - 0xc7), expected)?;
                Head::Extension
            }
            0xca => Head::Float(f64::from(f32::from_be_bytes(self.take_number(expected)?))),
            0xcb => Head::Float(f64::from_be_bytes(self.take_number(expected)?)),
            0xcc => Head::Unsigned(u64::from(self.take_number::<1>(expected)?[0])),
            0xcd => Head::Unsigned(u64::from(u16::from_be_bytes(self.take_number(expected)?))),
            0xce => Head::Unsigned(u64::from(u32::from_be_bytes(self.take_number(expected)?))),
            0xcf => Head::Unsigned(u64::from_be_bytes(self.take_number(expected)?)),
            0xd0 => Head::Signed(i64::from(i8::from_be_bytes(self.take_number(expected)?))),
            0xd1 => Head::Signed(i64::from(i16::from_be_bytes(self.take_number(expected)?))),
            0xd2 => Head::Signed(i64::from(i32::from_be_bytes(self.take_number(expected)?))),
            0xd3 => Head::Signed(i64::from_be_bytes(self.take_number(expected)?)),
            0xd4..=0xd8 => {
                self.take(1 + (1 << (tag - 0xd4)), expected)?;
                Head::Extension
            }
            0xdc => Head::Array(u32::from(u16::from_be_bytes(self.take_number(expected)?))),
            0xdd => Head::Array(u32::from_be_bytes(self.take_number(expected)?)),
            0xde => Head::Map(u32::from(u16::from_be_bytes(self.take_number(expected)?))),
            0xdf => Head::Map(u32::from_be_bytes(self.take_number(expected)?)),
            0xe0..=0xff => Head::Signed(i64::from(tag as i8)),
        })
    }

    fn take_extension(&mut self, width: u8, expected: &'static str) -> Read<()> {
        let length = match width {
            1 => u32::from(self.take_number::<1>(expected)?[0]),
            2 => u32::from(u16::from_be_bytes(self.take_number(expected)?)),
            _ => u32::from_be_bytes(self.take_number(expected)?),
        };
        self.take(1, expected)?;
        self.take(length as usize, expected)?;
        Ok(())
    }

    /// Skips one value of any type and nesting, without recursion.
    pub(crate) fn skip(&mut self) -> Read<()> {
        let mut pending: u64 = 1;
        while pending > 0 {
            pending -= 1;
            match self.head("value")? {
                Head::Array(count) => pending += u64::from(count),
                Head::Map(count) => pending += u64::from(count) * 2,
                _ => {}
            }
            if pending > (self.bytes.len() - self.at) as u64 {
                return Err(ReadError::Truncated { at: self.bytes.len(), expected: "container" });
            }
        }
        Ok(())
    }

    /// How many elements the array has, as declared; nil counts as empty.
    pub(crate) fn array(&mut self) -> Read<u32> {
        let at = self.at;
        match self.head("array")? {
            Head::Array(count) => Ok(count),
            Head::Nil => Ok(0),
            _ => Err(ReadError::Wrong { at, expected: "array" }),
        }
    }

    /// How many entries the map has, as declared; nil counts as empty.
    pub(crate) fn map(&mut self) -> Read<u32> {
        let at = self.at;
        match self.head("map")? {
            Head::Map(count) => Ok(count),
            Head::Nil => Ok(0),
            _ => Err(ReadError::Wrong { at, expected: "map" }),
        }
    }

    /// A text; nil counts as empty.
    pub(crate) fn text(&mut self) -> Read<Text<'a>> {
        Ok(Text::from_bytes(self.byte_string()?))
    }

    /// The bytes of a `str` or `bin`; nil counts as empty.
    pub(crate) fn byte_string(&mut self) -> Read<&'a [u8]> {
        let at = self.at;
        match self.head("text")? {
            Head::Bytes(bytes) => Ok(bytes),
            Head::Nil => Ok(b""),
            _ => Err(ReadError::Wrong { at, expected: "text" }),
        }
    }

    /// An unsigned 64-bit number; negative ones are taken as their two's complement, nil as 0.
    pub(crate) fn u64(&mut self) -> Read<u64> {
        let at = self.at;
        match self.head("integer")? {
            Head::Unsigned(number) => Ok(number),
            Head::Signed(number) => Ok(number as u64),
            Head::Float(number) => Ok(number as u64),
            Head::Bool(set) => Ok(u64::from(set)),
            Head::Nil => Ok(0),
            _ => Err(ReadError::Wrong { at, expected: "integer" }),
        }
    }

    /// A signed 64-bit number, clamped; nil counts as 0.
    pub(crate) fn i64(&mut self) -> Read<i64> {
        let at = self.at;
        match self.head("integer")? {
            Head::Unsigned(number) => Ok(i64::try_from(number).unwrap_or(i64::MAX)),
            Head::Signed(number) => Ok(number),
            Head::Float(number) => Ok(number as i64),
            Head::Bool(set) => Ok(i64::from(set)),
            Head::Nil => Ok(0),
            _ => Err(ReadError::Wrong { at, expected: "integer" }),
        }
    }

    /// A number of any kind; nil counts as 0.
    pub(crate) fn f64(&mut self) -> Read<f64> {
        let at = self.at;
        match self.head("number")? {
            Head::Unsigned(number) => Ok(number as f64),
            Head::Signed(number) => Ok(number as f64),
            Head::Float(number) => Ok(number),
            Head::Bool(set) => Ok(f64::from(u8::from(set))),
            Head::Nil => Ok(0.0),
            _ => Err(ReadError::Wrong { at, expected: "number" }),
        }
    }

    /// Whether the next value is a `str`; a `bin` is not.
    pub(crate) fn is_text_next(&self) -> bool {
        matches!(self.bytes.get(self.at), Some(0xa0..=0xbf | 0xd9..=0xdb))
    }

    /// Any scalar as text; containers are skipped and give an empty text.
    pub(crate) fn scalar_text(&mut self) -> Read<Text<'a>> {
        let at = self.at;
        Ok(match self.head("value")? {
            Head::Bytes(bytes) => Text::from_bytes(bytes),
            Head::Bool(set) => Text::Borrowed(if set { "true" } else { "false" }),
            Head::Unsigned(number) => Text::from_owned(number.to_string()),
            Head::Signed(number) => Text::from_owned(number.to_string()),
            Head::Float(number) => Text::from_owned(number.to_string()),
            Head::Nil | Head::Extension => Text::default(),
            Head::Array(_) | Head::Map(_) => {
                self.at = at;
                self.skip()?;
                Text::default()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_width_and_sign_are_numbers() {
        let bytes = [0x05, 0xff, 0xcc, 0xff, 0xd1, 0xff, 0xfe, 0xca, 0x40, 0x00, 0x00, 0x00, 0xc0, 0xc3];
        let mut cursor = Cursor::new(&bytes);
        let read: Vec<i64> = (0..7).map(|_| cursor.i64().unwrap()).collect();
        assert_eq!(read, [5, -1, 255, -2, 2, 0, 1]);
    }

    #[test]
    fn ten_thousand_levels_are_skipped_without_recursion() {
        let mut bytes = vec![0x91; 1_000_000];
        bytes.push(0xc0);
        assert_eq!(Cursor::new(&bytes).skip(), Ok(()));
    }

    #[test]
    fn a_declared_length_is_not_trusted() {
        let error = Cursor::new(&[0xdd, 0xff, 0xff, 0xff, 0xff]).skip().unwrap_err();
        assert!(matches!(error, ReadError::Truncated { .. }), "{error:?}");
        let error = Cursor::new(&[0xdb, 0xff, 0xff, 0xff, 0xff, b'a']).text().unwrap_err();
        assert!(matches!(error, ReadError::Truncated { .. }), "{error:?}");
    }

    #[test]
    fn bin_is_accepted_for_text_and_extensions_are_skipped() {
        let bytes = [0xc4, 0x01, b'x', 0xd6, 0xff, 0, 0, 0, 0, 0xc7, 0x02, 0x01, 9, 9, 0xa1, b'y'];
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(&*cursor.text().unwrap(), "x");
        cursor.skip().unwrap();
        cursor.skip().unwrap();
        assert_eq!(&*cursor.text().unwrap(), "y");
    }
}
