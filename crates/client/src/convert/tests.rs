//! Conversions of small heaps.

use reenact_model::{CapturedValue, Content, Fragment, NotCaptured, Occurrence, ParameterKind, Snapshot};

use super::fragments;
use crate::heap::{
    Body, CapturedFrame, ChainedException, Earlier, Heap, Node, Relation, RequestContext, Signature,
    TracedFrame,
};
use crate::settings::Settings;
use crate::source::Sources;

fn settings() -> Settings {
    Settings { service: "shop".to_owned(), env: Some("prod".to_owned()), ..Settings::default() }
}

fn converted(heap: &Heap) -> (Option<Occurrence>, Vec<Snapshot>) {
    let (mut occurrence, mut snapshots) = (None, Vec::new());
    for fragment in fragments(heap, &settings(), &mut Sources::default()) {
        match fragment {
            Fragment::Occurrence(found) => occurrence = Some(*found),
            Fragment::Snapshot(snapshot) => snapshots.push(snapshot),
            other => panic!("{other:?}"),
        }
    }
    (occurrence, snapshots)
}

/// A frame `total(cart, *args, named)` with one argument: a list that is cut, with a number in it.
fn heap() -> Heap {
    let mut heap = Heap::default();
    let name = heap.push_text("list");
    let list = heap.push_type(name);
    let name = heap.push_text("int");
    let int = heap.push_type(name);
    let name = heap.push_text("cart");
    let root = heap.push_node(Node { name, type_index: list, size: Some(250), ..Node::default() });
    let arguments = heap.children_from(root);
    let digits = heap.push_text("5");
    let first = heap.push_node(Node { type_index: int, body: Body::Scalar(digits), ..Node::default() });
    let elements = heap.children_from(first);
    let node = heap.node_mut(root);
    (node.body, node.reason) = (Body::Elements(elements), Some(NotCaptured::CollectionSize));
    let parameters = ["cart", "named", "args"].map(|name| heap.push_text(name)).to_vec();
    let signature = Signature { positional: 1, keyword_only: 1, has_args: true, ..Signature::default() };
    heap.frames.push(CapturedFrame { id: 7, arguments, parameters, signature, ..CapturedFrame::default() });
    let (function, file) = (heap.push_text("total"), heap.push_text("/srv/cart.py"));
    let frame = TracedFrame {
        function,
        file,
        line_number: 31,
        in_app: true,
        captured: Some(0),
        ..TracedFrame::default()
    };
    let message = heap.push_text("empty");
    heap.exceptions.push(ChainedException { message, frames: vec![frame], ..ChainedException::default() });
    heap.context.exception_id = 9;
    heap
}

#[test]
fn a_frame_becomes_a_snapshot() {
    let (occurrence, snapshots) = converted(&heap());
    assert!(occurrence.is_none());
    let [snapshot] = snapshots.as_slice() else { panic!("{snapshots:?}") };
    assert_eq!((snapshot.id.0, snapshot.capture_id.unwrap().0), (7, 9));
    assert_eq!((snapshot.service.as_str(), snapshot.function.as_str()), ("shop", "total"));
    assert_eq!((snapshot.file.as_str(), snapshot.line_number), ("/srv/cart.py", Some(31)));
    let elements = Content::Elements(vec![CapturedValue::scalar("int", "5")]);
    let want = CapturedValue {
        size: Some(250),
        not_captured: Some(NotCaptured::CollectionSize),
        ..CapturedValue::new("list", elements)
    };
    assert_eq!(snapshot.arguments.0, [("cart".to_owned(), want)]);
}

#[test]
fn parameters_are_in_the_order_of_a_signature() {
    let (_, snapshots) = converted(&heap());
    let details = snapshots[0].details.as_ref().unwrap();
    let got: Vec<_> =
        details.parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.kind)).collect();
    let want = [
        ("cart", ParameterKind::Positional),
        ("args", ParameterKind::VarPositional),
        ("named", ParameterKind::KeywordOnly),
    ];
    assert_eq!(got, want);
}

#[test]
fn an_event_of_its_own_tells_of_chain_and_members() {
    let mut heap = heap();
    heap.context.own_event = true;
    heap.context.request = Some(RequestContext {
        headers: [("X-Team".to_owned(), "blue".to_owned())].into(),
        ..RequestContext::default()
    });
    heap.exceptions[0].relation = Some(Relation::Cause);
    heap.exceptions.push(ChainedException::default());
    for text in ["first", "second"] {
        let message = heap.push_text(text);
        let relation = Some(Relation::Member);
        heap.exceptions.push(ChainedException {
            message,
            relation,
            group: Some(1),
            ..ChainedException::default()
        });
    }
    let (occurrence, _) = converted(&heap);
    let occurrence = occurrence.unwrap();
    assert_eq!(occurrence.exceptions.len(), 2);
    assert_eq!(occurrence.exceptions[0].relation, Some(reenact_model::Relation::Cause));
    assert_eq!(occurrence.exceptions[0].frames[0].snapshot_id.unwrap().0, 7);
    let members: Vec<_> =
        occurrence.exceptions[1].members.iter().map(|member| member.message.as_str()).collect();
    assert_eq!(members, ["first", "second"]);
    assert_eq!(occurrence.tags["http.request.headers.x-team"], "blue");
}

