//! The values of a frame on both sides, path by path.

use std::collections::{HashMap, VecDeque};

use reenact_model::{CapturedValue, Content, Snapshot, Variables};

use super::{DEPTH_MAX, KEY_CHARACTERS_MAX, Listed, Outcome, Path, Scope, Volatile, shown, volatile};

/// Nesting to which a key is looked at.
const KEY_DEPTH_MAX: usize = 4;

/// The paths of two snapshots: arguments, locals, closure, globals; the names of the left side first.
pub(super) fn paths(left: &Snapshot, right: &Snapshot, listed: &mut Listed) -> Vec<Path> {
    let mut paths = Vec::new();
    for scope in Scope::ALL {
        let mut walk = Walk { scope, path: String::new(), paths: &mut paths, listed };
        walk.named(&variables(left, scope).0, &variables(right, scope).0, "", 0);
    }
    paths
}

fn variables(snapshot: &Snapshot, scope: Scope) -> &Variables {
    match scope {
        Scope::Arguments => &snapshot.arguments,
        Scope::Locals => &snapshot.locals,
        Scope::Closure => &snapshot.closure,
        Scope::Globals => &snapshot.globals,
    }
}

struct Walk<'a> {
    scope: Scope,
    path: String,
    paths: &'a mut Vec<Path>,
    listed: &'a mut Listed,
}

impl Walk<'_> {
    /// Variables or attributes by their name.
    fn named(
        &mut self,
        left: &[(String, CapturedValue)],
        right: &[(String, CapturedValue)],
        before: &str,
        depth: usize,
    ) {
        let key = |(name, _): &(String, CapturedValue)| name.clone();
        for (l, r) in partners(left.iter().map(key), right.iter().map(key)) {
            let (left, right) = (l.map(|index| &left[index]), r.map(|index| &right[index]));
            let Some((name, _)) = left.or(right) else { continue };
            let step = format!("{before}{}", cut(name));
            self.step(&step, name, left.map(|pair| &pair.1), right.map(|pair| &pair.1), depth);
        }
    }

    /// One step of a path; `name` is what the value is called.
    fn step(
        &mut self,
        step: &str,
        name: &str,
        left: Option<&CapturedValue>,
        right: Option<&CapturedValue>,
        depth: usize,
    ) {
        let length = self.path.len();
        self.path.push_str(step);
        match (left, right) {
            (Some(left), Some(right)) => self.both(name, left, right, depth),
            (left, right) => self.list(name, Outcome::of(left, right), left, right, shown::value),
        }
        self.path.truncate(length);
    }

    fn both(&mut self, name: &str, left: &CapturedValue, right: &CapturedValue, depth: usize) {
        let has_parts = match (&left.content, &right.content) {
            _ if depth >= DEPTH_MAX => false,
            (Content::Fields(l), Content::Fields(r)) => {
                self.named(l, r, ".", depth + 1);
                !(l.is_empty() && r.is_empty())
            }
            (Content::Elements(l), Content::Elements(r)) => {
                self.elements(name, l, r, is_set(left) && is_set(right), depth + 1);
                !(l.is_empty() && r.is_empty())
            }
            (Content::Entries(l), Content::Entries(r)) => {
                self.entries(l, r, depth + 1);
                !(l.is_empty() && r.is_empty())
            }
            _ => false,
        };
        let outcome = match has_parts {
            true => heads(left, right),
            false => whole(left, right),
        };
        if !has_parts || outcome == Outcome::Differs {
            let show = if has_parts { shown::head } else { shown::value };
            self.list(name, outcome, Some(left), Some(right), show);
        }
    }

    /// Elements of a sequence by their index, those of a set by themselves.
    fn elements(
        &mut self,
        name: &str,
        left: &[CapturedValue],
        right: &[CapturedValue],
        of_sets: bool,
        depth: usize,
    ) {
        if !of_sets {
            for index in 0..left.len().max(right.len()) {
                self.step(&format!("[{index}]"), name, left.get(index), right.get(index), depth);
            }
            return;
        }
        for (l, r) in partners(left.iter().map(key), right.iter().map(key)) {
            let (left, right) = (l.map(|index| &left[index]), r.map(|index| &right[index]));
            let Some(text) = left.or(right).map(key) else { continue };
            self.step(&format!("{{{}}}", cut(&text)), name, left, right, depth);
        }
    }

    /// Values of a mapping by their key.
    fn entries(
        &mut self,
        left: &[(CapturedValue, CapturedValue)],
        right: &[(CapturedValue, CapturedValue)],
        depth: usize,
    ) {
        let of = |(entry, _): &(CapturedValue, CapturedValue)| key(entry);
        for (l, r) in partners(left.iter().map(of), right.iter().map(of)) {
            let (left, right) = (l.map(|index| &left[index]), r.map(|index| &right[index]));
            let Some(text) = left.or(right).map(of) else { continue };
            let name = text.trim_matches(['\'', '"']);
            let values = (left.map(|entry| &entry.1), right.map(|entry| &entry.1));
            self.step(&format!("[{}]", cut(&text)), name, values.0, values.1, depth);
        }
    }

    fn list(
        &mut self,
        name: &str,
        outcome: Outcome,
        left: Option<&CapturedValue>,
        right: Option<&CapturedValue>,
        show: fn(&CapturedValue) -> CapturedValue,
    ) {
        let is_difference = !matches!(outcome, Outcome::Same | Outcome::Unknown);
        let volatile: Option<Volatile> =
            is_difference.then(|| volatile::of_values(name, left, right)).flatten();
        if self.listed.add(outcome, volatile.is_some()) {
            self.paths.push(Path {
                scope: self.scope,
                path: self.path.clone(),
                outcome,
                left: left.map(show),
                right: right.filter(|_| outcome != Outcome::Same).map(show),
                volatile,
            });
        }
    }
}

