use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const SECOND_NS: i64 = 1_000_000_000;
const MINUTE_NS: i64 = 60 * SECOND_NS;

fn limiter(all: u32, one: u32) -> VolumeLimiter {
    VolumeLimiter::new(VolumeLimits {
        events_per_minute: NonZeroU32::new(all),
        issue_events_per_minute: NonZeroU32::new(one),
    })
}

fn at(nanos: i64) -> Timestamp {
    Timestamp::from_nanos(1_795_000_000_000_000_000 + nanos)
}

/// Events as (nanosecond, issue), evenly over `minutes`, so many a minute of each issue.
fn even(rates: &[u32], minutes: u32) -> Vec<(i64, u64)> {
    let mut events = Vec::new();
    for (issue, rate) in rates.iter().enumerate() {
        let count = i64::from(rate * minutes);
        for number in 0..count {
            events.push((number * MINUTE_NS * i64::from(minutes) / count, issue as u64));
        }
    }
    events.sort_unstable();
    events
}

/// How many are kept of each issue; none of them is new.
fn kept(limiter: &mut VolumeLimiter, events: &[(i64, u64)]) -> BTreeMap<u64, u32> {
    let mut kept = BTreeMap::new();
    for (nanos, issue) in events {
        let is_kept = limiter.keeps(IssueId(*issue), at(*nanos), || false);
        *kept.entry(*issue).or_default() += u32::from(is_kept);
    }
    kept
}

/// The largest part that nobody need exceed, in events a minute: the definition of max-min fairness.
fn fair_part(rates: &[u32], limit: u32) -> f64 {
    let mut rates: Vec<f64> = rates.iter().map(|rate| f64::from(*rate)).collect();
    rates.sort_by(f64::total_cmp);
    let mut left = f64::from(limit);
    for (number, rate) in rates.iter().enumerate() {
        let part = left / (rates.len() - number) as f64;
        if *rate > part {
            return part;
        }
        left -= rate;
    }
    f64::INFINITY
}

#[test]
fn without_limits_everything_is_kept() {
    let events = even(&[10_000, 3], 2);
    assert_eq!(kept(&mut limiter(0, 0), &events).values().sum::<u32>() as usize, events.len());
}

#[test]
fn one_issue_alone_gets_everything_that_there_is() {
    let kept = kept(&mut limiter(600, 0), &even(&[6_000], 10));
    // Ten minutes, and two thirds of a minute's worth at once.
    assert!((6_350..=6_450).contains(&kept[&0]), "{kept:?}");
}

#[test]
fn a_quiet_issue_next_to_loud_ones_loses_nothing() {
    for loud in 1..=4 {
        let mut rates = vec![20_000; loud];
        rates.extend([90, 30, 1]);
        let kept = kept(&mut limiter(600, 0), &even(&rates, 5));
        let of_quiet: Vec<u32> = (loud..loud + 3).map(|issue| kept[&(issue as u64)]).collect();
        assert_eq!(of_quiet, [450, 150, 5], "next to {loud} loud issues");
    }
}

#[test]
fn what_a_quiet_issue_sends_at_once_is_kept() {
    let mut limiter = limiter(600, 0);
    let mut events = even(&[20_000], 3);
    events.extend((0..130).map(|number| (2 * MINUTE_NS + number, 1)));
    events.sort_unstable();
    assert_eq!(kept(&mut limiter, &events)[&1], 130);
}

#[test]
fn first_events_of_new_issues_are_kept_within_a_bound() {
    let mut limiter = limiter(6, 0);
    let allowed = u64::from(NEW_ISSUES_PER_MINUTE.get());
    (0..100).for_each(|number| {
        limiter.keeps(IssueId(0), at(number), || true);
    });
    let first = |limiter: &mut VolumeLimiter, issue: u64, seconds: i64| {
        limiter.keeps(IssueId(issue), at(seconds * SECOND_NS), || true)
    };
    let new = (1..=allowed + 20).filter(|issue| first(&mut limiter, *issue, 1)).count() as u64;
    assert!((allowed..=allowed + 6).contains(&new), "{new}");
    assert!(!first(&mut limiter, 1, 1), "it is no longer new");
    assert!(first(&mut limiter, 1_000, 3), "there is room again after a while");
}

#[test]
fn an_issue_that_is_not_new_is_asked_about_once() {
    let mut limiter = limiter(1, 0);
    assert!(limiter.keeps(IssueId(0), at(0), || panic!("there is room")));
    assert!(!limiter.keeps(IssueId(0), at(0), || panic!("it was kept")));
    assert!(!limiter.keeps(IssueId(1), at(0), || false));
    assert!(!limiter.keeps(IssueId(1), at(0), || panic!("it was asked about")));
}

#[test]
fn each_issue_has_a_limit_of_its_own() {
    let mut limiter = limiter(0, 10);
    let kept = kept(&mut limiter, &even(&[1_000, 10, 4], 3));
    // A minute's worth at once, and three minutes.
    assert!((39..=40).contains(&kept[&0]), "{kept:?}");
    assert_eq!((kept[&1], kept[&2]), (30, 12));
}

