//! From a filled heap to fragments as the server takes them; off the hot path.

mod moments;

use std::collections::BTreeMap;

use reenact_model::{
    CapturedValue, Client, CodePosition, Content, Exception, Fragment, Frame, FrameDetails, Occurrence,
    Parameter, ParameterKind, Request, Runtime, Snapshot, SnapshotId, SpanId, Timestamp, TraceId, Variables,
};

use crate::convert::moments::{Comparison, Moment};
use crate::heap::{
    Body, CapturedFrame, ChainedException, Children, Earlier, Heap, Node, Relation, RequestContext, Text,
    TracedFrame,
};
use crate::settings::Settings;
use crate::source::Sources;

/// What this client is called.
pub(crate) const CLIENT_NAME: &str = "reenact";

/// This client and its version.
pub(crate) fn client() -> Client {
    Client { name: CLIENT_NAME.to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) }
}

/// Makes fragments of a capture: its own event if it is to have one, and a snapshot for each captured frame.
///
/// Not redacted yet. O(size of the heap); reads source files through `sources`.
pub(crate) fn fragments(heap: &Heap, settings: &Settings, sources: &mut Sources) -> Vec<Fragment> {
    let comparison = (!heap.earlier.is_empty()).then(|| Comparison::with(heap));
    let mut offset = comparison.as_ref().map_or(0, Comparison::references);
    let mut earlier = Vec::with_capacity(heap.earlier.len());
    for heap in &heap.earlier {
        let moment = Moment::new(heap, offset);
        offset += moment.references();
        earlier.push(moment);
    }
    let mut maker = Maker { heap, settings, sources, earlier, comparison };
    let mut fragments = Vec::with_capacity(heap.frames.len() + 1);
    if heap.context.own_event {
        fragments.push(Fragment::Occurrence(Box::new(maker.occurrence())));
    }
    for index in 0..heap.frames.len() {
        if let Some(snapshot) = maker.snapshot(index) {
            fragments.push(Fragment::Snapshot(snapshot));
        }
    }
    fragments
}

struct Maker<'a> {
    heap: &'a Heap,
    settings: &'a Settings,
    sources: &'a mut Sources,
    earlier: Vec<Moment<'a>>,
    comparison: Option<Comparison<'a>>,
}

impl<'a> Maker<'a> {
    fn occurrence(&mut self) -> Occurrence {
        let (context, settings) = (&self.heap.context, self.settings);
        let mut tags = settings.tags.clone();
        tags.extend(context.tags.clone());
        tags.extend(context.request.iter().flat_map(header_tags));
        Occurrence {
            id: SnapshotId(context.exception_id),
            timestamp: Timestamp::from_nanos(context.timestamp_ns),
            service: settings.service.clone(),
            env: settings.env.clone(),
            version: settings.version.clone(),
            host: settings.host.clone(),
            commit: settings.commit.clone(),
            repository: settings.repository.clone(),
            handled: context.handled,
            mechanism: context.mechanism.clone(),
            trace_id: context.trace_id.map(TraceId),
            span_id: context.span_id.map(SpanId),
            resource: context.resource.clone(),
            request: context.request.as_ref().map(request),
            user_id: context.user_id.clone(),
            thread: context.thread.clone(),
            exceptions: self.exceptions(),
            skipped: context.skipped,
            client: client(),
            runtime: self.runtime(),
            tags,
            warnings: context.warnings.clone(),
        }
    }

    /// What the process runs on, with the packages that the frames and the types of the values belong to.
    fn runtime(&mut self) -> Runtime {
        let heap = self.heap;
        let frames = heap.exceptions.iter().flat_map(|exception| &exception.frames);
        let modules = frames.filter_map(|frame| self.optional(frame.module));
        // Types without a module are those of the language.
        let types = heap.type_names().filter(|name| name.contains('.')).map(std::borrow::Cow::into_owned);
        let involved: Vec<String> = modules.chain(types).collect();
        let packages = self.sources.packages.of(involved.into_iter(), &self.settings.package_folders);
        Runtime { packages, ..self.settings.runtime.clone() }
    }

