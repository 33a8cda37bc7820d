//! Arrays of numpy: kind of element, shape, and the first elements, through the buffer protocol.
//!
//! Only objects of exactly `numpy.ndarray` are asked, whose buffer is given by compiled code.

use std::ffi::CStr;

use pyo3::ffi;
use reenact_client::heap::{Body, Node, TypeIndex};
use reenact_model::NotCaptured;

use super::scalars::{write_complex, write_float};
use super::{Pending, Walk};

/// Dimensions that are followed.
const DIMENSIONS_MAX: usize = 32;

/// What an element is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
    Unsigned,
    Float,
    Complex,
}

/// A buffer that is given back when it goes out of use.
struct Buffer(ffi::Py_buffer);

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: it was filled by `PyObject_GetBuffer`, and is given back once.
        unsafe { ffi::PyBuffer_Release(&mut self.0) };
    }
}

impl Buffer {
    /// # Safety
    /// `object` is exactly a `numpy.ndarray`.
    unsafe fn of(object: crate::read::Object) -> Option<Self> {
        // SAFETY: the function fills the structure, or leaves an error, which is cleared.
        unsafe {
            let mut view: ffi::Py_buffer = std::mem::zeroed();
            if ffi::PyObject_GetBuffer(object, &mut view, ffi::PyBUF_RECORDS_RO) != 0 {
                ffi::PyErr_Clear();
                return None;
            }
            Some(Self(view))
        }
    }

    fn numbers(&self, from: *const ffi::Py_ssize_t) -> &[ffi::Py_ssize_t] {
        let count = usize::try_from(self.0.ndim).unwrap_or(0);
        // SAFETY: the buffer has as many numbers there as it has dimensions.
        if from.is_null() || count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(from, count) } }
    }

    fn shape(&self) -> &[ffi::Py_ssize_t] {
        self.numbers(self.0.shape)
    }

    fn count(&self) -> usize {
        self.shape().iter().fold(1_usize, |count, size| count.saturating_mul(size.unsigned_abs()))
    }

    /// What its elements are; `None` for structures, objects, texts, times and numbers in another byte order.
    fn kind(&self) -> Option<Kind> {
        // SAFETY: a format ends with a zero byte, or is null.
        let format = if self.0.format.is_null() { c"B" } else { unsafe { CStr::from_ptr(self.0.format) } };
        let format = format.to_bytes();
        let kind = match format.strip_prefix(b"<").or(format.strip_prefix(b"=")).unwrap_or(format) {
            b"?" => Kind::Bool,
            b"b" | b"h" | b"i" | b"l" | b"q" => Kind::Int,
            b"B" | b"H" | b"I" | b"L" | b"Q" => Kind::Unsigned,
            b"f" | b"d" => Kind::Float,
            b"Zf" | b"Zd" => Kind::Complex,
            _ => return None,
        };
        matches!(self.0.itemsize, 1 | 2 | 4 | 8 | 16).then_some(kind)
    }

    /// The name of numpy for elements of this kind: `float64`.
    fn dtype(&self) -> String {
        let bits = self.0.itemsize * 8;
        match self.kind() {
            Some(Kind::Bool) => "bool".to_owned(),
            Some(Kind::Int) => format!("int{bits}"),
            Some(Kind::Unsigned) => format!("uint{bits}"),
            Some(Kind::Float) => format!("float{bits}"),
            Some(Kind::Complex) => format!("complex{bits}"),
            None if self.0.format.is_null() => "unknown".to_owned(),
            // SAFETY: a format ends with a zero byte.
            None => unsafe { CStr::from_ptr(self.0.format) }.to_string_lossy().chars().take(100).collect(),
        }
    }

    /// The bytes of the element with this number, counted as C does: the last dimension first.
    fn element(&self, mut number: usize) -> [u8; 16] {
        let mut offset = 0;
        for (size, stride) in self.shape().iter().zip(self.numbers(self.0.strides)).rev() {
            let size = size.unsigned_abs().max(1);
            offset += (number % size) as isize * stride;
            number /= size;
        }
        let mut bytes = [0; 16];
        let length = self.0.itemsize.unsigned_abs().min(16);
        // SAFETY: the element lies within the buffer: its number is below the count of elements.
        let element = unsafe { std::slice::from_raw_parts(self.0.buf.cast::<u8>().offset(offset), length) };
        bytes[..length].copy_from_slice(element);
        bytes
    }
}

