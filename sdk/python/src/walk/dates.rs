//! Dates, times and decimals, from the structures of their exact types.

use std::ffi::c_int;

use pyo3::ffi;

use super::types::Class;
use crate::read::{Object, attributes, field, type_of};

const HEADER: usize = size_of::<ffi::PyObject>();

/// Where the structures of `datetime.h` have their fields: behind the header and the hash.
const HAS_ZONE: usize = HEADER + 8;
const DATA: usize = HAS_ZONE + 1;

/// Words of 19 decimal digits of one decimal that are shown.
const DECIMAL_WORDS_MAX: usize = 16;

/// The size of a `decimal.Decimal` of compiled code (`Modules/_decimal/_decimal.c`, 64 bits).
const DECIMAL_BYTES: isize = 104;

/// Writes the expression that makes the value; `None` when it cannot be told.
///
/// # Safety
/// `object` is a live object of exactly the built-in type of this class.
pub(super) unsafe fn write(object: Object, class: Class, out: &mut Vec<u8>) -> Option<()> {
    // SAFETY: as the caller promises.
    unsafe {
        match class {
            Class::Date => {
                let data: [u8; 4] = field(object, DATA);
                let text = format!("datetime.date({}, {}, {})", year(&data), data[2], data[3]);
                out.extend_from_slice(text.as_bytes());
            }
            Class::DateTime => {
                let data: [u8; 10] = field(object, DATA);
                let day = format!("datetime.datetime({}, {}, {}, ", year(&data), data[2], data[3]);
                out.extend_from_slice(day.as_bytes());
                write_clock(&data[4..], out);
                write_zone(object, field(object, DATA + 10), 40, out);
            }
            Class::Time => {
                let data: [u8; 6] = field(object, DATA);
                out.extend_from_slice(b"datetime.time(");
                write_clock(&data, out);
                write_zone(object, field(object, DATA + 6), 32, out);
            }
            Class::TimeDelta => write_delta(object, out),
            Class::TimeZone => write_time_zone(object, out),
            Class::ZoneInfo => write_zone_info(object, out)?,
            Class::Decimal => write_decimal(object, out)?,
            _ => return None,
        }
    }
    Some(())
}

fn year(data: &[u8]) -> u16 {
    u16::from_be_bytes([data[0], data[1]])
}

/// Hour, minute, and what follows as far as it is not zero.
fn write_clock(data: &[u8], out: &mut Vec<u8>) {
    let microsecond = u32::from_be_bytes([0, data[3], data[4], data[5]]);
    let mut text = format!("{}, {}", data[0], data[1]);
    if data[2] != 0 || microsecond != 0 {
        text += &format!(", {}", data[2]);
    }
    if microsecond != 0 {
        text += &format!(", {microsecond}");
    }
    out.extend_from_slice(text.as_bytes());
}

/// The fold and the time zone, which stands at `offset`.
unsafe fn write_zone(object: Object, fold: u8, offset: usize, out: &mut Vec<u8>) {
    if fold != 0 {
        out.extend_from_slice(b", fold=1");
    }
    // SAFETY: an object that says that it has a zone has the field; it holds the zone.
    unsafe {
        if field::<u8>(object, HAS_ZONE) != 0 {
            out.extend_from_slice(b", tzinfo=");
            super::scalars::write_inline(field(object, offset), out, 100);
        }
    }
    out.push(b')');
}

unsafe fn write_delta(object: Object, out: &mut Vec<u8>) {
    // SAFETY: `PyDateTime_Delta` has three numbers.
    let numbers: [c_int; 3] = unsafe { field(object, HEADER + 8) };
    let named: Vec<String> = ["days", "seconds", "microseconds"]
        .iter()
        .zip(numbers)
        .filter(|(_, number)| *number != 0)
        .map(|(name, number)| format!("{name}={number}"))
        .collect();
    let inner = if named.is_empty() { "0".to_owned() } else { named.join(", ") };
    out.extend_from_slice(format!("datetime.timedelta({inner})").as_bytes());
}

/// `PyDateTime_TimeZone`: an offset, and a name or null.
unsafe fn write_time_zone(object: Object, out: &mut Vec<u8>) {
    // SAFETY: the zone holds both.
    unsafe {
        let (offset, name): (Object, Object) = (field(object, HEADER), field(object, HEADER + 8));
        let mut delta = Vec::new();
        write_delta(offset, &mut delta);
        if name.is_null() && delta == b"datetime.timedelta(0)" {
            return out.extend_from_slice(b"datetime.timezone.utc");
        }
        out.extend_from_slice(b"datetime.timezone(");
        out.extend(delta);
        if !name.is_null() {
            out.extend_from_slice(b", ");
            super::scalars::write_inline(name, out, 100);
        }
        out.push(b')');
    }
}

unsafe fn write_zone_info(object: Object, out: &mut Vec<u8>) -> Option<()> {
    // SAFETY: a live object; it holds its key.
    unsafe {
        let key = attributes::slot(object, c"key")?;
        out.extend_from_slice(b"zoneinfo.ZoneInfo(");
        super::scalars::write_inline(key, out, 100);
    }
    out.push(b')');
    Some(())
}

/// `PyDecObject`: behind the hash a number of libmpdec: flags, exponent, count of digits, words of 19 digits.
#[repr(C)]
#[derive(Clone, Copy)]
struct DecimalLayout {
    flags: u8,
    exponent: isize,
    digits: isize,
    length: isize,
    _allocated: isize,
    words: *const u64,
}

unsafe fn write_decimal(object: Object, out: &mut Vec<u8>) -> Option<()> {
    const NEGATIVE: u8 = 1;
    const INFINITE: u8 = 2;
    const NAN: u8 = 4;
    const SIGNALLING: u8 = 8;
    // SAFETY: the size says that the structure is the one that is known; the words are as many as it says.
    let (number, words) = unsafe {
        if (*type_of(object)).tp_basicsize != DECIMAL_BYTES {
            return None;
        }
        let number: DecimalLayout = field(object, HEADER + 8);
        let count = usize::try_from(number.length).ok().filter(|count| *count <= DECIMAL_WORDS_MAX)?;
        (number, if number.words.is_null() { &[] } else { std::slice::from_raw_parts(number.words, count) })
    };
    let mut digits: String = words.iter().rev().map(|word| format!("{word:019}")).collect();
    digits = digits.trim_start_matches('0').to_owned();
    let sign = if number.flags & NEGATIVE != 0 { "-" } else { "" };
    let text = match number.flags {
        flags if flags & INFINITE != 0 => "Infinity".to_owned(),
        flags if flags & NAN != 0 => format!("NaN{digits}"),
        flags if flags & SIGNALLING != 0 => format!("sNaN{digits}"),
        _ => scientific(if digits.is_empty() { "0" } else { &digits }, number.exponent),
    };
    out.extend_from_slice(format!("decimal.Decimal('{sign}{text}')").as_bytes());
    Some(())
}

/// A decimal as `str` writes it (General Decimal Arithmetic, to-scientific-string).
fn scientific(digits: &str, exponent: isize) -> String {
    let adjusted = exponent + digits.len() as isize - 1;
    if exponent <= 0 && adjusted >= -6 {
        let point = digits.len() as isize + exponent;
        return match exponent {
            0 => digits.to_owned(),
            _ if point > 0 => format!("{}.{}", &digits[..point as usize], &digits[point as usize..]),
            _ => format!("0.{}{digits}", "0".repeat(point.unsigned_abs())),
        };
    }
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    format!("{first}{point}{rest}E{adjusted:+}")
}
