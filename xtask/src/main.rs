//! Chores of the project that are longer than three lines of shell.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};

/// The generated documents, and what makes them.
const GENERATED: [(&str, fn() -> String); 1] =
    [("docs/reference/openapi.json", || reenact_server::openapi_json() + "\n")];

fn main() -> anyhow::Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match std::env::args().nth(1).as_deref() {
        Some("gen") => {
            for (path, make) in GENERATED {
                let path = root.join(path);
                std::fs::create_dir_all(path.parent().context("the path has a folder")?)?;
                std::fs::write(&path, make()).with_context(|| format!("cannot write {}", path.display()))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Some("gen-check") => {
            for (path, make) in GENERATED {
                let found = std::fs::read_to_string(root.join(path)).unwrap_or_default();
                if found != make() {
                    bail!("{path} is stale; run `make gen`");
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("usage: cargo xtask gen | gen-check"),
    }
}
