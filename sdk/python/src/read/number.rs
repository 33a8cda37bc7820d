//! Integers from their digits.

use super::Object;

/// Longer integers are shown in hexadecimal digits, in digits of 30 bits: more than 1,000 decimal digits.
const DECIMAL_DIGITS_MAX: usize = 111;

const BITS: u32 = 30;
const HEADER: usize = size_of::<pyo3::ffi::PyObject>();

/// An integer as its sign and its digits of 30 bits, the least one first.
pub(crate) struct Integer<'a> {
    pub(crate) is_negative: bool,
    pub(crate) digits: &'a [u32],
}

impl Integer<'_> {
    /// The memory of an `int`, or of an object of a subclass.
    ///
    /// # Safety
    /// `object` is such an object, and is not freed while the result is used.
    pub(crate) unsafe fn of(object: Object) -> Self {
        // SAFETY: to 3.11 the sign is that of the length; from 3.12 on a tag holds both. The digits follow.
        unsafe {
            #[cfg(not(Py_3_12))]
            let (is_negative, count) = {
                let size: isize = super::field(object, HEADER);
                (size < 0, size.unsigned_abs())
            };
            #[cfg(Py_3_12)]
            let (is_negative, count) = {
                let tag: usize = super::field(object, HEADER);
                (tag & 3 == 2, tag >> 3)
            };
            let first = object.cast::<u8>().add(HEADER + size_of::<usize>()).cast::<u32>();
            Self { is_negative, digits: std::slice::from_raw_parts(first, count) }
        }
    }

    /// Writes the integer, `text_max` digits of a large one at most; how many digits there are if not all are written.
    pub(crate) fn write(&self, out: &mut Vec<u8>, text_max: usize) -> Option<u64> {
        if self.is_negative {
            out.push(b'-');
        }
        if let Some(small) = self.small() {
            out.extend_from_slice(small.to_string().as_bytes());
            None
        } else if self.digits.len() <= DECIMAL_DIGITS_MAX {
            self.write_decimal(out);
            None
        } else {
            self.write_hexadecimal(out, text_max)
        }
    }

    fn small(&self) -> Option<u64> {
        match self.digits {
            [] => Some(0),
            [one] => Some(u64::from(*one)),
            [low, high] => Some(u64::from(*high) << BITS | u64::from(*low)),
            _ => None,
        }
    }

    /// By repeated division; quadratic, with a limit on the digits.
    fn write_decimal(&self, out: &mut Vec<u8>) {
        const CHUNK: u64 = 1_000_000_000;
        let mut digits = self.digits.to_vec();
        let mut chunks = Vec::new();
        while !digits.is_empty() {
            let mut rest = 0_u64;
            for digit in digits.iter_mut().rev() {
                let part = rest << BITS | u64::from(*digit);
                *digit = (part / CHUNK) as u32;
                rest = part % CHUNK;
            }
            chunks.push(rest);
            while digits.last() == Some(&0) {
                digits.pop();
            }
        }
        let mut chunks = chunks.into_iter().rev();
        if let Some(first) = chunks.next() {
            out.extend_from_slice(first.to_string().as_bytes());
        }
        chunks.for_each(|chunk| out.extend_from_slice(format!("{chunk:09}").as_bytes()));
    }

    fn write_hexadecimal(&self, out: &mut Vec<u8>, text_max: usize) -> Option<u64> {
        let bits = self.bits();
        let total = bits.div_ceil(4);
        out.extend_from_slice(b"0x");
        let shown = total.min(text_max as u64);
        for index in 0..shown {
            out.push(b"0123456789abcdef"[self.nibble(total - 1 - index)]);
        }
        (shown < total).then_some(total)
    }

    fn bits(&self) -> u64 {
        let top = self.digits.last().copied().unwrap_or(0);
        (self.digits.len() as u64 - 1) * u64::from(BITS) + u64::from(32 - top.leading_zeros())
    }

    fn nibble(&self, index: u64) -> usize {
        let bit = index * 4;
        let (digit, offset) = ((bit / u64::from(BITS)) as usize, (bit % u64::from(BITS)) as u32);
        let low = u64::from(self.digits[digit]);
        let high = self.digits.get(digit + 1).map_or(0, |digit| u64::from(*digit));
        ((high << BITS | low) >> offset & 15) as usize
    }
}
