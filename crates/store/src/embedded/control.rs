//! Settings and records in one file, `control.sqlite`. It is the truth: it is never rebuilt.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use reenact_model::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::control_issues;
use super::days::lock;
use super::failure::Failure;
use super::file::{self, Durability};
use crate::StoreError;
use crate::control::{AuditEntry, AuditQuery, Control, DOCUMENT_BYTES_MAX, Document, RuleHits};

/// - `hits` counts by hour, so a year of a hundred busy rules takes some 30 MB.
/// - `audit` numbers never repeat: a page goes on where the last one ended.
const SCHEMA: &str = "
    CREATE TABLE document (name TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE TABLE hits (
        hour INTEGER NOT NULL, rule TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (hour, rule)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL, address TEXT,
        action TEXT NOT NULL, subject TEXT, detail TEXT
    ) STRICT;
    CREATE INDEX audit_subject ON audit (subject, number);
    CREATE INDEX audit_action ON audit (action, number);
    CREATE INDEX audit_at ON audit (at);
";

const HOUR_NS: i64 = 3_600_000_000_000;

/// The file, in the hands of whoever asks.
#[derive(Debug)]
pub(super) struct ControlFile {
    connection: Mutex<Connection>,
}

impl ControlFile {
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("control.sqlite");
        let connection = file::open_to_write(&path, SCHEMA, Durability::Full)?;
        connection
            .execute_batch(control_issues::SCHEMA)
            .during(|| format!("adding tables to `{}`", path.display()))?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        lock(&self.connection)
    }
}

fn document(row: &Row<'_>) -> rusqlite::Result<(String, Document)> {
    Ok((row.get(0)?, Document { version: row.get::<_, i64>(1)?.cast_unsigned(), body: row.get(2)? }))
}

