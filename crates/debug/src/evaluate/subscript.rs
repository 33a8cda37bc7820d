//! Items, slices, lengths and membership.

use super::compare::cut_text;
use super::shape::{Items, Kind, Shape, Text, absent};
use super::{Evaluated, Evaluator, Unknown, Value};
use crate::graph::Node;
use crate::limits::MADE_MAX;

const NOT_AMONG_KEYS: &str = "not among the keys that are known";

impl Evaluator<'_> {
    pub(super) fn item(&self, of: &Value, index: &Value) -> Evaluated {
        match self.shape(of) {
            Shape::Mapping(_, node) => {
                let found = self.entry(of, index, 0)?;
                found.ok_or_else(|| self.no_key(node, index))
            }
            Shape::Items(items) if items.kind == Kind::Set => {
                Err(Unknown::new("a set has no items; `in` tells whether a value is in it"))
            }
            Shape::Items(items) => {
                let at = self.index(index, items.size)?;
                items.get(at).ok_or_else(|| match (items.size, items.node) {
                    (Some(size), Some(node)) if (at as u64) < size => Unknown::new(format!(
                        "the first {} of {size} elements were captured; {}",
                        items.len(),
                        node.absence().unwrap_or_else(|| "the others were not".to_owned())
                    )),
                    (None, Some(node)) => absent(node),
                    _ => Unknown::new(format!("there are {} elements, counted from 0", items.len())),
                })
            }
            Shape::Text(text) => {
                let at = self.index(index, characters(&text))?;
                match text.text.chars().nth(at) {
                    Some(character) => Ok(Value::Text(character.to_string())),
                    None if text.is_cut => Err(cut_text()),
                    None => Err(Unknown::new(format!("there are {} characters", text.text.chars().count()))),
                }
            }
            Shape::Bytes(bytes, is_cut) => {
                let at = self.index(index, (!is_cut).then_some(bytes.len() as u64))?;
                match bytes.get(at) {
                    Some(byte) => Ok(Value::Int(i128::from(*byte))),
                    None if is_cut => Err(cut_text()),
                    None => Err(Unknown::new(format!("there are {} bytes", bytes.len()))),
                }
            }
            Shape::Absent(node) => Err(absent(node)),
            _ => Err(Unknown::new(format!(
                "a {} has no items that were captured; `__getitem__` is code, and nothing is run",
                self.type_name(of)
            ))),
        }
    }

    /// An index from the front, of one that may count from the end.
    fn index(&self, index: &Value, size: Option<u64>) -> Evaluated<usize> {
        let at = match self.shape(index) {
            Shape::Int(at) => at,
            Shape::Bool(at) => i128::from(at),
            Shape::Absent(node) => return Err(absent(node)),
            _ => return Err(Unknown::new("an index is a whole number")),
        };
        let front = if at < 0 {
            let size = size.ok_or_else(|| {
                Unknown::new("how many there were was not captured, so that the end is not known")
            })?;
            at.checked_add(i128::from(size)).unwrap_or(-1)
        } else {
            at
        };
        usize::try_from(front).map_err(|_| Unknown::new("there are fewer elements than that"))
    }

    fn no_key(&self, node: &Node, key: &Value) -> Unknown {
        let key = crate::display::line(self.graph, key);
        if node.is_partial() {
            let reason = node.absence().unwrap_or_else(|| "not all of it was captured".to_owned());
            return Unknown::new(format!(
                "no key {key} among the {} that were captured; {reason}",
                node.parts()
            ));
        }
        Unknown::new(format!("no key {key}"))
    }

    /// The value of a key; `None` when it is not among those that were captured.
    ///
    /// - **Limits:** those of [`Evaluator::equal`], at so much nesting.
    pub(super) fn entry(&self, of: &Value, key: &Value, depth: usize) -> Evaluated<Option<Value>> {
        let Shape::Mapping(entries, _) = self.shape(of) else { return Ok(None) };
        if let Shape::Absent(node) = self.shape(key) {
            return Err(absent(node));
        }
        self.hashed(key)?;
        let mut unknown = None;
        for (known, value) in entries {
            match self.alike(&Value::Node(*known), key, depth + 1) {
                Ok(true) => return Ok(Some(Value::Node(*value))),
                Ok(false) => {}
                // Another key may be the one.
                Err(error) => {
                    self.step(1)?;
                    unknown.get_or_insert(error);
                }
            }
        }
        match unknown {
            // A key may be a mapping itself; it is said once.
            Some(Unknown(why)) if why.starts_with(NOT_AMONG_KEYS) => Err(Unknown(why)),
            Some(Unknown(why)) => Err(Unknown::new(format!("{NOT_AMONG_KEYS}; of another one: {why}"))),
            None => Ok(None),
        }
    }

    /// Refuses what is never a key, and never in a set.
    fn hashed(&self, value: &Value) -> Evaluated<()> {
        match self.shape(value) {
            Shape::Items(items) if items.kind == Kind::List => {
                Err(Unknown::new("a list is no key, and in no set"))
            }
            Shape::Mapping(_, node) if node.type_name == "dict" => {
                Err(Unknown::new("a dict is no key, and in no set"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn slice(&self, of: &Value, bounds: [Option<Value>; 3]) -> Evaluated {
        let bounds = bounds.map(|bound| bound.filter(|bound| !matches!(self.shape(bound), Shape::Null)));
        match self.shape(of) {
            Shape::Items(items) if items.kind != Kind::Set => {
                let (places, is_whole) = self.places(&bounds, items.len(), items.size)?;
                if let (false, Some(node)) = (is_whole, items.node) {
                    return Err(Unknown::new(format!(
                        "the first {} elements were captured; {}",
                        items.len(),
                        node.absence().unwrap_or_else(|| "the others were not".to_owned())
                    )));
                }
                let parts = places.into_iter().filter_map(|place| items.get(place)).collect();
                Ok(if items.kind == Kind::Tuple { Value::Tuple(parts) } else { Value::List(parts) })
            }
            Shape::Text(text) => {
                let all: Vec<char> = text.text.chars().collect();
                let (places, is_whole) = self.places(&bounds, all.len(), characters(&text))?;
                if is_whole {
                    Ok(Value::Text(places.into_iter().map(|place| all[place]).collect()))
                } else {
                    Err(cut_text())
                }
            }
            Shape::Bytes(bytes, is_cut) => {
                let size = (!is_cut).then_some(bytes.len() as u64);
                let (places, is_whole) = self.places(&bounds, bytes.len(), size)?;
                if is_whole {
                    Ok(Value::Bytes(places.into_iter().map(|place| bytes[place]).collect()))
                } else {
                    Err(cut_text())
                }
            }
            Shape::Absent(node) => Err(absent(node)),
            _ => Err(Unknown::new(format!("a {} has no slices", self.type_name(of)))),
        }
    }

    /// The places of a slice among those that were captured, and whether these are all that it has.
    fn places(
        &self,
        bounds: &[Option<Value>; 3],
        captured: usize,
        size: Option<u64>,
    ) -> Evaluated<(Vec<usize>, bool)> {
        let step = self.bound(bounds[2].as_ref())?.unwrap_or(1);
        if step == 0 {
            return Err(Unknown::new("the step of a slice is not 0"));
        }
        let (start, stop) = (self.bound(bounds[0].as_ref())?, self.bound(bounds[1].as_ref())?);
        let counts_back = start.is_some_and(|at| at < 0) || stop.is_some_and(|at| at < 0) || step < 0;
        if size.is_none() && counts_back {
            return Err(Unknown::new("how many there were was not captured, so that the end is not known"));
        }
        // Where the size is not known, any place may be one.
        let length = size.map_or(i128::MAX, i128::from);
        let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let front = |at: i128| if at < 0 { at.saturating_add(length) } else { at }.clamp(lowest, highest);
        let first = start.map_or(if step > 0 { lowest } else { highest }, front);
        let end = stop.map_or(if step > 0 { highest } else { lowest }, front);
        let (mut places, mut at) = (Vec::new(), first);
        while if step > 0 { at < end } else { at > end } {
            self.step(1)?;
            let place = usize::try_from(at).unwrap_or(usize::MAX);
            if place >= captured {
                return Ok((Vec::new(), false));
            }
            if places.len() == MADE_MAX {
                return Err(too_much());
            }
            places.push(place);
            at = at.saturating_add(step);
        }
        Ok((places, true))
    }

    fn bound(&self, bound: Option<&Value>) -> Evaluated<Option<i128>> {
        let Some(bound) = bound else { return Ok(None) };
        match self.shape(bound) {
            Shape::Int(value) => Ok(Some(value)),
            Shape::Bool(value) => Ok(Some(i128::from(value))),
            Shape::Absent(node) => Err(absent(node)),
            _ => Err(Unknown::new("parts of a slice are whole numbers")),
        }
    }

    /// How many elements, entries, characters or bytes a value has, whether or not all were captured.
    pub(super) fn length(&self, of: &Value) -> Evaluated<u64> {
        let size = match self.shape(of) {
            Shape::Items(items) => items.size.ok_or(items.node),
            Shape::Mapping(_, node) => node.true_size().ok_or(Some(node)),
            Shape::Text(text) => return characters(&text).ok_or_else(cut_text),
            Shape::Bytes(bytes, false) => Ok(bytes.len() as u64),
            Shape::Bytes(..) => return self.size_of(of).ok_or_else(cut_text),
            Shape::Absent(node) => node.size.ok_or(Some(node)),
            _ => {
                return Err(Unknown::new(format!(
                    "a {} has no length that was captured; `__len__` is code, and nothing is run",
                    self.type_name(of)
                )));
            }
        };
        size.map_err(|node| node.map_or_else(|| Unknown::new("the length was not captured"), absent))
    }

    fn size_of(&self, of: &Value) -> Option<u64> {
        match of {
            Value::Node(id) => self.graph.get(*id).size,
            _ => None,
        }
    }

    pub(super) fn has_parts(&self, of: &Value) -> bool {
        match self.shape(of) {
            Shape::Items(items) => items.len() > 0,
            Shape::Mapping(entries, _) => !entries.is_empty(),
            _ => false,
        }
    }

    pub(super) fn contains(&self, of: &Value, value: &Value) -> Evaluated<bool> {
        match self.shape(of) {
            Shape::Items(items) => {
                if items.kind == Kind::Set {
                    self.hashed(value)?;
                }
                self.has_element(&items, value, 0)
            }
            Shape::Mapping(_, node) => match self.entry(of, value, 0)? {
                Some(_) => Ok(true),
                None if node.is_partial() => Err(self.no_key(node, value)),
                None => Ok(false),
            },
            Shape::Text(text) => match self.shape(value) {
                Shape::Text(part) if part.is_cut => Err(cut_text()),
                Shape::Text(part) => {
                    self.step(text.text.len())?;
                    if text.text.contains(&*part.text) {
                        Ok(true)
                    } else if text.is_cut {
                        Err(cut_text())
                    } else {
                        Ok(false)
                    }
                }
                Shape::Absent(node) => Err(absent(node)),
                _ => Err(Unknown::new("in a text there are only texts")),
            },
            Shape::Absent(node) => Err(absent(node)),
            _ => Err(Unknown::new(format!(
                "what is in a {} was not captured; `__contains__` is code, and nothing is run",
                self.type_name(of)
            ))),
        }
    }

    pub(super) fn has_element(&self, items: &Items<'_>, value: &Value, depth: usize) -> Evaluated<bool> {
        let mut unknown = None;
        for index in 0..items.len() {
            let Some(element) = items.get(index) else { break };
            match self.alike(&element, value, depth + 1) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) => {
                    self.step(1)?;
                    unknown.get_or_insert(error);
                }
            }
        }
        match (unknown, items.node.filter(|node| node.is_partial())) {
            (Some(error), _) => Err(error),
            (None, Some(node)) => Err(absent(node)),
            (None, None) => Ok(false),
        }
    }
}

/// Characters of the original text, as far as that is known.
fn characters(text: &Text<'_>) -> Option<u64> {
    if text.is_cut { text.size } else { Some(text.text.chars().count() as u64) }
}

pub(super) fn too_much() -> Unknown {
    Unknown::new(format!("an evaluation makes {MADE_MAX} elements or bytes at most"))
}
