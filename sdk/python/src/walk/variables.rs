//! The variables of a frame.

use pyo3::ffi;
use reenact_client::heap::{CapturedFrame, Children, Node, Text};

use super::Walk;
use super::types::is_class;
use crate::read::code::Scope;
use crate::read::containers::{DictEntries, tuple_items};
use crate::read::exception::Exception;
use crate::read::frame::{Entry, Frame};
use crate::read::{Object, is_exactly, text};

/// Globals of one module that are looked at.
const GLOBALS_MAX: usize = 2_000;

/// Names of one code object that are looked for among them.
const NAMES_MAX: usize = 256;

/// Variables of one frame that are taken.
const VARIABLES_MAX: usize = 500;

impl Walk<'_> {
    /// Notes the variables of a frame, and among its locals, as `(exception)`, the exception that it raised. Their contents follow with [`Walk::finish`].
    ///
    /// # Safety
    /// The frame lives until the walk is finished.
    pub(super) unsafe fn frame(
        &mut self,
        id: u128,
        entry: &Entry<'_>,
        raised: Option<Exception>,
    ) -> CapturedFrame {
        let frame = &entry.frame;
        let (_, position) = frame.code.position(entry.instruction);
        let mut captured =
            CapturedFrame { id, signature: frame.code.signature(), position, ..CapturedFrame::default() };
        // SAFETY: as the caller promises; names belong to the code object.
        unsafe {
            captured.parameters = frame.code.argument_names().iter().map(|name| self.name(*name)).collect();
            if frame.code.has_slots() {
                captured.arguments = self.variables(frame, Scope::Argument);
                captured.locals = self.variables(frame, Scope::Local);
                self.raised(&mut captured.locals, raised);
                captured.closure = self.variables(frame, Scope::Closure);
            } else if let Some(mapping) = frame.mapping().filter(|mapping| Some(*mapping) != frame.globals())
            {
                captured.locals = self.class_body(mapping);
            }
            captured.globals = self.globals(frame);
        }
        captured
    }

    /// Notes the arguments of a frame, and looks into them.
    ///
    /// # Safety
    /// The frame lives.
    #[cfg(Py_3_12)]
    pub(crate) unsafe fn arguments(&mut self, frame: &Frame<'_>) {
        // SAFETY: as the caller promises.
        unsafe {
            let arguments = self.variables(frame, Scope::Argument);
            self.heap.frames.push(CapturedFrame { arguments, ..CapturedFrame::default() });
            self.finish();
        }
    }

    unsafe fn variables(&mut self, frame: &Frame<'_>, scope: Scope) -> Children {
        let first = self.heap.next_node();
        for variable in frame.code.variables().filter(|variable| variable.scope == scope).take(VARIABLES_MAX)
        {
            let Some(value) = frame.value(&variable) else { continue };
            // SAFETY: the frame holds the value.
            if !unsafe { self.named_value(variable.name, value) } {
                break;
            }
        }
        self.heap.children_from(first)
    }

    /// Adds the exception to the variables that were noted last, if it has something to show.
    unsafe fn raised(&mut self, locals: &mut Children, raised: Option<Exception>) {
        let Some(exception) = raised else { return };
        // SAFETY: the caller of `frame` has a live exception.
        if unsafe { tells_more_than_its_message(exception) } {
            let name = self.heap.push_text("(exception)");
            // SAFETY: the caller of `frame` has a live exception.
            if unsafe { self.value(name, exception.object(), 0) } {
                locals.count += 1;
            }
        }
    }

    unsafe fn class_body(&mut self, mapping: Object) -> Children {
        let first = self.heap.next_node();
        // SAFETY: the frame holds the mapping.
        for (name, value) in unsafe { DictEntries::of(mapping) }.take(VARIABLES_MAX) {
            // SAFETY: the mapping holds both.
            if !unsafe { is_dunder(name) || self.named_value(name, value) } {
                break;
            }
        }
        self.heap.children_from(first)
    }

    /// Globals that the code names, but for modules, functions and classes.
    unsafe fn globals(&mut self, frame: &Frame<'_>) -> Children {
        let first = self.heap.next_node();
        // SAFETY: the tuple belongs to the code object.
        let names = unsafe { tuple_items(frame.code.names()) };
        let names = &names[..names.len().min(NAMES_MAX)];
        if let Some(globals) = frame.globals().filter(|_| !names.is_empty()) {
            let sieve = names.iter().fold(0_u64, |sieve, name| sieve | bit(*name));
            // SAFETY: the frame holds its globals, and these their values. Names are compared by their addresses: those of
            // code objects and of modules are interned, and a look-up could run `__eq__` of a key.
            for (name, value) in unsafe { DictEntries::of(globals) }.take(GLOBALS_MAX) {
                if sieve & bit(name) == 0 || !names.contains(&name) {
                    continue;
                }
                // SAFETY: as above.
                if unsafe { !is_dunder(name) && is_data(value) && !self.named_value(name, value) } {
                    break;
                }
            }
        }
        self.heap.children_from(first)
    }

    /// Notes a variable; when there is no room, that there would have been more.
    unsafe fn named_value(&mut self, name: Object, value: Object) -> bool {
        // SAFETY: as the caller promises.
        unsafe {
            let name = self.name(name);
            let noted = self.value(name, value, 0);
            if !noted {
                let name: Text = self.heap.push_text("…");
                self.heap.push_node(Node { name, reason: self.halted, ..Node::default() });
            }
            noted
        }
    }
}

/// One of 64 bits for an address.
fn bit(object: Object) -> u64 {
    1 << ((object as usize >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58)
}

/// Whether an exception has attributes, several arguments, or one that is more than a text or a number.
unsafe fn tells_more_than_its_message(exception: Exception) -> bool {
    // SAFETY: an exception holds its arguments and its dictionary.
    unsafe {
        let has_attributes = exception.dict().is_some_and(|dict| {
            DictEntries::of(dict).take(GLOBALS_MAX).any(|(name, _)| !super::objects::is_hidden(name))
        });
        let args = exception.args().map_or(&[][..], |args| tuple_items(args));
        has_attributes
            || args.len() > 1
            || args
                .first()
                .is_some_and(|arg| super::types::exact_scalar(crate::read::type_of(*arg)).is_none())
    }
}

unsafe fn is_dunder(name: Object) -> bool {
    // SAFETY: a live object.
    unsafe {
        if !text::is_text(name) {
            return false;
        }
        match text::Characters::of(name) {
            Some(text::Characters::One(units, _)) => units.starts_with(b"__") && units.ends_with(b"__"),
            _ => false,
        }
    }
}

unsafe fn is_data(value: Object) -> bool {
    // SAFETY: a live object.
    unsafe {
        let is = |type_object| is_exactly(value, type_object);
        !(is_class(value)
            || is(&raw mut ffi::PyFunction_Type)
            || is(&raw mut ffi::PyCFunction_Type)
            || is(&raw mut ffi::PyModule_Type))
    }
}

/// The value of an interned name in a dictionary, by address.
///
/// # Safety
/// `dict` is a live dictionary.
pub(crate) unsafe fn look_up(dict: Object, name: Object) -> Option<Object> {
    // SAFETY: as the caller promises.
    unsafe { DictEntries::of(dict) }.take(GLOBALS_MAX).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The name of the module that a frame's globals are of, or null.
pub(crate) fn module_name(frame: &Frame<'_>) -> Object {
    let name = crate::read::layout::known().names.name;
    // SAFETY: the frame holds its globals.
    let found = frame.globals().and_then(|globals| unsafe { look_up(globals, name) });
    found.unwrap_or(std::ptr::null_mut())
}
