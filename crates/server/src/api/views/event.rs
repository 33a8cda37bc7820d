//! One event, whole.

use std::collections::BTreeMap;

use reenact_model::Variables;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::grouping_views::Grouping;

/// One event, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Event {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    /// Its issue.
    pub(crate) issue_id: String,
    /// When it happened.
    pub(crate) timestamp: String,
    /// When it was received.
    pub(crate) received_at: String,
    /// The service.
    pub(crate) service: String,
    /// The environment.
    pub(crate) env: Option<String>,
    /// The version.
    pub(crate) version: Option<String>,
    /// The host.
    pub(crate) host: Option<String>,
    /// The programming language.
    pub(crate) language: Option<String>,
    /// 32 hexadecimal digits.
    pub(crate) trace_id: Option<String>,
    /// 16 hexadecimal digits.
    pub(crate) span_id: Option<String>,
    /// What the request or job was.
    pub(crate) resource: Option<String>,
    /// The operation of the span.
    pub(crate) operation: Option<String>,
    /// Whether the service survived it.
    pub(crate) handled: bool,
    /// The client library.
    pub(crate) client: Client,
    /// The source commit.
    pub(crate) commit: Option<String>,
    /// Address of the source repository.
    pub(crate) repository: Option<String>,
    /// The thread's name.
    pub(crate) thread: Option<String>,
    /// What the process runs on, where the client tells.
    pub(crate) runtime: Option<Runtime>,
    /// Whether values were captured, or why not.
    pub(crate) values: ValuesState,
    /// The chain: root cause first, the exception that escaped last.
    pub(crate) exceptions: Vec<Exception>,
    /// The printed traceback.
    pub(crate) stack_text: Option<String>,
    /// Text tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// Numeric tags.
    pub(crate) metrics: BTreeMap<String, f64>,
    /// The impacted user.
    pub(crate) user: Option<User>,
    /// The web request.
    pub(crate) request: Option<Request>,
    /// The spans of the trace.
    pub(crate) trace: Trace,
    /// Why it is in its issue.
    pub(crate) grouping: Grouping,
    /// What a reader should know.
    pub(crate) warnings: Vec<String>,
}

/// A client library.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Client {
    /// `ddtrace`.
    pub(crate) name: String,
    /// `4.16.0`.
    pub(crate) version: Option<String>,
}

/// Whether values were captured, or why not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValuesState {
    /// `captured`, or the reason: `rate_limited`, `off`, `third_party`, `over_budget`, `lost`, `pending`,
    /// `unsupported`, `unknown`; `hidden` to somebody who may not see values.
    pub(crate) state: String,
    /// One sentence for people.
    pub(crate) reason: String,
}

/// The impacted user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    /// As the service names the user.
    pub(crate) id: String,
}

/// A web request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Request {
    /// `POST`.
    pub(crate) method: Option<String>,
    /// The address, after redaction.
    pub(crate) url: Option<String>,
    /// The route that matched.
    pub(crate) route: Option<String>,
    /// The answer's status.
    pub(crate) status_code: Option<u16>,
    /// What the caller says it is.
    pub(crate) user_agent: Option<String>,
}

/// The spans of a trace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trace {
    /// In order of their start.
    pub(crate) spans: Vec<TraceSpan>,
    /// Spans that were not kept.
    pub(crate) spans_dropped: u32,
}

/// One span of a trace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TraceSpan {
    /// 16 hexadecimal digits.
    pub(crate) span_id: String,
    /// The span that it is part of.
    pub(crate) parent_id: Option<String>,
    /// The service.
    pub(crate) service: String,
    /// The operation.
    pub(crate) name: String,
    /// What the operation works on.
    pub(crate) resource: String,
    /// When it began.
    pub(crate) start: String,
    /// Nanoseconds from the first span's start.
    pub(crate) start_offset_ns: i64,
    /// Nanoseconds.
    pub(crate) duration_ns: i64,
    /// Whether it is marked as failed.
    pub(crate) error: bool,
    /// Whether it carries an exception.
    pub(crate) has_exception: bool,
}

