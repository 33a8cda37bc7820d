//! Blocks of a table of pandas, and which columns the rows of each are.

use pyo3::ffi;

use super::Walk;
use super::arrays::Buffer;
use super::types::write_type_name;
use crate::read::compiled::kept;
use crate::read::{Object, field, is_exactly, type_of};

/// Blocks of one table that are looked at.
const BLOCKS_MAX: usize = 1_000;

/// Columns of one table that are looked at, to find where those that are shown are.
const COLUMNS_MAX: usize = 10_000;

/// Where the compiled classes of pandas are.
pub(super) const MODULE: &[u8] = b"pandas._libs.";

/// Which columns the rows of a block are.
enum Placement {
    /// Evenly spaced.
    Slice { start: i64, step: i64 },
    /// As an array of numbers.
    Array(Buffer),
}

/// Where the columns of a table are that are shown.
pub(super) struct Columns {
    pub(super) buffers: Vec<Buffer>,
    /// `None` for one that is kept in another way, or that was not found.
    pub(super) places: Vec<Option<Place>>,
    /// Whether there was more to look at than the limits allow.
    pub(super) is_cut: bool,
}

/// Where the cells of one column are.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) block: usize,
    /// Which row of the block.
    pub(super) row: usize,
}

impl Walk<'_> {
    /// Where the first columns of a table are.
    ///
    /// # Safety
    /// The blocks live.
    pub(super) unsafe fn find_columns(&mut self, blocks: &[Object], count: usize) -> Columns {
        let mut columns = Columns { buffers: Vec::new(), places: vec![None; count], is_cut: false };
        let mut looked_at = 0;
        for (index, &block) in blocks.iter().enumerate() {
            // SAFETY: as the caller promises; a block holds what is found in it.
            let (values, placed) = unsafe {
                columns.is_cut |= index == BLOCKS_MAX;
                if columns.is_cut || self.is_halted() {
                    break;
                }
                let Some(values) = values_of(block).and_then(|values| Buffer::of(values)) else { continue };
                let placed = kept(block, MODULE, c"_mgr_locs").and_then(|placed| placement(placed));
                let Some(placed) = placed else { continue };
                (values, placed)
            };
            for row in 0..values.height() {
                columns.is_cut |= looked_at == COLUMNS_MAX;
                if columns.is_cut || self.is_halted() {
                    break;
                }
                looked_at += 1;
                let Some(column) = placed.column(row) else { break };
                if let Some(place) = columns.places.get_mut(column) {
                    *place = Some(Place { block: columns.buffers.len(), row });
                }
            }
            columns.buffers.push(values);
        }
        columns
    }
}

impl Placement {
    /// Which column a row of the block is.
    fn column(&self, row: usize) -> Option<usize> {
        let column = match self {
            Self::Slice { start, step } => start.checked_add(step.checked_mul(row as i64)?)?,
            Self::Array(numbers) => numbers.integer(row)?,
        };
        usize::try_from(column).ok()
    }
}

/// The array of a block, or the one that its texts are in.
///
/// # Safety
/// `block` is a live object.
pub(super) unsafe fn values_of(block: Object) -> Option<Object> {
    // SAFETY: a live object holds what is found in it.
    unsafe { kept(block, MODULE, c"values").and_then(|values| array_of(values)) }
}

/// An array as it is, or the array of objects that an array of texts is made of. Other arrays of pandas keep something
/// else than their elements.
///
/// # Safety
/// `values` is a live object.
pub(super) unsafe fn array_of(values: Object) -> Option<Object> {
    // SAFETY: a live object.
    unsafe {
        if is_array(values) {
            return Some(values);
        }
        let mut name = Vec::new();
        write_type_name(type_of(values), &mut name);
        let is_of_texts = matches!(
            name.as_slice(),
            b"pandas.arrays.StringArray"
                | b"pandas.core.arrays.string_.StringArray"
                | b"pandas.core.arrays.string_.StringArrayNumpySemantics"
                | b"pandas.arrays.NumpyExtensionArray"
                | b"pandas.core.arrays.numpy_.NumpyExtensionArray"
        );
        if !is_of_texts {
            return None;
        }
        kept(values, MODULE, c"_ndarray").filter(|array| is_array(*array))
    }
}

unsafe fn is_array(object: Object) -> bool {
    // SAFETY: a live object has a type with a name; types of Python are freed in another way.
    unsafe { super::types::is_numpy_array(type_of(object)) }
}

/// Which columns the rows of a block are: a slice or an array of numbers, in a structure of Cython whose functions would
/// make new objects.
unsafe fn placement(placed: Object) -> Option<Placement> {
    const SLICE: usize = 24;
    const ARRAY: usize = 32;
    // SAFETY: the structure has the size that it has when both fields are where they are expected; each is an object or null.
    unsafe {
        let type_object = type_of(placed);
        let mut name = Vec::new();
        write_type_name(type_object, &mut name);
        if name != b"pandas._libs.internals.BlockPlacement" || (*type_object).tp_basicsize < 48 {
            return None;
        }
        let slice: Object = field(placed, SLICE);
        if !slice.is_null() && is_exactly(slice, &raw mut ffi::PySlice_Type) {
            let slice = &*slice.cast::<ffi::PySliceObject>();
            return Some(Placement::Slice {
                start: small(slice.start)?,
                step: small(slice.step).unwrap_or(1),
            });
        }
        let array: Object = field(placed, ARRAY);
        if array.is_null() || !is_array(array) {
            return None;
        }
        Buffer::of(array).map(Placement::Array)
    }
}

/// An integer that C can hold.
///
/// # Safety
/// `object` is a live object or null.
pub(super) unsafe fn small(object: Object) -> Option<i64> {
    // SAFETY: for exactly an integer the function runs no code of Python.
    unsafe {
        if object.is_null() || !is_exactly(object, &raw mut ffi::PyLong_Type) {
            return None;
        }
        let mut overflow = 0;
        let number = ffi::PyLong_AsLongLongAndOverflow(object, &mut overflow);
        (overflow == 0).then_some(number)
    }
}
