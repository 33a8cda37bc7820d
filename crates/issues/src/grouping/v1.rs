//! Version 1.
//!
//! The fingerprint is the tag `error.fingerprint` when there is one. Otherwise it is a hash of
//! 1. the service,
//! 2. the type of the exception that escaped, and of the root cause if it has one, without the
//!    modules `builtins` and `__main__` (a printed traceback leaves them out),
//! 3. function and file of the frames of the exception that escaped, outermost first: those of the
//!    service's own code, or all when there are none; at most the innermost 50; repeated neighbours
//!    (recursion) count once; line numbers do not count; of a file the last two parts of its path
//!    count, so that an installation elsewhere is the same, and digits in them do not,
//! 4. the words of the message, when there is no frame at all: without numbers, hexadecimal ids,
//!    and whatever stands in quotes.

use reenact_model::{Frame, Grouping, Report};

const VERSION: &str = "v1";
const FINGERPRINT_TAG: &str = "error.fingerprint";
/// Frames that count, from the innermost on.
const FRAMES_MAX: usize = 50;
/// Length of a fingerprint that a client gives, in bytes.
const GIVEN_BYTES_MAX: usize = 512;

pub(super) fn group(report: &Report) -> Grouping {
    if let Some(given) = report.tags.get(FINGERPRINT_TAG).filter(|given| !given.is_empty()) {
        let end = (0..=GIVEN_BYTES_MAX.min(given.len()))
            .rev()
            .find(|end| given.is_char_boundary(*end))
            .unwrap_or(0);
        return Grouping {
            version: VERSION.to_owned(),
            fingerprint: given[..end].to_owned(),
            why: vec!["the service gave the fingerprint itself, in the tag error.fingerprint".to_owned()],
        };
    }
    let mut parts = vec![report.service.clone()];
    let mut why = vec![format!("service is {}", report.service)];
    let type_name = plain_type(report.type_name());
    why.push(format!("error type is {type_name}"));
    parts.push(type_name.to_owned());
    if let Some(root) = report.exceptions.first().filter(|_| report.exceptions.len() > 1) {
        let root = plain_type(&root.type_name);
        why.push(format!("root cause is {root}"));
        parts.push(root.to_owned());
    }
    let all: &[Frame] = report.exception().map_or(&[], |exception| &exception.frames);
    let own: Vec<&Frame> = all.iter().filter(|frame| frame.in_app).collect();
    let (frames, which) = if own.is_empty() { (all.iter().collect(), "frames") } else { (own, "own frames") };
    let places = places(&frames);
    if places.is_empty() {
        let words = message_words(report.message());
        why.push(format!("there is no stack, so the words of the message count: {}", words.join(" ")));
        parts.extend(words);
    } else {
        why.push(format!("{which}, outermost first: {}", places.join(" → ")));
        why.push("line numbers and the message do not count".to_owned());
        parts.extend(places);
    }
    let mut hash = blake3::Hasher::new();
    for part in &parts {
        hash.update(part.as_bytes()).update(&[0]);
    }
    let fingerprint = hash.finalize().to_hex()[..32].to_owned();
    Grouping { version: VERSION.to_owned(), fingerprint, why }
}

fn plain_type(name: &str) -> &str {
    name.strip_prefix("builtins.").or(name.strip_prefix("__main__.")).unwrap_or(name)
}

fn places(frames: &[&Frame]) -> Vec<String> {
    let mut places: Vec<String> = frames.iter().map(|frame| place(frame)).collect();
    places.dedup();
    let surplus = places.len().saturating_sub(FRAMES_MAX);
    places.drain(..surplus);
    places
}

fn place(frame: &Frame) -> String {
    let path = frame.file.replace('\\', "/");
    let mut parts: Vec<&str> = path.rsplit('/').take(2).collect();
    parts.reverse();
    let file: String = parts.join("/").chars().filter(|c| !c.is_ascii_digit()).collect();
    format!("{} in {file}", frame.function)
}

