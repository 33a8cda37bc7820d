//! What is known of a type: how to read its objects, and what to call it.

use std::ffi::{CStr, c_ulong};

use pyo3::ffi;
use reenact_client::heap::{Heap, TypeIndex};
use reenact_model::Form;

use super::pointers::PointerMap;
use crate::read::containers::{DictEntries, tuple_items};
use crate::read::layout::known;
use crate::read::text::{Characters, is_text};
use crate::read::{Object, has_flag, is_exactly, length, type_of};

/// Names of one class that are looked at.
const NAMES_MAX: usize = 2_000;

/// Base classes that are looked at.
const BASES_MAX: usize = 64;

/// The longest name of a type, in characters.
const NAME_MAX: usize = 200;

/// How the objects of a type are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    None,
    Bool,
    Int,
    Float,
    Complex,
    Str,
    Bytes,
    ByteArray,
    Ellipsis,
    NotImplemented,
    Range,
    Slice,
    Date,
    Time,
    DateTime,
    TimeDelta,
    TimeZone,
    ZoneInfo,
    Decimal,
    Uuid,
    Path,
    Function,
    BuiltinFunction,
    Type,
    Module,
    List,
    Tuple,
    Set,
    Dict,
    Deque,
    Array,
    NumpyArray,
    MappingProxy,
    Method,
    Iterator,
    Exception,
    /// A class of Python, or of compiled code, by its attributes.
    Object,
}

impl Class {
    /// Whether an object is nothing but its content: no identity is kept of it.
    pub(crate) fn is_scalar(self) -> bool {
        use Class::*;
        matches!(
            self,
            None | Bool | Int | Float | Complex | Str | Bytes | Ellipsis | NotImplemented | Range | Slice
        ) || matches!(self, Date | Time | DateTime | TimeDelta | TimeZone | ZoneInfo | Decimal | Uuid | Path)
            || matches!(self, Function | BuiltinFunction | Type | Module)
    }
}

/// What is known of a type.
#[derive(Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) index: TypeIndex,
    pub(crate) class: Class,
    /// What a class of Python is built on: its content stands beside the attributes.
    pub(crate) base: Option<Base>,
    pub(crate) form: Option<Form>,
    /// The names of the fields of a named tuple: a tuple of texts, or null.
    pub(crate) field_names: Object,
    /// Whether there is state that only compiled code can read.
    pub(crate) is_opaque: bool,
    /// Whether what stands in the C structure under a name is of use to people.
    pub(crate) shows_slots: bool,
}

/// A built-in type that a class is built on.
#[derive(Clone, Copy)]
pub(crate) struct Base {
    pub(crate) class: Class,
    pub(crate) type_object: *mut ffi::PyTypeObject,
}

/// The types of one capture.
pub(crate) struct Types {
    numbers: PointerMap,
    facts: Vec<Facts>,
}