    /// The chain, with members within their groups. Members stand behind their group: they are taken from the end.
    fn exceptions(&mut self) -> Vec<Exception> {
        let heap = self.heap;
        let mut made: Vec<Exception> =
            heap.exceptions.iter().map(|exception| self.exception(exception)).collect();
        let mut chain = Vec::new();
        while let Some(mut exception) = made.pop() {
            exception.members.reverse();
            match heap.exceptions[made.len()].group.and_then(|group| made.get_mut(group as usize)) {
                Some(group) => group.members.push(exception),
                None => chain.push(exception),
            }
        }
        chain.reverse();
        chain
    }

    fn exception(&mut self, exception: &ChainedException) -> Exception {
        Exception {
            type_name: self.heap.type_name(exception.type_index).into_owned(),
            message: self.text(exception.message),
            relation: match exception.relation {
                Some(Relation::Cause) => Some(reenact_model::Relation::Cause),
                Some(Relation::Context) => Some(reenact_model::Relation::Context),
                Some(Relation::Member) | None => None,
            },
            notes: exception.notes.iter().map(|note| self.text(*note)).collect(),
            members: Vec::new(),
            frames: exception.frames.iter().map(|frame| self.frame(frame)).collect(),
        }
    }

    fn frame(&mut self, frame: &TracedFrame) -> Frame {
        let file = self.text(frame.file);
        let source_line = if frame.in_app { self.sources.line(&file, frame.line_number) } else { None };
        let captured = frame.captured.and_then(|index| self.heap.frames.get(index as usize));
        Frame {
            function: self.text(frame.function),
            qualified_name: self.optional(frame.qualified_name),
            module: self.optional(frame.module),
            file,
            line_number: Some(frame.line_number).filter(|line| *line > 0),
            in_app: frame.in_app,
            repeats: 0,
            source_line,
            snapshot_id: captured.map(|frame| SnapshotId(frame.id)),
        }
    }

    /// The snapshot of a captured frame, whose place is told by the traceback that it stands in.
    fn snapshot(&mut self, index: usize) -> Option<Snapshot> {
        let (heap, settings) = (self.heap, self.settings);
        let traced = heap
            .exceptions
            .iter()
            .flat_map(|exception| &exception.frames)
            .find(|frame| frame.captured == Some(index as u32))?;
        let captured = heap.frames.get(index)?;
        let context = &heap.context;
        let file = self.text(traced.file);
        let details = FrameDetails {
            module: self.optional(traced.module),
            qualified_name: self.optional(traced.qualified_name),
            parameters: self.parameters(captured),
            code: Some(position(captured)),
            source: self.sources.around(&file, traced.line_number),
            runtime: (index == 0).then(|| self.runtime()),
            at_raise: self.at_raise(captured),
            at_entry: self.at_entry(captured),
        };
        Some(Snapshot {
            id: SnapshotId(captured.id),
            capture_id: Some(SnapshotId(context.exception_id)),
            timestamp: Timestamp::from_nanos(context.timestamp_ns),
            service: settings.service.clone(),
            env: settings.env.clone(),
            version: settings.version.clone(),
            host: settings.host.clone(),
            trace_id: context.trace_id.map(TraceId),
            span_id: context.span_id.map(SpanId),
            function: self.text(traced.function),
            file,
            line_number: Some(traced.line_number).filter(|line| *line > 0),
            thread: context.thread.clone(),
            arguments: self.variables(captured.arguments),
            locals: self.variables(captured.locals),
            globals: self.variables(captured.globals),
            closure: self.variables(captured.closure),
            values_dropped: 0,
            details: Some(Box::new(details)),
        })
    }

    /// The variables of a frame as they were at the raise, where they have changed since.
    fn at_raise(&mut self, frame: &CapturedFrame) -> Variables {
        let found = frame.at_raise.and_then(|earlier| self.earlier_frame(earlier));
        let (Some((moment, then)), Some(comparison)) = (found, &mut self.comparison) else {
            return Variables::default();
        };
        comparison.begin();
        self.earlier[moment].differing(then, comparison, frame)
    }

