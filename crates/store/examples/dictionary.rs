//! Trains a dictionary for the bodies of events or of snapshots, on what stores hold.
//!
//! `dictionary events|snapshots OUT DATA_DIR… [--without TEXT] [--replace FROM=TO]`
//!
//! Bodies that hold the text of `--without` are left out, so that a benchmark can be made of what the dictionary does
//! not know. `--replace` puts another path in place of the machine's own. A dictionary that was released is never
//! written over: bodies name the one that they were made with.

use std::path::Path;

use anyhow::{Context, bail};
use memchr::memmem;
use reenact_store::embedded::{Bodies, uncompressed};

const DICTIONARY_BYTES: usize = 32 << 10;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let bodies = match arguments.next().as_deref() {
        Some("events") => Bodies::Events,
        Some("snapshots") => Bodies::Snapshots,
        _ => bail!("see the comment at the top of the example"),
    };
    let out = arguments.next().context("where to write the dictionary is missing")?;
    let (mut without, mut replaced, mut samples) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--without" => without.push(arguments.next().context("`--without` needs a text")?),
            "--replace" => {
                let value = arguments.next().context("`--replace` needs FROM=TO")?;
                let (from, to) = value.split_once('=').context("`--replace` needs FROM=TO")?;
                replaced.push((from.to_owned(), to.to_owned()));
            }
            directory => samples.extend(uncompressed(Path::new(directory), bodies)?),
        }
    }
    samples.retain(|sample| !without.iter().any(|text| memmem::find(sample, text.as_bytes()).is_some()));
    for sample in &mut samples {
        for (from, to) in &replaced {
            *sample = with(sample, from.as_bytes(), to.as_bytes());
        }
    }
    samples.sort_unstable();
    samples.dedup();
    let dictionary = zstd::dict::from_samples(&samples, DICTIONARY_BYTES)?;
    std::fs::write(&out, dictionary).with_context(|| format!("writing `{out}`"))
}

fn with(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut new = Vec::with_capacity(text.len());
    let mut done = 0;
    for at in memmem::find_iter(text, from) {
        new.extend_from_slice(&text[done..at]);
        new.extend_from_slice(to);
        done = at + from.len();
    }
    new.extend_from_slice(&text[done..]);
    new
}
