//! What is looked up once: types that have no name in the C API, interned names, and whether this interpreter's memory
//! is laid out as expected.

use std::ffi::CStr;
use std::sync::OnceLock;

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};

use super::attributes::{Attributes, slot};
use super::exception::Exception;
use super::frame::Entries;
use super::number::Integer;
use super::{Object, text};

/// Objects of the interpreter and its standard library that live as long as the process.
pub(crate) struct Known {
    pub(crate) enum_meta: *mut ffi::PyTypeObject,
    pub(crate) exception_group: *mut ffi::PyTypeObject,
    pub(crate) method: *mut ffi::PyTypeObject,
    pub(crate) mapping_proxy: *mut ffi::PyTypeObject,
    pub(crate) array: *mut ffi::PyTypeObject,
    pub(crate) deque: *mut ffi::PyTypeObject,
    pub(crate) default_dict: *mut ffi::PyTypeObject,
    pub(crate) ordered_dict: *mut ffi::PyTypeObject,
    pub(crate) counter: *mut ffi::PyTypeObject,
    pub(crate) names: Names,
}

/// Interned names, to be compared by their addresses.
pub(crate) struct Names {
    pub(crate) name: Object,
    pub(crate) module: Object,
    pub(crate) fields: Object,
    pub(crate) dataclass_fields: Object,
    pub(crate) attrs_attributes: Object,
    pub(crate) pydantic_fields: Object,
    pub(crate) notes: Object,
    pub(crate) capture: Object,
}

// SAFETY: the addresses are of objects that are never freed, and are only read with the GIL held.
unsafe impl Send for Known {}
// SAFETY: as above.
unsafe impl Sync for Known {}

static KNOWN: OnceLock<Known> = OnceLock::new();

/// The attribute in which an exception remembers its capture.
pub(crate) const CAPTURE_KEY: &str = "__reenact_capture__";

/// What [`verify`] looked up.
pub(crate) fn known() -> &'static Known {
    KNOWN.get().expect("nothing is read before the module was initialised")
}

/// Looks everything up and checks the layouts on objects of our own. Runs Python code: of the standard library and ours.
///
/// # Errors
/// `ImportError` when the memory of this interpreter is not laid out as that of CPython 3.9 to 3.13.
pub(crate) fn verify(py: Python<'_>) -> PyResult<()> {
    if KNOWN.get().is_none() {
        let found = look_up(py)?;
        let _ = KNOWN.set(found);
    }
    let checks = PyDict::new(py);
    py.run(PROBE, Some(&checks), None)?;
    let get = |name: &str| -> PyResult<Object> {
        Ok(checks.get_item(name)?.ok_or_else(|| PyImportError::new_err("the probe failed"))?.as_ptr())
    };
    let (error, inline, slotted, number) = (get("error")?, get("inline")?, get("slotted")?, get("number")?);
    // SAFETY: the dictionary of the probe holds these objects; what is read is checked step by step, in the order in
    // which one layout builds on another.
    let is_right =
        unsafe { integer_is_right(number) && object_is_right(inline, slotted) && frames_are_right(error) };
    if is_right {
        Ok(())
    } else {
        Err(PyImportError::new_err(format!(
            "reenact cannot read the memory of this interpreter ({})",
            Python::version_str()
        )))
    }
}

const PROBE: &CStr = c"
class Inline:
    def __init__(self): self.first = 'one'
class Slotted:
    __slots__ = ('first', 'unset')
    def __init__(self): self.first = 'one'
def probe(argument):
    local = 'two'
    def inner(): return closed
    closed = 'three'
    raise ValueError('probe')
inline, slotted, number = Inline(), Slotted(), -12345678901234567890
try:
    probe('one')
except ValueError as caught:
    error = caught
";

unsafe fn integer_is_right(number: Object) -> bool {
    let mut digits = Vec::new();
    // SAFETY: an `int`.
    unsafe { Integer::of(number) }.write(&mut digits, 100);
    digits == b"-12345678901234567890"
}

unsafe fn object_is_right(inline: Object, slotted: Object) -> bool {
    let mut attributes = Vec::new();
    // SAFETY: live objects of the classes of the probe.
    unsafe {
        Attributes::of(inline).each(|name, value| {
            attributes.push((text::to_string(name, 10), text::to_string(value, 10)));
            true
        });
        let first = slot(slotted, c"first").map(|value| text::to_string(value, 10));
        let unset = slot(slotted, c"unset");
        attributes == [("first".to_owned(), "one".to_owned())]
            && first.as_deref() == Some("one")
            && unset.is_none()
    }
}

unsafe fn frames_are_right(error: Object) -> bool {
    // SAFETY: a live exception with its traceback.
    unsafe {
        let Some(exception) = Exception::of(error) else { return false };
        let Some(entry) = Entries::of(exception.traceback()).last() else { return false };
        let public_code = ffi::PyFrame_GetCode(entry.frame.object.cast());
        let is_same_code = std::ptr::eq(public_code.cast(), std::ptr::from_ref(entry.frame.code));
        ffi::Py_DECREF(public_code.cast());
        let mut values: Vec<String> = Vec::new();
        for variable in entry.frame.code.variables() {
            if let Some(value) = entry.frame.value(&variable)
                && text::is_text(value)
            {
                values.push(text::to_string(variable.name, 20) + "=" + &text::to_string(value, 20));
            }
        }
        let (line, _) = entry.frame.code.position(entry.instruction);
        values.sort();
        let public_line = ffi::PyFrame_GetLineNumber(entry.frame.object.cast());
        is_same_code
            && values == ["argument=one", "closed=three", "local=two"]
            && i64::from(line) == i64::from(public_line)
            && text::to_string(entry.frame.code.name(), 20) == "probe"
            && exception.args().is_some_and(|args| super::length(args) == 1)
    }
}

fn look_up(py: Python<'_>) -> PyResult<Known> {
    let type_of = |module: &str, name: &str| -> PyResult<*mut ffi::PyTypeObject> {
        let found = py.import(module)?.getattr(name)?.cast_into::<PyType>()?;
        Ok(found.into_ptr().cast())
    };
    let interned = |name: &str| PyString::intern(py, name).into_ptr();
    Ok(Known {
        enum_meta: type_of("enum", "EnumMeta")?,
        exception_group: type_of("builtins", "BaseExceptionGroup").unwrap_or(std::ptr::null_mut()),
        method: type_of("types", "MethodType")?,
        mapping_proxy: type_of("types", "MappingProxyType")?,
        array: type_of("array", "array").unwrap_or(std::ptr::null_mut()),
        deque: type_of("collections", "deque")?,
        default_dict: type_of("collections", "defaultdict")?,
        ordered_dict: type_of("collections", "OrderedDict")?,
        counter: type_of("collections", "Counter")?,
        names: Names {
            name: interned("__name__"),
            module: interned("__module__"),
            fields: interned("_fields"),
            dataclass_fields: interned("__dataclass_fields__"),
            attrs_attributes: interned("__attrs_attrs__"),
            pydantic_fields: interned("__pydantic_fields__"),
            notes: interned("__notes__"),
            capture: interned(CAPTURE_KEY),
        },
    })
}