/// One exception of a chain.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Exception {
    /// The class name with its module.
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    /// The message.
    pub(crate) message: String,
    /// The module of the class.
    pub(crate) module: Option<String>,
    /// How it led to the next exception: `cause`, `context`; null for the last.
    pub(crate) relation: Option<Relation>,
    /// Notes added to it.
    pub(crate) notes: Vec<String>,
    /// The exceptions in it when it is a group, each with what led to it: root cause first, the member last.
    #[schema(no_recursion)]
    pub(crate) members: Vec<Vec<Exception>>,
    /// Members that the client did not print, or that are over the limit of 200.
    pub(crate) members_left_out: usize,
    /// Outermost call first, raise last.
    pub(crate) frames: Vec<Frame>,
}

/// How an exception led to the next one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Relation {
    /// `raise … from …`.
    Cause,
    /// Raised while this one was being handled.
    Context,
}

/// One frame.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Frame {
    /// From 0, over the frames of the exception.
    pub(crate) index: usize,
    /// The function.
    pub(crate) function: String,
    /// Its qualified name, where known.
    pub(crate) qualified_name: Option<String>,
    /// The module, where known.
    pub(crate) module: Option<String>,
    /// The source file.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line_number: Option<u32>,
    /// Whether it is the service's own code.
    pub(crate) in_app: bool,
    /// Further identical frames left out here.
    pub(crate) repeats: u32,
    /// Source lines, where known.
    pub(crate) source: Option<SourceLines>,
    /// The values.
    pub(crate) values: FrameValues,
}

/// Lines of source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceLines {
    /// Number of the first line, from 1.
    pub(crate) first_line_number: u32,
    /// The lines.
    pub(crate) lines: Vec<String>,
    /// Where they come from.
    pub(crate) origin: SourceOrigin,
    /// The first 128 bits of the BLAKE3 hash of the client's file, in hexadecimal.
    pub(crate) file_hash: Option<String>,
}

/// Where lines of source come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourceOrigin {
    /// The printed traceback.
    Traceback,
    /// The client's file.
    Client,
    /// A clone of the repository.
    Repository,
}

/// The captured values of a frame, or why there are none.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct FrameValues {
    /// As [`ValuesState::state`].
    pub(crate) state: String,
    /// One sentence for people.
    pub(crate) reason: String,
    /// The line that the frame was at when it was captured.
    pub(crate) captured_line_number: Option<u32>,
    /// Whether the snapshot was made for an earlier exception.
    pub(crate) earlier_occurrence: bool,
    /// Arguments.
    #[schema(value_type = BTreeMap<String, CapturedValue>)]
    pub(crate) arguments: Variables,
    /// Local variables.
    #[schema(value_type = BTreeMap<String, CapturedValue>)]
    pub(crate) locals: Variables,
    /// Global variables that the code names.
    #[schema(value_type = BTreeMap<String, CapturedValue>)]
    pub(crate) globals: Variables,
    /// Variables of enclosing functions.
    #[schema(value_type = BTreeMap<String, CapturedValue>)]
    pub(crate) closure: Variables,
    /// Values as they were at the raise, of those that had changed when the frame was captured.
    #[schema(value_type = BTreeMap<String, CapturedValue>)]
    pub(crate) at_raise: Variables,
    /// Arguments as they were when the function was entered.
    #[schema(value_type = BTreeMap<String, CapturedValue>)]
    pub(crate) at_entry: Variables,
    /// The arguments that the function takes, in order.
    pub(crate) parameters: Vec<Parameter>,
    /// Where in its code the frame was.
    pub(crate) code: Option<CodePosition>,
}

/// An argument that a function takes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: String,
    /// How it is given.
    pub(crate) kind: ParameterKind,
}