#[test]
fn a_clock_that_goes_back_stops_nothing_for_long() {
    let mut limiter = limiter(60, 20);
    let hour = 60 * MINUTE_NS;
    assert!(limiter.keeps(IssueId(1), at(hour), || false));
    assert_eq!(kept(&mut limiter, &even(&[10], 3))[&0], 30);
}

#[test]
fn memory_is_bounded() {
    let mut limiter = limiter(1_000_000, 10);
    let issues = 3 * ISSUES_MAX as u64;
    let kept = (0..issues).filter(|issue| limiter.keeps(IssueId(*issue), at(0), || false)).count();
    assert_eq!(kept as u64, issues, "those that are not told apart share a part");
    let (buckets, of_all) = (limiter.of_issue.as_ref().unwrap(), limiter.of_all.as_ref().unwrap());
    assert_eq!((buckets.len(), of_all.queue.len()), (ISSUES_MAX, ISSUES_MAX + 1));
    limiter.keeps(IssueId(issues), at(2 * MINUTE_NS), || false);
    let (buckets, of_all) = (limiter.of_issue.as_ref().unwrap(), limiter.of_all.as_ref().unwrap());
    assert_eq!((buckets.len(), of_all.queue.len()), (1, 1));
    let mut known = Known::default();
    (0..KNOWN_MAX as u64 + 5).for_each(|issue| known.insert(IssueId(issue)));
    assert_eq!((known.issues.len(), known.order.len()), (KNOWN_MAX, KNOWN_MAX));
    assert!(!known.contains(IssueId(4)) && known.contains(IssueId(5)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn never_more_than_the_limit_and_a_minutes_worth(
        limit in 1_u32..200,
        of_issue in 0_u32..50,
        steps in proptest::collection::vec((0_i64..4 * SECOND_NS, 0_u64..20, 1_usize..60, any::<bool>()), 1..120),
    ) {
        let mut limiter = limiter(limit, of_issue);
        let (mut now, mut times) = (0, Vec::new());
        let mut by_issue: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
        for (wait, issue, count, is_new) in steps {
            now += wait;
            for _ in 0..count {
                if limiter.keeps(IssueId(issue), at(now), || is_new) {
                    times.push(now);
                    by_issue.entry(issue).or_default().push(now);
                }
            }
        }
        // In every span that begins and ends with a kept event.
        let check = |times: &[i64], per_minute: i64| {
            for (first, from) in times.iter().enumerate() {
                for (last, to) in times.iter().enumerate().skip(first) {
                    let kept = (last - first + 1) as i64;
                    let most = per_minute + (to - from) * per_minute / MINUTE_NS;
                    if kept > most + 1 {
                        return Err(TestCaseError::fail(format!("{kept} of {most} in {} ns", to - from)));
                    }
                }
            }
            Ok(())
        };
        let thinned: Vec<i64> = times.iter().copied().take(600).collect();
        check(&thinned, i64::from(limit + NEW_ISSUES_PER_MINUTE.get()))?;
        if of_issue > 0 {
            for times in by_issue.values() {
                check(&times[..times.len().min(600)], i64::from(of_issue))?;
            }
        }
    }

    #[test]
    fn without_new_issues_the_limit_is_kept_to_the_event(limit in 1_u32..100, counts in proptest::collection::vec(0_u32..200, 1..30)) {
        let mut limiter = limiter(limit, 0);
        let mut kept = 0;
        for (second, count) in counts.iter().enumerate() {
            for number in 0..*count {
                let issue = IssueId(u64::from(number % 7));
                kept += u64::from(limiter.keeps(issue, at(second as i64 * SECOND_NS), || false));
            }
            let most = u64::from(limit) + u64::from(limit) * second as u64 / 60;
            prop_assert!(kept <= most, "{} of {} after {} s", kept, most, second);
        }
    }

    #[test]
    fn the_limit_is_shared_max_min_fairly(limit in 120_u32..400, rates in proptest::collection::vec(1_u32..600, 1..8)) {
        const MINUTES: u32 = 12;
        let kept = kept(&mut limiter(limit, 0), &even(&rates, MINUTES));
        let part = fair_part(&rates, limit);
        for (issue, rate) in rates.iter().enumerate() {
            let (kept, sent) = (f64::from(kept[&(issue as u64)]), f64::from(rate * MINUTES));
            let fair = sent.min(part * f64::from(MINUTES));
            let at_once = f64::from(limit);
            prop_assert!(kept <= fair + at_once + 1.0, "issue {} kept {} of {}, fair {}", issue, kept, sent, fair);
            // Those that ask for clearly less than their part lose nothing; the others get theirs.
            let least = if f64::from(*rate) < 0.9 * part { sent } else { 0.97 * fair - 2.0 };
            prop_assert!(kept >= least, "issue {} kept {} of {}, fair {}", issue, kept, sent, fair);
        }
    }
}
