//! What is known of code objects: whose they are.

use reenact_client::settings::Settings;

use crate::own_code::OwnCode;
use crate::read::frame::Frame;
use crate::read::text;
use crate::walk::module_name;

/// Code objects that are remembered.
const SLOTS: usize = 2048;

/// The longest name of a module, in characters.
const MODULE_MAX: usize = 200;

/// What is known of a code object.
#[derive(Clone, Copy, Default)]
pub(super) struct Code {
    address: usize,
    version: u32,
    file: usize,
    /// Whether it is the service's own.
    pub(super) is_own: bool,
    /// Whether exceptions that it raises are events when they are handled.
    pub(super) is_reported: bool,
}

/// Code objects by their addresses.
///
/// An address is used again: one that has another version or file is another code object.
pub(super) struct Codes {
    slots: Vec<Code>,
    own_code: OwnCode,
    handled_modules: Vec<String>,
}

impl Codes {
    pub(super) fn new(settings: &Settings, handled_modules: &[String]) -> Self {
        Self {
            slots: vec![Code::default(); SLOTS],
            own_code: OwnCode::new(settings),
            handled_modules: handled_modules.to_vec(),
        }
    }

    /// What is known of the code of a frame.
    ///
    /// # Safety
    /// The frame lives.
    #[inline]
    pub(super) unsafe fn of(&mut self, frame: &Frame<'_>) -> Code {
        let address = std::ptr::from_ref(frame.code) as usize;
        let at = (address >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
        let (version, file) = (frame.code.version(), frame.code.file() as usize);
        let slot = self.slots[at % SLOTS];
        if slot.address == address && slot.version == version && slot.file == file {
            return slot;
        }
        // SAFETY: as the caller promises; code holds its file, globals their module's name.
        let code = unsafe {
            let is_own = self.own_code.contains(frame.code.file());
            Code { address, version, file, is_own, is_reported: self.is_reported(frame, is_own) }
        };
        self.slots[at % SLOTS] = code;
        code
    }

    unsafe fn is_reported(&self, frame: &Frame<'_>, is_own: bool) -> bool {
        if self.handled_modules.is_empty() {
            return false;
        }
        // SAFETY: as the caller promises.
        let module = unsafe { text::to_string(module_name(frame), MODULE_MAX) };
        let is_within = |wanted: &String| match module.strip_prefix(wanted.as_str()) {
            Some(rest) => rest.is_empty() || rest.starts_with('.'),
            None => wanted == "*" && is_own,
        };
        self.handled_modules.iter().any(is_within)
    }
}