impl Types {
    pub(crate) fn new() -> Self {
        Self { numbers: PointerMap::new(), facts: Vec::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.numbers.clear();
        self.facts.clear();
    }

    /// # Safety
    /// `type_object` is a live type.
    pub(crate) unsafe fn facts(&mut self, type_object: *mut ffi::PyTypeObject, heap: &mut Heap) -> Facts {
        let number = self.facts.len() as u32;
        if let Some(number) = self.numbers.get_or_insert(type_object as usize, number) {
            return self.facts[number as usize];
        }
        let start = heap.text_start();
        // SAFETY: as the caller promises.
        let facts = unsafe {
            write_type_name(type_object, heap.bytes_mut());
            let name = heap.text_from(start);
            facts_of(type_object, heap.push_type(name))
        };
        self.facts.push(facts);
        facts
    }
}

/// Writes `module.qualname`; types of `builtins` have no module.
///
/// # Safety
/// `type_object` is a live type.
pub(crate) unsafe fn write_type_name(type_object: *mut ffi::PyTypeObject, out: &mut Vec<u8>) {
    // SAFETY: types made at run time have a larger structure with the qualified name; others a name with the module.
    unsafe {
        if (*type_object).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE == 0 {
            let name = CStr::from_ptr((*type_object).tp_name).to_bytes();
            return out.extend_from_slice(name.strip_prefix(b"builtins.").unwrap_or(name));
        }
        if let Some(module) = own_attribute(type_object, known().names.module)
            && is_text(module)
            && let Some(module) = Characters::of(module)
        {
            let start = out.len();
            module.write_plain(out, NAME_MAX);
            if &out[start..] == b"builtins" { out.truncate(start) } else { out.push(b'.') }
        }
        let qualified_name = (*type_object.cast::<ffi::PyHeapTypeObject>()).ht_qualname;
        if !qualified_name.is_null()
            && let Some(name) = Characters::of(qualified_name)
        {
            name.write_plain(out, NAME_MAX);
        }
    }
}

/// What stands in a class itself under an interned name. Compares addresses: a look-up could run `__eq__` of a key.
unsafe fn own_attribute(type_object: *mut ffi::PyTypeObject, name: Object) -> Option<Object> {
    // SAFETY: a type holds its dictionary, where it has one.
    unsafe {
        let dict = (*type_object).tp_dict;
        if dict.is_null() || !is_exactly(dict, &raw mut ffi::PyDict_Type) {
            return None;
        }
        DictEntries::of(dict).take(NAMES_MAX).find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// # Safety
/// `type_object` is a live type.
unsafe fn facts_of(type_object: *mut ffi::PyTypeObject, index: TypeIndex) -> Facts {
    let plain = |class, form| Facts {
        index,
        class,
        base: None,
        form,
        field_names: std::ptr::null_mut(),
        is_opaque: false,
        shows_slots: true,
    };
    // SAFETY: as the caller promises.
    unsafe {
        if let Some(class) = built_in(type_object) {
            return plain(class, form_of(class));
        }
        if (*type_object).tp_flags & ffi::Py_TPFLAGS_TYPE_SUBCLASS != 0 {
            return plain(Class::Type, Some(Form::Class));
        }
        if type_object == known().default_dict {
            let base = Base { class: Class::Dict, type_object: &raw mut ffi::PyDict_Type };
            return Facts { base: Some(base), ..plain(Class::Object, None) };
        }
        if type_object == &raw mut ffi::PyBaseObject_Type {
            return plain(Class::Object, None);
        }
        if !is_of_python(type_object) {
            return of_compiled(type_object, plain);
        }
        if let Some(class) = of_library(type_object) {
            return plain(class, None);
        }
        of_python(type_object, plain(Class::Object, None))
    }
}

/// A class that was made by a `class` statement or a call of `type`: its objects are freed in the way of such classes.
unsafe fn is_of_python(type_object: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: live types; `collections.Counter` is a class of Python.
    unsafe { freed_by(type_object) == freed_by(known().counter) }
}

/// The address of the function that frees the objects of a type.
unsafe fn freed_by(type_object: *mut ffi::PyTypeObject) -> usize {
    // SAFETY: a live type.
    unsafe { (*type_object).tp_dealloc.map_or(0, |function| function as usize) }
}

unsafe fn of_python(type_object: *mut ffi::PyTypeObject, plain: Facts) -> Facts {
    let mut facts = plain;
    // SAFETY: types hold their bases.
    unsafe {
        let mut base = type_object;
        for _ in 0..BASES_MAX {
            if base.is_null() || !is_of_python(base) {
                break;
            }
            mark(base, base == type_object, &mut facts);
            base = (*base).tp_base;
        }
        for base in other_bases(type_object) {
            mark(*base, false, &mut facts);
        }
        if is_enum(type_object) {
            facts.form = Some(Form::Enum);
        } else if is_table(type_object) {
            facts.form = Some(Form::Table);
        }
        if (*type_object).tp_flags & ffi::Py_TPFLAGS_BASE_EXC_SUBCLASS != 0 {
            facts.class = Class::Exception;
            facts.form = Some(Form::Exception);
        } else if !base.is_null() && base != &raw mut ffi::PyBaseObject_Type {
            let base = if base == known().default_dict { &raw mut ffi::PyDict_Type } else { base };
            match built_in(base) {
                Some(class) => facts.base = Some(Base { class, type_object: base }),
                None => {
                    facts.is_opaque = true;
                    facts.form = facts.form.or(Some(Form::Opaque));
                }
            }
        }
        if !facts.field_names.is_null() && facts.base.is_some_and(|base| base.class == Class::Tuple) {
            facts.form = Some(Form::NamedTuple);
        } else {
            facts.field_names = std::ptr::null_mut();
        }
    }
    facts
}

/// Classes in the order of the search for attributes, which with several bases are more than the chain of first bases.
unsafe fn other_bases<'a>(type_object: *mut ffi::PyTypeObject) -> &'a [*mut ffi::PyTypeObject] {
    // SAFETY: a type holds the tuple of its bases.
    unsafe {
        let (bases, order) = ((*type_object).tp_bases, (*type_object).tp_mro);
        let has_one = bases.is_null() || length(bases) < 2;
        if has_one || order.is_null() || !is_exactly(order, &raw mut ffi::PyTuple_Type) {
            return &[];
        }
        let classes = tuple_items(order);
        std::slice::from_raw_parts(classes.as_ptr().cast(), classes.len().min(BASES_MAX))
    }
}

/// Notes what the names in a class say of it.
unsafe fn mark(class: *mut ffi::PyTypeObject, is_own: bool, facts: &mut Facts) {
    let names = &known().names;
    // SAFETY: a type holds its dictionary.
    unsafe {
        let dict = (*class).tp_dict;
        if dict.is_null() || !is_exactly(dict, &raw mut ffi::PyDict_Type) {
            return;
        }
        for (key, value) in DictEntries::of(dict).take(NAMES_MAX) {
            if key == names.dataclass_fields || key == names.attrs_attributes || key == names.pydantic_fields
            {
                facts.form = Some(Form::Dataclass);
            } else if key == names.fields
                && is_own
                && is_exactly(value, &raw mut ffi::PyTuple_Type)
                && tuple_items(value).iter().all(|name| is_exactly(*name, &raw mut ffi::PyUnicode_Type))
            {
                facts.field_names = value;
            }
        }
    }
}

/// Whether a type is that of numpy's arrays.
///
/// # Safety
/// `type_object` is a live type.
pub(super) unsafe fn is_numpy_array(type_object: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: as the caller promises.
    unsafe { !is_of_python(type_object) && of_compiled_name(type_object) == Some(Class::NumpyArray) }
}

/// Whether it is a class of pandas for tables or columns, by its name.
unsafe fn is_table(type_object: *mut ffi::PyTypeObject) -> bool {
    let mut name = Vec::new();
    // SAFETY: a live type.
    unsafe { write_type_name(type_object, &mut name) };
    matches!(
        name.as_slice(),
        b"pandas.core.frame.DataFrame"
            | b"pandas.DataFrame"
            | b"pandas.core.series.Series"
            | b"pandas.Series"
    )
}

unsafe fn is_enum(type_object: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: types hold their types and bases.
    unsafe {
        let mut meta = type_of(type_object.cast());
        for _ in 0..BASES_MAX {
            if meta.is_null() {
                break;
            }
            if meta == known().enum_meta {
                return true;
            }
            meta = (*meta).tp_base;
        }
    }
    false
}

/// A type of compiled code that has no flag or address of its own, by its name: Python code cannot make such types.
unsafe fn of_compiled(
    type_object: *mut ffi::PyTypeObject,
    plain: impl Fn(Class, Option<Form>) -> Facts,
) -> Facts {
    // SAFETY: a live type; a type has a name.
    let (name, class, flags) = unsafe {
        let name = CStr::from_ptr((*type_object).tp_name).to_bytes();
        (name, of_compiled_name(type_object), (*type_object).tp_flags)
    };
    let class = match class {
        Some(class) => class,
        None if flags & ffi::Py_TPFLAGS_BASE_EXC_SUBCLASS != 0 => Class::Exception,
        None => {
            let form = match name {
                b"generator" => Form::Generator,
                b"coroutine" | b"async_generator" => Form::Coroutine,
                _ if is_iterator(name) => Form::Iterator,
                _ => Form::Opaque,
            };
            let shows_slots = form == Form::Opaque && !matches!(name, b"code" | b"frame" | b"traceback");
            return Facts { is_opaque: true, shows_slots, ..plain(Class::Object, Some(form)) };
        }
    };
    plain(class, form_of(class))
}

unsafe fn of_compiled_name(type_object: *mut ffi::PyTypeObject) -> Option<Class> {
    // SAFETY: a live type; a type has a name.
    match unsafe { CStr::from_ptr((*type_object).tp_name) }.to_bytes() {
        b"datetime.date" => Some(Class::Date),
        b"datetime.time" => Some(Class::Time),
        b"datetime.datetime" => Some(Class::DateTime),
        b"datetime.timedelta" => Some(Class::TimeDelta),
        b"datetime.timezone" => Some(Class::TimeZone),
        b"zoneinfo.ZoneInfo" => Some(Class::ZoneInfo),
        b"decimal.Decimal" => Some(Class::Decimal),
        b"numpy.ndarray" => Some(Class::NumpyArray),
        // SAFETY: a live type.
        _ if unsafe { super::iterators::is_understood(type_object) } => Some(Class::Iterator),
        _ => None,
    }
}

fn is_iterator(name: &[u8]) -> bool {
    name.ends_with(b"iterator")
        || name.starts_with(b"itertools.")
        || matches!(name, b"enumerate" | b"zip" | b"map" | b"filter" | b"reversed")
}

/// A class of the standard library that is written in Python and has a short form. Its objects are read like those of
/// other classes: a class that only pretends to be it costs nothing but the short form.
unsafe fn of_library(type_object: *mut ffi::PyTypeObject) -> Option<Class> {
    let mut name = Vec::new();
    // SAFETY: a live type.
    unsafe { write_type_name(type_object, &mut name) };
    match name.as_slice() {
        b"uuid.UUID" => Some(Class::Uuid),
        b"pathlib.PosixPath"
        | b"pathlib.PurePosixPath"
        | b"pathlib.WindowsPath"
        | b"pathlib.PureWindowsPath" => Some(Class::Path),
        b"pathlib._local.PosixPath" | b"pathlib._local.PurePosixPath" | b"pathlib._local.PureWindowsPath" => {
            Some(Class::Path)
        }
        b"collections.Counter" if type_object == known().counter => Some(Class::Dict),
        _ => None,
    }
}

fn form_of(class: Class) -> Option<Form> {
    match class {
        Class::Function | Class::BuiltinFunction => Some(Form::Function),
        Class::Type => Some(Form::Class),
        Class::Module => Some(Form::Module),
        Class::Method => Some(Form::Method),
        Class::Iterator => Some(Form::Iterator),
        Class::Exception => Some(Form::Exception),
        Class::Array | Class::NumpyArray => Some(Form::Array),
        _ => None,
    }
}

/// The class of a type whose objects can be written as a part of a text: built-in scalars and times.
///
/// # Safety
/// `type_object` is a live type.
pub(super) unsafe fn exact_scalar(type_object: *mut ffi::PyTypeObject) -> Option<Class> {
    // SAFETY: as the caller promises.
    let class = unsafe {
        built_in(type_object).or_else(|| {
            if is_of_python(type_object) { of_library(type_object) } else { of_compiled_name(type_object) }
        })
    };
    class.filter(|class| class.is_scalar())
}

/// The class of a built-in type, by its address.
unsafe fn built_in(type_object: *mut ffi::PyTypeObject) -> Option<Class> {
    let is = |address: *mut ffi::PyTypeObject| type_object == address;
    let known = known();
    // SAFETY: `None`, `...` and `NotImplemented` live as long as the process.
    let singleton = |object: Object| is(unsafe { type_of(object) });
    let class = if is(&raw mut ffi::PyUnicode_Type) {
        Class::Str
    } else if is(&raw mut ffi::PyLong_Type) {
        Class::Int
    } else if is(&raw mut ffi::PyDict_Type) || is(known.ordered_dict) {
        Class::Dict
    } else if is(&raw mut ffi::PyList_Type) {
        Class::List
    } else if is(&raw mut ffi::PyTuple_Type) {
        Class::Tuple
    } else if is(&raw mut ffi::PyBool_Type) {
        Class::Bool
    } else if is(&raw mut ffi::PyFloat_Type) {
        Class::Float
    } else if is(&raw mut ffi::PyBytes_Type) {
        Class::Bytes
    } else if is(&raw mut ffi::PySet_Type) || is(&raw mut ffi::PyFrozenSet_Type) {
        Class::Set
    } else if is(&raw mut ffi::PyFunction_Type) {
        Class::Function
    } else if is(known.method) {
        Class::Method
    } else if is(&raw mut ffi::PyModule_Type) {
        Class::Module
    } else if is(&raw mut ffi::PyCFunction_Type) {
        Class::BuiltinFunction
    } else if is(&raw mut ffi::PyType_Type) {
        Class::Type
    } else if is(&raw mut ffi::PyComplex_Type) {
        Class::Complex
    } else if is(&raw mut ffi::PyByteArray_Type) {
        Class::ByteArray
    } else if is(&raw mut ffi::PyRange_Type) {
        Class::Range
    } else if is(&raw mut ffi::PySlice_Type) {
        Class::Slice
    } else if is(known.deque) {
        Class::Deque
    } else if is(known.array) {
        Class::Array
    } else if is(known.mapping_proxy) {
        Class::MappingProxy
    // SAFETY: as above.
    } else if singleton(unsafe { ffi::Py_None() }) {
        Class::None
    // SAFETY: as above.
    } else if singleton(unsafe { ffi::Py_Ellipsis() }) {
        Class::Ellipsis
    // SAFETY: as above.
    } else if singleton(unsafe { ffi::Py_NotImplemented() }) {
        Class::NotImplemented
    } else {
        return None;
    };
    Some(class)
}

/// Whether an object is a class.
///
/// # Safety
/// `object` is a live object.
pub(crate) unsafe fn is_class(object: Object) -> bool {
    const TYPE_SUBCLASS: c_ulong = ffi::Py_TPFLAGS_TYPE_SUBCLASS;
    // SAFETY: as the caller promises.
    unsafe { has_flag(object, TYPE_SUBCLASS) }
}
