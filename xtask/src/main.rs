//! Chores of the project that are longer than three lines of shell.

use std::path::PathBuf;

use anyhow::{Context, bail};

/// Where the description of the API is kept, from the project's root.
const OPENAPI: &str = "docs/reference/openapi.json";

fn main() -> anyhow::Result<()> {
    // Asked when it runs: clones may share what was built.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("run this with cargo")?;
    let path = PathBuf::from(manifest).join("..").join(OPENAPI);
    let wanted = reenact_server::openapi_json() + "\n";
    match std::env::args().nth(1).as_deref() {
        Some("gen") => {
            std::fs::write(&path, wanted).with_context(|| format!("cannot write {}", path.display()))
        }
        Some("gen-check") if std::fs::read_to_string(&path).unwrap_or_default() == wanted => Ok(()),
        Some("gen-check") => bail!("{OPENAPI} is stale; run `make gen`"),
        _ => bail!("usage: cargo xtask gen | gen-check"),
    }
}
