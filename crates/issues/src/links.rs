//! Says which frame of a traceback has which snapshot.

use std::collections::HashMap;

use reenact_model::{Frame, FrameLink, Limits};

use crate::traceback::{Traceback, is_in_app};

/// Attaches the snapshots of `links` to the frames of `traceback`.
///
/// Where as many links as frames have the same file, function and line, they belong together in
/// order: ddtrace 1.16 may count frames further out that the text does not have, so that all its
/// numbers are shifted. Else a link's number is believed only if file, function and line agree; otherwise the nearest frame that
/// agrees is taken, by line first and then without (clients number frames that the text leaves out:
/// ddtrace 1.16, and the frame of a long-living function). A frame that is not in the text is added.
///
/// - **Limits:** O(links × frames); both are bounded by `Limits`.
pub(crate) fn attach(traceback: &mut Traceback, links: &[FrameLink]) {
    // A link without a place says nothing that could be shown.
    let links: Vec<FrameLink> =
        links.iter().filter(|link| !(link.file.is_empty() && link.function.is_empty())).cloned().collect();
    let links = links.as_slice();
    let mut places = places(traceback);
    let paired = pairs_in_order(traceback, &places, links);
    for (link, index) in &paired {
        let place = &mut places[*index];
        place.taken = true;
        traceback.exceptions[place.exception].frames[place.frame].snapshot_id =
            Some(links[*link].snapshot_id);
    }
    let mut anchors: Vec<(u32, usize)> =
        paired.iter().map(|(link, index)| (links[*link].number, *index)).collect();
    let mut missing: Vec<&FrameLink> = Vec::new();
    for (number, link) in links.iter().enumerate() {
        if paired.contains_key(&number) {
            continue;
        }
        match place_of(traceback, &places, link) {
            Some(index) => {
                let place = &mut places[index];
                place.taken = true;
                let frame = &mut traceback.exceptions[place.exception].frames[place.frame];
                frame.snapshot_id = Some(link.snapshot_id);
                anchors.push((link.number, index));
            }
            None => missing.push(link),
        }
    }
    // From the last to the first, so that places stay where they are.
    for link in missing.into_iter().rev() {
        add(traceback, &places, &anchors, link);
    }
}

struct Place {
    exception: usize,
    frame: usize,
    first_number: u32,
    last_number: u32,
    taken: bool,
}

fn places(traceback: &Traceback) -> Vec<Place> {
    let mut places = Vec::new();
    for (exception, content) in traceback.exceptions.iter().enumerate() {
        let mut number = traceback.first_frame_numbers.get(exception).copied().unwrap_or(1);
        for (frame, content) in content.frames.iter().enumerate() {
            let last_number = number.saturating_add(content.repeats);
            places.push(Place { exception, frame, first_number: number, last_number, taken: false });
            number = last_number.saturating_add(1);
        }
    }
    places
}

/// For links that agree in number with the frames of their place: which link belongs to which place.
fn pairs_in_order(traceback: &Traceback, places: &[Place], links: &[FrameLink]) -> HashMap<usize, usize> {
    type Spot<'a> = (&'a str, &'a str, Option<u32>);
    let mut spots: HashMap<Spot<'_>, (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (index, link) in links.iter().enumerate() {
        spots.entry((&link.file, &link.function, link.line_number)).or_default().0.push(index);
    }
    for (index, place) in places.iter().enumerate() {
        let frame = &traceback.exceptions[place.exception].frames[place.frame];
        if let Some((_, at)) =
            spots.get_mut(&(frame.file.as_str(), frame.function.as_str(), frame.line_number))
        {
            at.push(index);
        }
    }
    let whole = spots.into_values().filter(|(links, places)| links.len() == places.len());
    whole.flat_map(|(links, places)| links.into_iter().zip(places)).collect()
}

fn place_of(traceback: &Traceback, places: &[Place], link: &FrameLink) -> Option<usize> {
    let frame_at = |place: &Place| -> &Frame { &traceback.exceptions[place.exception].frames[place.frame] };
    let same_function = |place: &Place| {
        let frame = frame_at(place);
        frame.file == link.file && frame.function == link.function
    };
    let same_line = |place: &Place| {
        same_function(place)
            && (link.line_number.is_none() || frame_at(place).line_number == link.line_number)
    };
    let distance = |place: &Place| {
        if link.number < place.first_number {
            place.first_number - link.number
        } else {
            link.number.saturating_sub(place.last_number)
        }
    };
    let nearest = |accept: &dyn Fn(&Place) -> bool| {
        (0..places.len())
            .filter(|index| !places[*index].taken && accept(&places[*index]))
            .min_by_key(|index| distance(&places[*index]))
    };
    // Further snapshots of a recursion that the text collapsed have no frame of their own.
    let collapsed = || {
        (0..places.len()).find(|index| {
            let place = &places[*index];
            place.taken && distance(place) == 0 && place.last_number > place.first_number && same_line(place)
        })
    };
    nearest(&same_line).or_else(collapsed).or_else(|| nearest(&same_function))
}

/// Adds a frame that the text does not have, beside the frames whose links have the nearest numbers:
/// where the client cut the text, its own numbers count from another frame than ours.
fn add(traceback: &mut Traceback, places: &[Place], anchors: &[(u32, usize)], link: &FrameLink) {
    let next = anchors.iter().filter(|(number, _)| *number > link.number).min();
    let previous = anchors.iter().filter(|(number, _)| *number < link.number).max();
    let (exception, index) = if let Some((_, next)) = next {
        (places[*next].exception, places[*next].frame)
    } else if let Some((_, previous)) = previous {
        (places[*previous].exception, places[*previous].frame + 1)
    } else if let Some(after) = places.iter().find(|place| place.first_number > link.number) {
        (after.exception, after.frame)
    } else {
        let Some(exception) = traceback.exceptions.len().checked_sub(1) else { return };
        (exception, places.iter().filter(|place| place.exception == exception).count())
    };
    let frames = &mut traceback.exceptions[exception].frames;
    if frames.len() >= Limits::DEFAULT.frames_max {
        let problem = "further frames with values were left out";
        if !traceback.problems.iter().any(|known| known == problem) {
            traceback.problems.push(problem.to_owned());
        }
        return;
    }
    frames.insert(
        index.min(frames.len()),
        Frame {
            function: link.function.clone(),
            file: link.file.clone(),
            line_number: link.line_number,
            in_app: is_in_app(&link.file),
            snapshot_id: Some(link.snapshot_id),
            ..Frame::default()
        },
    );
}
