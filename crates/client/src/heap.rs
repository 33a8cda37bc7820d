//! The flat arena that a walk over live objects fills, in the application's thread.
//!
//! Nothing in it refers to an object of the application: texts are copied into one byte buffer, values are
//! nodes that point at each other by number. The children of a value stand side by side, so that a walk that
//! goes breadth first needs no lists of its own.
//!
//! - **Limits:** [`HeapLimits`]; the walk asks [`Heap::is_full`] before each node.
//! - **Units:** sizes in bytes, positions in numbers of nodes. A heap is reused: [`Heap::clear`] keeps its memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use reenact_model::{Form, NotCaptured, Skipped};

/// A range of the byte buffer; empty for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text {
    start: u32,
    length: u32,
}

impl Text {
    /// Whether there is nothing.
    pub fn is_empty(self) -> bool {
        self.length == 0
    }
}

/// Number of a type within its heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypeIndex(pub u32);

/// Nodes that stand side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Children {
    /// The first one.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// What was found in a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// Nothing, see [`Node::reason`].
    #[default]
    Nothing,
    /// `None`.
    Null,
    /// The `repr` text of a scalar.
    Scalar(Text),
    /// Attributes; the children have names.
    Fields(Children),
    /// Elements.
    Elements(Children),
    /// Keys and values by turns.
    Entries(Children),
}

/// One value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Node {
    /// The name that it stands under: a variable or an attribute; empty for elements.
    pub name: Text,
    /// Its type.
    pub type_index: TypeIndex,
    /// Its content.
    pub body: Body,
    /// How large the original is: characters of a text, elements of a container.
    pub size: Option<u64>,
    /// Why (more of) it is absent.
    pub reason: Option<NotCaptured>,
    /// What kind of thing it is.
    pub form: Option<Form>,
    /// Number of the object within the capture, from 1, where it appears more than once; else 0.
    pub reference: u32,
    /// Whether its text was cut.
    pub truncated: bool,
}

/// Where in its code a frame is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Where the function begins, from 1.
    pub first_line: u32,
    /// The instruction, as an offset in bytes.
    pub instruction: u32,
    /// The line at which the expression ends; 0 if unknown.
    pub end_line: u32,
    /// Where the expression begins and ends in its lines, as UTF-8 byte offsets from 0.
    pub columns: Option<(u32, u32)>,
    /// `co_flags`.
    pub flags: u32,
}

/// How many arguments of which kind a function has, in the order of its variables: positional ones, keyword-only
/// ones, `*args`, `**kwargs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// Positional-only arguments.
    pub positional_only: u32,
    /// Other positional arguments.
    pub positional: u32,
    /// Keyword-only arguments.
    pub keyword_only: u32,
    /// Whether there is `*args`.
    pub has_args: bool,
    /// Whether there is `**kwargs`.
    pub has_kwargs: bool,
}

/// The captured state of one frame.
#[derive(Clone, Debug, Default)]
pub struct CapturedFrame {
    /// The id of its snapshot.
    pub id: u128,
    /// Arguments.
    pub arguments: Children,
    /// Local variables.
    pub locals: Children,
    /// Variables of enclosing functions.
    pub closure: Children,
    /// Global variables that the code names.
    pub globals: Children,
    /// Names of the arguments, in the order of [`Signature`].
    pub parameters: Vec<Text>,
    /// Kinds of the arguments.
    pub signature: Signature,
    /// Where in its code it is.
    pub position: Position,
    /// The same frame at the raise.
    pub at_raise: Option<Earlier>,
    /// The same frame when its function was entered: its arguments.
    pub at_entry: Option<Earlier>,
}

/// A frame as it was earlier, in a heap of that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The heap, an index in [`Heap::earlier`].
    pub heap: u32,
    /// The frame, an index in [`Heap::frames`] of that heap.
    pub frame: u32,
}

/// One entry of a traceback.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracedFrame {
    /// The function's name.
    pub function: Text,
    /// The function's qualified name; empty where CPython does not tell.
    pub qualified_name: Text,
    /// The module; empty if unknown.
    pub module: Text,
    /// The source file.
    pub file: Text,
    /// The line, from 1; 0 if unknown.
    pub line_number: u32,
    /// Whether it is the service's own code.
    pub in_app: bool,
    /// The captured frame, an index in [`Heap::frames`].
    pub captured: Option<u32>,
}

/// How an exception led to the next one of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `raise … from …`.
    Cause,
    /// Raised while this one was handled.
    Context,
    /// A member of the group that [`ChainedException::group`] names.
    Member,
}

/// One exception of a chain, or a member of a group in it.
#[derive(Clone, Debug, Default)]
pub struct ChainedException {
    /// Its type.
    pub type_index: TypeIndex,
    /// The message.
    pub message: Text,
    /// Its notes.
    pub notes: Vec<Text>,
    /// How it led to the next one.
    pub relation: Option<Relation>,
    /// The group that it is a member of, as an index in [`Heap::exceptions`].
    pub group: Option<u32>,
    /// Its traceback, outermost call first.
    pub frames: Vec<TracedFrame>,
}

/// How much a heap takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeapLimits {
    /// Values of one capture.
    pub nodes_max: usize,
    /// Texts and values of one capture, in bytes.
    pub bytes_max: usize,
}

