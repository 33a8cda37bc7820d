//! Code objects.

use std::ffi::c_int;

use pyo3::ffi;
use reenact_client::heap::{Position, Signature};

use super::Object;

/// `struct PyCodeObject`, as far as it is read (`cpython/code.h` of 3.9 and 3.10).
#[cfg(not(Py_3_11))]
#[repr(C)]
pub(crate) struct Code {
    base: ffi::PyObject,
    argcount: c_int,
    posonlyargcount: c_int,
    kwonlyargcount: c_int,
    nlocals: c_int,
    _stacksize: c_int,
    flags: c_int,
    firstlineno: c_int,
    _code: Object,
    _consts: Object,
    names: Object,
    varnames: Object,
    freevars: Object,
    cellvars: Object,
    _cell2arg: *mut ffi::Py_ssize_t,
    filename: Object,
    name: Object,
}

/// `struct PyCodeObject`, as far as it is read (`cpython/code.h` of 3.11 to 3.13).
#[cfg(Py_3_11)]
#[repr(C)]
pub(crate) struct Code {
    base: ffi::PyVarObject,
    _consts: Object,
    names: Object,
    _exceptiontable: Object,
    flags: c_int,
    #[cfg(not(Py_3_12))]
    _warmup_and_entry_size: [i16; 2],
    argcount: c_int,
    posonlyargcount: c_int,
    kwonlyargcount: c_int,
    _stacksize: c_int,
    firstlineno: c_int,
    nlocalsplus: c_int,
    #[cfg(Py_3_12)]
    _framesize: c_int,
    _nlocals: c_int,
    #[cfg(not(Py_3_12))]
    _nplaincellvars: c_int,
    _ncellvars: c_int,
    _nfreevars: c_int,
    #[cfg(Py_3_12)]
    version: u32,
    localsplusnames: Object,
    localspluskinds: Object,
    filename: Object,
    name: Object,
    qualname: Object,
}

const CO_OPTIMIZED: c_int = 0x1;
const CO_VARARGS: c_int = 0x4;
const CO_VARKEYWORDS: c_int = 0x8;

/// Which variables a slot of a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Argument,
    Local,
    Closure,
}

/// One variable of a frame: its name, where it belongs, the slot that holds it.
#[derive(Clone, Copy)]
pub(crate) struct Variable {
    pub(crate) name: Object,
    pub(crate) scope: Scope,
    pub(crate) slot: usize,
    /// Whether the slot holds a cell with the value in it.
    pub(crate) may_be_cell: bool,
}

impl Code {
    /// The code object as its structure.
    ///
    /// # Safety
    /// `object` is a live object that is not freed within `'a`.
    pub(crate) unsafe fn of<'a>(object: Object) -> Option<&'a Self> {
        // SAFETY: the type is checked before the structure is used.
        unsafe {
            (!object.is_null() && super::is_exactly(object, &raw mut ffi::PyCode_Type))
                .then(|| &*object.cast())
        }
    }

    /// A number that no other code object of the process has had, up to four billion of them.
    #[cfg(Py_3_12)]
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// Where the instructions begin.
    #[cfg(Py_3_12)]
    pub(crate) fn instructions(&self) -> *const u8 {
        // SAFETY: the structure ends with the instructions: its size without them is where they begin.
        unsafe {
            let size = ffi::PyCode_Type.tp_basicsize.unsigned_abs();
            std::ptr::from_ref(self).cast::<u8>().add(size)
        }
    }

    pub(crate) fn file(&self) -> Object {
        self.filename
    }

    pub(crate) fn name(&self) -> Object {
        self.name
    }

    /// The qualified name; CPython keeps it from 3.11 on.
    pub(crate) fn qualified_name(&self) -> Option<Object> {
        #[cfg(Py_3_11)]
        return Some(self.qualname);
        #[cfg(not(Py_3_11))]
        None
    }

    /// The names that the code looks up in globals or as attributes: a tuple of interned texts.
    pub(crate) fn names(&self) -> Object {
        self.names
    }

    /// Whether variables are in slots of the frame, and not in a mapping as those of modules and classes.
    pub(crate) fn has_slots(&self) -> bool {
        self.flags & CO_OPTIMIZED != 0
    }

    pub(crate) fn signature(&self) -> Signature {
        Signature {
            positional_only: self.posonlyargcount.max(0) as u32,
            positional: (self.argcount - self.posonlyargcount).max(0) as u32,
            keyword_only: self.kwonlyargcount.max(0) as u32,
            has_args: self.flags & CO_VARARGS != 0,
            has_kwargs: self.flags & CO_VARKEYWORDS != 0,
        }
    }

    pub(crate) fn argument_count(&self) -> usize {
        let signature = self.signature();
        (signature.positional_only + signature.positional + signature.keyword_only) as usize
            + usize::from(signature.has_args)
            + usize::from(signature.has_kwargs)
    }