    /// The arguments of a frame as they were when its function was entered.
    fn at_entry(&mut self, frame: &CapturedFrame) -> Variables {
        let found = frame.at_entry.and_then(|earlier| self.earlier_frame(earlier));
        found.map(|(moment, then)| self.earlier[moment].arguments(then)).unwrap_or_default()
    }

    fn earlier_frame(&self, earlier: Earlier) -> Option<(usize, &'a CapturedFrame)> {
        let frame = self.heap.earlier.get(earlier.heap as usize)?.frames.get(earlier.frame as usize)?;
        Some((earlier.heap as usize, frame))
    }

    fn parameters(&self, frame: &CapturedFrame) -> Vec<Parameter> {
        let signature = frame.signature;
        let mut names = frame.parameters.iter().map(|name| self.text(*name));
        let mut take = |count: u32, kind: ParameterKind| -> Vec<Parameter> {
            names.by_ref().take(count as usize).map(|name| Parameter { name, kind }).collect()
        };
        let mut parameters = take(signature.positional_only, ParameterKind::PositionalOnly);
        parameters.extend(take(signature.positional, ParameterKind::Positional));
        let keyword_only = take(signature.keyword_only, ParameterKind::KeywordOnly);
        parameters.extend(take(u32::from(signature.has_args), ParameterKind::VarPositional));
        parameters.extend(keyword_only);
        parameters.extend(take(u32::from(signature.has_kwargs), ParameterKind::VarKeyword));
        parameters
    }

    fn variables(&self, children: Children) -> Variables {
        Variables(self.named(children))
    }

    fn named(&self, children: Children) -> Vec<(String, CapturedValue)> {
        self.heap.children(children).iter().map(|node| (self.text(node.name), self.value(node))).collect()
    }

    /// Nesting is that of the walk, which is limited.
    fn value(&self, node: &Node) -> CapturedValue {
        let content = match node.body {
            Body::Nothing => Content::Nothing,
            Body::Null => Content::Null,
            Body::Scalar(text) => Content::Scalar(self.text(text)),
            Body::Fields(children) => Content::Fields(self.named(children)),
            Body::Elements(children) => Content::Elements(
                self.heap.children(children).iter().map(|child| self.value(child)).collect(),
            ),
            Body::Entries(children) => Content::Entries(
                self.heap
                    .children(children)
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|[key, value]| (self.value(key), self.value(value)))
                    .collect(),
            ),
        };
        CapturedValue {
            size: node.size,
            truncated: node.truncated,
            not_captured: node.reason,
            form: node.form,
            reference: Some(node.reference).filter(|number| *number > 0),
            ..CapturedValue::new(self.heap.type_name(node.type_index), content)
        }
    }

    fn text(&self, text: Text) -> String {
        self.heap.text(text).into_owned()
    }

    fn optional(&self, text: Text) -> Option<String> {
        (!text.is_empty()).then(|| self.text(text))
    }
}

fn position(frame: &CapturedFrame) -> CodePosition {
    let position = frame.position;
    CodePosition {
        first_line: position.first_line,
        instruction: position.instruction,
        flags: position.flags,
        end_line: Some(position.end_line).filter(|line| *line > 0),
        columns: position.columns,
    }
}

fn request(request: &RequestContext) -> Request {
    Request {
        method: request.method.clone(),
        url: request.url.clone(),
        route: request.route.clone(),
        status_code: request.status_code,
        user_agent: request.user_agent.clone(),
    }
}

/// Headers as tags of the names that tracers give them, so that the same rules redact them.
fn header_tags(request: &RequestContext) -> BTreeMap<String, String> {
    let named = |(name, value): (&String, &String)| {
        (format!("http.request.headers.{}", name.to_ascii_lowercase()), value.clone())
    };
    request.headers.iter().map(named).collect()
}

#[cfg(test)]
mod tests;
