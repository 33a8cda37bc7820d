//! What is captured becomes no code, whatever it is.

use proptest::prelude::*;

use super::*;

/// The program without what stands between quotes and without comments.
fn skeleton(program: &str) -> String {
    let mut skeleton = String::new();
    let mut rest = program;
    while let Some(c) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix("\"\"\"") {
            rest = inner.split_once("\"\"\"").expect("the docstring ends").1;
        } else if c == '#' {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if matches!(c, '"' | '\'') {
            let mut escaped = false;
            let end = rest[1..].char_indices().find(|(_, inner)| {
                assert_ne!(*inner, '\n', "a string ends in its line: {program}");
                let is_end = *inner == c && !escaped;
                escaped = *inner == '\\' && !escaped;
                is_end
            });
            rest = &rest[end.expect("the string ends").0 + 2..];
            skeleton.push('$');
        } else {
            skeleton.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    skeleton
}

/// What is called in a program whose strings were taken out.
fn called(skeleton: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let calls = skeleton.match_indices('(').map(|(at, _)| {
        let before = &skeleton[..at];
        &before[before
            .rfind(|c| !is_part(c))
            .map_or(0, |start| start + before[start..].chars().next().map_or(1, char::len_utf8))..]
    });
    calls.filter(|name| !name.is_empty()).collect()
}

pub(super) fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,20}",
        Just("'); import os; os.system('id') #".to_owned()),
        Just("\"\"\"\nimport os\n\"\"\"".to_owned()),
        Just("\\'); evil() #".to_owned()),
        Just("os.system".to_owned()),
        Just("evil()".to_owned()),
        Just("'x' + evil() + 'y'".to_owned()),
        Just("datetime.datetime(evil())".to_owned()),
        Just("subprocess.Popen".to_owned()),
        Just("__import__".to_owned()),
        Just("a\nevil()".to_owned()),
        Just("a\r\u{2028}evil()".to_owned()),
        Just("\\\nevil()".to_owned()),
    ]
}

/// Types whose parts become arguments of functions of Python.
const ITERATORS: [&str; 9] = [
    "list_iterator",
    "list_reverseiterator",
    "dict_itemiterator",
    "set_iterator",
    "range_iterator",
    "enumerate",
    "zip",
    "map",
    "callable_iterator",
];

/// Names of parts that are no attributes.
const PARTS: [&str; 13] = [
    "(position)",
    "(sequence)",
    "(rest)",
    "(index)",
    "(iterator)",
    "(iterators)",
    "(sentinel)",
    "(dtype)",
    "(shape)",
    "(data)",
    "(columns)",
    "(name)",
    "(maxlen)",
];

/// Numbers around the ends of those of 64 bits, and longer ones.
fn hostile_number() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(
            &[
                "0",
                "1",
                "-1",
                "2147483647",
                "4294967296",
                "9223372036854775807",
                "9223372036854775808",
                "18446744073709551614",
                "18446744073709551615",
                "18446744073709551616",
            ][..]
        )
        .prop_map(str::to_owned),
        "[0-9]{20}",
    ]
}

/// Iterators as a client sends them, but for where they are.
fn hostile_iterator(inner: impl Strategy<Value = CapturedValue>) -> impl Strategy<Value = CapturedValue> {
    let size = prop::option::of(prop::sample::select(&[0, 1, u64::MAX - 1, u64::MAX][..]));
    let sequence = (prop::collection::vec(inner, 0..4), size)
        .prop_map(|(items, size)| CapturedValue { size, ..list(items) });
    let kinds = prop::sample::select(&POSITIONED[..]);
    (kinds, hostile_number(), sequence).prop_map(|(kind, position, sequence)| {
        let fields = vec![("(position)", scalar("int", &position)), ("(sequence)", sequence)];
        CapturedValue { form: Some(Form::Iterator), ..object(kind, fields) }
    })
}

/// Types of iterators that tell a position.
const POSITIONED: [&str; 8] = [
    "list_iterator",
    "list_reverseiterator",
    "reversed",
    "tuple_iterator",
    "str_ascii_iterator",
    "dict_itemiterator",
    "dict_reversevalueiterator",
    "set_iterator",
];

pub(super) fn hostile_value() -> impl Strategy<Value = CapturedValue> {
    let form = prop::option::of(prop::sample::select(&Form::ALL[..]));
    let text = prop_oneof![6 => hostile(), 1 => hostile_number()];
    let leaf = (hostile(), text, form.clone(), any::<bool>()).prop_map(|(kind, text, form, truncated)| {
        CapturedValue { form, truncated, ..CapturedValue::scalar(kind, text) }
    });
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let kinds = prop_oneof![
            Just("list".to_owned()),
            Just("dict".to_owned()),
            Just("tuple".to_owned()),
            Just("deque".to_owned()),
            Just("defaultdict".to_owned()),
            prop::sample::select(&ITERATORS[..]).prop_map(str::to_owned),
            hostile()
        ];
        let names = prop_oneof![
            hostile(),
            Just("(args)".to_owned()),
            Just("(dict)".to_owned()),
            Just("_name_".to_owned()),
            Just("_value_".to_owned()),
            Just("(function)".to_owned()),
            Just("(self)".to_owned()),
            prop::sample::select(&PARTS[..]).prop_map(str::to_owned),
            Just("a".to_owned())
        ];
        let iterators = hostile_iterator(inner.clone());
        let content = prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Content::Elements),
            prop::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(Content::Entries),
            prop::collection::vec((names, inner), 0..4).prop_map(Content::Fields),
            Just(Content::Nothing),
        ];
        let any = (kinds, content, form.clone(), prop::option::of(0_u32..3)).prop_map(
            |(kind, content, form, reference)| CapturedValue {
                form,
                reference,
                ..CapturedValue::new(kind, content)
            },
        );
        prop_oneof![4 => any, 1 => iterators]
    })
}