pub(super) fn insert_audit(connection: &Connection, entry: &AuditEntry) -> rusqlite::Result<()> {
    let AuditEntry { at, actor, address, action, subject, detail } = entry;
    connection
        .prepare_cached(
            "INSERT INTO audit (at, actor, address, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![at.as_nanos(), actor, address, action, subject, detail])?;
    Ok(())
}

impl Control for ControlFile {
    fn document(&self, name: &str) -> Result<Option<Document>, StoreError> {
        lock(&self.connection)
            .prepare_cached("SELECT name, version, body FROM document WHERE name = ?1")
            .and_then(|mut sql| sql.query_row([name], document).optional())
            .map(|found| found.map(|(_, document)| document))
            .during(|| format!("reading the settings `{name}`"))
    }

    fn documents(&self, start: &str) -> Result<Vec<(String, Document)>, StoreError> {
        lock(&self.connection)
            .prepare_cached(
                "SELECT name, version, body FROM document WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name",
            )
            .and_then(|mut sql| sql.query_map([start], document)?.collect())
            .during(|| format!("reading the settings `{start}…`"))
    }

    fn put_document(
        &self,
        name: &str,
        from: u64,
        body: &str,
        audit: Option<&AuditEntry>,
    ) -> Result<Option<u64>, StoreError> {
        let context = || format!("writing the settings `{name}`");
        if body.len() > DOCUMENT_BYTES_MAX {
            let source = format!("they are longer than {DOCUMENT_BYTES_MAX} bytes");
            return Err(StoreError::Engine { context: context(), source: source.into() });
        }
        let mut connection = lock(&self.connection);
        let transaction = connection.transaction().during(context)?;
        let changed = if from == 0 {
            transaction.execute("INSERT OR IGNORE INTO document VALUES (?1, 1, ?2)", params![name, body])
        } else {
            transaction.execute(
                "UPDATE document SET version = version + 1, body = ?2 WHERE name = ?1 AND version = ?3",
                params![name, body, from.cast_signed()],
            )
        };
        if changed.during(context)? == 0 {
            return Ok(None);
        }
        if let Some(entry) = audit {
            insert_audit(&transaction, entry).during(context)?;
        }
        transaction.commit().during(context)?;
        Ok(Some(from + 1))
    }

    fn delete_document(&self, name: &str) -> Result<(), StoreError> {
        lock(&self.connection)
            .execute("DELETE FROM document WHERE name = ?1", [name])
            .map(drop)
            .during(|| format!("deleting the settings `{name}`"))
    }

    fn add_hits(&self, hits: &[RuleHits]) -> Result<(), StoreError> {
        let context = || "counting the hits of rules";
        let mut connection = lock(&self.connection);
        let transaction = connection.transaction().during(context)?;
        for RuleHits { hour, rule, count } in hits {
            transaction
                .prepare_cached(
                    "INSERT INTO hits VALUES (?1, ?2, ?3)
                     ON CONFLICT (hour, rule) DO UPDATE SET count = count + excluded.count",
                )
                .and_then(|mut sql| sql.execute(params![hour, rule, count.cast_signed()]))
                .during(context)?;
        }
        transaction.commit().during(context)
    }

    fn hits(&self, from: i64, to: i64) -> Result<Vec<RuleHits>, StoreError> {
        lock(&self.connection)
            .prepare_cached(
                "SELECT hour, rule, count FROM hits WHERE hour >= ?1 AND hour < ?2 ORDER BY hour, rule",
            )
            .and_then(|mut sql| {
                sql.query_map([from, to], |row| {
                    let count = row.get::<_, i64>(2)?.cast_unsigned();
                    Ok(RuleHits { hour: row.get(0)?, rule: row.get(1)?, count })
                })?
                .collect()
            })
            .during(|| "reading the hits of rules")
    }

    fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        insert_audit(&lock(&self.connection), entry).during(|| "writing the audit log")
    }

    fn audit_log(&self, query: &AuditQuery) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        let before = query.before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
        lock(&self.connection)
            .prepare_cached(
                "SELECT number, at, actor, address, action, subject, detail FROM audit
                 WHERE number < ?1 AND (?2 IS NULL OR action = ?2) AND (?3 IS NULL OR subject = ?3)
                 ORDER BY number DESC LIMIT ?4",
            )
            .and_then(|mut sql| {
                sql.query_map(params![before, query.action, query.subject, limit], |row| {
                    let entry = AuditEntry {
                        at: Timestamp::from_nanos(row.get(1)?),
                        actor: row.get(2)?,
                        address: row.get(3)?,
                        action: row.get(4)?,
                        subject: row.get(5)?,
                        detail: row.get(6)?,
                    };
                    Ok((row.get::<_, i64>(0)?.cast_unsigned(), entry))
                })?
                .collect()
            })
            .during(|| "reading the audit log")
    }

    fn forget(&self, before: Timestamp) -> Result<(), StoreError> {
        let context = || "deleting old records";
        let connection = lock(&self.connection);
        connection.execute("DELETE FROM audit WHERE at < ?1", [before.as_nanos()]).during(context)?;
        connection
            .execute("DELETE FROM hits WHERE hour < ?1", [before.as_nanos() / HOUR_NS])
            .during(context)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance;
    use crate::control::IssueRecords as _;

    #[test]
    fn records_about_issues_pass_the_suite_and_are_there_again() {
        let dirs = tempfile::tempdir().unwrap();
        let mut number = 0;
        conformance::records::run(&mut || {
            number += 1;
            let dir = dirs.path().join(number.to_string());
            std::fs::create_dir_all(&dir).unwrap();
            Box::new(ControlFile::open(&dir).unwrap())
        });
        let first = dirs.path().join("1");
        let read = || ControlFile::open(&first).unwrap().statuses().unwrap();
        assert_eq!((read().len(), read()), (2, read()));
    }

    #[test]
    fn a_file_of_an_earlier_version_gets_the_tables() {
        let dir = tempfile::tempdir().unwrap();
        drop(file::open_to_write(&dir.path().join("control.sqlite"), SCHEMA, Durability::Full).unwrap());
        let control = ControlFile::open(dir.path()).unwrap();
        assert_eq!(control.statuses().unwrap(), []);
    }

    fn open() -> (tempfile::TempDir, ControlFile) {
        let dir = tempfile::tempdir().unwrap();
        let control = ControlFile::open(dir.path()).unwrap();
        (dir, control)
    }

    fn entry(action: &str, subject: &str) -> AuditEntry {
        AuditEntry {
            at: Timestamp::from_millis(1_000),
            actor: "ada".to_owned(),
            action: action.to_owned(),
            subject: Some(subject.to_owned()),
            ..AuditEntry::default()
        }
    }

    #[test]
    fn a_change_from_an_old_version_changes_nothing() {
        let (dir, control) = open();
        assert_eq!(control.document("a").unwrap(), None);
        assert_eq!(control.put_document("a", 0, "{}", Some(&entry("changed", "a"))).unwrap(), Some(1));
        assert_eq!(control.put_document("a", 0, "[]", Some(&entry("changed", "a"))).unwrap(), None);
        assert_eq!(control.put_document("a", 1, "[1]", None).unwrap(), Some(2));
        assert_eq!(control.put_document("a", 1, "[2]", None).unwrap(), None);
        drop(control);
        let control = ControlFile::open(dir.path()).unwrap();
        assert_eq!(control.document("a").unwrap(), Some(Document { version: 2, body: "[1]".to_owned() }));
        assert_eq!(control.documents("").unwrap().len(), 1);
        assert_eq!(control.documents("a%").unwrap(), []);
        assert_eq!(control.audit_log(&AuditQuery { limit: 9, ..AuditQuery::default() }).unwrap().len(), 1);
        control.delete_document("b").unwrap();
        control.delete_document("a").unwrap();
        assert_eq!(control.document("a").unwrap(), None);
        let long = "x".repeat(DOCUMENT_BYTES_MAX + 1);
        assert!(control.put_document("a", 2, &long, None).is_err());
    }

    #[test]
    fn hits_add_up_and_old_records_go() {
        let (_dir, control) = open();
        let hits = |hour, count| RuleHits { hour, rule: "value/jwt".to_owned(), count };
        control.add_hits(&[hits(5, 2), hits(6, 1)]).unwrap();
        control.add_hits(&[hits(5, 3)]).unwrap();
        assert_eq!(control.hits(5, 7).unwrap(), [hits(5, 5), hits(6, 1)]);
        assert_eq!(control.hits(0, 5).unwrap(), []);
        control.audit(&entry("values.viewed", "e1")).unwrap();
        control.forget(Timestamp::from_nanos(6 * HOUR_NS)).unwrap();
        assert_eq!(control.hits(0, 9).unwrap(), [hits(6, 1)]);
        assert_eq!(control.audit_log(&AuditQuery { limit: 9, ..AuditQuery::default() }).unwrap(), []);
    }

    #[test]
    fn the_log_is_read_backwards_in_pages() {
        let (_dir, control) = open();
        for subject in ["a", "b", "a", "c"] {
            control.audit(&entry("values.viewed", subject)).unwrap();
        }
        control.audit(&entry("unmasked", "a")).unwrap();
        let subjects = |query: AuditQuery| -> Vec<(u64, String)> {
            let page = control.audit_log(&query).unwrap();
            page.into_iter().map(|(number, entry)| (number, entry.subject.unwrap())).collect()
        };
        let query = AuditQuery { limit: 2, ..AuditQuery::default() };
        assert_eq!(subjects(query.clone()), [(5, "a".to_owned()), (4, "c".to_owned())]);
        assert_eq!(
            subjects(AuditQuery { before: Some(4), subject: Some("a".to_owned()), ..query.clone() }),
            [(3, "a".to_owned()), (1, "a".to_owned())]
        );
        assert_eq!(subjects(AuditQuery { action: Some("unmasked".to_owned()), ..query }).len(), 1);
    }
}
