//! Tables and columns of pandas: the labels and the columns, as far as they are arrays of numpy.
//!
//! A table keeps its columns in blocks, each an array with a row for each column of one kind. What is read are instance
//! dictionaries, fields of Cython's structures through the functions of their exact types, and buffers of arrays. What is
//! kept in another way (times, categories, Arrow) is named and not read.

use pyo3::ffi;
use reenact_client::heap::{Body, Node, Text, TypeIndex};
use reenact_model::{Form, NotCaptured};

use super::arrays::{Buffer, Cells};
use super::blocks::{Columns, MODULE, array_of, small, values_of};
use super::types::write_type_name;
use super::{Pending, Walk};
use crate::read::compiled::{attribute, kept};
use crate::read::containers::{list_items, tuple_items};
use crate::read::{Object, field, is_exactly, type_of};

/// Labels of columns or rows.
enum Labels {
    /// As a range: the object.
    Range(Object),
    /// As an array.
    Array(Buffer),
    /// In another way.
    Other,
}

impl Walk<'_> {
    /// Looks into a table or a column; `false`, and nothing noted, when it is not built as expected.
    ///
    /// # Safety
    /// The object lives.
    pub(super) unsafe fn table(&mut self, pending: &Pending) -> bool {
        // SAFETY: the object lives, and holds what is found in it.
        unsafe {
            let Some(manager) = attribute(pending.object, b"_mgr") else { return false };
            let Some((blocks, axes)) = blocks_and_axes(manager) else { return false };
            match (blocks, axes) {
                ([block], &[rows]) => self.series(pending, *block, rows),
                (_, &[columns, rows]) => self.data_frame(pending, blocks, columns, rows),
                _ => false,
            }
        }
    }

    unsafe fn series(&mut self, pending: &Pending, block: Object, rows: Object) -> bool {
        // SAFETY: as the caller of `table` promises.
        unsafe {
            let cells = values_of(block).and_then(|values| Buffer::of(values));
            let labels = labels(rows);
            let first = self.heap.next_node();
            if let Some(name) = attribute(pending.object, b"_name").filter(|name| *name != ffi::Py_None()) {
                let title = self.heap.push_text("(name)");
                self.value(title, name, pending.depth + 1);
            }
            let index = self.labels(pending, &labels, rows);
            let data = self.array_node("(data)");
            let children = self.heap.children_from(first);
            self.heap.node_mut(pending.node).body = Body::Fields(children);
            self.labels_content(pending, &labels, index);
            match cells {
                Some(cells) => self.array_content(data, &Cells::all(&cells), pending.depth + 1),
                None => self.not_read(data),
            }
        }
        true
    }

    unsafe fn data_frame(
        &mut self,
        pending: &Pending,
        blocks: &[Object],
        columns: Object,
        rows: Object,
    ) -> bool {
        // SAFETY: as the caller of `table` promises.
        unsafe {
            let names = labels(columns);
            let Some(count) = names.count() else { return false };
            let columns = self.find_columns(blocks, count.min(self.limits.items_max));
            let labels = labels(rows);
            let first = self.heap.next_node();
            let index = self.labels(pending, &labels, rows);
            let name = self.heap.push_text("(columns)");
            let type_index = self.scratch.types.facts(&raw mut ffi::PyDict_Type, self.heap).index;
            let table =
                self.heap.push_node(Node { name, type_index, size: Some(count as u64), ..Node::default() });
            let children = self.heap.children_from(first);
            self.heap.node_mut(pending.node).body = Body::Fields(children);
            self.labels_content(pending, &labels, index);
            self.columns(pending, table, &names, &columns, count);
        }
        true
    }

    unsafe fn columns(
        &mut self,
        pending: &Pending,
        table: u32,
        names: &Labels,
        columns: &Columns,
        count: usize,
    ) {
        let type_index = match names {
            Labels::Array(buffer) => self.element_type(buffer),
            // SAFETY: a type that is never freed.
            _ => unsafe { self.scratch.types.facts(&raw mut ffi::PyLong_Type, self.heap) }.index,
        };
        let first = self.heap.next_node();
        let mut nodes = Vec::with_capacity(columns.places.len());
        for (number, place) in columns.places.iter().enumerate() {
            // SAFETY: as the caller of `table` promises.
            if self.is_halted() || !unsafe { self.label(pending, names, number, type_index) } {
                break;
            }
            nodes.push((self.array_node(""), *place));
        }
        let children = self.heap.children_from(first);
        let is_cut = nodes.len() < count;
        let reason = self.halted.or(Some(NotCaptured::CollectionSize)).filter(|_| is_cut);
        let node = self.heap.node_mut(table);
        (node.body, node.reason) = (Body::Entries(children), reason);
        for (node, place) in nodes {
            let cells =
                place.and_then(|place| Some(Cells::row(columns.buffers.get(place.block)?, place.row)));
            match cells {
                _ if self.halted.is_some() => self.heap.node_mut(node).reason = self.halted,
                // SAFETY: as above.
                Some(cells) => unsafe { self.array_content(node, &cells, pending.depth + 2) },
                None if columns.is_cut => self.heap.node_mut(node).reason = Some(NotCaptured::Limit),
                None => self.not_read(node),
            }
        }
    }

    /// The label of one column, as one value.
    unsafe fn label(
        &mut self,
        pending: &Pending,
        names: &Labels,
        number: usize,
        type_index: TypeIndex,
    ) -> bool {
        match names {
            Labels::Range(range) => {
                // SAFETY: a range holds its numbers.
                let Some((start, step)) = (unsafe { start_and_step(*range) }) else { return false };
                let label = start.wrapping_add(step.wrapping_mul(number as i64)).to_string();
                self.number(type_index, |out| out.extend_from_slice(label.as_bytes()));
                true
            }
            // SAFETY: as the caller of `table` promises.
            Labels::Array(buffer) => unsafe { self.cell(buffer, number, type_index, pending.depth + 2) },
            Labels::Other => false,
        }
    }

    /// Notes the labels of the rows under `(index)`: a range whole, an array to be filled by `labels_content`.
    unsafe fn labels(&mut self, pending: &Pending, labels: &Labels, of: Object) -> Option<u32> {
        match labels {
            Labels::Range(range) => {
                let name = self.heap.push_text("(index)");
                // SAFETY: the labels hold their range.
                unsafe { self.value(name, *range, pending.depth + 1) };
                None
            }
            Labels::Array(_) => Some(self.array_node("(index)")),
            Labels::Other => {
                let start = self.heap.text_start();
                // SAFETY: a live object has a type.
                unsafe { write_type_name(type_of(of), self.heap.bytes_mut()) };
                let type_name = self.heap.text_from(start);
                let type_index = self.heap.push_type(type_name);
                let name = self.heap.push_text("(index)");
                self.heap.push_node(Node {
                    name,
                    type_index,
                    reason: Some(NotCaptured::Unknown),
                    ..Node::default()
                });
                None
            }
        }
    }

    unsafe fn labels_content(&mut self, pending: &Pending, labels: &Labels, node: Option<u32>) {
        if let (Some(node), Labels::Array(buffer)) = (node, labels) {
            // SAFETY: as the caller of `table` promises.
            unsafe { self.array_content(node, &Cells::all(buffer), pending.depth + 1) };
        }
    }

    fn array_node(&mut self, name: &str) -> u32 {
        let name = if name.is_empty() { Text::default() } else { self.heap.push_text(name) };
        let type_name = self.heap.push_text("numpy.ndarray");
        let type_index = self.heap.push_type(type_name);
        self.heap.push_node(Node { name, type_index, form: Some(Form::Array), ..Node::default() })
    }

    fn not_read(&mut self, node: u32) {
        self.heap.node_mut(node).reason = Some(NotCaptured::Unknown);
    }
}

