//! The strict reader of captured scalars: Python literals, and calls of the constructors that a client writes.
//!
//! Everything that it does not know is refused; nothing of the text is copied but digits.

use super::expression::{Argument, Expression};
use super::python::{Dotted, Name};

/// Nesting of constructor calls and brackets that is read.
const DEPTH_MAX: usize = 8;

/// Constructors of the standard library that a scalar may call, under the names that `repr` and our client use.
/// None of them does anything but make a value.
const CONSTRUCTORS: [(&str, &str); 44] = [
    ("Decimal", "decimal.Decimal"),
    ("decimal.Decimal", "decimal.Decimal"),
    ("Fraction", "fractions.Fraction"),
    ("fractions.Fraction", "fractions.Fraction"),
    ("UUID", "uuid.UUID"),
    ("uuid.UUID", "uuid.UUID"),
    ("datetime.datetime", "datetime.datetime"),
    ("datetime.date", "datetime.date"),
    ("datetime.time", "datetime.time"),
    ("datetime.timedelta", "datetime.timedelta"),
    ("datetime.timezone", "datetime.timezone"),
    ("zoneinfo.ZoneInfo", "zoneinfo.ZoneInfo"),
    ("ZoneInfo", "zoneinfo.ZoneInfo"),
    ("PosixPath", "pathlib.Path"),
    ("WindowsPath", "pathlib.Path"),
    ("PurePosixPath", "pathlib.PurePosixPath"),
    ("PureWindowsPath", "pathlib.PureWindowsPath"),
    ("Path", "pathlib.Path"),
    ("pathlib.PosixPath", "pathlib.Path"),
    ("pathlib.WindowsPath", "pathlib.Path"),
    ("pathlib.Path", "pathlib.Path"),
    ("pathlib.PurePosixPath", "pathlib.PurePosixPath"),
    ("pathlib.PureWindowsPath", "pathlib.PureWindowsPath"),
    ("pathlib.PurePath", "pathlib.PurePath"),
    ("pathlib._local.PosixPath", "pathlib.Path"),
    ("pathlib._local.WindowsPath", "pathlib.Path"),
    ("pathlib._local.PurePosixPath", "pathlib.PurePosixPath"),
    ("pathlib._local.PureWindowsPath", "pathlib.PureWindowsPath"),
    ("IPv4Address", "ipaddress.IPv4Address"),
    ("IPv6Address", "ipaddress.IPv6Address"),
    ("IPv4Network", "ipaddress.IPv4Network"),
    ("IPv6Network", "ipaddress.IPv6Network"),
    ("ipaddress.IPv4Address", "ipaddress.IPv4Address"),
    ("ipaddress.IPv6Address", "ipaddress.IPv6Address"),
    ("ipaddress.IPv4Network", "ipaddress.IPv4Network"),
    ("ipaddress.IPv6Network", "ipaddress.IPv6Network"),
    ("range", "range"),
    ("slice", "slice"),
    ("complex", "complex"),
    ("bytearray", "bytearray"),
    ("set", "set"),
    ("frozenset", "frozenset"),
    ("builtins.complex", "complex"),
    ("builtins.frozenset", "frozenset"),
];

/// Names of arguments that these constructors take.
const ARGUMENTS: [&str; 9] =
    ["days", "seconds", "microseconds", "minutes", "hours", "fold", "tzinfo", "key", "strict"];

/// A scalar, with the modules of the standard library that it needs.
#[derive(Debug, PartialEq)]
pub(super) struct Scalar {
    pub(super) expression: Expression,
    pub(super) modules: Vec<&'static str>,
}

/// Reads a captured scalar whole.
///
/// - **Limits:** nesting of 8; O(bytes).
/// - **Source:** `repr` of Python's scalars, and the constructor expressions of our client.
pub(super) fn parse(text: &str) -> Option<Scalar> {
    let mut reader = Reader { rest: text.trim_matches(' '), modules: Vec::new() };
    let expression = reader.value(0)?;
    reader.rest.is_empty().then_some(Scalar { expression, modules: reader.modules })
}

/// What there is of a string or bytes whose `repr` was cut.
pub(super) fn parse_cut(text: &str) -> Option<Expression> {
    let is_bytes = text.starts_with('b');
    let inner = text.strip_prefix('b').unwrap_or(text);
    let (codes, _) = until_quote(inner, is_bytes)?;
    if is_bytes { bytes_of(&codes).map(Expression::Bytes) } else { Some(Expression::Text(codes)) }
}