/// What a capture knows besides values: when, where, and on whose behalf.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The id of the exception.
    pub exception_id: u128,
    /// When it was captured, in nanoseconds since the Unix epoch.
    pub timestamp_ns: i64,
    /// Whether an event of its own is to be sent, and not snapshots alone.
    pub own_event: bool,
    /// Whether the service survived the exception.
    pub handled: bool,
    /// Which hook saw it: `wsgi`, `excepthook`.
    pub mechanism: String,
    /// The active trace.
    pub trace_id: Option<u128>,
    /// The active span.
    pub span_id: Option<u64>,
    /// The route or job.
    pub resource: Option<String>,
    /// The web request.
    pub request: Option<RequestContext>,
    /// The user on whose behalf the work is done.
    pub user_id: Option<String>,
    /// The thread's name.
    pub thread: Option<String>,
    /// Further tags.
    pub tags: BTreeMap<String, String>,
    /// What a reader should know, without captured text.
    pub warnings: Vec<String>,
    /// Why no values were captured; `None` when they were.
    pub skipped: Option<Skipped>,
}

/// The web request that an exception belongs to, as the framework has it, not redacted yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestContext {
    /// `POST`.
    pub method: Option<String>,
    /// The address.
    pub url: Option<String>,
    /// The route that matched.
    pub route: Option<String>,
    /// The status of the answer.
    pub status_code: Option<u16>,
    /// What the caller says it is.
    pub user_agent: Option<String>,
    /// Headers.
    pub headers: BTreeMap<String, String>,
}

/// One capture.
#[derive(Clone, Debug, Default)]
pub struct Heap {
    bytes: Vec<u8>,
    types: Vec<Text>,
    nodes: Vec<Node>,
    /// Captured frames, the deepest one first.
    pub frames: Vec<CapturedFrame>,
    /// The chain, root cause first; members of a group follow it.
    pub exceptions: Vec<ChainedException>,
    /// What else is known.
    pub context: Context,
    /// What was captured earlier of the same exception: at its raise, and when functions were entered.
    pub earlier: Vec<Arc<Heap>>,
}

impl Heap {
    /// Forgets everything but its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.types.clear();
        self.nodes.clear();
        self.frames.clear();
        self.exceptions.clear();
        self.context = Context::default();
        self.earlier.clear();
    }

    /// Whether the limits are reached.
    pub fn is_full(&self, limits: &HeapLimits) -> bool {
        self.nodes.len() >= limits.nodes_max || self.weight() >= limits.bytes_max
    }

    /// How much it holds itself, in bytes.
    pub fn weight(&self) -> usize {
        self.bytes.len() + self.nodes.len() * size_of::<Node>()
    }

    /// How much it holds with what was captured earlier, in bytes.
    pub fn weight_of_all(&self) -> usize {
        self.weight() + self.earlier.iter().map(|heap| heap.weight()).sum::<usize>()
    }

    /// How much memory it keeps, in bytes.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity() + self.nodes.capacity() * size_of::<Node>()
    }

    /// The buffer of texts, to be appended to; see [`Heap::text_from`].
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Where the next text begins.
    pub fn text_start(&self) -> usize {
        self.bytes.len()
    }

    /// The text that was appended since `start`.
    pub fn text_from(&self, start: usize) -> Text {
        // The buffer stays far below 4 GiB: each text is cut to a limit before it is appended.
        Text { start: start as u32, length: (self.bytes.len() - start) as u32 }
    }

    /// Copies a text.
    pub fn push_text(&mut self, text: &str) -> Text {
        let start = self.text_start();
        self.bytes.extend_from_slice(text.as_bytes());
        self.text_from(start)
    }

    /// A text, with replacement characters for what is no UTF-8.
    pub fn text(&self, text: Text) -> std::borrow::Cow<'_, str> {
        let start = text.start as usize;
        let bytes = self.bytes.get(start..start + text.length as usize).unwrap_or_default();
        String::from_utf8_lossy(bytes)
    }

    /// Adds a type by its name.
    pub fn push_type(&mut self, name: Text) -> TypeIndex {
        self.types.push(name);
        TypeIndex(self.types.len() as u32 - 1)
    }

    /// The names of all types.
    pub fn type_names(&self) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
        self.types.iter().map(|name| self.text(*name))
    }

    /// The name of a type.
    pub fn type_name(&self, index: TypeIndex) -> std::borrow::Cow<'_, str> {
        self.types.get(index.0 as usize).map_or(std::borrow::Cow::Borrowed(""), |name| self.text(*name))
    }

    /// Where the next node will stand.
    pub fn next_node(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// Adds a value.
    pub fn push_node(&mut self, node: Node) -> u32 {
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }

    /// A value, to be completed.
    pub fn node_mut(&mut self, index: u32) -> &mut Node {
        &mut self.nodes[index as usize]
    }

    /// Values that stand side by side.
    pub fn children(&self, children: Children) -> &[Node] {
        let first = children.first as usize;
        self.nodes.get(first..first + children.count as usize).unwrap_or_default()
    }

    /// All values, in the order in which they were added.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The values that were added since `first`.
    pub fn children_from(&self, first: u32) -> Children {
        Children { first, count: self.next_node() - first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_children_are_found_again() {
        let mut heap = Heap::default();
        let name = heap.push_text("näme");
        let first = heap.next_node();
        heap.push_node(Node { name, ..Node::default() });
        heap.push_node(Node::default());
        let children = heap.children_from(first);
        assert_eq!(heap.children(children).len(), 2);
        assert_eq!(heap.text(heap.children(children)[0].name), "näme");
    }

    #[test]
    fn a_full_heap_says_so_and_a_cleared_one_keeps_its_memory() {
        let limits = HeapLimits { nodes_max: 2, bytes_max: 1 << 20 };
        let mut heap = Heap::default();
        heap.push_node(Node::default());
        assert!(!heap.is_full(&limits));
        heap.push_node(Node::default());
        assert!(heap.is_full(&limits));
        let kept = heap.capacity();
        heap.clear();
        assert!(!heap.is_full(&limits));
        assert_eq!(heap.capacity(), kept);
    }
}
