//! Captured arrays of numpy, and tables and columns of pandas, as expressions.

use reenact_model::{CapturedValue, Content};

use super::expression::{Argument, Expression};
use super::objects::{Fields, field};
use super::python::{Dotted, Name};
use super::values::Draft;

impl<'a> Draft<'a> {
    pub(super) fn array(
        &mut self,
        dtype: &'a CapturedValue,
        shape: &'a CapturedValue,
        data: &'a CapturedValue,
        hint: &Name,
    ) -> Option<Expression> {
        let kind = dtype.text()?;
        let (shape_made, data_made) =
            (self.value(shape, hint), self.at(".data".to_owned(), |draft| draft.value(data, hint)));
        let dtype = Argument::Named(Name::fixed("dtype"), Expression::text(&kind));
        // Lists that are elements of an array are no rows of it.
        let maker = if kind == "object" { "fromiter" } else { "array" };
        let maker = self.of_module("numpy", maker)?;
        let made = Expression::Call(Box::new(maker), vec![Argument::Positional(data_made), dtype]);
        if is_cut(data) || dimensions(shape) == Some(1) {
            return Some(made);
        }
        let reshape = Expression::Attribute(Box::new(made), Name::fixed("reshape"));
        Some(Expression::Call(Box::new(reshape), vec![Argument::Positional(shape_made)]))
    }

    /// A table by its columns, a column by its data; `None` when neither was read.
    pub(super) fn table(&mut self, fields: &'a Fields, hint: &Name) -> Option<Expression> {
        let field = |name: &str| field(fields, name);
        let (class, content) = match (field("(columns)"), field("(data)")) {
            (Some(columns), _) => ("DataFrame", columns),
            (None, Some(data)) => ("Series", data),
            (None, None) => return None,
        };
        let class = self.of_module("pandas", class)?;
        let mut arguments = vec![Argument::Positional(self.value(content, hint))];
        // Labels of rows that are not there would fit nothing.
        if let Some(index) = field("(index)").filter(|index| !rows_are_cut(content) && !is_default(index)) {
            let index = self.at(".index".to_owned(), |draft| draft.value(index, hint));
            arguments.push(Argument::Named(Name::fixed("index"), index));
        }
        if let Some(name) = field("(name)") {
            let name = self.at(".name".to_owned(), |draft| draft.value(name, hint));
            arguments.push(Argument::Named(Name::fixed("name"), name));
        }
        Some(Expression::Call(Box::new(class), arguments))
    }

    pub(super) fn of_module(&mut self, module: &str, name: &str) -> Option<Expression> {
        Some(self.scope.import(&Dotted::checked(module)?, &Dotted::checked(name)?))
    }
}

/// Whether elements of an array are missing.
fn is_cut(data: &CapturedValue) -> bool {
    match &data.content {
        Content::Elements(elements) => data.size.is_some_and(|size| size > elements.len() as u64),
        _ => true,
    }
}

fn dimensions(shape: &CapturedValue) -> Option<usize> {
    match &shape.content {
        Content::Elements(lengths) => Some(lengths.len()),
        _ => None,
    }
}

/// Whether rows of a column, or of the columns of a table, are missing.
fn rows_are_cut(content: &CapturedValue) -> bool {
    let data_is_cut = |column: &CapturedValue| match &column.content {
        Content::Fields(fields) => fields.iter().any(|(name, data)| name == "(data)" && is_cut(data)),
        _ => true,
    };
    match &content.content {
        Content::Entries(columns) => columns.iter().any(|(_, column)| data_is_cut(column)),
        _ => data_is_cut(content),
    }
}

/// Rows are counted from 0 unless something else is said.
fn is_default(index: &CapturedValue) -> bool {
    index.text().is_some_and(|text| text.starts_with("range(0, ") && text.matches(',').count() == 1)
}