/// Places with equal keys, the first with the first and so on; then what the right side alone has.
fn partners(
    left: impl Iterator<Item = String>,
    right: impl Iterator<Item = String>,
) -> Vec<(Option<usize>, Option<usize>)> {
    let mut of_right: HashMap<String, VecDeque<usize>> = HashMap::new();
    let mut right_count = 0;
    for (index, key) in right.enumerate() {
        of_right.entry(key).or_default().push_back(index);
        right_count += 1;
    }
    let mut taken = vec![false; right_count];
    let mut pairs = Vec::new();
    for (index, key) in left.enumerate() {
        let partner = of_right.get_mut(&key).and_then(VecDeque::pop_front);
        if let Some(partner) = partner {
            taken[partner] = true;
        }
        pairs.push((Some(index), partner));
    }
    pairs.extend((0..right_count).filter(|index| !taken[*index]).map(|index| (None, Some(index))));
    pairs
}

pub(crate) fn is_set(value: &CapturedValue) -> bool {
    matches!(value.type_name.rsplit('.').next(), Some("set" | "frozenset"))
}

/// Two values whose parts have paths of their own, or that have none.
fn heads(left: &CapturedValue, right: &CapturedValue) -> Outcome {
    let head = |value: &CapturedValue| (value.type_name.clone(), value.size, value.not_captured);
    if head(left) == head(right) { Outcome::Same } else { Outcome::Differs }
}

/// Two values with everything in them. Numbers of objects are those of one capture, and say nothing here.
fn whole(left: &CapturedValue, right: &CapturedValue) -> Outcome {
    match (&left.content, &right.content) {
        (Content::Nothing, Content::Nothing) => Outcome::Unknown,
        (left_content, right_content)
            if heads(left, right) == Outcome::Same
                && left.truncated == right.truncated
                && left_content == right_content =>
        {
            Outcome::Same
        }
        _ => Outcome::Differs,
    }
}

/// A key or an element of a set as text; what is volatile in it is left out.
fn key(value: &CapturedValue) -> String {
    let mut text = String::new();
    add_key(value, &mut text, 0);
    text
}

fn add_key(value: &CapturedValue, text: &mut String, depth: usize) {
    let parts: Vec<&CapturedValue> = match &value.content {
        Content::Null => return text.push_str("None"),
        Content::Scalar(scalar) => return text.push_str(&volatile::without_volatile(scalar).0),
        Content::Nothing => Vec::new(),
        Content::Fields(fields) => fields.iter().map(|(_, part)| part).collect(),
        Content::Elements(elements) => elements.iter().collect(),
        Content::Entries(entries) => entries.iter().flat_map(|(key, part)| [key, part]).collect(),
    };
    text.push_str(value.type_name.rsplit('.').next().unwrap_or(""));
    if depth < KEY_DEPTH_MAX {
        text.push('(');
        for (index, part) in parts.into_iter().enumerate() {
            text.push_str(if index > 0 { ", " } else { "" });
            add_key(part, text, depth + 1);
        }
        text.push(')');
    }
}

/// A key as it stands in a path.
fn cut(key: &str) -> String {
    match key.char_indices().nth(KEY_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &key[..end]),
        None => key.to_owned(),
    }
}
