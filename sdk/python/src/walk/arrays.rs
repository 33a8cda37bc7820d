//! Arrays of numpy: kind of element, shape, and the first elements, through the buffer protocol.
//!
//! Only objects of exactly `numpy.ndarray` are asked, whose buffer is given by compiled code.

use std::ffi::CStr;

use pyo3::ffi;
use reenact_client::heap::{Body, Node, Text, TypeIndex};
use reenact_model::NotCaptured;

use super::scalars::{write_complex, write_float};
use super::{Pending, Walk};
use crate::read::Object;

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
    /// A pointer to an object of Python.
    Object,
}

/// A buffer that is given back when it goes out of use.
pub(super) struct Buffer(ffi::Py_buffer);

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: it was filled by `PyObject_GetBuffer`, and is given back once.
        unsafe { ffi::PyBuffer_Release(&mut self.0) };
    }
}

impl Buffer {
    /// # Safety
    /// `object` is exactly a `numpy.ndarray`.
    pub(super) unsafe fn of(object: Object) -> Option<Self> {
        // SAFETY: the function fills the structure, or leaves an error, which is cleared.
        unsafe {
            let mut view: ffi::Py_buffer = std::mem::zeroed();
            if ffi::PyObject_GetBuffer(object, &mut view, ffi::PyBUF_RECORDS_RO) != 0 {
                ffi::PyErr_Clear();
                return None;
            }
            Some(Self(view)).filter(|buffer| buffer.shape().len() <= DIMENSIONS_MAX)
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

    pub(super) fn count(&self) -> usize {
        self.shape().iter().fold(1_usize, |count, size| count.saturating_mul(size.unsigned_abs()))
    }

    /// How many rows there are; one where there is one dimension.
    pub(super) fn height(&self) -> usize {
        match *self.shape() {
            [height, _] => height.unsigned_abs(),
            [_] => 1,
            _ => 0,
        }
    }

    /// An element that is an integer of eight bytes.
    pub(super) fn integer(&self, number: usize) -> Option<i64> {
        let is_integer = self.kind() == Some(Kind::Int) && self.0.itemsize == 8 && number < self.count();
        is_integer.then(|| i64::from_le_bytes(first_word(&self.element(number))))
    }

    /// What its elements are; `None` for structures, texts, times and numbers in another byte order.
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
            b"O" if self.0.itemsize.unsigned_abs() == size_of::<Object>() => Kind::Object,
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
            Some(Kind::Object) => "object".to_owned(),
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

/// Some elements of a buffer, one after the other.
pub(super) struct Cells<'b> {
    buffer: &'b Buffer,
    from: usize,
    shape: Vec<usize>,
}

impl<'b> Cells<'b> {
    /// All of them.
    pub(super) fn all(buffer: &'b Buffer) -> Self {
        Self { buffer, from: 0, shape: buffer.shape().iter().map(|length| length.unsigned_abs()).collect() }
    }

    /// One row of two dimensions, or all of one.
    pub(super) fn row(buffer: &'b Buffer, row: usize) -> Self {
        let length = buffer.shape().last().map_or(0, |length| length.unsigned_abs());
        Self { buffer, from: row * length, shape: vec![length] }
    }

    fn count(&self) -> usize {
        self.shape.iter().fold(1_usize, |count, size| count.saturating_mul(*size))
    }
}

impl Walk<'_> {
    /// Looks into an array.
    ///
    /// # Safety
    /// The object is exactly a `numpy.ndarray`.
    pub(super) unsafe fn array(&mut self, pending: &Pending) {
        // SAFETY: as the caller promises.
        match unsafe { Buffer::of(pending.object) } {
            // SAFETY: as above.
            Some(buffer) => unsafe { self.array_content(pending.node, &Cells::all(&buffer), pending.depth) },
            None => self.heap.node_mut(pending.node).reason = Some(NotCaptured::Unknown),
        }
    }

    /// Writes what kind of elements an array has, its shape, and its first elements.
    ///
    /// # Safety
    /// The array lives until the walk is finished.
    pub(super) unsafe fn array_content(&mut self, node: u32, cells: &Cells<'_>, depth: u32) {
        let buffer = cells.buffer;
        let dtype = buffer.dtype();
        let types = ["numpy.dtype", "tuple", "list", "int"].map(|name| {
            let name = self.heap.push_text(name);
            self.heap.push_type(name)
        });
        let [dtype_type, tuple_type, list_type, int_type] = types;
        let first = self.heap.next_node();
        let body = Body::Scalar(self.heap.push_text(&dtype));
        self.part("(dtype)", dtype_type, Node { body, ..Node::default() });
        let size = Some(cells.shape.len() as u64);
        let shape = self.part("(shape)", tuple_type, Node { size, ..Node::default() });
        let reason = buffer.kind().is_none().then_some(NotCaptured::Unknown);
        let size = Some(cells.count() as u64);
        let data = self.part("(data)", list_type, Node { size, reason, ..Node::default() });
        let children = self.heap.children_from(first);
        self.heap.node_mut(node).body = Body::Fields(children);
        let lengths = self.heap.next_node();
        for length in &cells.shape {
            self.number(int_type, |out| out.extend(length.to_string().bytes()));
        }
        self.heap.node_mut(shape).body = Body::Elements(self.heap.children_from(lengths));
        if buffer.kind().is_some() {
            // SAFETY: as the caller promises.
            unsafe { self.data(cells, data, depth) };
        }
    }

    unsafe fn data(&mut self, cells: &Cells<'_>, node: u32, depth: u32) {
        let shown = cells.count().min(self.limits.items_max);
        let type_index = self.element_type(cells.buffer);
        let first = self.heap.next_node();
        for number in 0..shown {
            // SAFETY: as the caller of `array_content` promises.
            let is_noted = !self.is_halted()
                && unsafe { self.cell(cells.buffer, cells.from + number, type_index, depth + 1) };
            if !is_noted {
                break;
            }
        }
        let children = self.heap.children_from(first);
        let is_cut = (children.count as usize) < cells.count();
        let reason = self.halted.or(Some(NotCaptured::CollectionSize)).filter(|_| is_cut);
        let node = self.heap.node_mut(node);
        (node.body, node.reason) = (Body::Elements(children), reason);
    }

    /// One element of a buffer, as one value; `false` when the budget is used up.
    ///
    /// # Safety
    /// The number is below the count of elements; the array lives until the walk is finished.
    pub(super) unsafe fn cell(
        &mut self,
        buffer: &Buffer,
        number: usize,
        type_index: TypeIndex,
        depth: u32,
    ) -> bool {
        let bytes = buffer.element(number);
        match buffer.kind() {
            Some(Kind::Object) => {
                let object = usize::from_le_bytes(first_word(&bytes)) as Object;
                // SAFETY: the array holds its elements; one that was never set stands for `None`.
                unsafe {
                    let object = if object.is_null() { ffi::Py_None() } else { object };
                    self.value(Text::default(), object, depth)
                }
            }
            Some(kind) => {
                self.number(type_index, |out| write_element(kind, buffer.0.itemsize, &bytes, out));
                true
            }
            None => false,
        }
    }

    /// The type of numbers of a buffer.
    pub(super) fn element_type(&mut self, buffer: &Buffer) -> TypeIndex {
        let name = self.heap.push_text(&format!("numpy.{}", buffer.dtype()));
        self.heap.push_type(name)
    }

    fn part(&mut self, name: &str, type_index: TypeIndex, node: Node) -> u32 {
        let name = self.heap.push_text(name);
        self.heap.push_node(Node { name, type_index, ..node })
    }

    pub(super) fn number(&mut self, type_index: TypeIndex, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.heap.text_start();
        write(self.heap.bytes_mut());
        let body = Body::Scalar(self.heap.text_from(start));
        self.heap.push_node(Node { type_index, body, ..Node::default() });
    }
}

fn first_word(bytes: &[u8; 16]) -> [u8; 8] {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[..8]);
    word
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
        // Objects are values of their own.
        (Kind::Object, _) => {}
        (Kind::Complex, _) => {
            write_complex(f64::from_bits(unsigned), f64::from_bits(u64::from_le_bytes(low(8))), out)
        }
    }
}
