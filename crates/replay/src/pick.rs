//! One path in many occurrences: a column of values.

use reenact_model::{CapturedValue, ValuePath};

use crate::captured;
use crate::compare::{Side, shown};

/// Which value is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where in the variables of a frame.
    pub path: ValuePath,
    /// Only of this function; of any when absent.
    pub function: Option<String>,
}

/// What an occurrence has there.
#[derive(Clone, Debug, PartialEq)]
pub enum Picked {
    /// No frame, or none of the function, has values.
    NoValues,
    /// There is no such variable, attribute, key or element.
    Missing,
    /// The value, or the nearest one around it that was redacted or cut, so that nobody knows.
    Found(Found),
}

/// A value that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The place of the exception in the chain.
    pub exception: usize,
    /// The place among the frames of the exception.
    pub frame: usize,
    /// The function of the frame.
    pub function: String,
    /// The value for one line: 8 parts on each of two levels, and texts of 200 bytes.
    pub value: CapturedValue,
    /// Whether it is not the value itself but what it would be in.
    pub is_around: bool,
}

/// Looks for a value in the frames of an occurrence: the frame nearest to the first raise that has it counts, root
/// causes first, and of each exception the innermost call first.
///
/// Time is proportional to the frames, and to the values next to those on the path.
pub fn pick(side: Side<'_>, wanted: &Wanted) -> Picked {
    let mut frames = captured::frames(side);
    frames.retain(|captured| wanted.function.as_ref().is_none_or(|name| *name == captured.frame.function));
    if frames.is_empty() {
        return Picked::NoValues;
    }
    let mut is_around = false;
    let mut path = Some(wanted.path.clone());
    while let Some(looked_for) = path {
        for captured in &frames {
            let mut found = looked_for.find(captured.snapshot).into_iter();
            if let Some(value) = found.find(|value| !is_around || value.not_captured.is_some()) {
                return Picked::Found(Found {
                    exception: captured.exception,
                    frame: captured.index,
                    function: captured.frame.function.clone(),
                    value: if is_around { shown::head(value) } else { shown::preview(value) },
                    is_around,
                });
            }
        }
        is_around = true;
        path = looked_for.parent();
    }
    Picked::Missing
}

#[cfg(test)]
mod tests {
    use reenact_model::{Content, Exception, Frame, NotCaptured, Report, Snapshot, SnapshotId, Variables};

    use super::*;

    fn occurrence(frames: Vec<(&str, Vec<(&str, CapturedValue)>)>) -> (Report, Vec<Snapshot>) {
        let (mut of_report, mut snapshots) = (Vec::new(), Vec::new());
        for (index, (function, locals)) in frames.into_iter().enumerate() {
            let id = SnapshotId(index as u128 + 1);
            let named = locals.into_iter().map(|(name, value)| (name.to_owned(), value));
            snapshots.push(Snapshot { id, locals: Variables(named.collect()), ..Snapshot::default() });
            of_report.push(Frame { function: function.into(), snapshot_id: Some(id), ..Frame::default() });
        }
        let exceptions = vec![Exception { frames: of_report, ..Exception::default() }];
        (Report { exceptions, ..Report::default() }, snapshots)
    }

    fn check(occurrence: &(Report, Vec<Snapshot>), path: &str, function: Option<&str>, want: &str) {
        let wanted = Wanted { path: ValuePath::parse(path).unwrap(), function: function.map(str::to_owned) };
        let got = match pick(Side { report: &occurrence.0, snapshots: &occurrence.1 }, &wanted) {
            Picked::NoValues => "no values".to_owned(),
            Picked::Missing => "missing".to_owned(),
            Picked::Found(found) => {
                let text = found.value.text().map(std::borrow::Cow::into_owned);
                let reason = found.value.not_captured.map_or("", NotCaptured::as_str);
                let text = text.unwrap_or_else(|| format!("<{reason}>"));
                format!("{}{} {text}", if found.is_around { "around " } else { "" }, found.function)
            }
        };
        assert_eq!(got, want, "{path}");
    }

    #[test]
    fn the_innermost_frame_that_has_the_path_counts() {
        let text = |text: &str| CapturedValue::scalar("str", format!("'{text}'"));
        let order = |fields| CapturedValue::new("Order", Content::Fields(fields));
        let deep = CapturedValue::absent("Item", NotCaptured::Depth);
        let one = occurrence(vec![
            ("main", vec![("a", text("outer")), ("only", text("here"))]),
            ("pay", vec![("a", text("inner")), ("order", order(vec![("item".to_owned(), deep)]))]),
        ]);
        check(&one, "a", None, "pay inner");
        check(&one, "a", Some("main"), "main outer");
        check(&one, "only", None, "main here");
        check(&one, "order.item.price", None, "around pay <depth>");
        check(&one, "order.price", None, "missing");
        check(&one, "b", None, "missing");
        check(&one, "a", Some("other"), "no values");
        check(&occurrence(Vec::new()), "a", None, "no values");
    }
}
