//! Joining the frames of a printed traceback with the snapshots that a span names.

use reenact_model::{Exception, Frame, FrameLink};

/// Gives each linked frame its snapshot.
///
/// A link's number counts the frames of the whole chain, root cause first, those that the text
/// leaves out as repeated included. Some clients print other frames than they count, so a number is
/// believed only where file, line and function agree; else the nearest frame that agrees is taken,
/// then one of the same function. A frame that the text does not have is added.
pub(super) fn link(exceptions: &mut [Exception], links: &[FrameLink]) {
    let total: u32 = numbered(exceptions).last().map_or(0, |(_, _, last)| *last);
    for link in links {
        let at = numbered(exceptions);
        let agrees = |frame: &Frame| {
            frame.file == link.file
                && frame.function == link.function
                && frame.line_number == link.line_number
        };
        let alike = |frame: &Frame| frame.file == link.file && frame.function == link.function;
        let found = nearest(exceptions, &at, link.number, agrees)
            .or_else(|| nearest(exceptions, &at, link.number, alike));
        match found {
            Some((exception, frame)) => {
                exceptions[exception].frames[frame].snapshot_id = Some(link.snapshot_id)
            }
            None => add(exceptions, link, total),
        }
    }
}

/// Exception index, frame index and last number of every frame.
fn numbered(exceptions: &[Exception]) -> Vec<(usize, usize, u32)> {
    let mut number: u32 = 0;
    let mut all = Vec::new();
    for (exception_index, exception) in exceptions.iter().enumerate() {
        for (frame_index, frame) in exception.frames.iter().enumerate() {
            number = number.saturating_add(1).saturating_add(frame.repeats);
            all.push((exception_index, frame_index, number));
        }
    }
    all
}

/// The frame without a snapshot that fits and whose number is nearest to `number`.
fn nearest(
    exceptions: &[Exception],
    numbered: &[(usize, usize, u32)],
    number: u32,
    fits: impl Fn(&Frame) -> bool,
) -> Option<(usize, usize)> {
    numbered
        .iter()
        .filter(|(exception, frame, _)| {
            let frame = &exceptions[*exception].frames[*frame];
            frame.snapshot_id.is_none() && fits(frame)
        })
        .min_by_key(|(_, _, last)| last.abs_diff(number))
        .map(|(exception, frame, _)| (*exception, *frame))
}

fn add(exceptions: &mut [Exception], link: &FrameLink, total: u32) {
    let known = exceptions
        .iter()
        .flat_map(|exception| &exception.frames)
        .any(|frame| frame.snapshot_id == Some(link.snapshot_id));
    // Several spans name the same snapshot with other lines; one frame shows it.
    if known {
        return;
    }
    let frame = Frame {
        function: link.function.clone(),
        file: link.file.clone(),
        line_number: link.line_number,
        in_app: crate::traceback::is_in_app(&link.file),
        snapshot_id: Some(link.snapshot_id),
        ..Frame::default()
    };
    let Some(last) = exceptions.last_mut() else { return };
    if link.number > total || last.frames.is_empty() {
        last.frames.push(frame);
    } else {
        last.frames.insert(0, frame);
    }
}

/// Removes the frames of the client's instrumentation. A function that it wraps appears three
/// times: at its `def` line, in the wrapper, and at the line that runs; the last one stays.
pub(super) fn remove_instrumentation(exceptions: &mut [Exception]) {
    for exception in exceptions {
        let mut kept: Vec<Frame> = Vec::with_capacity(exception.frames.len());
        let mut after_wrapper = false;
        for mut frame in exception.frames.drain(..) {
            if is_instrumentation(&frame.file) {
                after_wrapper = true;
                continue;
            }
            if after_wrapper
                && let Some(before) = kept.last()
                && before.file == frame.file
                && before.function == frame.function
            {
                frame.snapshot_id = frame.snapshot_id.or(before.snapshot_id);
                kept.pop();
            }
            after_wrapper = false;
            kept.push(frame);
        }
        exception.frames = kept;
    }
}

fn is_instrumentation(file: &str) -> bool {
    let path = file.replace('\\', "/");
    path.contains("/site-packages/ddtrace/")
        || path.contains("/dist-packages/ddtrace/")
        || path.contains("/ddtrace/internal/")
}