/// The words of a message that are likely the same the next time.
fn message_words(message: &str) -> Vec<String> {
    let mut outside = String::new();
    let mut quote = None;
    for character in message.chars().take(2000) {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if matches!(character, '"' | '`') => quote = Some(character),
            // An apostrophe inside a word, as in "doesn't", opens nothing.
            None if character == '\'' && !outside.ends_with(char::is_alphanumeric) => quote = Some(character),
            None => outside.push(character),
        }
    }
    outside
        .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '\'')
        .filter(|word| !word.is_empty() && !word.chars().any(|c| c.is_ascii_digit()))
        .filter(|word| !(word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit())))
        .map(str::to_lowercase)
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use reenact_model::Exception;

    use super::*;

    fn report(type_name: &str, message: &str, frames: &[(&str, &str, u32)]) -> Report {
        let frames = frames
            .iter()
            .map(|(file, function, line)| Frame {
                file: (*file).to_owned(),
                function: (*function).to_owned(),
                line_number: Some(*line),
                in_app: crate::traceback::is_in_app(file),
                ..Frame::default()
            })
            .collect();
        let exception = Exception {
            type_name: type_name.into(),
            message: message.into(),
            frames,
            ..Exception::default()
        };
        Report { service: "shop".into(), exceptions: vec![exception], ..Report::default() }
    }

    fn fingerprint(report: &Report) -> String {
        group(report).fingerprint
    }

    #[test]
    fn the_fingerprint_never_changes() {
        let one = report("builtins.KeyError", "'a'", &[("/app/shop/orders.py", "price", 3)]);
        assert_eq!(fingerprint(&one), "5b619b7906e9935d77a53fabb22f3166");
    }

    #[test]
    fn lines_messages_roots_and_recursion_do_not_split() {
        let one = report("builtins.KeyError", "'a'", &[("/app/shop/orders.py", "price", 3)]);
        let same = [
            report("KeyError", "'b'", &[("/srv/release-42/shop/orders.py", "price", 9)]),
            report(
                "KeyError",
                "'b'",
                &[("/app/shop/orders.py", "price", 3), ("/app/shop/orders.py", "price", 4)],
            ),
            report(
                "KeyError",
                "",
                &[
                    ("/v/lib/python3.11/site-packages/flask/app.py", "run", 1),
                    ("/app/shop/orders.py", "price", 3),
                ],
            ),
        ];
        for other in same {
            assert_eq!(fingerprint(&other), fingerprint(&one));
        }
    }

    #[test]
    fn type_function_and_service_split() {
        let one = report("KeyError", "", &[("/app/shop/orders.py", "price", 3)]);
        assert_ne!(
            fingerprint(&report("TypeError", "", &[("/app/shop/orders.py", "price", 3)])),
            fingerprint(&one)
        );
        assert_ne!(
            fingerprint(&report("KeyError", "", &[("/app/shop/orders.py", "total", 3)])),
            fingerprint(&one)
        );
        let elsewhere = Report { service: "other".into(), ..one.clone() };
        assert_ne!(fingerprint(&elsewhere), fingerprint(&one));
    }

    #[test]
    fn without_a_stack_the_steady_words_of_the_message_count() {
        let one = report("E", "user 42 doesn't exist in 'db-1' (0xdeadbeef)", &[]);
        assert_eq!(
            fingerprint(&one),
            fingerprint(&report("E", "user 7 doesn't exist in 'db-2' (0xfeedf00d)", &[]))
        );
        assert_ne!(fingerprint(&one), fingerprint(&report("E", "order 7 is gone", &[])));
    }

    #[test]
    fn a_given_fingerprint_is_taken_verbatim() {
        let mut one = report("E", "x", &[]);
        one.tags.insert(FINGERPRINT_TAG.into(), "mine".into());
        assert_eq!(fingerprint(&one), "mine");
    }
}
