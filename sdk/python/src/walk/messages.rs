//! Messages of exceptions, made as their classes make them, without calling `__str__`.

use pyo3::ffi;

use super::scalars::write_inline;
use super::types::write_type_name;
use crate::read::attributes::slot;
use crate::read::containers::{DictEntries, dict_length, list_items, set_items, tuple_items};
use crate::read::exception::Exception;
use crate::read::text::{Characters, bytes, is_text, to_string};
use crate::read::{Object, has_flag, is_exactly, layout, number, type_of};

/// The longest message, in bytes.
const MESSAGE_BYTES_MAX: usize = 4096;

/// The longest text within a message, in characters.
const TEXT_MAX: usize = 2000;

/// Items of one container within a message.
const ITEMS_MAX: usize = 20;

/// Nesting of containers within a message.
const DEPTH_MAX: u32 = 3;

/// Whose `__str__` made the message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    /// That of a built-in class: the message is the one that Python prints.
    BuiltIn,
    /// One of the application, which was not called: the message is made of the arguments.
    Application,
}

/// Writes the message of an exception.
///
/// # Safety
/// The exception lives.
pub(crate) unsafe fn write(exception: Exception, out: &mut Vec<u8>) -> Maker {
    let start = out.len();
    // SAFETY: as the caller promises.
    let maker = unsafe { write_message(exception, out, 0) };
    if out.len() - start > MESSAGE_BYTES_MAX {
        let kept = String::from_utf8_lossy(&out[start..]).floor_char_boundary(MESSAGE_BYTES_MAX);
        out.truncate(start + kept);
        out.extend_from_slice("…".as_bytes());
    }
    maker
}

/// The function that makes the text of a class's objects; classes inherit it unless they define `__str__`.
unsafe fn str_of(class: Object) -> usize {
    // SAFETY: a live class.
    unsafe { (*class.cast::<ffi::PyTypeObject>()).tp_str.map_or(0, |function| function as usize) }
}

unsafe fn write_message(exception: Exception, out: &mut Vec<u8>, depth: u32) -> Maker {
    // SAFETY: the caller has a live exception; the classes live as long as the process.
    unsafe {
        let made_by = str_of(type_of(exception.object()).cast());
        let args = exception.args().map_or(&[][..], |args| tuple_items(args));
        let is_by = |class: Object| made_by == str_of(class);
        let group = layout::known().exception_group;
        if is_by(ffi::PyExc_BaseException) {
            write_args(args, out, depth);
        } else if is_by(ffi::PyExc_KeyError) {
            match args {
                [key] => write_repr(*key, out, depth),
                _ => write_args(args, out, depth),
            }
        } else if is_by(ffi::PyExc_OSError) {
            write_os_error(exception, args, out, depth);
        } else if is_by(ffi::PyExc_ImportError) {
            match slot(exception.object(), c"msg").filter(|text| is_text(*text)) {
                Some(text) => write_str(text, out, depth),
                None => write_args(args, out, depth),
            }
        } else if is_by(ffi::PyExc_SyntaxError) {
            write_syntax_error(exception, out, depth);
        } else if is_by(ffi::PyExc_UnicodeDecodeError) || is_by(ffi::PyExc_UnicodeEncodeError) {
            if write_unicode_error(args, out).is_none() {
                write_args(args, out, depth);
            }
        } else if !group.is_null() && is_by(group.cast()) {
            let message = slot(exception.object(), c"message").unwrap_or(ffi::Py_None());
            write_str(message, out, depth);
            let count = exception.members().len();
            let ending = if count == 1 { "" } else { "s" };
            out.extend_from_slice(format!(" ({count} sub-exception{ending})").as_bytes());
        } else {
            write_args(args, out, depth);
            return Maker::Application;
        }
    }
    Maker::BuiltIn
}

/// No argument, one, or the tuple of all.
unsafe fn write_args(args: &[Object], out: &mut Vec<u8>, depth: u32) {
    // SAFETY: the exception holds its arguments.
    unsafe {
        match args {
            [] => {}
            [one] => write_str(*one, out, depth),
            _ => write_all(b"(", args.iter().copied(), args.len(), b")", out, depth),
        }
    }
}

