//! Threads, frames, scopes, files and modules.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::messages::{
    Module, ModulesArguments, Scope, ScopesArguments, Source, SourceArguments, StackFrame,
    StackTraceArguments,
};
use super::{Answered, Refused, Session, arguments, body, reason};
use crate::case::{self, Case, ScopeKind};
use crate::evaluate::Value;
use crate::limits::{FRAMES_MAX, LISTED_MAX};
use crate::source::LocalState;
use reenact_replay::visible::visible;

/// The one thread.
pub(super) const THREAD: i64 = 1;

impl Session {
    pub(super) fn threads(&self) -> Answered {
        let name = self.case.as_ref().and_then(|case| case.event.thread.as_deref()).unwrap_or("MainThread");
        Ok(json!({"threads": [{"id": THREAD, "name": visible(name)}]}))
    }

    pub(super) fn stack_trace(&self, json: &Json) -> Answered {
        let wanted: StackTraceArguments = arguments(json)?;
        let case = self.case()?;
        if wanted.thread_id != THREAD {
            return Err(Refused::new(reason::NO_SUCH, format!("the one thread is {THREAD}")));
        }
        let levels = if wanted.levels == 0 { FRAMES_MAX } else { wanted.levels };
        let frames = case.stack.iter().enumerate().skip(wanted.start_frame).take(levels);
        let frames: Vec<StackFrame> =
            frames.map(|(index, frame)| self.frame_view(case, index, frame)).collect();
        Ok(json!({"stackFrames": body(frames), "totalFrames": case.stack.len()}))
    }

    fn frame_view(&self, case: &Case, index: usize, frame: &case::StackFrame) -> StackFrame {
        let source = frame.source.and_then(|place| case.sources.all.get(place));
        let moved_up = source.map_or(0, |source| if source.here().is_some() { 0 } else { source.moved_up() });
        let end_line = frame.end_line.unwrap_or(frame.line);
        let column = |number: u32, offset: u32| {
            let line = source.and_then(|source| source.line(number)).unwrap_or("");
            self.column(line, offset)
        };
        let (start, end) = match frame.columns {
            Some((start, end)) => (column(frame.line, start), Some(column(end_line, end))),
            None => (if frame.is_label { 0 } else { self.column("", 0) }, None),
        };
        let is_label = frame.is_label;
        StackFrame {
            id: index + 1,
            name: if is_label { visible(&frame.name) } else { visible(&cut(&frame.name)) },
            source: frame.source.and_then(|place| source_view(case, place, frame.in_app)),
            line: self.line(frame.line.saturating_sub(moved_up)),
            column: start,
            end_line: end.is_some().then(|| self.line(end_line.saturating_sub(moved_up))),
            end_column: end,
            module_id: frame.module.as_deref().map(visible),
            presentation_hint: match (is_label, frame.in_app) {
                (true, _) => "label",
                (false, true) => "normal",
                (false, false) => "subtle",
            },
            can_restart: false,
        }
    }

    /// A line as the client counts; 0 where it is not known.
    fn line(&self, number: u32) -> u32 {
        if self.lines_from == 1 { number } else { number.saturating_sub(1) }
    }

    /// A column in UTF-16 units as the client counts, of an offset in bytes.
    fn column(&self, line: &str, offset: u32) -> u32 {
        let offset = offset as usize;
        let before = line.get(..offset).map_or(offset, |before| before.encode_utf16().count());
        u32::try_from(before)
            .unwrap_or(u32::MAX)
            .saturating_add(u32::try_from(self.columns_from).unwrap_or(1))
    }

