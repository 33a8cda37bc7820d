//! Everything that the store has on disk, as text.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use tantivy::Index;

use super::body;
use super::days::Days;
use super::failure::Failure;
use super::file;
use super::rollup;
use crate::StoreError;

/// Prints every row of every table with bodies decompressed, and every term and column value of
/// every index and text of every rollup, one per line. For people who want to know what is kept, and for tests that nothing
/// secret is.
///
/// - **Limits:** output grows with the data; memory with the largest body.
/// - Works beside a running server; what is written meanwhile may be missing.
///
/// # Errors
/// [`StoreError::Engine`] when a file cannot be read or `out` cannot be written.
pub fn dump(dir: &Path, out: &mut dyn io::Write) -> Result<(), StoreError> {
    for name in ["state.sqlite", "control.sqlite"] {
        let path = dir.join(name);
        if path.exists() {
            dump_file(&file::open_to_read(&path)?, name, out)?;
        }
    }
    for (name, folder) in Days::folders(dir)? {
        dump_file(&file::open_to_read(&folder.join("events.sqlite"))?, &name, out)?;
        for text in rollup::texts(&folder) {
            writeln!(out, "{name} rollup text={text}").during(|| "writing the dump")?;
        }
        let index = folder.join("index");
        if index.join("meta.json").exists() {
            dump_index(&index, &name, out).during(|| format!("reading the index `{}`", index.display()))?;
        }
    }
    Ok(())
}

fn dump_file(connection: &Connection, name: &str, out: &mut dyn io::Write) -> Result<(), StoreError> {
    let context = || format!("reading the tables of `{name}`");
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .and_then(|mut sql| sql.query_map([], |row| row.get(0))?.collect())
        .during(context)?;
    for table in tables {
        let mut sql = connection.prepare(&format!("SELECT * FROM \"{table}\"")).during(context)?;
        let columns: Vec<String> = sql.column_names().map(str::to_owned).collect();
        let mut rows = sql.query([]).during(context)?;
        while let Some(row) = rows.next().during(context)? {
            let mut line = format!("{name} {table}");
            for (at, column) in columns.iter().enumerate() {
                let value = row.get_ref(at).during(context)?;
                line.push_str(&format!(" {column}={}", text_of(column, value)));
            }
            writeln!(out, "{line}").during(|| "writing the dump")?;
        }
    }
    Ok(())
}

fn text_of(column: &str, value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) if matches!(column, "body" | "culprit") => match body::shown(bytes) {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(error) => format!("<{error}> {}", String::from_utf8_lossy(bytes)),
        },
        ValueRef::Blob(bytes) => format!("{:032x}", file::u128_of(bytes)),
    }
}

fn dump_index(folder: &Path, name: &str, out: &mut dyn io::Write) -> tantivy::Result<()> {
    let index = Index::open_in_dir(folder)?;
    let searcher = index.reader()?.searcher();
    let schema = index.schema();
    for (number, segment) in searcher.segment_readers().iter().enumerate() {
        for (field, entry) in schema.fields().filter(|(_, entry)| entry.is_indexed()) {
            let terms = segment.inverted_index(field)?;
            let mut terms = terms.terms().stream()?;
            while terms.advance() {
                let term = term_text(entry, terms.key());
                writeln!(out, "{name} index {number} term {}={term}", entry.name())?;
            }
        }
        let columns: BTreeMap<&str, _> = schema
            .fields()
            .filter(|(_, entry)| entry.is_fast() && entry.field_type().is_str())
            .map(|(_, entry)| (entry.name(), segment.fast_fields().str(entry.name())))
            .collect();
        for (field, column) in columns {
            let Some(column) = column? else { continue };
            for ordinal in 0..column.num_terms() as u64 {
                let mut text = String::new();
                column.ord_to_str(ordinal, &mut text)?;
                writeln!(out, "{name} index {number} column {field}={text}")?;
            }
        }
    }
    Ok(())
}

fn term_text(entry: &tantivy::schema::FieldEntry, key: &[u8]) -> String {
    if entry.field_type().is_str() {
        return String::from_utf8_lossy(key).into_owned();
    }
    key.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)).to_string()
}