#[test]
fn packages_are_those_that_frames_and_types_belong_to() {
    let folder = std::env::temp_dir().join(format!("reenact-convert-{}", std::process::id()));
    let installed =
        [("Some-Library", "some_library"), ("other", "other"), ("list", "list"), ("Shop-Tools", "shop")];
    for (name, module) in installed {
        let metadata = folder.join(format!("{module}-1.0.dist-info"));
        std::fs::create_dir_all(&metadata).unwrap();
        std::fs::write(metadata.join("METADATA"), format!("Name: {name}\nVersion: 1.0\n")).unwrap();
        std::fs::write(metadata.join("RECORD"), format!("{module}/__init__.py,,\n")).unwrap();
    }
    let mut heap = heap();
    let name = heap.push_text("some_library.orders.Order");
    heap.push_type(name);
    heap.exceptions[0].frames[0].module = heap.push_text("shop.orders");
    let settings = Settings { package_folders: vec![folder.display().to_string()], ..settings() };
    let found = fragments(&heap, &settings, &mut Sources::default());
    std::fs::remove_dir_all(folder).unwrap();
    let runtime = found.iter().find_map(|fragment| match fragment {
        Fragment::Snapshot(snapshot) => snapshot.details.as_ref()?.runtime.clone(),
        _ => None,
    });
    let names: Vec<_> = runtime.unwrap_or_default().packages.into_keys().collect();
    // A type without a module is one of the language.
    assert_eq!(names, ["Shop-Tools", "Some-Library"]);
}

/// Adds a list with these numbers to a heap, as the local variable `name` of its frame.
fn add_list(heap: &mut Heap, name: &str, numbers: &[&str], reference: u32) {
    let list_name = heap.push_text("list");
    let list = heap.push_type(list_name);
    let int_name = heap.push_text("int");
    let int = heap.push_type(int_name);
    let name = heap.push_text(name);
    let root = heap.push_node(Node { name, type_index: list, reference, ..Node::default() });
    heap.frames[0].locals = heap.children_from(root);
    let first = heap.next_node();
    for number in numbers {
        let body = Body::Scalar(heap.push_text(number));
        heap.push_node(Node { type_index: int, body, ..Node::default() });
    }
    let elements = heap.children_from(first);
    let node = heap.node_mut(root);
    (node.body, node.size) = (Body::Elements(elements), Some(numbers.len() as u64));
}

/// What is told of a frame whose local variable `name` had `then` at the raise and has `now`.
fn at_raise(then: (&str, &[&str]), now: (&str, &[&str])) -> Vec<(String, CapturedValue)> {
    let mut earlier = heap();
    add_list(&mut earlier, then.0, then.1, 1);
    let mut later = heap();
    add_list(&mut later, now.0, now.1, 4);
    later.earlier.push(std::sync::Arc::new(earlier));
    later.frames[0].at_raise = Some(Earlier { heap: 0, frame: 0 });
    let (_, snapshots) = converted(&later);
    snapshots[0].details.as_ref().unwrap().at_raise.0.clone()
}

#[test]
fn values_of_the_raise_are_told_where_they_differ() {
    assert_eq!(at_raise(("a", &["1", "2"]), ("a", &["1", "2"])), []);
    let told = at_raise(("a", &["1", "2"]), ("a", &["1", "3"]));
    assert_eq!(told.len(), 1);
    let number = |text: &str| CapturedValue::new("int", Content::Scalar(text.to_owned()));
    assert_eq!(told[0].1.content, Content::Elements(vec![number("1"), number("2")]));
    assert_eq!(told[0].1.reference, Some(5), "no number of the later moment");
    assert_eq!(at_raise(("a", &["1"]), ("a", &[])).len(), 1);
    assert_eq!(at_raise(("gone", &[]), ("a", &[])).len(), 1);
}

#[test]
fn arguments_at_entry_are_told_whole() {
    let mut later = heap();
    later.earlier.push(std::sync::Arc::new(heap()));
    later.frames[0].at_entry = Some(Earlier { heap: 0, frame: 0 });
    let (_, snapshots) = converted(&later);
    let details = snapshots[0].details.as_ref().unwrap();
    assert_eq!(details.at_entry, snapshots[0].arguments);
}

#[test]
fn earlier_moments_that_are_not_there_are_nothing() {
    let mut later = heap();
    later.frames[0].at_entry = Some(Earlier { heap: 3, frame: 0 });
    later.frames[0].at_raise = Some(Earlier { heap: 0, frame: 7 });
    let (_, snapshots) = converted(&later);
    assert!(snapshots[0].details.as_ref().unwrap().at_raise.is_empty());
}