/// Code points as bytes.
pub(super) fn bytes_of(codes: &[u32]) -> Option<Vec<u8>> {
    codes.iter().map(|code| u8::try_from(*code).ok()).collect()
}

/// The next character between quotes, and its bytes there; `None` at the quote, at the end, or at what is none.
fn character(rest: &str, quote: char, is_bytes: bool) -> Option<(u32, usize)> {
    let first = rest.chars().next()?;
    if first != '\\' {
        let is_one = first != quote && (first.is_ascii() || !is_bytes);
        return is_one.then_some((u32::from(first), first.len_utf8()));
    }
    let digits = match *rest.as_bytes().get(1)? {
        b'n' => return Some((10, 2)),
        b'r' => return Some((13, 2)),
        b't' => return Some((9, 2)),
        byte @ (b'\\' | b'\'' | b'"') => return Some((u32::from(byte), 2)),
        b'x' => 2,
        b'u' if !is_bytes => 4,
        b'U' if !is_bytes => 8,
        _ => return None,
    };
    let code = rest.get(2..2 + digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let code = u32::from_str_radix(code, 16).ok().filter(|code| *code <= 0x10_ffff)?;
    Some((code, 2 + digits))
}

/// The code points between the quotes that a text begins with, and what stands behind them.
pub(super) fn quoted(text: &str, is_bytes: bool) -> Option<(Vec<u32>, &str)> {
    let (codes, rest) = until_quote(text, is_bytes)?;
    Some((codes, rest.strip_prefix(text.chars().next()?)?))
}

/// As [`quoted`], but the closing quote may be missing; what follows begins with it.
fn until_quote(text: &str, is_bytes: bool) -> Option<(Vec<u32>, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let mut rest = &text[1..];
    let mut codes = Vec::new();
    while let Some((code, length)) = character(rest, quote, is_bytes) {
        codes.push(code);
        rest = &rest[length..];
    }
    Some((codes, rest))
}

struct Reader<'a> {
    rest: &'a str,
    modules: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    fn takes(&mut self, wanted: &str) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest.trim_start_matches(' ');
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Expression> {
        if depth > DEPTH_MAX {
            return None;
        }
        match self.rest.chars().next()? {
            '\'' | '"' => self.string(),
            'b' if self.rest[1..].starts_with(['\'', '"']) => self.bytes(),
            '(' if self.rest.trim_end_matches(')').ends_with('j') && depth == 0 => self.complex(),
            '(' => self.tuple(depth),
            '[' => {
                self.takes("[");
                Some(Expression::List(self.items(depth, "]")?.0))
            }
            '{' => self.braces(depth),
            '-' | '0'..='9' => self.number(),
            _ => self.named(depth),
        }
    }

    fn string(&mut self) -> Option<Expression> {
        self.between_quotes(false).map(Expression::Text)
    }

    fn bytes(&mut self) -> Option<Expression> {
        self.rest = &self.rest[1..];
        let codes = self.between_quotes(true)?;
        bytes_of(&codes).map(Expression::Bytes)
    }

    fn between_quotes(&mut self, is_bytes: bool) -> Option<Vec<u32>> {
        let (codes, rest) = quoted(self.rest, is_bytes)?;
        self.rest = rest.trim_start_matches(' ');
        Some(codes)
    }

    /// The number that the text begins with: digits, a point, an exponent.
    fn number(&mut self) -> Option<Expression> {
        let length = number_length(self.rest)?;
        let (number, rest) = self.rest.split_at(length);
        if rest.starts_with(['j', 'J']) {
            self.rest = &rest[1..];
            return Some(complex("0.0", number));
        }
        self.rest = rest.trim_start_matches(' ');
        Some(Expression::Plain(number.to_owned()))
    }

    /// `(3+4j)`, with `nan` and `inf` in either place.
    fn complex(&mut self) -> Option<Expression> {
        let inner = self.rest.strip_prefix('(')?.strip_suffix("j)")?;
        let sign = |index: &usize| {
            let before = inner[..*index].chars().next_back();
            !matches!(before, None | Some('e' | 'E'))
        };
        let at = inner.char_indices().filter(|(_, c)| matches!(c, '+' | '-')).map(|(at, _)| at).find(sign)?;
        let (real, imaginary) = (&inner[..at], inner[at..].trim_start_matches('+'));
        let is_part = |part: &str| {
            let digits = part.trim_start_matches('-');
            matches!(digits, "nan" | "inf") || number_length(part) == Some(part.len())
        };
        (is_part(real) && is_part(imaginary)).then(|| {
            self.rest = "";
            complex(real, imaginary)
        })
    }

    fn tuple(&mut self, depth: usize) -> Option<Expression> {
        self.takes("(");
        let (mut items, has_comma) = self.items(depth, ")")?;
        if items.len() == 1 && !has_comma {
            return items.pop();
        }
        Some(Expression::Tuple(items))
    }

    /// Parts up to the closing bracket, and whether a comma stands before it.
    fn items(&mut self, depth: usize, close: &str) -> Option<(Vec<Expression>, bool)> {
        let (mut items, mut has_comma) = (Vec::new(), true);
        while !self.takes(close) {
            if !has_comma {
                return None;
            }
            items.push(self.value(depth + 1)?);
            has_comma = self.takes(",");
        }
        Some((items, has_comma))
    }

    fn braces(&mut self, depth: usize) -> Option<Expression> {
        self.takes("{");
        let (mut keys, mut entries) = (Vec::new(), Vec::new());
        let mut has_comma = true;
        while !self.takes("}") {
            if !has_comma {
                return None;
            }
            let key = self.value(depth + 1)?;
            if self.takes(":") {
                entries.push((key, self.value(depth + 1)?));
            } else {
                keys.push(key);
            }
            has_comma = self.takes(",");
        }
        match (keys.is_empty(), entries.is_empty()) {
            (false, true) => Some(Expression::Set(keys)),
            (true, _) => Some(Expression::Dict(entries)),
            (false, false) => None,
        }
    }

    fn named(&mut self, depth: usize) -> Option<Expression> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let length = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(length);
        self.rest = rest.trim_start_matches(' ');
        match name {
            "None" | "True" | "False" | "Ellipsis" => return Some(Expression::Plain(name.to_owned())),
            "nan" | "inf" => return Some(float(name)),
            "datetime.timezone.utc" => {
                self.modules.push("datetime");
                // The same object; `datetime.UTC` is of Python 3.11, and linters want it for `timezone.utc`.
                let none = Expression::Call(Box::new(dotted("datetime.timedelta")?), Vec::new());
                let timezone = Box::new(dotted("datetime.timezone")?);
                return Some(Expression::Call(timezone, vec![Argument::Positional(none)]));
            }
            _ => {}
        }
        let (_, real) = CONSTRUCTORS.iter().find(|(known, _)| *known == name)?;
        if !self.takes("(") {
            return None;
        }
        let mut arguments = self.arguments(depth)?;
        if *real == "decimal.Decimal" {
            plain_digits(&mut arguments);
        }
        if let Some((module, _)) = real.rsplit_once('.') {
            self.modules.push(module);
        }
        Some(Expression::Call(Box::new(dotted(real)?), arguments))
    }

    fn arguments(&mut self, depth: usize) -> Option<Vec<Argument>> {
        let (mut arguments, mut has_comma) = (Vec::new(), true);
        while !self.takes(")") {
            if !has_comma {
                return None;
            }
            let named = ARGUMENTS.iter().find(|name| {
                let rest = self.rest.strip_prefix(**name);
                rest.is_some_and(|rest| rest.starts_with('='))
            });
            arguments.push(match named {
                Some(name) => {
                    self.rest = &self.rest[name.len() + 1..];
                    Argument::Named(Name::fixed(name), self.value(depth + 1)?)
                }
                None => Argument::Positional(self.value(depth + 1)?),
            });
            has_comma = self.takes(",");
        }
        Some(arguments)
    }
}