impl Labels {
    /// How many there are.
    fn count(&self) -> Option<usize> {
        match self {
            Self::Range(range) => {
                // SAFETY: a range is an object and four numbers, of which the last is the count; all are integers.
                let count = unsafe { range_part(*range, 3) };
                count.and_then(|count| usize::try_from(count).ok())
            }
            Self::Array(buffer) => Some(buffer.count()),
            Self::Other => None,
        }
    }
}

/// # Safety
/// `manager` is a live object.
unsafe fn blocks_and_axes<'a>(manager: Object) -> Option<(&'a [Object], &'a [Object])> {
    // SAFETY: a live object holds what is found in it; the types are looked at.
    unsafe {
        let blocks = attribute(manager, b"blocks").or_else(|| kept(manager, MODULE, c"blocks"))?;
        let axes = attribute(manager, b"axes").or_else(|| kept(manager, MODULE, c"axes"))?;
        let is_known =
            is_exactly(blocks, &raw mut ffi::PyTuple_Type) && is_exactly(axes, &raw mut ffi::PyList_Type);
        is_known.then(|| (tuple_items(blocks), list_items(axes)))
    }
}

unsafe fn labels(index: Object) -> Labels {
    // SAFETY: a live object.
    unsafe {
        if let Some(range) =
            attribute(index, b"_range").filter(|range| is_exactly(*range, &raw mut ffi::PyRange_Type))
        {
            return Labels::Range(range);
        }
        let array = attribute(index, b"_data").and_then(|data| array_of(data));
        array.and_then(|array| Buffer::of(array)).map_or(Labels::Other, Labels::Array)
    }
}

unsafe fn start_and_step(range: Object) -> Option<(i64, i64)> {
    // SAFETY: the caller has a range.
    unsafe { Some((range_part(range, 0)?, range_part(range, 2)?)) }
}

/// Start, stop, step or length of a range (`rangeobject`, `Objects/rangeobject.c`).
unsafe fn range_part(range: Object, number: usize) -> Option<i64> {
    // SAFETY: the caller has a range; it holds its parts.
    unsafe { small(field(range, size_of::<ffi::PyObject>() + number * size_of::<Object>())) }
}