/// `str(object)` for built-in types.
unsafe fn write_str(object: Object, out: &mut Vec<u8>, depth: u32) {
    // SAFETY: a live object.
    unsafe {
        let is_plain_text = is_text(object)
            && str_of(type_of(object).cast()) == str_of((&raw mut ffi::PyUnicode_Type).cast());
        if is_plain_text && let Some(characters) = Characters::of(object) {
            characters.write_plain(out, TEXT_MAX);
            if characters.len() > TEXT_MAX {
                out.extend_from_slice("…".as_bytes());
            }
        } else if let Some(exception) = Exception::of(object).filter(|_| depth < DEPTH_MAX) {
            write_message(exception, out, depth + 1);
        } else {
            write_repr(object, out, depth);
        }
    }
}

/// `repr(object)` for built-in types; a placeholder for the others.
unsafe fn write_repr(object: Object, out: &mut Vec<u8>, depth: u32) {
    // SAFETY: a live object, which holds what is in it.
    unsafe {
        let is = |type_object| depth < DEPTH_MAX && is_exactly(object, type_object);
        if is(&raw mut ffi::PyList_Type) {
            let items = list_items(object);
            write_all(b"[", items.iter().copied(), items.len(), b"]", out, depth);
        } else if is(&raw mut ffi::PyTuple_Type) {
            let items = tuple_items(object);
            let closing: &[u8] = if items.len() == 1 { b",)" } else { b")" };
            write_all(b"(", items.iter().copied(), items.len(), closing, out, depth);
        } else if is(&raw mut ffi::PySet_Type) && crate::read::containers::set_length(object) > 0 {
            let count = crate::read::containers::set_length(object);
            write_all(b"{", set_items(object, ITEMS_MAX), count, b"}", out, depth);
        } else if is(&raw mut ffi::PyDict_Type) {
            write_dict(object, out, depth);
        } else if is_plain_class(object) {
            out.extend_from_slice(b"<class '");
            write_type_name(object.cast(), out);
            out.extend_from_slice(b"'>");
        } else {
            let start = out.len();
            write_inline(object, out, TEXT_MAX);
            let module = MODULES_UNSAID.iter().find(|module| out[start..].starts_with(module));
            out.drain(start..start + module.map_or(0, |module| module.len()));
        }
    }
}

/// Modules that Python leaves out when it prints objects of their classes: `Decimal('1')`.
const MODULES_UNSAID: [&[u8]; 3] = [b"decimal.", b"pathlib.", b"uuid."];

/// Whether something is a class that is printed as `type` prints it.
unsafe fn is_plain_class(object: Object) -> bool {
    // SAFETY: a live object; its type lives at least as long.
    unsafe {
        let class = type_of(object);
        let printed_by =
            |class: *mut ffi::PyTypeObject| (*class).tp_repr.map_or(0, |function| function as usize);
        has_flag(object, ffi::Py_TPFLAGS_TYPE_SUBCLASS)
            && printed_by(class) == printed_by(&raw mut ffi::PyType_Type)
    }
}

unsafe fn write_all(
    opening: &[u8],
    items: impl Iterator<Item = Object>,
    count: usize,
    closing: &[u8],
    out: &mut Vec<u8>,
    depth: u32,
) {
    out.extend_from_slice(opening);
    for (index, item) in items.take(ITEMS_MAX).enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        // SAFETY: the container holds its items.
        unsafe { write_repr(item, out, depth + 1) };
    }
    if count > ITEMS_MAX {
        out.extend_from_slice(", …".as_bytes());
    }
    out.extend_from_slice(closing);
}

