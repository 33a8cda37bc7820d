//! What is known of data when it arrives, for the queries of scanner groups.

use std::collections::BTreeMap;

use reenact_model::{Fragment, Placed, Snapshot};
use reenact_store::query::{QueryError, parse_with};
use reenact_store::{Field, Filter};

/// The values of `dd_source`: captured values, and what traces and crash reports tell.
pub(crate) const SOURCES: [&str; 2] = ["debugger", "python"];

/// The key that tells captured values from the rest.
const SOURCE_KEY: &str = "dd_source";

/// What is known of data when it arrives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// One of [`SOURCES`].
    pub(crate) source: &'static str,
    pub(crate) service: &'a str,
    pub(crate) env: Option<&'a str>,
    pub(crate) version: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
    /// Tags of all spans that came together.
    tags: Tags<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Tags<'a> {
    None,
    One(&'a BTreeMap<String, String>),
    Spans(&'a [reenact_model::Span]),
}

impl<'a> Facts<'a> {
    pub(crate) fn of(fragment: &'a Fragment) -> Self {
        match fragment {
            Fragment::Snapshot(snapshot) => Self::of_snapshot(snapshot),
            Fragment::Trace(chunk) => {
                // The failed span nearest to the code names the event's service; its process is one.
                let span = chunk.spans.iter().rev().find(|span| span.error.is_some()).or(chunk.spans.first());
                Self {
                    source: "python",
                    service: span.map_or("", |span| &span.service),
                    env: chunk.spans.iter().find_map(|span| span.env.as_deref()),
                    version: chunk.spans.iter().find_map(|span| span.version.as_deref()),
                    host: chunk.spans.iter().find_map(|span| span.host.as_deref()),
                    tags: Tags::Spans(&chunk.spans),
                }
            }
            Fragment::Crash(report) => Self {
                source: "python",
                service: &report.service,
                env: report.env.as_deref(),
                version: report.version.as_deref(),
                host: report.tags.get("host").map(String::as_str),
                tags: Tags::One(&report.tags),
            },
            Fragment::Occurrence(occurrence) => Self {
                source: "python",
                service: &occurrence.service,
                env: occurrence.env.as_deref(),
                version: occurrence.version.as_deref(),
                host: occurrence.host.as_deref(),
                tags: Tags::One(&occurrence.tags),
            },
        }
    }

    pub(crate) fn of_snapshot(snapshot: &'a Snapshot) -> Self {
        Self {
            source: "debugger",
            service: &snapshot.service,
            env: snapshot.env.as_deref(),
            version: snapshot.version.as_deref(),
            host: snapshot.host.as_deref(),
            tags: Tags::None,
        }
    }

    pub(crate) fn of_placed(event: &'a Placed) -> Self {
        let report = &event.report;
        Self {
            source: "python",
            service: &report.service,
            env: report.env.as_deref(),
            version: report.version.as_deref(),
            host: report.host.as_deref(),
            tags: Tags::One(&report.tags),
        }
    }

    /// A text that somebody tries rules on.
    pub(crate) fn of_text(source: &'static str, service: &'a str, env: Option<&'a str>) -> Self {
        Self { source, service, env, version: None, host: None, tags: Tags::None }
    }

    fn tag(&self, name: &str, is: &dyn Fn(&str) -> bool) -> bool {
        match self.tags {
            Tags::None => false,
            Tags::One(tags) => tags.get(name).is_some_and(|value| is(value)),
            Tags::Spans(spans) => spans.iter().any(|span| span.tags.get(name).is_some_and(|value| is(value))),
        }
    }

    fn has(&self, field: &Field, is: &dyn Fn(&str) -> bool) -> bool {
        match field {
            Field::Service => is(self.service),
            Field::Env => self.env.is_some_and(is),
            Field::Version => self.version.is_some_and(is),
            Field::Host => self.host.is_some_and(is),
            Field::Tag(name) if name == SOURCE_KEY => is(self.source),
            Field::Tag(name) => self.tag(name, is),
            _ => false,
        }
    }

    /// Whether a filter of [`group_filter`] holds.
    pub(crate) fn match_filter(&self, filter: &Filter) -> bool {
        filter.holds(&|condition| match condition {
            Filter::Equals(field, value) => self.has(field, &|is| is == value),
            Filter::StartsWith(field, start) => self.has(field, &|is| is.starts_with(start.as_str())),
            Filter::Passes(field, test) => self.has(field, &|is| test.holds(field, is)),
            _ => false,
        })
    }
}

/// Reads the query of a group: in the explorer's language, with what is known of data when it arrives.
///
/// # Errors
/// [`QueryError`] also for what is not known then: the type of the error, its issue, words.
pub(crate) fn group_filter(query: &str) -> Result<Filter, QueryError> {
    let filter = parse_with(query, &|key| match key {
        "service" => Some(Field::Service),
        "env" => Some(Field::Env),
        "version" => Some(Field::Version),
        "host" => Some(Field::Host),
        SOURCE_KEY => Some(Field::Tag(SOURCE_KEY.to_owned())),
        _ => key.strip_prefix('@').filter(|tag| !tag.is_empty()).map(|tag| Field::Tag(tag.to_owned())),
    })
    .map_err(|error| {
        let message = if error.message.starts_with("unknown key") {
            "a group knows `dd_source`, `service`, `env`, `version`, `host` and tags as `@name`".to_owned()
        } else {
            error.message
        };
        QueryError::new(query, error.at, message)
    })?;
    let mut problem = None;
    look(&filter, &mut problem);
    match problem {
        Some(message) => Err(QueryError::new(query, 0, message)),
        None => Ok(filter),
    }
}

fn look(filter: &Filter, problem: &mut Option<String>) {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().for_each(|filter| look(filter, problem)),
        Filter::Not(filter) => look(filter, problem),
        Filter::Equals(Field::Tag(name), value)
            if name == SOURCE_KEY && !SOURCES.contains(&value.as_str()) =>
        {
            *problem = Some(format!("`{SOURCE_KEY}` is `{}`", SOURCES.join("` or `")));
        }
        Filter::Handled(_) | Filter::HasValues | Filter::Value(_) => {
            *problem = Some("`has:` and `is:` are not known when data arrives".to_owned());
        }
        Filter::Words(_) => {
            *problem = Some("words are not searched here; write `key:value`".to_owned());
        }
        Filter::All
        | Filter::Equals(..)
        | Filter::StartsWith(..)
        | Filter::Passes(..)
        | Filter::Issues(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, want: bool) {
        let snapshot =
            Snapshot { service: "checkout".to_owned(), env: Some("prod".to_owned()), ..Snapshot::default() };
        let filter = group_filter(query).unwrap();
        assert_eq!(Facts::of_snapshot(&snapshot).match_filter(&filter), want, "{query}");
    }

    #[test]
    fn queries_of_groups_know_what_is_known_on_arrival() {
        check("", true);
        check("dd_source:debugger service:checkout env:prod", true);
        check("dd_source:python", false);
        check("dd_source:debug*", true);
        check("service:check* -env:dev", true);
        check("service:(shop OR checkout) env:*", true);
        check("service:*kou* -service:(shop OR cart)", true);
        check("version:>1", false);
        check("version:1", false);
        check("-version:1 -@tenant:a", true);
        for query in [
            "has:values",
            "is:handled",
            "error.type:A",
            "declined",
            "dd_source:other",
            "x:y",
            "frame.function:f",
        ] {
            assert!(group_filter(query).is_err(), "{query}");
        }
    }
}
