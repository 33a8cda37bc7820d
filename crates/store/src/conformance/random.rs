//! Random writes and questions.

use proptest::prelude::*;

use super::*;

pub(super) fn batches() -> impl Strategy<Value = Vec<Vec<Write>>> {
    proptest::collection::vec(proptest::collection::vec(any_write(), 1..8), 1..8)
}

fn any_write() -> impl Strategy<Value = Write> {
    prop_oneof![
        4 => any_event().prop_map(of),
        1 => proptest::collection::vec(0_u128..12, 1..4).prop_map(|ids| {
            // The same snapshot always says the same.
            let captured = |id: u128| Snapshot {
                capture_id: (id % 3).checked_sub(1).map(SnapshotId),
                ..snapshot(id, id as i64 * 5)
            };
            Write::Snapshots(ids.into_iter().map(captured).collect())
        }),
    ]
}

pub(super) fn word() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["a", "b", "a b", "ab", "b a", "aB", "", "é", "a=b", "a\0b"])
        .prop_map(str::to_owned)
}

prop_compose! {
    pub(super) fn any_event()(
        id in 0_u128..40,
        env in proptest::option::of(word()),
        version in proptest::option::of(word()),
        user in proptest::option::of(word()),
        tags in proptest::collection::btree_map(word(), word(), 0..3),
        metric in proptest::option::of((word(), 0_u32..3)),
        handled in any::<bool>(),
        texts in proptest::collection::vec(word(), 4),
        snapshots in proptest::collection::vec(proptest::option::of(0_u128..12), 2),
        capture in proptest::option::of(0_u128..2),
    ) -> Placed {
        // An id always has the same issue and about the same time.
        let mut event = event(id, id as i64 * 2, id as u64 % 4);
        let report = &mut event.report;
        if id % 10 == 9 {
            report.timestamp = at(24 * 400);
        }
        report.env = env;
        report.version = version.clone();
        report.capture_id = capture.map(SnapshotId);
        report.user_id = user;
        report.host = version;
        report.tags = tags;
        report.metrics = metric.map(|(name, value)| (name, f64::from(value))).into_iter().collect();
        report.handled = handled;
        report.resource = Some(texts[0].clone());
        let exception = &mut report.exceptions[0];
        exception.message = format!("{} {}", texts[0], texts[1]);
        for (frame, (text, id)) in exception.frames.iter_mut().zip(texts[2..].iter().zip(snapshots)) {
            frame.function.clone_from(text);
            frame.snapshot_id = id.map(SnapshotId);
        }
        event
    }
}

fn any_field() -> impl Strategy<Value = Field> {
    prop_oneof![
        proptest::sample::select(vec![
            Field::Service,
            Field::Env,
            Field::Version,
            Field::ErrorType,
            Field::Host,
            Field::Resource,
            Field::TraceId,
            Field::Issue,
            Field::User,
            Field::Function,
            Field::File,
            Field::Cause,
        ]),
        word().prop_map(Field::Tag),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        word(),
        proptest::sample::select(vec![
            "shop-1",
            "shop-2",
            "shop",
            "0",
            "1",
            "0000000000000001",
            "00",
            "unknown"
        ])
        .prop_map(str::to_owned),
    ]
}

pub(super) fn any_filter() -> impl Strategy<Value = Filter> {
    nested_filter(3, 8)
}

pub(super) fn nested_filter(depth: u32, size: u32) -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        Just(Filter::All),
        (any_field(), value()).prop_map(|(field, value)| Filter::Equals(field, value)),
        (any_field(), value()).prop_map(|(field, value)| Filter::StartsWith(field, value)),
        (any_field(), any_test()).prop_map(|(field, test)| Filter::Passes(field, test)),
        any::<bool>().prop_map(Filter::Handled),
        Just(Filter::HasValues),
        proptest::collection::vec(
            proptest::sample::select(vec!["a", "b", "ab", "é", "pay", "py"]).prop_map(str::to_owned),
            0..3
        )
        .prop_map(Filter::Words),
        (0_u64..4).prop_map(|id| Filter::Equals(Field::Issue, IssueId(id).to_string())),
        (0_u64..4).prop_map(|id| Filter::And(vec![
            Filter::Equals(Field::Issue, IssueId(id).to_string()),
            Filter::HasValues,
        ])),
        any_issues(),
        any_value_condition().prop_map(Filter::Value),
        // Among the events of an issue, as the pages ask.
        (0_u64..4, any_value_condition()).prop_map(|(id, condition)| Filter::And(vec![
            Filter::Equals(Field::Issue, IssueId(id).to_string()),
            Filter::Value(condition),
        ])),
    ];
    leaf.prop_recursive(depth, size, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Filter::And),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

