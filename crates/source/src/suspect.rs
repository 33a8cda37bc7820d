//! Which of the commits that touched the lines of a stack is the suspect, and why, in words. Pure.

use crate::limits::{NAME_BYTES_MAX, cut};

/// What a line is in the stack; the nearest to the raise first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Of the exception that escaped, so many frames above the one that raised; 0 is that one.
    Above(usize),
    /// Of an exception that led to it.
    OfCause {
        /// Exceptions between, from 1.
        depth: usize,
        /// Frames above the one that raised it.
        distance: usize,
        /// Its type.
        type_name: String,
    },
}

impl Role {
    fn text(&self) -> String {
        match self {
            Self::Above(0) => "the line that raised".to_owned(),
            Self::Above(1) => "the call just above the line that raised".to_owned(),
            Self::Above(calls) => format!("a call {calls} frames above the line that raised"),
            Self::OfCause { distance, type_name, .. } => {
                let type_name = cut(type_name.rsplit('.').next().unwrap_or(type_name), NAME_BYTES_MAX);
                let line = if *distance == 0 { "the line that raised" } else { "a call on the way to" };
                format!("{line} `{type_name}`, which led to it")
            }
        }
    }
}

/// A commit that touched a line of the stack last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched<Id> {
    /// The commit.
    pub commit: Id,
    /// When it was made, in seconds since 1970.
    pub seconds: i64,
    /// What the line is in the stack.
    pub role: Role,
    /// The file as the stack has it.
    pub path: String,
    /// The line as the stack has it, from 1.
    pub number: u32,
    /// Whether the file began with the commit.
    pub is_new_file: bool,
}

/// A commit with what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect<Id> {
    /// The commit.
    pub commit: Id,
    /// When it was made, in seconds since 1970.
    pub seconds: i64,
    /// The lines that it touched, the one nearest to the raise first.
    pub lines: Vec<Touched<Id>>,
    /// Why it is named, as a sentence without its full stop: `changed line 41 of shop/gateway.py, the line that
    /// raised, 3 hours before the first occurrence`.
    pub why: String,
}

/// What follows from the commits that touched the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked<Id> {
    /// The suspects: the newest first, which is the last change before the occurrence; of the same time the one nearest
    /// to the raise.
    pub suspects: Vec<Suspect<Id>>,
    /// Commits that are newer than the occurrence, and no suspects.
    pub too_new: usize,
}

/// Orders the commits that touched lines of the stack before `occurred`, in seconds since 1970; `what` occurred is
/// `first occurrence` or `regression`.
pub fn rank<Id: Copy + Ord>(touched: Vec<Touched<Id>>, occurred: i64, what: &str) -> Ranked<Id> {
    let mut suspects: Vec<Suspect<Id>> = Vec::new();
    let mut too_new: Vec<Id> = Vec::new();
    for touched in touched {
        if touched.seconds > occurred {
            if !too_new.contains(&touched.commit) {
                too_new.push(touched.commit);
            }
            continue;
        }
        match suspects.iter_mut().find(|known| known.commit == touched.commit) {
            Some(known) => known.lines.push(touched),
            None => suspects.push(Suspect {
                commit: touched.commit,
                seconds: touched.seconds,
                lines: vec![touched],
                why: String::new(),
            }),
        }
    }
    for suspect in &mut suspects {
        suspect.lines.sort_by(|a, b| (&a.role, &a.path, a.number).cmp(&(&b.role, &b.path, b.number)));
        suspect.why = why(&suspect.lines, occurred - suspect.seconds, what);
    }
    suspects.sort_by(|a, b| {
        let nearest = |suspect: &Suspect<Id>| suspect.lines.first().map(|line| line.role.clone());
        b.seconds.cmp(&a.seconds).then_with(|| nearest(a).cmp(&nearest(b))).then(a.commit.cmp(&b.commit))
    });
    Ranked { suspects, too_new: too_new.len() }
}

