//! What the parts of the indexes take on disk.

use std::collections::BTreeMap;
use std::path::Path;

use tantivy::space_usage::PerFieldSpaceUsage;
use tantivy::{Index, ReloadPolicy};

use super::days::Days;
use super::failure::Failure;
use crate::StoreError;

/// Bytes of one field in all indexes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldBytes {
    /// Terms, where they occur, and at which positions.
    pub inverted: u64,
    /// The column of its values.
    pub column: u64,
}

/// Bytes that each field takes in the indexes of a store that nobody has open. For measurements.
///
/// # Errors
/// [`StoreError::Engine`] when an index cannot be read.
pub fn index_bytes(dir: &Path) -> Result<BTreeMap<String, FieldBytes>, StoreError> {
    let mut fields = BTreeMap::new();
    for folder in Days::folders(dir)?.values() {
        let index = folder.join("index");
        if index.join("meta.json").exists() {
            add(&index, &mut fields).during(|| format!("reading the index `{}`", index.display()))?;
        }
    }
    Ok(fields)
}

fn add(folder: &Path, fields: &mut BTreeMap<String, FieldBytes>) -> tantivy::Result<()> {
    let reader: tantivy::IndexReader =
        Index::open_in_dir(folder)?.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    for segment in reader.searcher().space_usage()?.segments() {
        let mut count = |usage: &PerFieldSpaceUsage, to: fn(&mut FieldBytes) -> &mut u64| {
            for field in usage.fields() {
                *to(fields.entry(field.field_name().to_owned()).or_default()) += field.total().get_bytes();
            }
        };
        count(segment.termdict(), |field| &mut field.inverted);
        count(segment.postings(), |field| &mut field.inverted);
        count(segment.positions(), |field| &mut field.inverted);
        count(segment.fast_fields(), |field| &mut field.column);
    }
    Ok(())
}
