//! Which objects stand at several places of the inputs, and which lead back to themselves.

use std::collections::{HashMap, HashSet};

use reenact_model::{CapturedValue, Content};

use super::python::Name;
use super::values::{Contents, DEPTH_MAX};

/// How objects that stand at several places are used by the inputs.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    pub(super) uses: HashMap<u32, u32>,
    pub(super) cyclic: HashSet<u32>,
    pub(super) variables: HashMap<u32, Name>,
}

impl Sharing {
    pub(super) fn count<'a>(
        &mut self,
        value: &'a CapturedValue,
        contents: &Contents<'a>,
        open: &mut Vec<u32>,
        depth: usize,
        left: &mut usize,
    ) {
        if *left == 0 || depth > DEPTH_MAX {
            return;
        }
        *left -= 1;
        let mut value = value;
        let reference = value.reference;
        if let Some(reference) = reference {
            let uses = self.uses.entry(reference).or_default();
            *uses += 1;
            if open.contains(&reference) {
                self.cyclic.insert(reference);
                return;
            }
            if *uses > 1 {
                return;
            }
            if matches!(value.content, Content::Nothing) && value.not_captured.is_none() {
                let Some(content) = contents.get(&reference) else { return };
                value = content;
            }
            open.push(reference);
        }
        match &value.content {
            Content::Nothing | Content::Null | Content::Scalar(_) => {}
            Content::Fields(fields) => {
                for (_, inner) in fields {
                    self.count(inner, contents, open, depth + 1, left);
                }
            }
            Content::Elements(elements) => {
                for inner in elements {
                    self.count(inner, contents, open, depth + 1, left);
                }
            }
            Content::Entries(entries) => {
                for (key, inner) in entries {
                    self.count(key, contents, open, depth + 1, left);
                    self.count(inner, contents, open, depth + 1, left);
                }
            }
        }
        if reference.is_some() {
            open.pop();
        }
    }
}
