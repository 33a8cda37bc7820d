//! What stands for `monitor` where the interpreter has no `sys.monitoring`: nothing is known but what the hook sees.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use reenact_client::heap::Heap;
use reenact_client::settings::Settings;

use crate::read::Object;
use crate::read::exception::Exception;
use crate::walk::chain::{Chain, Place};

/// What is to be watched.
pub(crate) struct Options {
    pub(crate) at_raise: bool,
    pub(crate) second_chance: bool,
    pub(crate) handled_modules: Vec<String>,
    pub(crate) context: Option<Py<PyAny>>,
}

pub(crate) fn start(_: Python<'_>, options: Options, _: &Settings) -> Result<(), &'static str> {
    let is_asked = options.at_raise || options.second_chance || !options.handled_modules.is_empty();
    drop(options.context);
    Err(if is_asked { "needs Python 3.12 or later" } else { "off" })
}

pub(crate) fn describe(_: Python<'_>, _: &Bound<'_, PyDict>) -> PyResult<()> {
    Ok(())
}

pub(crate) unsafe fn arm(_: Object) {}

pub(crate) unsafe fn claim(_: Exception) -> Option<u128> {
    None
}

pub(crate) unsafe fn attach(_: &mut Heap, _: &Chain<'_>, _: &[Place]) {}
