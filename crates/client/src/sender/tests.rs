//! Captures on their way to a server that takes them, or does not at first.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use reenact_model::{Fragment, Limits, Timestamp};
use reenact_wire::native::v1;

use crate::heap::{CapturedFrame, ChainedException, Heap, Node, TracedFrame};
use crate::reporter::Reporter;
use crate::settings::Settings;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server that answers with these statuses in turn, and the bodies that it got.
fn server(statuses: &'static [u16]) -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, bodies) = sync_channel(16);
    std::thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            sender.send(read_body(&mut stream)).unwrap();
            write!(stream, "HTTP/1.1 {status} Status\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
        }
    });
    (address, bodies)
}

fn read_body(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let head_end = request.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        if let Some(head_end) = head_end {
            let head = String::from_utf8_lossy(&request[..head_end]).to_lowercase();
            let length: usize =
                head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
            if request.len() >= head_end + length {
                return request.split_off(head_end);
            }
        }
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0, "the request ended early");
        request.extend_from_slice(&chunk[..read]);
    }
}

fn decoded(body: &[u8]) -> Vec<Fragment> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut plain).unwrap();
    let decoded = v1::decode(&plain, Timestamp::default(), &Limits::DEFAULT).unwrap();
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    decoded.fragments
}

/// A frame with one local variable, `password`.
fn fill(heap: &mut Heap) {
    let name = heap.push_text("password");
    let text = heap.push_text("'hunter2'");
    let body = crate::heap::Body::Scalar(text);
    let first = heap.push_node(Node { name, body, ..Node::default() });
    let locals = heap.children_from(first);
    heap.frames.push(CapturedFrame { id: 7, locals, ..CapturedFrame::default() });
    let frame = TracedFrame { captured: Some(0), ..TracedFrame::default() };
    heap.exceptions.push(ChainedException { frames: vec![frame], ..ChainedException::default() });
    heap.context.own_event = true;
}

fn reporter(address: &str) -> Reporter {
    Reporter::new(Settings { address: address.parse().unwrap(), ..Settings::default() }).unwrap()
}

fn submit(reporter: &Reporter) -> bool {
    let mut heap = reporter.heap();
    fill(&mut heap);
    reporter.submit(heap)
}

fn number(reporter: &Reporter, name: &str) -> u64 {
    reporter.counters().numbers().into_iter().find(|(known, _)| known == name).unwrap().1
}

#[test]
fn what_arrives_is_redacted_and_can_be_decoded() {
    let (address, bodies) = server(&[202]);
    let reporter = reporter(&address);
    assert!(submit(&reporter));
    assert!(reporter.flush(PATIENCE));
    let fragments = decoded(&bodies.recv_timeout(PATIENCE).unwrap());
    let [Fragment::Occurrence(occurrence), Fragment::Snapshot(snapshot)] = fragments.as_slice() else {
        panic!("{fragments:?}")
    };
    assert_eq!(occurrence.exceptions[0].frames[0].snapshot_id, Some(snapshot.id));
    assert!(snapshot.locals.get("password").unwrap().not_captured.unwrap().is_redacted());
    assert!(!format!("{fragments:?}").contains("hunter2"));
    assert_eq!((number(&reporter, "sent"), number(&reporter, "dropped")), (1, 0));
}

#[test]
fn a_server_that_fails_is_asked_again_with_the_same_body() {
    let (address, bodies) = server(&[503, 429, 202]);
    let reporter = reporter(&address);
    assert!(submit(&reporter));
    let got: Vec<_> = (0..3).map(|_| bodies.recv_timeout(PATIENCE).unwrap()).collect();
    assert_eq!(got[0], got[2]);
    assert!(reporter.flush(PATIENCE));
    assert_eq!((number(&reporter, "sent"), number(&reporter, "retries")), (1, 2));
}

#[test]
fn a_refusal_is_final_and_told() {
    let (address, _bodies) = server(&[400]);
    let reporter = reporter(&address);
    assert!(submit(&reporter));
    assert!(reporter.flush(PATIENCE));
    assert_eq!((number(&reporter, "sent"), number(&reporter, "dropped")), (0, 1));
    assert!(reporter.counters().last_error().unwrap().starts_with("status 400"));
}

#[test]
fn a_renewed_client_sends_nothing_of_the_former_one() {
    let (address, bodies) = server(&[202]);
    let former = reporter("http://127.0.0.1:1");
    assert!(submit(&former));
    let renewed = reporter(&address).renewed();
    assert_eq!(renewed.queued(), (0, 0));
    assert!(submit(&renewed) && renewed.flush(PATIENCE));
    assert_eq!(decoded(&bodies.recv_timeout(PATIENCE).unwrap()).len(), 2);
    assert_eq!(number(&renewed, "sent"), 1);
}

#[test]
fn after_the_end_nothing_is_taken() {
    let reporter = reporter("http://127.0.0.1:1");
    assert!(reporter.shut_down(PATIENCE));
    assert!(!submit(&reporter));
    assert_eq!(number(&reporter, "dropped"), 1);
}