    /// A frame by its number.
    pub(super) fn frame<'c>(&self, case: &'c Case, id: i64) -> Result<&'c case::StackFrame, Refused> {
        let place = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
        let none = || Refused::new(reason::NO_SUCH, format!("there is no frame {id}"));
        place.and_then(|place| case.stack.get(place)).ok_or_else(none)
    }

    pub(super) fn scopes(&mut self, json: &Json) -> Answered {
        let wanted: ScopesArguments = arguments(json)?;
        let case = self.case()?;
        let frame = self.frame(case, wanted.frame_id)?;
        let scopes: Vec<(ScopeKind, u32)> =
            frame.scopes.iter().map(|scope| (scope.kind, scope.node)).collect();
        let exception = case.exceptions.get(frame.exception).map(|raised| raised.node);
        let mut views = Vec::new();
        for (kind, node) in scopes {
            views.push(Scope {
                presentation_hint: match kind {
                    ScopeKind::Arguments => Some("arguments"),
                    ScopeKind::Locals | ScopeKind::Reason => Some("locals"),
                    _ => None,
                },
                expensive: matches!(kind, ScopeKind::Globals | ScopeKind::AtRaise | ScopeKind::AtEntry),
                ..self.scope(kind.title(), Value::Node(node), kind.prefix().to_owned())?
            });
        }
        if let Some(exception) = exception {
            views.push(Scope {
                expensive: true,
                ..self.scope("Exception", Value::Node(exception), "__exception__.".to_owned())?
            });
        }
        Ok(json!({"scopes": body(views)}))
    }

    fn scope(&mut self, name: &'static str, value: Value, prefix: String) -> Result<Scope, Refused> {
        let parts = self.scope_parts(value, prefix)?;
        Ok(Scope {
            name,
            presentation_hint: None,
            variables_reference: parts.variables_reference,
            named_variables: parts.named_variables,
            indexed_variables: parts.indexed_variables,
            expensive: false,
        })
    }

    pub(super) fn source(&self, json: &Json) -> Answered {
        let wanted: SourceArguments = arguments(json)?;
        let case = self.case()?;
        let number = wanted.source.map_or(0, |source| source.source_reference);
        let number = if number > 0 { number } else { wanted.source_reference };
        let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let source = place.and_then(|place| case.sources.all.get(place));
        let source =
            source.ok_or_else(|| Refused::new(reason::NO_SUCH, format!("there is no source {number}")))?;
        Ok(json!({"content": source.text(), "mimeType": "text/x-python"}))
    }

    pub(super) fn loaded_sources(&self) -> Answered {
        let case = self.case()?;
        let places = 0..case.sources.all.len().min(LISTED_MAX);
        let views: Vec<Source> = places.filter_map(|place| source_view(case, place, true)).collect();
        Ok(json!({"sources": body(views)}))
    }

    pub(super) fn modules(&self, json: &Json) -> Answered {
        let wanted: ModulesArguments = arguments(json)?;
        let case = self.case()?;
        let packages = case.event.runtime.as_ref().map(|runtime| &runtime.packages);
        let mut modules = BTreeMap::new();
        for frame in case.stack.iter().filter(|frame| !frame.is_label) {
            let Some(name) = &frame.module else { continue };
            modules.entry(name.as_str()).or_insert_with(|| {
                let package = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
                let version = packages.and_then(|packages| {
                    packages.iter().find(|(known, _)| known.to_ascii_lowercase().replace('-', "_") == package)
                });
                let source = frame.source.and_then(|place| case.sources.all.get(place));
                Module {
                    id: visible(name),
                    name: visible(name),
                    path: source.and_then(|source| source.here()).map(|local| local.path.clone()),
                    version: version.map(|(_, version)| visible(version)),
                    is_user_code: frame.in_app,
                }
            });
        }
        let total = modules.len();
        let count = if wanted.module_count == 0 { LISTED_MAX } else { wanted.module_count.min(LISTED_MAX) };
        let modules: Vec<Module> = modules.into_values().skip(wanted.start_module).take(count).collect();
        Ok(json!({"modules": body(modules), "totalModules": total}))
    }
}

/// Characters of the name of a function.
const NAME_MAX: usize = 200;

fn cut(name: &str) -> String {
    name.chars().take(NAME_MAX).collect()
}

fn source_view(case: &Case, place: usize, in_app: bool) -> Option<Source> {
    let source = case.sources.all.get(place)?;
    let here = source.here();
    let is_other = source.local.as_ref().is_some_and(|local| local.state == LocalState::Differs);
    Some(Source {
        name: visible(source.name()),
        path: here.map(|local| local.path.clone()),
        source_reference: here.is_none().then_some(place + 1),
        presentation_hint: match (in_app, is_other) {
            (true, true) => Some("emphasize"),
            (true, false) => None,
            (false, _) => Some("deemphasize"),
        },
        origin: source.origin(),
    })
}
