//! Texts and bytes.

use std::ffi::c_int;

use pyo3::ffi;

use super::{Object, length};

/// The characters of a `str`, or of an object of a subclass.
pub(crate) enum Characters<'a> {
    /// Each in one byte; with whether all are ASCII.
    One(&'a [u8], bool),
    /// Each in two bytes.
    Two(&'a [u16]),
    /// Each in four bytes.
    Four(&'a [u32]),
}

impl<'a> Characters<'a> {
    /// The memory of a text; `None` for the old kind whose characters are not in their final form (3.9 to 3.11).
    ///
    /// # Safety
    /// `object` is a `str` or an object of a subclass, and is not freed within `'a`.
    pub(crate) unsafe fn of(object: Object) -> Option<Self> {
        // SAFETY: a text that is ready has as many characters as its length says, of the size that its kind says.
        unsafe {
            if ffi::PyUnicode_IS_READY(object) == 0 {
                return None;
            }
            let length = ffi::PyUnicode_GET_LENGTH(object).unsigned_abs();
            let data = ffi::PyUnicode_DATA(object);
            Some(match ffi::PyUnicode_KIND(object) {
                1 => {
                    let is_ascii = ffi::PyUnicode_IS_ASCII(object) != 0;
                    Self::One(std::slice::from_raw_parts(data.cast(), length), is_ascii)
                }
                2 => Self::Two(std::slice::from_raw_parts(data.cast(), length)),
                _ => Self::Four(std::slice::from_raw_parts(data.cast(), length)),
            })
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(units, _) => units.len(),
            Self::Two(units) => units.len(),
            Self::Four(units) => units.len(),
        }
    }

    fn at(&self, index: usize) -> u32 {
        match self {
            Self::One(units, _) => u32::from(units[index]),
            Self::Two(units) => u32::from(units[index]),
            Self::Four(units) => units[index],
        }
    }

    /// Writes the first `limit` characters as they are; what is no character (a lone surrogate) as `\udcff`.
    pub(crate) fn write_plain(&self, out: &mut Vec<u8>, limit: usize) {
        let count = self.len().min(limit);
        if let Self::One(units, true) = self {
            return out.extend_from_slice(&units[..count]);
        }
        for index in 0..count {
            let code = self.at(index);
            match char::from_u32(code) {
                Some(character) => push(out, character),
                None => out.extend_from_slice(format!("\\u{code:04x}").as_bytes()),
            }
        }
    }

    /// Writes one character as an escape, as messages about encodings have it.
    pub(crate) fn write_escaped_at(&self, out: &mut Vec<u8>, index: usize) -> Option<()> {
        let code = if index < self.len() { self.at(index) } else { return None };
        let escape = match code {
            0..=0xff => format!("\\x{code:02x}"),
            0x100..=0xffff => format!("\\u{code:04x}"),
            _ => format!("\\U{code:08x}"),
        };
        out.extend_from_slice(escape.as_bytes());
        Some(())
    }

    /// Writes the first `limit` characters as `repr` does, in quotes.
    pub(crate) fn write_repr(&self, out: &mut Vec<u8>, limit: usize) {
        let count = self.len().min(limit);
        let has = |wanted: u8| (0..count).any(|index| self.at(index) == u32::from(wanted));
        let quote = if has(b'\'') && !has(b'"') { b'"' } else { b'\'' };
        out.push(quote);
        match self {
            Self::One(units, true) => write_ascii(out, &units[..count], quote),
            _ => (0..count).for_each(|index| write_escaped(out, self.at(index), quote)),
        }
        out.push(quote);
    }
}

fn write_ascii(out: &mut Vec<u8>, units: &[u8], quote: u8) {
    let mut plain = 0;
    for (index, unit) in units.iter().enumerate() {
        if (*unit < b' ') | (*unit == 0x7f) | (*unit == b'\\') | (*unit == quote) {
            out.extend_from_slice(&units[plain..index]);
            write_escaped(out, u32::from(*unit), quote);
            plain = index + 1;
        }
    }
    out.extend_from_slice(&units[plain..]);
}

fn write_escaped(out: &mut Vec<u8>, code: u32, quote: u8) {
    match code {
        0x09 => out.extend_from_slice(b"\\t"),
        0x0a => out.extend_from_slice(b"\\n"),
        0x0d => out.extend_from_slice(b"\\r"),
        _ if code == u32::from(quote) || code == u32::from(b'\\') => {
            out.extend_from_slice(&[b'\\', code as u8])
        }
        0x20..=0x7e => out.push(code as u8),
        _ => match char::from_u32(code) {
            // SAFETY: the function looks the character up in a table of the interpreter.
            Some(character) if unsafe { _PyUnicode_IsPrintable(code) } != 0 => push(out, character),
            _ if code <= 0xff => out.extend_from_slice(format!("\\x{code:02x}").as_bytes()),
            _ if code <= 0xffff => out.extend_from_slice(format!("\\u{code:04x}").as_bytes()),
            _ => out.extend_from_slice(format!("\\U{code:08x}").as_bytes()),
        },
    }
}

fn push(out: &mut Vec<u8>, character: char) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Writes bytes as `repr` does.
pub(crate) fn write_bytes_repr(out: &mut Vec<u8>, bytes: &[u8]) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    out.extend_from_slice(&[b'b', quote]);
    for byte in bytes {
        match byte {
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            _ if *byte == quote => out.extend_from_slice(&[b'\\', quote]),
            b' '..=b'~' => out.push(*byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(quote);
}

/// The content of a `bytes`, or of an object of a subclass.
///
/// # Safety
/// `object` is such an object, and is not freed within `'a`.
pub(crate) unsafe fn bytes<'a>(object: Object) -> &'a [u8] {
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(ffi::PyBytes_AS_STRING(object).cast(), length(object)) }
}

/// The content of a `bytearray`, or of an object of a subclass.
///
/// # Safety
/// `object` is such an object, and is not changed or freed within `'a`.
pub(crate) unsafe fn bytearray<'a>(object: Object) -> &'a [u8] {
    // SAFETY: as the caller promises; the function gives the place of the content, which is never null.
    unsafe { std::slice::from_raw_parts(ffi::PyByteArray_AsString(object).cast(), length(object)) }
}

/// Whether an object is a `str` or of a subclass of it.
///
/// # Safety
/// `object` is a live object.
pub(crate) unsafe fn is_text(object: Object) -> bool {
    // SAFETY: as the caller promises.
    unsafe { super::has_flag(object, ffi::Py_TPFLAGS_UNICODE_SUBCLASS) }
}

/// A short text as a Rust string; empty for what is no text.
///
/// # Safety
/// `object` is a live object, or null.
pub(crate) unsafe fn to_string(object: Object, limit: usize) -> String {
    let mut out = Vec::new();
    // SAFETY: as the caller promises.
    unsafe {
        if !object.is_null()
            && is_text(object)
            && let Some(characters) = Characters::of(object)
        {
            characters.write_plain(&mut out, limit);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

unsafe extern "C" {
    fn _PyUnicode_IsPrintable(character: u32) -> c_int;
}
