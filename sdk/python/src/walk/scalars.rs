//! Values that are complete at once.

use pyo3::ffi;
use reenact_client::heap::{Body, Node};

use super::types::{Class, write_type_name};
use super::{Walk, containers, dates, is_true};
use crate::read::number::Integer;
use crate::read::text::{Characters, bytes, is_text, write_bytes_repr};
use crate::read::{Object, attributes, field, has_flag, is_exactly, type_of};

const HEADER: usize = size_of::<ffi::PyObject>();

/// Parts of a path that are joined.
const PATH_PARTS_MAX: usize = 64;

/// The longest name of a function or module, in characters.
const NAME_MAX: usize = 200;

impl Walk<'_> {
    /// Completes the node of a scalar; `false` for what is none, or cannot be shown as one.
    ///
    /// # Safety
    /// `object` is a live object of this class, or of one that is built on it.
    pub(super) unsafe fn scalar(&mut self, node: &mut Node, object: Object, class: Class) -> bool {
        if class == Class::None {
            node.body = Body::Null;
            return true;
        }
        if !class.is_scalar() {
            return false;
        }
        let start = self.heap.text_start();
        // SAFETY: as the caller promises.
        let written = unsafe { write(object, class, self.heap.bytes_mut(), self.limits.text_max) };
        let Some(cut_from) = written else {
            self.heap.bytes_mut().truncate(start);
            return false;
        };
        node.body = Body::Scalar(self.heap.text_from(start));
        node.truncated = cut_from.is_some();
        node.size = cut_from;
        true
    }
}

/// Writes a scalar as the Python expression that makes it. `None` when that is not possible; `Some(Some(size))` when only
/// a part of `size` characters, bytes or digits was written.
///
/// # Safety
/// `object` is a live object of this class, or of one that is built on it.
pub(super) unsafe fn write(
    object: Object,
    class: Class,
    out: &mut Vec<u8>,
    text_max: usize,
) -> Option<Option<u64>> {
    // SAFETY: as the caller promises; for each class its structure.
    unsafe {
        match class {
            Class::Str => {
                let characters = Characters::of(object)?;
                characters.write_repr(out, text_max);
                return Some((characters.len() > text_max).then_some(characters.len() as u64));
            }
            Class::Bytes => {
                let content = bytes(object);
                write_bytes_repr(out, &content[..content.len().min(text_max)]);
                return Some((content.len() > text_max).then_some(content.len() as u64));
            }
            Class::Int => return Some(Integer::of(object).write(out, text_max)),
            Class::None => out.extend_from_slice(b"None"),
            Class::Bool => out.extend_from_slice(if is_true(object) { b"True" } else { b"False" }),
            Class::Float => write_float(field(object, HEADER), out),
            Class::Complex => write_complex(field(object, HEADER), field(object, HEADER + 8), out),
            Class::Ellipsis => out.extend_from_slice(b"Ellipsis"),
            Class::NotImplemented => out.extend_from_slice(b"NotImplemented"),
            Class::Range => write_parts(
                b"range(",
                [field(object, HEADER), field(object, HEADER + 8), field(object, HEADER + 16)],
                out,
            ),
            Class::Slice => write_parts(
                b"slice(",
                [field(object, HEADER), field(object, HEADER + 8), field(object, HEADER + 16)],
                out,
            ),
            Class::Function => write_function(object, out),
            Class::BuiltinFunction => write_builtin_function(object, out),
            Class::Type => write_type_name(object.cast(), out),
            Class::Module => write_module(object, out),
            Class::Uuid => write_uuid(object, out)?,
            Class::Path => write_path(object, out)?,
            _ => dates::write(object, class, out)?,
        }
    }
    Some(None)
}

/// Writes a value within the text of another: built-in scalars as they are, a placeholder for everything else.
///
/// # Safety
/// `object` is a live object.
pub(super) unsafe fn write_inline(object: Object, out: &mut Vec<u8>, text_max: usize) {
    // SAFETY: as the caller promises; the class is that of the exact type.
    unsafe {
        let start = out.len();
        let class = super::types::exact_scalar(type_of(object));
        if class.and_then(|class| write(object, class, out, text_max)).is_none() {
            out.truncate(start);
            containers::write_placeholder(object, out);
        }
    }
}

/// Writes a number as `repr` does: the shortest digits that give it back, an exponent below 1e-4 and from 1e16 on.
pub(super) fn write_float(number: f64, out: &mut Vec<u8>) {
    if !number.is_finite() {
        let text: &[u8] = if number.is_nan() {
            b"nan"
        } else if number > 0.0 {
            b"inf"
        } else {
            b"-inf"
        };
        return out.extend_from_slice(text);
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{number}");
        out.extend_from_slice(plain.as_bytes());
        if !plain.contains('.') {
            out.extend_from_slice(b".0");
        }
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("{digits}e{sign}{:02}", exponent.abs()).as_bytes());
    }
}

pub(super) fn write_complex(real: f64, imaginary: f64, out: &mut Vec<u8>) {
    let part = |number: f64| {
        let mut text = Vec::new();
        write_float(number, &mut text);
        String::from_utf8_lossy(text.strip_suffix(b".0").unwrap_or(&text)).into_owned()
    };
    let text = if real == 0.0 && real.is_sign_positive() {
        format!("{}j", part(imaginary))
    } else {
        let sign = if imaginary.is_sign_negative() && !imaginary.is_nan() { "" } else { "+" };
        format!("({}{sign}{}j)", part(real), part(imaginary))
    };
    out.extend_from_slice(text.as_bytes());
}

