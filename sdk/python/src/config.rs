//! Settings as Python gives them.

use std::collections::BTreeMap;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use reenact_client::settings::{SettingError, Settings, Value};

/// Reads the settings, and what the interpreter knows of itself.
///
/// # Errors
/// `ValueError` that names the setting that cannot be used.
pub(crate) fn settings(py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<Settings> {
    let mut settings = Settings::default();
    describe_interpreter(py, &mut settings)?;
    let mut library_paths = library_paths(py);
    for (name, value) in config.iter() {
        let name: String =
            name.extract().map_err(|_| PyValueError::new_err("names of settings are texts"))?;
        let value = read(&value).ok_or_else(|| {
            let reason = "is a flag, a number, a text, a list of texts or texts by name".to_owned();
            value_error(SettingError { name: name.clone(), reason })
        })?;
        settings.set(&name, value).map_err(value_error)?;
    }
    library_paths.append(&mut settings.library_paths);
    settings.library_paths = library_paths;
    Ok(settings)
}

pub(crate) fn value_error(error: SettingError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

pub(crate) fn runtime_error(text: &'static str) -> PyErr {
    PyRuntimeError::new_err(text)
}

fn read(value: &Bound<'_, PyAny>) -> Option<Value> {
    if value.is_none() {
        Some(Value::Unset)
    } else if let Ok(flag) = value.cast::<PyBool>() {
        Some(Value::Flag(flag.is_true()))
    } else if value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>() {
        value.extract().ok().map(Value::Number)
    } else if let Ok(text) = value.cast::<PyString>() {
        Some(Value::Text(text.to_string_lossy().into_owned()))
    } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        value.extract().ok().map(Value::List)
    } else {
        value.cast::<PyDict>().ok()?.extract::<BTreeMap<String, String>>().ok().map(Value::Map)
    }
}

fn describe_interpreter(py: Python<'_>, settings: &mut Settings) -> PyResult<()> {
    let version = py.version_info();
    settings.runtime.implementation = "CPython".to_owned();
    settings.runtime.version = format!("{}.{}.{}", version.major, version.minor, version.patch);
    settings.runtime.platform = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    Ok(())
}

/// The folders of the standard library and of this client.
fn library_paths(py: Python<'_>) -> Vec<String> {
    let folder = |module: &str| -> Option<String> {
        let file: String = py.import(module).ok()?.getattr("__file__").ok()?.extract().ok()?;
        file.rsplit_once('/').map(|(folder, _)| folder.to_owned())
    };
    ["os", "reenact"].into_iter().filter_map(folder).collect()
}
