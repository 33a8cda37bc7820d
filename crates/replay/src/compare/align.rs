//! Which exception, and which frame, of one side belongs to which of the other.

use reenact_model::{Exception, Frame};

/// Places on both sides, in the order of both; what has no partner stands where it is.
pub(super) type Pairs = Vec<(Option<usize>, Option<usize>)>;

/// Frames of the same function and file belong together, most of them, in their order. Where there is a choice, as
/// in a recursion, those on the same line do, then the innermost ones.
pub(super) fn frames(left: &[Frame], right: &[Frame]) -> Pairs {
    let key = |frame: &Frame| (frame.function.clone(), frame.file.clone(), frame.line_number);
    let (left, right) = (left.iter().map(key).collect(), right.iter().map(key).collect());
    aligned(left, right, &|left, right| match left {
        _ if (&left.0, &left.1) != (&right.0, &right.1) => None,
        _ => Some(ONE + u32::from(left.2 == right.2)),
    })
}

/// Exceptions of the same type belong together, most of them, in their order. Those between are paired from the end,
/// so that the exceptions that escaped are compared whatever their type.
pub(super) fn exceptions(left: &[Exception], right: &[Exception]) -> Pairs {
    let key = |exception: &Exception| (exception.type_name.clone(), exception.message.clone());
    let (left, right) = (left.iter().map(key).collect(), right.iter().map(key).collect());
    let aligned =
        aligned(left, right, &|left, right| (left.0 == right.0).then(|| ONE + u32::from(left.1 == right.1)));
    let mut pairs = Pairs::new();
    let mut between = Pairs::new();
    for pair in aligned {
        if let (Some(_), Some(_)) = pair {
            pairs.append(&mut paired_from_the_end(&between));
            between.clear();
            pairs.push(pair);
        } else {
            between.push(pair);
        }
    }
    pairs.append(&mut paired_from_the_end(&between));
    pairs
}

fn paired_from_the_end(between: &Pairs) -> Pairs {
    let mut left: Vec<usize> = between.iter().filter_map(|pair| pair.0).collect();
    let mut right: Vec<usize> = between.iter().filter_map(|pair| pair.1).collect();
    let mut pairs = Pairs::new();
    while !left.is_empty() || !right.is_empty() {
        pairs.push((left.pop(), right.pop()));
    }
    pairs.reverse();
    pairs
}

/// What a pair counts; more than all the extras of the longest alignment together.
const ONE: u32 = 1_024;

/// The alignment with the greatest sum of `score`; `None` never belongs together.
fn aligned<K: Ord>(left: Vec<K>, right: Vec<K>, score: &dyn Fn(&K, &K) -> Option<u32>) -> Pairs {
    // Of alignments that are equally good the same one is taken whichever side is called left.
    if left > right {
        return aligned(right, left, score).into_iter().map(|(left, right)| (right, left)).collect();
    }
    // The end first: where there is a choice, what is nearer to the raise belongs together.
    let inner = left.iter().rev().zip(right.iter().rev()).take_while(|(left, right)| left == right).count();
    let (left_end, right_end) = (left.len() - inner, right.len() - inner);
    let outer =
        left[..left_end].iter().zip(&right[..right_end]).take_while(|(left, right)| left == right).count();
    let mut pairs: Pairs = (0..outer).map(|index| (Some(index), Some(index))).collect();
    let middle = between(&left[outer..left_end], &right[outer..right_end], score);
    let moved = |place: Option<usize>| place.map(|index| index + outer);
    pairs.extend(middle.into_iter().map(|(left, right)| (moved(left), moved(right))));
    pairs.extend((0..inner).map(|index| (Some(left_end + index), Some(right_end + index))));
    pairs
}

/// [`aligned`] without what both sides begin and end with; Needleman and Wunsch, gaps cost nothing.
fn between<K>(left: &[K], right: &[K], score: &dyn Fn(&K, &K) -> Option<u32>) -> Pairs {
    let width = right.len() + 1;
    // The best sum of the first `row` on the left and the first `column` on the right.
    let mut best = vec![0_u32; (left.len() + 1) * width];
    for row in 1..=left.len() {
        for column in 1..width {
            let without = best[(row - 1) * width + column].max(best[row * width + column - 1]);
            let with = score(&left[row - 1], &right[column - 1])
                .map_or(0, |score| score + best[(row - 1) * width + column - 1]);
            best[row * width + column] = without.max(with);
        }
    }
    let (mut row, mut column) = (left.len(), right.len());
    let mut pairs = Pairs::new();
    while row > 0 || column > 0 {
        let here = best[row * width + column];
        let paired = row > 0
            && column > 0
            && score(&left[row - 1], &right[column - 1])
                .is_some_and(|score| score + best[(row - 1) * width + column - 1] == here);
        if paired {
            (row, column) = (row - 1, column - 1);
            pairs.push((Some(row), Some(column)));
        } else if column > 0 && (row == 0 || best[row * width + column - 1] == here) {
            column -= 1;
            pairs.push((None, Some(column)));
        } else {
            row -= 1;
            pairs.push((Some(row), None));
        }
    }
    pairs.reverse();
    pairs
}
