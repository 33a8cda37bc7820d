//! Tells the crate which version of CPython it is built for, `cfg(Py_3_12)`, and whether that is one whose structures it
//! knows, `cfg(known_python)`.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    println!("cargo::rustc-check-cfg=cfg(known_python)");
    let config = pyo3_build_config::get();
    let has_gil = !config.is_free_threaded();
    let minor = config.version().minor;
    if has_gil && (9..=13).contains(&minor) {
        println!("cargo::rustc-cfg=known_python");
    }
}