    /// Where an instruction is in the source. Calls functions of CPython that read tables of numbers.
    pub(crate) fn position(&self, instruction: c_int) -> (u32, Position) {
        let code = std::ptr::from_ref(self).cast_mut().cast::<ffi::PyCodeObject>();
        #[cfg_attr(not(Py_3_11), expect(unused_mut, reason = "columns and end are known from 3.11 on"))]
        let mut position = Position {
            first_line: self.firstlineno.max(0) as u32,
            instruction: instruction.max(0) as u32,
            flags: self.flags as u32,
            ..Position::default()
        };
        #[cfg(Py_3_11)]
        {
            let (mut line, mut column, mut end_line, mut end_column) = (0, 0, 0, 0);
            // SAFETY: the code object is alive; the function fills four numbers.
            let known = unsafe {
                PyCode_Addr2Location(
                    code,
                    instruction,
                    &mut line,
                    &mut column,
                    &mut end_line,
                    &mut end_column,
                )
            };
            if known != 0 && line > 0 {
                position.end_line = end_line.max(0) as u32;
                position.columns =
                    (column >= 0 && end_column >= 0).then_some((column as u32, end_column as u32));
                return (line as u32, position);
            }
        }
        // SAFETY: the code object is alive; the function reads its table of lines.
        let line = unsafe { ffi::PyCode_Addr2Line(code, instruction) };
        (line.max(0) as u32, position)
    }

    /// The variables, arguments first.
    #[cfg(Py_3_11)]
    pub(crate) fn variables(&self) -> impl Iterator<Item = Variable> + '_ {
        const CELL: u8 = 0x40;
        const FREE: u8 = 0x80;
        let arguments = self.argument_count();
        // SAFETY: a tuple of names and as many bytes of kinds belong to the code object.
        let (names, kinds) = unsafe {
            let names = super::containers::tuple_items(self.localsplusnames);
            let kinds = self.localspluskinds;
            let bytes =
                std::slice::from_raw_parts(ffi::PyBytes_AS_STRING(kinds).cast::<u8>(), super::length(kinds));
            (names, bytes)
        };
        let count = self.nlocalsplus.max(0) as usize;
        names.iter().zip(kinds).take(count).enumerate().map(move |(slot, (name, kind))| {
            let scope = match kind {
                _ if kind & FREE != 0 => Scope::Closure,
                _ if slot < arguments => Scope::Argument,
                _ => Scope::Local,
            };
            Variable { name: *name, scope, slot, may_be_cell: kind & (CELL | FREE) != 0 }
        })
    }

    /// The variables, arguments first. The value of an argument that an inner function uses stands among the cells.
    #[cfg(not(Py_3_11))]
    pub(crate) fn variables(&self) -> impl Iterator<Item = Variable> + '_ {
        let arguments = self.argument_count();
        // SAFETY: the tuples belong to the code object.
        let (names, cells, free) = unsafe {
            let items = super::containers::tuple_items;
            (items(self.varnames), items(self.cellvars), items(self.freevars))
        };
        let first_cell = self.nlocals.max(0) as usize;
        // Names of code objects are interned, so that their addresses can be compared.
        let fast = names.iter().enumerate().map(move |(slot, name)| {
            let cell = cells.iter().position(|cell| cell == name);
            Variable {
                name: *name,
                scope: if slot < arguments { Scope::Argument } else { Scope::Local },
                slot: cell.map_or(slot, |cell| first_cell + cell),
                may_be_cell: cell.is_some(),
            }
        });
        let own_cells = cells.iter().enumerate().filter(|(_, name)| !names.contains(name));
        let of_cells = own_cells.map(move |(index, name)| Variable {
            name: *name,
            scope: Scope::Local,
            slot: first_cell + index,
            may_be_cell: true,
        });
        let of_free = free.iter().enumerate().map(move |(index, name)| Variable {
            name: *name,
            scope: Scope::Closure,
            slot: first_cell + cells.len() + index,
            may_be_cell: true,
        });
        fast.chain(of_cells).chain(of_free)
    }

    /// The names of the arguments, in the order of [`Signature`].
    pub(crate) fn argument_names(&self) -> &[Object] {
        #[cfg(Py_3_11)]
        let names = self.localsplusnames;
        #[cfg(not(Py_3_11))]
        let names = self.varnames;
        // SAFETY: a tuple that belongs to the code object.
        let names = unsafe { super::containers::tuple_items(names) };
        &names[..self.argument_count().min(names.len())]
    }
}

#[cfg(Py_3_11)]
unsafe extern "C" {
    fn PyCode_Addr2Location(
        code: *mut ffi::PyCodeObject,
        instruction: c_int,
        line: *mut c_int,
        column: *mut c_int,
        end_line: *mut c_int,
        end_column: *mut c_int,
    ) -> c_int;
}
