//! Records about issues, in `control.sqlite`.

use reenact_issues::lifecycle::{Activity, Actor, Status};
use reenact_model::{IssueId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::control::{ControlFile, insert_audit};
use super::failure::Failure;
use crate::StoreError;
use crate::control::{
    ACTIVITY_MAX, ASSIGNEES_MAX, ActivityEntry, AuditEntry, CHANGED_ISSUES_MAX, ChangedIssue, Forget,
    IssueChange, IssueCounts, IssueRecords, KeptChange, Recorded, ServiceVersion, VERSIONS_MAX,
};

/// Added to files of an earlier version when they are opened; that version does not look at them.
///
/// - `body`, `before`, `actor`: JSON.
/// - `issue_changed` has what an undo needs, and goes before `issue_activity` does. An undo leaves out issues that
///   were changed since, so that each says for itself whether it was undone.
/// - `env` is empty where there is none, and begins with `=` otherwise.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS issue_status (
        issue INTEGER PRIMARY KEY, revision INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS issue_change (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,
        undone INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS issue_changed (
        change INTEGER NOT NULL, issue INTEGER NOT NULL, before TEXT NOT NULL, revision INTEGER NOT NULL,
        undone INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (change, issue)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS issue_activity (
        number INTEGER PRIMARY KEY AUTOINCREMENT, issue INTEGER NOT NULL, at INTEGER NOT NULL,
        actor TEXT NOT NULL, change TEXT, revision INTEGER, body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS issue_activity_issue ON issue_activity (issue, number);
    CREATE INDEX IF NOT EXISTS issue_activity_at ON issue_activity (at);
    CREATE TABLE IF NOT EXISTS issue_counts (
        issue INTEGER PRIMARY KEY, excluded INTEGER NOT NULL, events INTEGER NOT NULL, users INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS assignee (name TEXT PRIMARY KEY, used_at INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS service_version (
        service TEXT NOT NULL, env TEXT NOT NULL, version TEXT NOT NULL, first_seen INTEGER NOT NULL,
        last_seen INTEGER NOT NULL, PRIMARY KEY (service, env, version)
    ) STRICT, WITHOUT ROWID;
";

fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).during(|| "writing a record about an issue")
}

fn of_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).during(|| "reading a record about an issue")
}

fn issue_of(row: &Row<'_>, at: usize) -> rusqlite::Result<IssueId> {
    row.get::<_, i64>(at).map(|id| IssueId(id.cast_unsigned()))
}

/// Writes a change; false when something was changed meanwhile.
fn write_change(transaction: &Transaction<'_>, change: &IssueChange) -> Result<bool, StoreError> {
    let context = || "changing issues";
    if let Some(undoes) = &change.undoes {
        let undone = transaction
            .execute("UPDATE issue_change SET undone = 1 WHERE id = ?1 AND undone = 0", [undoes])
            .during(context)?;
        if undone == 0 {
            return Ok(false);
        }
    }
    transaction
        .prepare_cached("INSERT INTO issue_change (id, at, undone) VALUES (?1, ?2, 0)")
        .and_then(|mut sql| sql.execute(params![change.id, change.at.as_nanos()]))
        .during(context)?;
    let number = transaction.last_insert_rowid();
    for issue in &change.issues {
        if !write_issue(transaction, change, number, issue)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes what becomes of one issue; false when it has another revision by now.
fn write_issue(
    transaction: &Transaction<'_>,
    change: &IssueChange,
    number: i64,
    issue: &ChangedIssue,
) -> Result<bool, StoreError> {
    let context = || "changing an issue";
    let id = issue.id.0.cast_signed();
    let revision: Option<i64> = transaction
        .prepare_cached("SELECT revision FROM issue_status WHERE issue = ?1")
        .and_then(|mut sql| sql.query_row([id], |row| row.get(0)).optional())
        .during(context)?;
    if revision.unwrap_or(0) != issue.before.revision.cast_signed() {
        return Ok(false);
    }
    let revision = issue.after.revision.cast_signed();
    let (before, body) = (to_json(&issue.before)?, to_json(&issue.after)?);
    transaction
        .prepare_cached("INSERT OR REPLACE INTO issue_status VALUES (?1, ?2, ?3)")
        .and_then(|mut sql| sql.execute(params![id, revision, body]))
        .during(context)?;
    transaction
        .prepare_cached("INSERT INTO issue_changed (change, issue, before, revision) VALUES (?1, ?2, ?3, ?4)")
        .and_then(|mut sql| sql.execute(params![number, id, before, revision]))
        .during(context)?;
    if let Some(undoes) = &change.undoes {
        transaction
            .prepare_cached(
                "UPDATE issue_changed SET undone = 1
                 WHERE issue = ?1 AND change = (SELECT number FROM issue_change WHERE id = ?2)",
            )
            .and_then(|mut sql| sql.execute(params![id, undoes]))
            .during(context)?;
    }
    if issue.restarts_counts() {
        transaction
            .prepare_cached("UPDATE issue_counts SET events = 0, users = 0 WHERE issue = ?1")
            .and_then(|mut sql| sql.execute([id]))
            .during(context)?;
    }
    for activity in &issue.activity {
        if let Activity::Assigned { to: Some(name), .. } = activity {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO assignee VALUES (?1, ?2)")
                .and_then(|mut sql| sql.execute(params![name, change.at.as_nanos()]))
                .during(context)?;
        }
        let of_change = Some((change.id.as_str(), revision));
        insert_activity(transaction, issue.id, change.at, &change.actor, of_change, activity)?;
    }
    Ok(true)
}

fn insert_activity(
    connection: &Connection,
    issue: IssueId,
    at: Timestamp,
    actor: &Actor,
    change: Option<(&str, i64)>,
    activity: &Activity,
) -> Result<u64, StoreError> {
    let context = || "writing the timeline of an issue";
    let id = issue.0.cast_signed();
    let (actor, body) = (to_json(actor)?, to_json(activity)?);
    let (change, revision) = (change.map(|change| change.0), change.map(|change| change.1));
    connection
        .prepare_cached(
            "INSERT INTO issue_activity (issue, at, actor, change, revision, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .and_then(|mut sql| sql.execute(params![id, at.as_nanos(), actor, change, revision, body]))
        .during(context)?;
    let number = connection.last_insert_rowid();
    connection
        .prepare_cached(
            "DELETE FROM issue_activity WHERE issue = ?1 AND number <= (
                SELECT number FROM issue_activity WHERE issue = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
        )
        .and_then(|mut sql| sql.execute([id, i64::try_from(ACTIVITY_MAX).unwrap_or(i64::MAX)]))
        .during(context)?;
    Ok(number.cast_unsigned())
}

fn env_text(env: Option<&str>) -> String {
    env.map_or_else(String::new, |env| format!("={env}"))
}

impl IssueRecords for ControlFile {
    fn statuses(&self) -> Result<Vec<(IssueId, Status)>, StoreError> {
        let rows: Vec<(IssueId, String)> = self
            .connection()
            .prepare_cached("SELECT issue, body FROM issue_status")
            .and_then(|mut sql| sql.query_map([], |row| Ok((issue_of(row, 0)?, row.get(1)?)))?.collect())
            .during(|| "reading the states of issues")?;
        rows.into_iter().map(|(id, body)| Ok((id, of_json(&body)?))).collect()
    }

    fn change_issues(
        &self,
        changes: &[IssueChange],
        audit: Option<&AuditEntry>,
    ) -> Result<Recorded, StoreError> {
        let context = || "changing issues";
        let mut connection = self.connection();
        let transaction = connection.transaction().during(context)?;
        for change in changes {
            if !write_change(&transaction, change)? {
                return Ok(Recorded::Conflict);
            }
        }
        if let Some(entry) = audit {
            insert_audit(&transaction, entry).during(context)?;
        }
        transaction.commit().during(context)?;
        Ok(Recorded::Done)
    }

    fn issue_change(&self, id: &str) -> Result<Option<KeptChange>, StoreError> {
        let context = || "reading a change of issues";
        let connection = self.connection();
        let found: Option<(i64, bool)> = connection
            .prepare_cached("SELECT number, undone FROM issue_change WHERE id = ?1")
            .and_then(|mut sql| sql.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional())
            .during(context)?;
        let Some((number, undone)) = found else { return Ok(None) };
        let rows: Vec<(IssueId, String, i64)> = connection
            .prepare_cached("SELECT issue, before, revision FROM issue_changed WHERE change = ?1")
            .and_then(|mut sql| {
                sql.query_map([number], |row| Ok((issue_of(row, 0)?, row.get(1)?, row.get(2)?)))?.collect()
            })
            .during(context)?;
        let mut issues = Vec::with_capacity(rows.len());
        for (id, before, revision) in rows {
            issues.push((id, of_json(&before)?, revision.cast_unsigned()));
        }
        issues.sort_by_key(|(id, _, _)| *id);
        Ok(Some(KeptChange { undone, issues }))
    }

    fn add_activity(
        &self,
        issue: IssueId,
        at: Timestamp,
        actor: &Actor,
        activity: &Activity,
    ) -> Result<u64, StoreError> {
        let mut connection = self.connection();
        let transaction = connection.transaction().during(|| "writing the timeline of an issue")?;
        let number = insert_activity(&transaction, issue, at, actor, None, activity)?;
        transaction.commit().during(|| "writing the timeline of an issue")?;
        Ok(number)
    }

    fn delete_comment(
        &self,
        issue: IssueId,
        number: u64,
        audit: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        let context = || "deleting a comment";
        let mut connection = self.connection();
        let transaction = connection.transaction().during(context)?;
        let deleted = transaction
            .execute(
                "DELETE FROM issue_activity WHERE issue = ?1 AND number = ?2 AND body ->> 'kind' = 'comment'",
                [issue.0.cast_signed(), i64::try_from(number).unwrap_or(i64::MAX)],
            )
            .during(context)?;
        if let Some(entry) = audit.filter(|_| deleted > 0) {
            insert_audit(&transaction, entry).during(context)?;
        }
        transaction.commit().during(context)?;
        Ok(deleted > 0)
    }

    fn activity(
        &self,
        issue: IssueId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ActivityEntry>, StoreError> {
        let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows: Vec<(ActivityEntry, String, String)> = self
            .connection()
            .prepare_cached(
                "SELECT entry.number, entry.at, actor, entry.change, entry.revision, body, issue_changed.undone
                 FROM issue_activity AS entry
                 LEFT JOIN issue_change ON issue_change.id = entry.change
                 LEFT JOIN issue_changed
                     ON issue_changed.change = issue_change.number AND issue_changed.issue = entry.issue
                 WHERE entry.issue = ?1 AND entry.number < ?2 ORDER BY entry.number DESC LIMIT ?3",
            )
            .and_then(|mut sql| {
                let rows = sql.query_map(params![issue.0.cast_signed(), before, limit], |row| {
                    let undone: Option<bool> = row.get(6)?;
                    let entry = ActivityEntry {
                        number: row.get::<_, i64>(0)?.cast_unsigned(),
                        at: Timestamp::from_nanos(row.get(1)?),
                        actor: Actor::Automatic,
                        change: row.get(3)?,
                        revision: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
                        undone: undone.unwrap_or(false),
                        change_kept: undone.is_some(),
                        activity: Activity::Comment { text: String::new() },
                    };
                    Ok((entry, row.get(2)?, row.get(5)?))
                })?;
                rows.collect()
            })
            .during(|| "reading the timeline of an issue")?;
        let read = |(entry, actor, activity): (ActivityEntry, String, String)| {
            Ok(ActivityEntry { actor: of_json(&actor)?, activity: of_json(&activity)?, ..entry })
        };
        rows.into_iter().map(read).collect()
    }

    fn put_counts(&self, counts: &[(IssueId, IssueCounts)]) -> Result<(), StoreError> {
        let context = || "writing counts of issues";
        let mut connection = self.connection();
        let transaction = connection.transaction().during(context)?;
        for (id, IssueCounts { excluded, events, users }) in counts {
            let values =
                [id.0.cast_signed(), excluded.cast_signed(), events.cast_signed(), users.cast_signed()];
            transaction
                .prepare_cached("INSERT OR REPLACE INTO issue_counts VALUES (?1, ?2, ?3, ?4)")
                .and_then(|mut sql| sql.execute(values))
                .during(context)?;
        }
        transaction.commit().during(context)
    }

    fn counts(&self) -> Result<Vec<(IssueId, IssueCounts)>, StoreError> {
        self.connection()
            .prepare_cached("SELECT issue, excluded, events, users FROM issue_counts")
            .and_then(|mut sql| {
                sql.query_map([], |row| {
                    let number = |at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
                    let counts = IssueCounts { excluded: number(1)?, events: number(2)?, users: number(3)? };
                    Ok((issue_of(row, 0)?, counts))
                })?
                .collect()
            })
            .during(|| "reading counts of issues")
    }

    fn assignees(&self) -> Result<Vec<String>, StoreError> {
        self.connection()
            .prepare_cached("SELECT name FROM assignee ORDER BY name")
            .and_then(|mut sql| sql.query_map([], |row| row.get(0))?.collect())
            .during(|| "reading the names of assignees")
    }

    fn put_versions(&self, versions: &[ServiceVersion]) -> Result<(), StoreError> {
        let context = || "writing versions of services";
        let mut connection = self.connection();
        let transaction = connection.transaction().during(context)?;
        for ServiceVersion { service, env, version, first_seen, last_seen } in versions {
            let env = env_text(env.as_deref());
            let values = params![service, env, version, first_seen.as_nanos(), last_seen.as_nanos()];
            transaction
                .prepare_cached(
                    "INSERT INTO service_version VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (service, env, version) DO UPDATE SET
                         first_seen = min(first_seen, excluded.first_seen),
                         last_seen = max(last_seen, excluded.last_seen)",
                )
                .and_then(|mut sql| sql.execute(values))
                .during(context)?;
        }
        transaction.commit().during(context)
    }

    fn versions(&self) -> Result<Vec<ServiceVersion>, StoreError> {
        self.connection()
            .prepare_cached("SELECT service, env, version, first_seen, last_seen FROM service_version")
            .and_then(|mut sql| {
                sql.query_map([], |row| {
                    Ok(ServiceVersion {
                        service: row.get(0)?,
                        env: row.get::<_, String>(1)?.strip_prefix('=').map(str::to_owned),
                        version: row.get(2)?,
                        first_seen: Timestamp::from_nanos(row.get(3)?),
                        last_seen: Timestamp::from_nanos(row.get(4)?),
                    })
                })?
                .collect()
            })
            .during(|| "reading versions of services")
    }

    fn forget_issues(&self, forget: &Forget) -> Result<(), StoreError> {
        let context = || "forgetting old records about issues";
        let most = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
        let mut connection = self.connection();
        let transaction = connection.transaction().during(context)?;
        for id in &forget.issues {
            for sql in
                ["DELETE FROM issue_status WHERE issue = ?1", "DELETE FROM issue_counts WHERE issue = ?1"]
            {
                transaction
                    .prepare_cached(sql)
                    .and_then(|mut sql| sql.execute([id.0.cast_signed()]))
                    .during(context)?;
            }
        }
        let before = forget.before.as_nanos();
        transaction.execute("DELETE FROM issue_activity WHERE at < ?1", [before]).during(context)?;
        transaction
            .execute(
                "DELETE FROM assignee WHERE used_at < ?1 OR name IN (
                    SELECT name FROM assignee ORDER BY used_at DESC LIMIT -1 OFFSET ?2)",
                [before, most(ASSIGNEES_MAX)],
            )
            .during(context)?;
        transaction
            .execute(
                "DELETE FROM service_version WHERE last_seen < ?1 OR (service, env, version) IN (
                    SELECT service, env, version FROM service_version
                    ORDER BY last_seen DESC LIMIT -1 OFFSET ?2)",
                [before, most(VERSIONS_MAX)],
            )
            .during(context)?;
        transaction
            .execute(
                "DELETE FROM issue_change WHERE at < ?1 OR number <= coalesce((
                    SELECT number FROM (
                        SELECT change AS number, sum(count(*)) OVER (ORDER BY change DESC) AS issues
                        FROM issue_changed GROUP BY change)
                    WHERE issues > ?2 ORDER BY number DESC LIMIT 1), 0)",
                [forget.changes_before.as_nanos(), most(CHANGED_ISSUES_MAX)],
            )
            .during(context)?;
        transaction
            .execute("DELETE FROM issue_changed WHERE change NOT IN (SELECT number FROM issue_change)", [])
            .during(context)?;
        transaction.commit().during(context)
    }
}
