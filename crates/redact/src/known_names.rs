//! Answers for names that were asked for before: the objects of one fragment have the same few fields.

use crate::names::Names;

/// Longer names are looked up each time, in bytes.
const NAME_BYTES_MAX: usize = 23;
const SLOTS: usize = 64;

#[derive(Clone, Copy)]
struct Slot<'a> {
    /// 0 for none.
    length: u8,
    name: [u8; NAME_BYTES_MAX],
    rule: Option<&'a str>,
}

/// One answer for each slot; a name is compared byte for byte, so that no other one gets its answer.
pub(crate) struct KnownNames<'a> {
    slots: Box<[Slot<'a>; SLOTS]>,
}

impl<'a> KnownNames<'a> {
    pub(crate) fn new() -> Self {
        Self { slots: Box::new([Slot { length: 0, name: [0; NAME_BYTES_MAX], rule: None }; SLOTS]) }
    }

    /// As [`Names::matched`].
    pub(crate) fn matched(&mut self, name: &str, names: &'a Names) -> Option<&'a str> {
        let bytes = name.as_bytes();
        if bytes.is_empty() || bytes.len() > NAME_BYTES_MAX {
            return names.matched(name);
        }
        let slot = &mut self.slots[place(bytes)];
        if usize::from(slot.length) != bytes.len() || slot.name[..bytes.len()] != *bytes {
            slot.rule = names.matched(name);
            slot.length = bytes.len() as u8;
            slot.name[..bytes.len()].copy_from_slice(bytes);
        }
        slot.rule
    }
}

/// Which slot a name has, by its first, middle and last bytes.
fn place(name: &[u8]) -> usize {
    let last = name.len() - 1;
    let sum = usize::from(name[0]) * 31
        + usize::from(name[last]) * 7
        + usize::from(name[last / 2]) * 3
        + usize::from(name[last.min(2)])
        + name.len() * 5;
    sum % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_those_of_the_names() {
        let names = Names::new([].into_iter(), [].into_iter());
        let mut known = KnownNames::new();
        let words = [
            "a",
            "token",
            "taken",
            "tokens",
            "order",
            "password",
            "passwort",
            "pin",
            "pan",
            "",
            "user_password_old_of_user",
        ];
        for first in words {
            for second in words {
                for name in [first.to_owned(), format!("{first}_{second}"), second.to_owned()] {
                    assert_eq!(known.matched(&name, &names), names.matched(&name), "{name}");
                }
            }
        }
    }
}