/// What a body may call; nothing of it is named by what was captured.
const CALLED: [&str; 64] = [
    "contextlib.ExitStack",
    "stack.enter_context",
    "frozen_clock",
    "environ_with",
    "unittest.mock.patch",
    "unittest.mock.patch.multiple",
    "statement",
    "loaded",
    "method_at",
    "importlib.import_module",
    "raised",
    "obj",
    "fill",
    "class_named",
    "StandIn",
    "spread",
    "set",
    "frozenset",
    "float",
    "complex",
    "range",
    "slice",
    "bytearray",
    "collections.deque",
    "collections.OrderedDict",
    "collections.Counter",
    "collections.defaultdict",
    "types.MappingProxyType",
    "value.timestamp",
    "decimal.Decimal",
    "fractions.Fraction",
    "uuid.UUID",
    "datetime.datetime",
    "datetime.date",
    "datetime.time",
    "datetime.timedelta",
    "datetime.timezone",
    "zoneinfo.ZoneInfo",
    "pathlib.Path",
    "pathlib.PurePosixPath",
    "pathlib.PureWindowsPath",
    "pathlib.PurePath",
    "ipaddress.IPv4Address",
    "ipaddress.IPv6Address",
    "ipaddress.IPv4Network",
    "ipaddress.IPv6Network",
    "array",
    "reproduce",
    "outcome",
    "value.extend",
    "value.update",
    "other.extend",
    "other.update",
    "iter",
    "enumerate",
    "zip",
    "map",
    "filter",
    "reversed",
    "itertools.islice",
    "fromiter",
    "DataFrame",
    "Series",
    ".reshape",
];

/// Nothing stands outside of quotes and comments but what this project writes, and checked names.
pub(super) fn has_no_code_of_the_capture(made: &Reproduction) -> Result<(), TestCaseError> {
    let skeleton = skeleton(&made.text);
    let helpers = [
        "def raised",
        "def obj(",
        "def class_named(",
        "class StandIn",
        "def spread(",
        "def statement(",
        "def loaded(",
        "def method_at(",
        "def frozen_clock(",
        "def environ_with(",
    ];
    let end = helpers.iter().filter_map(|helper| skeleton.find(helper)).min().expect("helpers follow");
    let own = &skeleton[..end];
    for name in called(own) {
        let is_test = name.starts_with("test_");
        let is_method =
            [".extend", ".update", ".reshape", ".timestamp", ".patch.multiple", ".values", ".items"]
                .iter()
                .any(|method| name.ends_with(method));
        prop_assert!(CALLED.contains(&name) || is_test || is_method, "calls `{name}`:\n{}", made.text);
    }
    for line in own.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     ")) {
        let known = [
            "    return ",
            "    error = ",
            "    expected = ",
            "    assert ",
            "    with ",
            "    fill(",
            "    args, kwargs = ",
            "    )",
            "    ]",
            "    }",
        ];
        let is_known = line.trim().is_empty()
            || known.iter().any(|start| line.starts_with(start))
            || line.contains(" = ")
            || line.contains(".extend(")
            || line.contains(".update(")
            || line.trim_end().ends_with(',');
        prop_assert!(is_known, "the line {line:?} of\n{}", made.text);
    }
    // The name of the test has letters and digits of the type's name.
    let own = own.replace(made.file_name.trim_end_matches(".py"), "");
    prop_assert!(!own.contains("evil"), "{}", made.text);
    Ok(())
}

proptest! {
    #[test]
    fn captured_text_never_becomes_code(
        value in hostile_value(), other in hostile_value(), name in hostile(), function in hostile(), file in hostile(),
        message in hostile(), version in hostile(), kind in hostile(), text_of_lines in hostile(),
        mode in prop::sample::select(&[None, Some(Mode::Call), Some(Mode::Statement)][..]),
    ) {
        let arguments = variables(vec![("value", value.clone()), ("other", other), (name.as_str(), value.clone())]);
        let arguments = if Name::checked(&name).is_some() { arguments } else { variables(vec![("value", value.clone())]) };
        let globals = variables(vec![(name.as_str(), value)]);
        let snapshot = Snapshot { id: SnapshotId(1), arguments, globals, ..Snapshot::default() };
        let function = if Name::checked(&function).is_some() { function } else { "charge".to_owned() };
        let mut made = event(vec![(frame(&function, &format!("/srv/app/{}.py", if file.len() > 3 { "pay" } else { &file }), 1, 1), snapshot)]);
        made.0.version = Some(version.clone());
        made.0.service = version;
        made.0.exceptions[0].message = message;
        made.0.exceptions[0].type_name = kind;
        let sources = [SourceFile { file: "/srv/app/pay.py", text: &text_of_lines }];
        let options = Options { mode, sources: &sources, ..Options::default() };
        let Ok(made) = reproduction(&made.0, &made.1, options) else { return Ok(()) };
        has_no_code_of_the_capture(&made)?;
    }
}