/// Writes a range or a slice; a step that is the usual one is left out.
unsafe fn write_parts(opening: &[u8], parts: [Object; 3], out: &mut Vec<u8>) {
    const TEXT_MAX: usize = 100;
    out.extend_from_slice(opening);
    let [first, second, step] = parts;
    // SAFETY: the object holds its parts.
    unsafe {
        write_inline(first, out, TEXT_MAX);
        out.extend_from_slice(b", ");
        write_inline(second, out, TEXT_MAX);
        let mut text = b", ".to_vec();
        write_inline(step, &mut text, TEXT_MAX);
        let is_usual = opening == b"range(" && text == b", 1";
        if !is_usual {
            out.extend_from_slice(&text);
        }
    }
    out.push(b')');
}

unsafe fn write_text(object: Object, out: &mut Vec<u8>) -> bool {
    // SAFETY: a live object, or null.
    unsafe {
        if object.is_null() || !is_text(object) {
            return false;
        }
        let Some(characters) = Characters::of(object) else { return false };
        characters.write_plain(out, NAME_MAX);
        characters.len() > 0
    }
}

/// Writes the name of a module and a dot, but for `builtins`.
unsafe fn write_module_prefix(module: Object, out: &mut Vec<u8>) {
    let start = out.len();
    // SAFETY: a live object, or null.
    if unsafe { write_text(module, out) } {
        if &out[start..] == b"builtins" { out.truncate(start) } else { out.push(b'.') }
    }
}

unsafe fn write_function(object: Object, out: &mut Vec<u8>) {
    // SAFETY: exactly a function, which holds both.
    unsafe {
        let function = &*object.cast::<ffi::PyFunctionObject>();
        write_module_prefix(function.func_module, out);
        write_text(function.func_qualname, out);
    }
}

unsafe fn write_builtin_function(object: Object, out: &mut Vec<u8>) {
    // SAFETY: exactly a function of compiled code: it has a definition, and an object that it is bound to, or a module.
    unsafe {
        let function = &*object.cast::<ffi::PyCFunctionObject>();
        let receiver = function.m_self;
        let is_method = !receiver.is_null() && !is_exactly(receiver, &raw mut ffi::PyModule_Type);
        if is_method {
            let class = if super::types::is_class(receiver) { receiver.cast() } else { type_of(receiver) };
            write_type_name(class, out);
            out.push(b'.');
        } else {
            write_module_prefix(function.m_module, out);
        }
        if !function.m_ml.is_null() && !(*function.m_ml).ml_name.is_null() {
            out.extend_from_slice(std::ffi::CStr::from_ptr((*function.m_ml).ml_name).to_bytes());
        }
    }
}

unsafe fn write_module(object: Object, out: &mut Vec<u8>) {
    // SAFETY: `PyModuleObject` begins with its dictionary.
    unsafe {
        let dict: Object = field(object, HEADER);
        if dict.is_null() || !is_exactly(dict, &raw mut ffi::PyDict_Type) {
            return;
        }
        let name = crate::walk::variables::look_up(dict, crate::read::layout::known().names.name);
        write_text(name.unwrap_or(std::ptr::null_mut()), out);
    }
}

unsafe fn write_uuid(object: Object, out: &mut Vec<u8>) -> Option<()> {
    // SAFETY: a live object; what is in its slot is checked.
    let number = unsafe {
        let value = attributes::slot(object, c"int")?;
        if !has_flag(value, ffi::Py_TPFLAGS_LONG_SUBCLASS) {
            return None;
        }
        let digits = Integer::of(value).digits;
        if digits.len() > 5 {
            return None;
        }
        digits
            .iter()
            .rev()
            .try_fold(0_u128, |number, digit| Some(number.checked_mul(1 << 30)? | u128::from(*digit)))?
    };
    let hex = format!("{number:032x}");
    let text = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
    out.extend_from_slice(format!("uuid.UUID('{text}')").as_bytes());
    Some(())
}

unsafe fn write_path(object: Object, out: &mut Vec<u8>) -> Option<()> {
    let mut path = Vec::new();
    // SAFETY: a live object; what is in its slots is checked.
    unsafe {
        let text = attributes::slot(object, c"_str").filter(|text| is_text(*text));
        match text {
            Some(text) => Characters::of(text)?.write_plain(&mut path, 4096),
            None => join_parts(object, &mut path)?,
        }
        let mut name = Vec::new();
        write_type_name(type_of(object), &mut name);
        let name = String::from_utf8_lossy(&name).replace("pathlib._local.", "pathlib.");
        out.extend_from_slice(name.as_bytes());
    }
    let text = String::from_utf8_lossy(&path);
    let quoted = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n");
    out.extend_from_slice(format!("('{quoted}')").as_bytes());
    Some(())
}

/// The text of a path that nobody has asked for yet: from its parts (to 3.11: the first one has the root), or from what
/// it was made of (3.12 and later).
unsafe fn join_parts(object: Object, path: &mut Vec<u8>) -> Option<()> {
    // SAFETY: a live object; what is in its slots is checked.
    unsafe {
        let list = attributes::slot(object, c"_raw_paths").or_else(|| attributes::slot(object, c"_parts"))?;
        if !is_exactly(list, &raw mut ffi::PyList_Type) {
            return None;
        }
        let parts = crate::read::containers::list_items(list);
        if parts.len() > PATH_PARTS_MAX {
            return None;
        }
        for part in parts {
            if !is_text(*part) {
                return None;
            }
            let mut text = Vec::new();
            Characters::of(*part)?.write_plain(&mut text, 4096);
            if text.starts_with(b"/") {
                path.clear();
            } else if !path.is_empty() && !path.ends_with(b"/") {
                path.push(b'/');
            }
            path.extend(text);
        }
    }
    if path.is_empty() {
        path.push(b'.');
    }
    Some(())
}