unsafe fn write_dict(dict: Object, out: &mut Vec<u8>, depth: u32) {
    out.push(b'{');
    // SAFETY: a dictionary holds its keys and values.
    unsafe {
        for (index, (key, value)) in DictEntries::of(dict).take(ITEMS_MAX).enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            write_repr(key, out, depth + 1);
            out.extend_from_slice(b": ");
            write_repr(value, out, depth + 1);
        }
        if dict_length(dict) > ITEMS_MAX {
            out.extend_from_slice(", …".as_bytes());
        }
    }
    out.push(b'}');
}

/// `[Errno 2] No such file or directory: 'a' -> 'b'`.
unsafe fn write_os_error(exception: Exception, args: &[Object], out: &mut Vec<u8>, depth: u32) {
    // SAFETY: the exception holds what is in its slots.
    unsafe {
        let none = ffi::Py_None();
        let told = |name| slot(exception.object(), name).filter(|value| *value != none);
        let (Some(number), Some(text)) = (told(c"errno"), told(c"strerror")) else {
            return write_args(args, out, depth);
        };
        out.extend_from_slice(b"[Errno ");
        write_str(number, out, depth);
        out.extend_from_slice(b"] ");
        write_str(text, out, depth);
        if let Some(file) = told(c"filename") {
            out.extend_from_slice(b": ");
            write_repr(file, out, depth);
            if let Some(other) = told(c"filename2") {
                out.extend_from_slice(b" -> ");
                write_repr(other, out, depth);
            }
        }
    }
}

/// `invalid syntax (a.py, line 3)`.
unsafe fn write_syntax_error(exception: Exception, out: &mut Vec<u8>, depth: u32) {
    // SAFETY: the exception holds what is in its slots.
    unsafe {
        let none = ffi::Py_None();
        let told = |name| slot(exception.object(), name).filter(|value| *value != none);
        write_str(told(c"msg").unwrap_or(none), out, depth);
        let file = told(c"filename").filter(|file| is_text(*file)).map(|file| to_string(file, TEXT_MAX));
        let file = file.map(|file| file.rsplit('/').next().unwrap_or_default().to_owned());
        let line = told(c"lineno").filter(|line| is_exactly(*line, &raw mut ffi::PyLong_Type));
        if file.is_none() && line.is_none() {
            return;
        }
        out.extend_from_slice(b" (");
        out.extend_from_slice(file.as_deref().unwrap_or_default().as_bytes());
        if let Some(line) = line {
            out.extend_from_slice(if file.is_some() { b", line " } else { b"line " });
            write_str(line, out, depth);
        }
        out.push(b')');
    }
}

/// `'utf-8' codec can't decode byte 0xff in position 0: invalid start byte`.
unsafe fn write_unicode_error(args: &[Object], out: &mut Vec<u8>) -> Option<()> {
    let [encoding, content, start, end, reason] = args else { return None };
    // SAFETY: the exception holds its arguments.
    unsafe {
        let position = |object: Object| {
            is_exactly(object, &raw mut ffi::PyLong_Type)
                .then(|| number::Integer::of(object).digits.first().map_or(0, |digit| *digit as usize))
        };
        let (start, end) = (position(*start)?, position(*end)?);
        let (encoding, reason) = (to_string(*encoding, 100), to_string(*reason, 300));
        let is_bytes = is_exactly(*content, &raw mut ffi::PyBytes_Type);
        let verb = if is_bytes { "decode" } else { "encode" };
        let what = match (is_bytes, end == start + 1) {
            (true, true) => format!("byte 0x{:02x} in position {start}", bytes(*content).get(start)?),
            (true, false) => format!("bytes in position {start}-{}", end.saturating_sub(1)),
            (false, true) => {
                let mut character = Vec::new();
                if !is_text(*content) {
                    return None;
                }
                Characters::of(*content)?.write_escaped_at(&mut character, start)?;
                format!("character '{}' in position {start}", String::from_utf8_lossy(&character))
            }
            (false, false) => format!("characters in position {start}-{}", end.saturating_sub(1)),
        };
        out.extend_from_slice(format!("'{encoding}' codec can't {verb} {what}: {reason}").as_bytes());
    }
    Some(())
}
