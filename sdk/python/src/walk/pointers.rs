//! A map from addresses to numbers that is emptied in no time and keeps its memory.

/// Slots at the beginning; twice as many when half of them are used.
const SLOTS_MIN: usize = 1024;

#[derive(Clone, Copy, Default)]
struct Slot {
    address: usize,
    value: u32,
    round: u32,
}

/// Addresses of one round; [`PointerMap::clear`] begins the next one.
pub(crate) struct PointerMap {
    slots: Vec<Slot>,
    used: usize,
    round: u32,
}

impl PointerMap {
    pub(crate) fn new() -> Self {
        Self { slots: vec![Slot::default(); SLOTS_MIN], used: 0, round: 1 }
    }

    pub(crate) fn clear(&mut self) {
        self.used = 0;
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.slots.fill(Slot::default());
            self.round = 1;
        }
    }

    /// The number of an address, if it has one; else it gets `value`.
    pub(crate) fn get_or_insert(&mut self, address: usize, value: u32) -> Option<u32> {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = hash(address) & mask;
        loop {
            let slot = &mut self.slots[at];
            if slot.round != self.round {
                *slot = Slot { address, value, round: self.round };
                self.used += 1;
                return None;
            }
            if slot.address == address {
                return Some(slot.value);
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let bigger = vec![Slot::default(); self.slots.len() * 2];
        let old = std::mem::replace(&mut self.slots, bigger);
        self.used = 0;
        for slot in old {
            if slot.round == self.round {
                self.get_or_insert(slot.address, slot.value);
            }
        }
    }
}

/// Objects are aligned to 16 bytes: the low bits say nothing.
fn hash(address: usize) -> usize {
    (address >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}
