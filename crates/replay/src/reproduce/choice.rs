//! Which frame is chosen, and how its exception is raised again.

use super::fidelity::State;
use super::frames::{Stack, Target};
use super::values::Contents;
use super::{Mode, Offer, Options, PassedOver, Reproduction, Unreproducible, written};

/// Frames that are looked at, from the deepest on.
const FRAMES_MAX: usize = 24;

/// What is known while frames are looked at.
struct Search<'a, 's> {
    stack: &'s Stack<'a>,
    contents: Contents<'a>,
    told: Vec<String>,
    passed_over: Vec<PassedOver>,
}

/// The test that is chosen.
///
/// # Errors
/// [`Unreproducible::NoFrame`].
pub(super) fn chosen(stack: &Stack<'_>, options: Options<'_>) -> Result<Reproduction, Unreproducible> {
    let contents = stack.contents();
    let mut search = Search { stack, contents, told: stack.modules(), passed_over: Vec::new() };
    if let Some(frame) = options.frame {
        return search.asked_for(frame, options.mode);
    }
    let frames: Vec<usize> = (0..stack.frames.len()).rev().take(FRAMES_MAX).collect();
    let frames: Vec<usize> = frames.into_iter().filter(|frame| stack.is_own(&stack.frames[*frame])).collect();
    let mut second_best = None;
    if options.mode != Some(Mode::Statement) {
        for frame in &frames {
            match search.call(*frame) {
                Some((made, true)) => {
                    let why = "the deepest function of the application whose inputs can be made";
                    return Ok(search.finished(made, why, &frames));
                }
                Some((made, false)) => _ = second_best.get_or_insert(made),
                None => {}
            }
        }
    }
    if options.mode != Some(Mode::Call) {
        let mut spoiled = None;
        for frame in &frames {
            match search.statement(*frame) {
                Some((made, true)) => {
                    let why = "no function can be called with all of its inputs as they were; the statement has its variables";
                    return Ok(search.finished(made, why, &frames));
                }
                Some((made, false)) => _ = spoiled.get_or_insert(made),
                None => {}
            }
        }
        second_best = second_best.or(spoiled);
    }
    match second_best {
        Some(best) => {
            let why = match best.mode {
                Mode::Call => "the deepest one that can be called; no frame has all of its inputs",
                Mode::Statement => "no function can be called; of its variables not all are as they were",
            };
            search.passed_over.retain(|passed| passed.frame != best.frame.index || best.mode != Mode::Call);
            Ok(search.finished(best, why, &frames))
        }
        None => Err(Unreproducible::NoFrame(search.passed_over)),
    }
}

impl<'a> Search<'a, '_> {
    /// The test of one frame, as it was asked for.
    fn asked_for(&mut self, frame: usize, mode: Option<Mode>) -> Result<Reproduction, Unreproducible> {
        let called = if mode == Some(Mode::Statement) { None } else { self.call(frame) };
        let made = match called {
            Some(made) => Some(made),
            None if mode == Some(Mode::Call) => None,
            None => self.statement(frame),
        };
        match made {
            Some((made, _)) => {
                if made.mode == Mode::Call || mode.is_some() {
                    self.passed_over.clear();
                }
                Ok(self.finished(made, "it was asked for", &[]))
            }
            None => Err(Unreproducible::NoFrame(std::mem::take(&mut self.passed_over))),
        }
    }

    fn call(&mut self, frame: usize) -> Option<(Reproduction, bool)> {
        let target = self.stack.callable(frame);
        self.made(frame, target)
    }

    fn statement(&mut self, frame: usize) -> Option<(Reproduction, bool)> {
        let target = self.stack.statement(frame);
        self.made(frame, target)
    }

    /// The test, and whether all of its inputs are as they were, as far as they were captured.
    fn made(&mut self, frame: usize, target: Result<Target<'a>, String>) -> Option<(Reproduction, bool)> {
        let target = match target {
            Ok(target) => target,
            Err(reason) => {
                self.pass(frame, reason);
                return None;
            }
        };
        let made = written(self.stack, &target, &self.contents, &self.told);
        let spoiled = made.fidelity.iter().find(|input| input.state > State::Partial);
        if let Some(spoiled) = spoiled {
            self.pass(frame, format!("its input `{}` is not what it was: {}", spoiled.name, spoiled.why));
        }
        let is_whole = spoiled.is_none();
        Some((made, is_whole))
    }

    /// The first reason counts.
    fn pass(&mut self, frame: usize, reason: String) {
        if self.passed_over.iter().all(|passed| passed.frame != frame) {
            let function = self.stack.frames[frame].function.clone();
            self.passed_over.push(PassedOver { frame, function, reason });
        }
    }

    /// With the reasons, and with what else can be made: the outermost function, and the statement.
    fn finished(&mut self, made: Reproduction, why: &str, frames: &[usize]) -> Reproduction {
        let passed_over = std::mem::take(&mut self.passed_over);
        let mut offers = Vec::new();
        let mut offer = |frame: usize, mode: Mode, why: &'static str| {
            let function = self.stack.frames[frame].function.clone();
            offers.push(Offer { mode, frame, function, why });
        };
        let index = made.frame.index;
        let outermost =
            frames.iter().rev().copied().filter(|frame| *frame < index || made.mode == Mode::Statement);
        for frame in outermost {
            if matches!(self.call(frame), Some((_, true))) {
                offer(
                    frame,
                    Mode::Call,
                    "the outermost function of the application whose inputs can be made",
                );
                break;
            }
        }
        if made.mode == Mode::Call
            && let Some(frame) = frames.iter().copied().find(|frame| self.stack.statement(*frame).is_ok())
        {
            offer(frame, Mode::Statement, "the statement that raised, alone");
        }
        self.passed_over.clear();
        Reproduction { passed_over, why: why.to_owned(), offers, ..made }
    }
}