/// How an argument is given.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ParameterKind {
    /// By position alone.
    PositionalOnly,
    /// By position or by name.
    Positional,
    /// `*args`.
    VarPositional,
    /// By name alone.
    KeywordOnly,
    /// `**kwargs`.
    VarKeyword,
}

/// Where in its code a frame was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodePosition {
    /// The line on which the function begins, from 1.
    pub(crate) first_line: u32,
    /// The instruction, as the offset of its bytes.
    pub(crate) instruction: u32,
    /// The line on which the statement ends, from 1.
    pub(crate) end_line: Option<u32>,
    /// Where the expression begins and ends in its lines, as offsets of UTF-8 bytes from 0.
    pub(crate) columns: Option<(u32, u32)>,
}

/// What a process runs on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Runtime {
    /// `CPython`.
    pub(crate) implementation: String,
    /// `3.12.1`.
    pub(crate) version: String,
    /// `linux-x86_64`.
    pub(crate) platform: String,
    /// Versions of the distributions that the frames belong to.
    pub(crate) packages: BTreeMap<String, String>,
}

/// A captured value; the schema of what [`reenact_model::CapturedValue`] writes.
#[derive(ToSchema)]
#[schema(as = Value)]
#[expect(dead_code, reason = "describes the JSON that the model writes itself")]
pub(crate) struct CapturedValue {
    /// The type's name.
    #[schema(rename = "type")]
    pub(crate) r#type: String,
    /// Python's `repr` text of a scalar.
    pub(crate) value: Option<String>,
    /// Present and true for `None`.
    pub(crate) is_null: Option<bool>,
    /// Attributes of an object.
    #[schema(no_recursion)]
    pub(crate) fields: Option<BTreeMap<String, CapturedValue>>,
    /// Elements of a sequence or set.
    #[schema(no_recursion)]
    pub(crate) elements: Option<Vec<CapturedValue>>,
    /// Keys and values of a mapping, as pairs.
    #[schema(no_recursion)]
    pub(crate) entries: Option<Vec<Vec<CapturedValue>>>,
    /// How large the original was.
    pub(crate) size: Option<u64>,
    /// Present and true when a text was cut.
    pub(crate) truncated: Option<bool>,
    /// Why (more of) the value is absent.
    pub(crate) not_captured: Option<NotCaptured>,
    /// The redaction rule that removed it.
    pub(crate) rule: Option<String>,
    /// Number of the object, where it appears more than once.
    pub(crate) r#ref: Option<u32>,
    /// What kind of thing it is, where the client tells.
    pub(crate) form: Option<Form>,
}

/// What kind of thing a value is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names that the model writes itself")]
pub(crate) enum Form {
    /// A member of an enumeration.
    Enum,
    /// A tuple with names.
    NamedTuple,
    /// A dataclass.
    Dataclass,
    /// An exception.
    Exception,
    /// A function.
    Function,
    /// A function bound to an object.
    Method,
    /// A class.
    Class,
    /// A module.
    Module,
    /// An iterator.
    Iterator,
    /// A generator.
    Generator,
    /// A coroutine.
    Coroutine,
    /// An array of numbers.
    Array,
    /// A table of columns.
    Table,
    /// State that only compiled code can read.
    Opaque,
}

/// Why a value is absent.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names that the model writes itself")]
pub(crate) enum NotCaptured {
    /// Nested too deep.
    Depth,
    /// Too many elements.
    CollectionSize,
    /// Too many attributes.
    FieldCount,
    /// No time left.
    Timeout,
    /// The name is redacted.
    RedactedIdentifier,
    /// The type is redacted.
    RedactedType,
    /// The value looks secret.
    RedactedValue,
    /// Changed meanwhile.
    ConcurrentModification,
    /// Cut out by the client.
    Pruned,
    /// Over a limit of the server.
    Limit,
    /// No reason given.
    Unknown,
}