fn any_test() -> impl Strategy<Value = Test> {
    let comparison = proptest::sample::select(vec![
        Comparison::Less,
        Comparison::AtMost,
        Comparison::Greater,
        Comparison::AtLeast,
    ]);
    let operand = proptest::sample::select(vec!["0", "1", "1.5", "2", "499", "x"]).prop_map(str::to_owned);
    let part = proptest::sample::select(vec!["", "a", "s", "shop", "-1", "0", "py"]).prop_map(str::to_owned);
    prop_oneof![
        (comparison, operand).prop_map(|(comparison, operand)| Test::Compares(comparison, operand)),
        proptest::collection::vec(part, 1..4).prop_map(Test::Like),
    ]
}

pub(super) fn any_value_condition() -> impl Strategy<Value = ValueCondition> {
    let path =
        ["amount", "order", "order.currency", "order.lines.0", "order.lines.*", "*", "**", "order.**", "x"];
    let test = vec![
        ValueTest::Exists,
        ValueTest::Null,
        ValueTest::Is("EUR".to_owned()),
        ValueTest::Is("2".to_owned()),
        ValueTest::Like(vec![String::new(), "E".to_owned(), String::new()]),
        ValueTest::Compares(Comparison::Greater, "1".to_owned()),
        ValueTest::Between("0.5".to_owned(), "3".to_owned()),
    ];
    (proptest::sample::select(path.to_vec()), proptest::sample::select(test))
        .prop_map(|(path, test)| ValueCondition { path: ValuePattern::parse(path).expect("it is one"), test })
}

/// A set of issues, sometimes of so many that engines may look for them in another way.
pub(super) fn any_issues() -> impl Strategy<Value = Filter> {
    (proptest::collection::vec(0_u64..4, 0..4), any::<bool>()).prop_map(|(ids, many)| {
        let others = 1_000..if many { 2_500 } else { 1_000 };
        let name = format!("{ids:?} {many}");
        Filter::Issues(IssueSet::new(&name, ids.into_iter().chain(others).map(IssueId)))
    })
}

prop_compose! {
    fn any_boosts()(
        new_after in proptest::option::of((-5_i64..90).prop_map(at)),
        not_new in proptest::collection::vec(0_u64..4, 0..3),
        regressions in proptest::collection::vec(0_u64..4, 0..3),
    ) -> IssueBoosts {
        let set = |ids: Vec<u64>| IssueSet::new("some", ids.into_iter().map(IssueId));
        IssueBoosts { new_after, not_new: set(not_new), regressions: set(regressions) }
    }
}

prop_compose! {
    pub(super) fn question()(
        filter in any_filter(),
        range in prop_oneof![
            Just(always()),
            (-5_i64..90, 1_i64..90).prop_map(|(from, length)| TimeRange { from: at(from), to: at(from + length) }),
        ],
        sort in proptest::sample::select(vec![
            IssueSort::LastSeen, IssueSort::FirstSeen, IssueSort::Count, IssueSort::Users, IssueSort::Relevance,
        ]),
        order in proptest::sample::select(vec![
            EventOrder::Newest, EventOrder::Oldest, EventOrder::ValuesFirst,
        ]),
        limit in 1_usize..9,
        buckets in 0_usize..5,
        groups in proptest::collection::vec(0_u8..3, 4),
        shown in proptest::option::of(proptest::collection::vec(0_u8..3, 0..3)),
        boosts in any_boosts(),
        merged in merged::any_merged(),
        field in any_field(),
        prefix in value(),
        empty_prefix in any::<bool>(),
        id in 0_u128..40,
    ) -> Question {
        let prefix = if empty_prefix { String::new() } else { prefix };
        let groups = IssueGroups::new(3, (0..).map(IssueId).zip(groups));
        Question { filter, range, sort, order, limit, buckets, groups, shown, boosts, merged, field, prefix, id }
    }
}