impl Walk<'_> {
    /// Looks into an array.
    ///
    /// # Safety
    /// The object is exactly a `numpy.ndarray`.
    pub(super) unsafe fn array(&mut self, pending: &Pending) {
        // SAFETY: as the caller promises.
        let buffer = unsafe { Buffer::of(pending.object) };
        let Some(buffer) = buffer.filter(|buffer| buffer.shape().len() <= DIMENSIONS_MAX) else {
            self.heap.node_mut(pending.node).reason = Some(NotCaptured::Unknown);
            return;
        };
        let dtype = buffer.dtype();
        let types = ["numpy.dtype", "tuple", "list", "int", &format!("numpy.{dtype}")].map(|name| {
            let name = self.heap.push_text(name);
            self.heap.push_type(name)
        });
        let [dtype_type, tuple_type, list_type, int_type, element_type] = types;
        let first = self.heap.next_node();
        let body = Body::Scalar(self.heap.push_text(&dtype));
        self.part("(dtype)", dtype_type, Node { body, ..Node::default() });
        let shape = self.part(
            "(shape)",
            tuple_type,
            Node { size: Some(buffer.shape().len() as u64), ..Node::default() },
        );
        let reason = buffer.kind().is_none().then_some(NotCaptured::Unknown);
        let size = Some(buffer.count() as u64);
        let data = self.part("(data)", list_type, Node { size, reason, ..Node::default() });
        let children = self.heap.children_from(first);
        self.heap.node_mut(pending.node).body = Body::Fields(children);
        let lengths = self.heap.next_node();
        buffer
            .shape()
            .iter()
            .for_each(|length| self.number(int_type, |out| out.extend(length.to_string().bytes())));
        self.heap.node_mut(shape).body = Body::Elements(self.heap.children_from(lengths));
        if let Some(kind) = buffer.kind() {
            self.data(&buffer, kind, data, element_type);
        }
    }

    fn data(&mut self, buffer: &Buffer, kind: Kind, node: u32, element_type: TypeIndex) {
        let shown = buffer.count().min(self.limits.items_max);
        let first = self.heap.next_node();
        for number in 0..shown {
            if self.is_halted() {
                break;
            }
            let (bytes, size) = (buffer.element(number), buffer.0.itemsize);
            self.number(element_type, |out| write_element(kind, size, &bytes, out));
        }
        let children = self.heap.children_from(first);
        let is_cut = (children.count as usize) < buffer.count();
        let reason = self.halted.or(Some(NotCaptured::CollectionSize)).filter(|_| is_cut);
        let node = self.heap.node_mut(node);
        (node.body, node.reason) = (Body::Elements(children), reason);
    }

    fn part(&mut self, name: &str, type_index: TypeIndex, node: Node) -> u32 {
        let name = self.heap.push_text(name);
        self.heap.push_node(Node { name, type_index, ..node })
    }

    fn number(&mut self, type_index: TypeIndex, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.heap.text_start();
        write(self.heap.bytes_mut());
        let body = Body::Scalar(self.heap.text_from(start));
        self.heap.push_node(Node { type_index, body, ..Node::default() });
    }
}

fn write_element(kind: Kind, size: isize, bytes: &[u8; 16], out: &mut Vec<u8>) {
    let low = |range: usize| -> [u8; 8] {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[range..range + 8]);
        word
    };
    let unsigned = u64::from_le_bytes(low(0));
    let single = |at: usize| f64::from(f32::from_bits((unsigned >> (at * 32)) as u32));
    match (kind, size) {
        (Kind::Bool, _) => out.extend_from_slice(if bytes[0] != 0 { b"True" } else { b"False" }),
        (Kind::Unsigned, _) => out.extend(unsigned.to_string().bytes()),
        (Kind::Int, _) => {
            let unused = 64 - 8 * size.clamp(1, 8) as u32;
            out.extend(((unsigned as i64) << unused >> unused).to_string().bytes());
        }
        // The number whose shortest digits are those of the shorter kind.
        (Kind::Float, 4) => {
            let short = f32::from_bits(unsigned as u32);
            write_float(short.to_string().parse().unwrap_or(f64::from(short)), out);
        }
        (Kind::Float, _) => write_float(f64::from_bits(unsigned), out),
        (Kind::Complex, 8) => write_complex(single(0), single(1), out),
        (Kind::Complex, _) => {
            write_complex(f64::from_bits(unsigned), f64::from_bits(u64::from_le_bytes(low(8))), out)
        }
    }
}