fn why<Id>(lines: &[Touched<Id>], seconds_before: i64, what: &str) -> String {
    let Some((first, others)) = lines.split_first() else { return String::new() };
    let verb = if first.is_new_file { "added the file with" } else { "changed" };
    let role = first.role.text();
    let others = match others.len() {
        0 => String::new(),
        1 => ", and one more line of the stack".to_owned(),
        count => format!(", and {count} more lines of the stack"),
    };
    format!(
        "{verb} line {} of {}, {role}{others}, {} before the {what}",
        first.number,
        first.path,
        duration(seconds_before)
    )
}

/// A time in its largest unit: `3 hours`, `one day`.
pub fn duration(seconds: i64) -> String {
    let units = [
        (365 * 86_400, "year"),
        (30 * 86_400, "month"),
        (7 * 86_400, "week"),
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
    ];
    for (length, name) in units {
        // Two weeks and six days are three weeks rather than two.
        let count = (seconds + length / 2) / length;
        if seconds >= length {
            let article = if name == "hour" { "an" } else { "a" };
            return if count == 1 { format!("{article} {name}") } else { format!("{count} {name}s") };
        }
    }
    "less than a minute".to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn touched(commit: u32, seconds: i64, distance: usize, number: u32) -> Touched<u32> {
        Touched {
            commit,
            seconds,
            role: Role::Above(distance),
            path: "shop/a.py".to_owned(),
            number,
            is_new_file: false,
        }
    }

    #[test]
    fn the_last_change_before_the_occurrence_is_the_suspect() {
        let all = vec![
            touched(1, 1_000, 0, 41),
            touched(2, 9_000, 3, 7),
            touched(2, 9_000, 1, 12),
            touched(3, 30_000, 2, 9),
            touched(3, 30_000, 4, 9),
        ];
        let ranked = rank(all, 19_800, "first occurrence");
        let why: Vec<&str> = ranked.suspects.iter().map(|suspect| suspect.why.as_str()).collect();
        assert_eq!(
            why,
            [
                "changed line 12 of shop/a.py, the call just above the line that raised, and one more line of the \
                 stack, 3 hours before the first occurrence",
                "changed line 41 of shop/a.py, the line that raised, 5 hours before the first occurrence",
            ]
        );
        assert_eq!(ranked.too_new, 1);
    }

    #[test]
    fn a_line_of_a_cause_is_told_as_one() {
        let of_cause = |distance| {
            let role = Role::OfCause { depth: 1, distance, type_name: "shop.Down".to_owned() };
            Touched { role, ..touched(1, 0, 0, 7) }
        };
        let why = |touched| rank(vec![touched], 60, "regression").suspects[0].why.clone();
        assert_eq!(
            why(of_cause(0)),
            "changed line 7 of shop/a.py, the line that raised `Down`, which led to it, a minute before the regression"
        );
        assert!(why(of_cause(2)).contains(", a call on the way to `Down`, which led to it, "));
    }

    #[test]
    fn durations_have_one_unit() {
        for (seconds, want) in [
            (0, "less than a minute"),
            (-5, "less than a minute"),
            (59, "less than a minute"),
            (60, "a minute"),
            (3 * 3_600 + 100, "3 hours"),
            (3_600, "an hour"),
            (100_000, "a day"),
            (20 * 86_400, "3 weeks"),
            (800 * 86_400, "2 years"),
        ] {
            assert_eq!(duration(seconds), want, "{seconds}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_the_order_is_of_time(lines in prop::collection::vec((0..5_u32, 0..6_usize, 1..9_u32), 0..12), occurred in 0..6_000_i64) {
            let all: Vec<Touched<u32>> =
                lines.iter().map(|(commit, distance, number)| touched(*commit, i64::from(*commit) * 1_000, *distance, *number)).collect();
            let before = all.iter().filter(|line| line.seconds <= occurred).count();
            let ranked = rank(all, occurred, "regression");
            prop_assert_eq!(ranked.suspects.iter().map(|suspect| suspect.lines.len()).sum::<usize>(), before);
            prop_assert!(ranked.suspects.is_sorted_by(|a, b| a.seconds > b.seconds));
            prop_assert!(ranked.suspects.iter().all(|suspect| suspect.lines.is_sorted_by_key(|line| line.role.clone())));
        }
    }
}
