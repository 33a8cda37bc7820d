//! Arrays and numbers of numpy whose elements a client gives as numpy prints them: those of Datadog's.

use reenact_model::{CapturedValue, Content};

use super::classes::bare;
use super::expression::{Argument, Expression};
use super::fidelity::State;
use super::literal;
use super::python::Name;
use super::values::Draft;

/// Types of single values, each with the name of the type of an array of them.
const TYPES: [(&str, &str); 17] = [
    ("float16", "float16"),
    ("float32", "float32"),
    ("float64", "float64"),
    ("int8", "int8"),
    ("int16", "int16"),
    ("int32", "int32"),
    ("int64", "int64"),
    ("uint8", "uint8"),
    ("uint16", "uint16"),
    ("uint32", "uint32"),
    ("uint64", "uint64"),
    ("complex64", "complex64"),
    ("complex128", "complex128"),
    ("bool", "bool"),
    ("bool_", "bool"),
    ("str_", "str"),
    ("bytes_", "bytes"),
];

/// Dimensions of an array. Numpy has 64; clients go less deep.
const DIMENSIONS_MAX: usize = 16;

impl<'a> Draft<'a> {
    /// An array of elements of one type; `None` where they are of several, or are nothing that can be read.
    pub(super) fn printed_array(&mut self, value: &'a CapturedValue) -> Option<Expression> {
        if bare(&value.type_name) != "ndarray" {
            return None;
        }
        let mut kind = None;
        let mut cut = Vec::new();
        let rows = rows(value, &mut kind, &mut cut, 0)?;
        let mut arguments = vec![Argument::Positional(rows)];
        if let Some(kind) = kind {
            arguments.push(Argument::Named(Name::fixed("dtype"), Expression::text(kind)));
        }
        for (count, size) in cut {
            self.trouble(State::Partial, format!("has a row of {count} of {size} elements"));
        }
        Some(Expression::Call(Box::new(self.of_module("numpy", "array")?), arguments))
    }

    /// A single value as numpy 2 prints it: `np.float64(1.5)`.
    pub(super) fn printed_number(&mut self, value: &CapturedValue, text: &str) -> Option<Expression> {
        if !text.starts_with("np.") {
            return None;
        }
        let (name, inner) = number(&value.type_name, text)?;
        let inner = literal::parse(inner)?.expression;
        let class = self.of_module("numpy", name)?;
        Some(Expression::Call(Box::new(class), vec![Argument::Positional(inner)]))
    }
}

/// Lists of lists, with the type of what is in them, and the rows of which elements are missing.
fn rows(
    value: &CapturedValue,
    kind: &mut Option<&'static str>,
    cut: &mut Vec<(usize, u64)>,
    depth: usize,
) -> Option<Expression> {
    match &value.content {
        Content::Elements(elements) if depth < DIMENSIONS_MAX && bare(&value.type_name) == "ndarray" => {
            if let Some(size) = value.size.filter(|size| depth > 0 && *size > elements.len() as u64) {
                cut.push((elements.len(), size));
            }
            let made = elements.iter().map(|element| rows(element, kind, cut, depth + 1));
            Some(Expression::List(made.collect::<Option<Vec<_>>>()?))
        }
        Content::Scalar(text) if depth > 0 && !value.truncated => {
            let (name, inner) = number(&value.type_name, text)?;
            let (_, of_array) = TYPES.iter().find(|(known, _)| *known == name)?;
            (*kind.get_or_insert(of_array) == *of_array).then_some(())?;
            Some(literal::parse(inner)?.expression)
        }
        _ => None,
    }
}

/// The type of a printed value, and what stands in it: `1.5` of `np.float64(1.5)`, and of `1.5` of older versions.
fn number<'t>(type_name: &str, text: &'t str) -> Option<(&'static str, &'t str)> {
    let known = |name: &str| TYPES.iter().map(|(known, _)| *known).find(|known| *known == name);
    match text.strip_prefix("np.") {
        Some("True_") => Some(("bool", "True")),
        Some("False_") => Some(("bool", "False")),
        Some(printed) => {
            let (name, inner) = printed.strip_suffix(')')?.split_once('(')?;
            Some((known(name)?, inner))
        }
        None => Some((known(bare(type_name))?, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(type_name: &str, text: &str) -> CapturedValue {
        CapturedValue::new(type_name, Content::Scalar(text.into()))
    }

    #[test]
    fn printed_values_are_read() {
        assert_eq!(number("float64", "np.float64(1.5)"), Some(("float64", "1.5")));
        assert_eq!(number("float64", "1.5"), Some(("float64", "1.5")));
        assert_eq!(number("bool", "np.True_"), Some(("bool", "True")));
        assert_eq!(number("str_", "np.str_('a')"), Some(("str_", "'a'")));
        for (type_name, text) in [("float64", "np.system('x')"), ("Rate", "1.5"), ("float64", "np.float64")] {
            assert_eq!(number(type_name, text), None, "{text}");
        }
    }

    #[test]
    fn arrays_are_rows_of_one_type() {
        let array = |elements| CapturedValue::new("ndarray", Content::Elements(elements));
        let of = |value: &CapturedValue| {
            let (mut kind, mut cut) = (None, Vec::new());
            let made = rows(value, &mut kind, &mut cut, 0)?;
            Some((made.assigned(&Name::fixed("made")).trim().to_owned(), kind, cut))
        };
        let row = |texts: [&str; 2]| array(texts.map(|text| scalar("float64", text)).to_vec());
        let whole = array(vec![row(["np.float64(1.0)", "np.float64(nan)"]), row(["2.0", "-3.5"])]);
        let want = "made = [[1.0, float(\"nan\")], [2.0, -3.5]]";
        assert_eq!(of(&whole), Some((want.to_owned(), Some("float64"), Vec::new())));
        let cut = array(vec![CapturedValue { size: Some(9), ..row(["1.0", "2.0"]) }]);
        assert_eq!(of(&cut).unwrap().2, [(2, 9)]);
        assert_eq!(of(&array(Vec::new())).unwrap().1, None);
        assert_eq!(of(&array(vec![scalar("float64", "1.0"), scalar("int64", "1")])), None);
        assert_eq!(of(&array(vec![scalar("Rate", "1.0")])), None);
    }
}
