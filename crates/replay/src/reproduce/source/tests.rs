use super::*;

const TEXT: &str = "\
import x

class Cart:
    '''Text
that is: (open'''

    @staticmethod
    def rate(
        currency,
    ):
        total = \"(\" + (
            currency  # )
        )
        return \\
            total

    class Line:
        @property
        @cached(1)
        def price(self):
            if self:
                return 1 / 0

        async def other(self): pass

def outer():
    def inner(a):
        return a

    return inner
";

fn lines() -> Lines<'static> {
    Lines::new(1, TEXT.lines().collect())
}

#[track_caller]
fn around(line: u32) -> String {
    let around = lines().around(line).unwrap();
    let names = around.iter().map(|part| format!("{}{}", part.name, if part.is_class { "/" } else { "" }));
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_stands_around_a_line_is_known_by_its_indent() {
    for (line, want) in [
        (1, ""),
        (3, ""),
        (11, "Cart/ rate"),
        (12, "Cart/ rate"),
        (22, "Cart/ Line/ price"),
        (27, "outer"),
        (28, "outer inner"),
        (30, "outer"),
    ] {
        assert_eq!(around(line), want, "line {line}");
    }
    assert_eq!(lines().around(12).unwrap()[1].decorators, ["staticmethod"]);
    assert_eq!(lines().around(22).unwrap()[2].decorators, ["cached", "property"]);
    assert_eq!(Lines::new(20, TEXT.lines().skip(19).take(3).collect()).around(22), None);
}

#[test]
fn a_statement_goes_over_brackets_texts_and_backslashes() {
    let of = |line: u32| lines().statement(line).map(|lines| lines.len());
    assert_eq!((of(11), of(12), of(13), of(14), of(15)), (Some(3), Some(3), Some(3), Some(2), Some(2)));
    assert_eq!((of(4), of(5), of(8), of(2)), (Some(2), Some(2), Some(3), None));
    assert_eq!((lines().end_of(8), lines().body_of(7), lines().body_of(8)), (15, 11, 11));
    assert!(names(&["f\"{total} é\" # x"]).is_superset(&BTreeSet::from(["total", "x", "é"])));
}

#[test]
fn a_printed_line_is_whole_where_it_begins_and_ends_as_a_statement() {
    for line in ["return a / b", "    raise X(a)", "a, b = c(d)", "self.total = 1"] {
        assert!(is_whole(line), "{line}");
    }
    for line in [
        "a / b",
        "rate=rate,",
        "return f(",
        "a)",
        "return a)",
        "for x in y",
        "if (a = b)",
        "x = (",
        "return a, \\",
    ] {
        assert!(!is_whole(line), "{line}");
    }
}

#[test]
fn the_last_line_that_a_number_can_name_is_one() {
    let last = Lines::new(u32::MAX, vec!["def f(", "):", "    return 1"]);
    assert_eq!((last.body_of(u32::MAX), last.end_of(u32::MAX)), (u32::MAX, u32::MAX));
    assert_eq!(last.statement(u32::MAX), Some(vec!["def f("]));
    assert_eq!(Lines::new(1, Vec::new()).body_of(u32::MAX), u32::MAX);
}

#[test]
fn odd_lines_end() {
    for text in ["'", "\\", "'\\", "\"\"\"\\é", ")))", "\u{feff}'é\\é'", "#("] {
        Lines::new(1, vec![text, text]).statement(2);
    }
}
