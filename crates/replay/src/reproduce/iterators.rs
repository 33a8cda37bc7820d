//! Captured iterators as expressions: what remains of what they go over.

use reenact_model::{CapturedValue, Content};

use super::classes::bare;
use super::expression::{Argument, Expression};
use super::fidelity::State;
use super::objects::{Fields, field};
use super::python::Name;
use super::values::Draft;

/// The largest position, counted in items, that an iterator of Python can have; `itertools.islice` takes no larger one.
const POSITION_MAX: u64 = i64::MAX as u64;

impl<'a> Draft<'a> {
    /// `None` when the client did not tell where it was.
    pub(super) fn iterator(
        &mut self,
        value: &'a CapturedValue,
        fields: &'a Fields,
        hint: &Name,
    ) -> Option<Expression> {
        let called = |function: &'static str, parts: Vec<Expression>| Some(Expression::call(function, parts));
        match bare(&value.type_name) {
            "enumerate" => {
                let index = self.value(field(fields, "(index)")?, hint);
                let iterator = self.value(field(fields, "(iterator)")?, hint);
                called("enumerate", vec![iterator, index])
            }
            "zip" => called("zip", self.parts(field(fields, "(iterators)")?, hint)?),
            "map" => {
                let mut parts = vec![self.value(field(fields, "(function)")?, hint)];
                parts.extend(self.parts(field(fields, "(iterators)")?, hint)?);
                called("map", parts)
            }
            "filter" => {
                let function = self.value(field(fields, "(function)")?, hint);
                let iterator = self.value(field(fields, "(iterator)")?, hint);
                called("filter", vec![function, iterator])
            }
            "callable_iterator" => {
                let function = self.value(field(fields, "(function)")?, hint);
                let sentinel = self.value(field(fields, "(sentinel)")?, hint);
                called("iter", vec![function, sentinel])
            }
            "range_iterator" => {
                self.moved();
                let rest = self.value(field(fields, "(rest)")?, hint);
                called("iter", vec![rest])
            }
            // One that is at its end holds nothing any more.
            name if fields.is_empty() && is_of_sequence(name) && value.not_captured.is_none() => {
                self.moved();
                called("iter", vec![Expression::Tuple(Vec::new())])
            }
            name => {
                let position = field(fields, "(position)")?.text()?.parse().ok()?;
                let position = Some(position).filter(|position| *position <= POSITION_MAX)?;
                let sequence = field(fields, "(sequence)")?;
                self.rest(name, position, sequence, hint)
            }
        }
    }

    /// What it gave before may have been taken by the very call that is made again.
    fn moved(&mut self) {
        self.trouble(State::Partial, "is where it was at the exception: what it gave before is not in it");
    }

    fn parts(&mut self, iterators: &'a CapturedValue, hint: &Name) -> Option<Vec<Expression>> {
        let Content::Elements(elements) = &iterators.content else { return None };
        let mut parts = Vec::with_capacity(elements.len());
        for element in elements {
            parts.push(self.value(element, hint));
        }
        Some(parts)
    }

    /// What comes from `position` on. A list that is nothing but the iterator's is cut; another one stays whole, so that
    /// both see what becomes of it.
    fn rest(
        &mut self,
        type_name: &str,
        position: u64,
        sequence: &'a CapturedValue,
        hint: &Name,
    ) -> Option<Expression> {
        let length = self.length(sequence);
        let behind = position.checked_add(1)?;
        let is_backwards = type_name.contains("reverse");
        let is_at_start = if is_index_backwards(type_name) { length == Some(behind) } else { position == 0 };
        if !is_at_start {
            self.moved();
        }
        let made = self.at(".sequence".to_owned(), |draft| draft.value(sequence, hint));
        // Backwards a position of a list is an index, and one of a dictionary a count.
        let passed = match type_name {
            name if is_index_backwards(name) => length?.checked_sub(behind)?,
            _ => position,
        };
        let made = match type_name {
            "dict_valueiterator" | "dict_reversevalueiterator" => method(made, "values"),
            "dict_itemiterator" | "dict_reverseitemiterator" => method(made, "items"),
            // A set is in another order when it is made anew.
            "set_iterator" => match made {
                Expression::Set(items) => Expression::List(items),
                Expression::Call(..) if length == Some(0) => made,
                made => {
                    self.trouble(State::Partial, "may come in another order");
                    made
                }
            },
            _ => made,
        };
        let skipped = usize::try_from(passed).ok()?;
        let made = match made {
            Expression::List(items) if is_backwards => {
                Expression::List(items.into_iter().rev().skip(skipped).collect())
            }
            Expression::List(items) => Expression::List(items.into_iter().skip(skipped).collect()),
            Expression::Tuple(items) if !is_backwards => {
                Expression::Tuple(items.into_iter().skip(skipped).collect())
            }
            made => {
                let made = if is_backwards { Expression::call("reversed", vec![made]) } else { made };
                if passed > 0 {
                    let number = Expression::Plain(passed.to_string());
                    let arguments = vec![made, number, Expression::none()];
                    let arguments = arguments.into_iter().map(Argument::Positional).collect();
                    return Some(self.scope.standard_call("itertools", "islice", arguments));
                }
                made
            }
        };
        Some(Expression::call("iter", vec![made]))
    }

    /// How many items something has.
    fn length(&self, sequence: &'a CapturedValue) -> Option<u64> {
        let known = self.resolved(sequence)?;
        match &known.content {
            Content::Elements(elements) => known.size.or_else(|| u64::try_from(elements.len()).ok()),
            _ => known.size,
        }
    }
}

fn is_index_backwards(name: &str) -> bool {
    matches!(name, "list_reverseiterator" | "reversed")
}

fn is_of_sequence(name: &str) -> bool {
    name.ends_with("iterator") || name == "reversed"
}

fn method(of: Expression, name: &'static str) -> Expression {
    Expression::Call(Box::new(Expression::Attribute(Box::new(of), Name::fixed(name))), Vec::new())
}