/// A whole number needs no quotes: `Decimal(75)`.
fn plain_digits(arguments: &mut [Argument]) {
    let [Argument::Positional(only)] = arguments else { return };
    let Expression::Text(codes) = only else { return };
    let text: String = codes.iter().filter_map(|code| char::from_u32(*code)).collect();
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && text != "-0";
    if is_whole && text.len() == codes.len() && number_length(&text) == Some(text.len()) {
        *only = Expression::Plain(text);
    }
}

/// A name of the list above as an expression.
fn dotted(text: &str) -> Option<Expression> {
    let dotted = Dotted::checked(text)?;
    let mut parts = dotted.parts().iter();
    let first = Expression::Name(parts.next()?.clone());
    Some(parts.fold(first, |of, name| Expression::Attribute(Box::new(of), name.clone())))
}

fn float(text: &str) -> Expression {
    Expression::call("float", vec![Expression::text(text)])
}

/// Both parts were checked.
fn complex(real: &str, imaginary: &str) -> Expression {
    let part = |part: &str| match part.trim_start_matches('-') {
        "nan" | "inf" => float(part),
        _ => Expression::Plain(part.to_owned()),
    };
    Expression::call("complex", vec![part(real), part(imaginary)])
}

/// How many bytes of the text are one number as Python prints it: `-1`, `0.5`, `1e-05`, `0x1f`. No octal ones, and
/// no leading zeros.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let from = usize::from(text.starts_with('-'));
    if text[from..].starts_with("inf") {
        return None;
    }
    let whole = digits(from);
    if whole == 0 || whole > 1 && bytes[from] == b'0' {
        return None;
    }
    let mut end = from + whole;
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = if end + 1 + sign <= bytes.len() { digits(end + 1 + sign) } else { 0 };
        if exponent == 0 {
            return None;
        }
        end += 1 + sign + exponent;
    }
    let is_end =
        bytes.get(end).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_' || *byte == b'j');
    is_end.then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Option<String> {
        let statement = parse(text)?.expression.stated("", 0);
        Some(statement.trim_start().to_owned())
    }

    #[test]
    fn scalars_are_read_as_python_prints_them() {
        for (text, want) in [
            ("None", "None"),
            ("True", "True"),
            ("-12", "-12"),
            ("1208925819614629174706176", "1208925819614629174706176"),
            ("1e-05", "1e-05"),
            ("1e+20", "1e+20"),
            ("nan", "float(\"nan\")"),
            ("(3+4j)", "complex(3, 4)"),
            ("(-0.5-1e-05j)", "complex(-0.5, -1e-05)"),
            ("(nan+infj)", "complex(float(\"nan\"), float(\"inf\"))"),
            ("4j", "complex(0.0, 4)"),
            ("'it\\'s'", "\"it's\""),
            (r"b'\x00\xffraw'", r#"b"\x00\xffraw""#),
            ("Decimal('12.50')", "decimal.Decimal(\"12.50\")"),
            ("Decimal('75')", "decimal.Decimal(75)"),
            ("Decimal('-0')", "decimal.Decimal(\"-0\")"),
            (
                "datetime.datetime(2024, 1, 2, tzinfo=zoneinfo.ZoneInfo(key='UTC'))",
                "datetime.datetime(2024, 1, 2, tzinfo=zoneinfo.ZoneInfo(key=\"UTC\"))",
            ),
            (
                "datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)",
                "datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone(datetime.timedelta()))",
            ),
            ("PosixPath('/a')", "pathlib.Path(\"/a\")"),
            ("range(0, 3)", "range(0, 3)"),
            ("slice(None, 2, None)", "slice(None, 2, None)"),
            ("bytearray(b'x')", "bytearray(b\"x\")"),
            ("frozenset({1, 2})", "frozenset({1, 2})"),
            ("((), (1,), [{'a': 2}], {3})", "((), (1,), [{\"a\": 2}], {3})"),
        ] {
            assert_eq!(written(text).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for text in [
            "",
            "x",
            "1;",
            "1+1",
            "1 2",
            "01",
            "1_0",
            "'a' 'b'",
            "'a",
            "f'x'",
            "__import__('os')",
            "os.system('id')",
            "datetime.datetime.now()",
            "Decimal('1').real",
            "exec('x')",
            "'a'.upper()",
            "[1 2]",
            "{1: 2, 3}",
            "range(0, x=1)",
            "range(*[1])",
            "b'é'",
            "'\\N{DASH}'",
            "lambda: 0",
            "True and x",
            "(1)(2)",
            "-",
            "1e",
            "<object at 0x1>",
            "0x10",
            "inf.real",
            "complex(1, os)",
            "'\n'x",
        ] {
            assert_eq!(written(text), None, "{text}");
        }
        assert_eq!(written(&format!("{}1{}", "[".repeat(50), "]".repeat(50))), None);
    }

    #[test]
    fn what_there_is_of_a_cut_text_is_kept() {
        let cut = |text: &str| parse_cut(text).map(|cut| cut.stated("", 0).trim_start().to_owned());
        assert_eq!(cut("'abc").as_deref(), Some("\"abc\""));
        assert_eq!(cut(r"'ab\x0").as_deref(), Some("\"ab\""));
        assert_eq!(cut("b'ab").as_deref(), Some("b\"ab\""));
        assert_eq!(cut("abc"), None);
    }
}
