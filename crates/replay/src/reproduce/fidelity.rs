//! How near the inputs of a reproduction come to what was captured.

/// How near an input comes to what was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// As it was.
    Exact,
    /// Some of it was not captured, or cannot be made again.
    Partial,
    /// The code changed it between the call and the raise; it is as it was at the raise.
    Changed,
    /// A rule removed it, or a part of it; a placeholder stands there.
    Redacted,
    /// Nothing of it can be made; an object that complains when it is used stands there.
    StandIn,
}

impl State {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Partial => "partial",
            Self::Changed => "changed",
            Self::Redacted => "redacted",
            Self::StandIn => "stand_in",
        }
    }
}

/// What an input of a reproduction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InputKind {
    /// An argument of the function that is called.
    Argument,
    /// A variable of the statement that is run alone.
    Variable,
    /// The statement itself, of which it is said what does not run.
    Statement,
    /// A global variable of the module.
    Global,
    /// What the code reads beside these: the time, the environment, random numbers.
    Surroundings,
}

/// How near one input comes to what was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fidelity {
    /// What it is.
    pub kind: InputKind,
    /// The argument or variable; the function itself where its statement alone is run.
    pub name: String,
    /// The worst of it.
    pub state: State,
    /// Why it is not exact: up to three places with reasons. Empty where it is.
    pub why: String,
}

/// What is wrong with one place of an input.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) state: State,
    pub(super) path: String,
    pub(super) why: String,
}

impl Fidelity {
    pub(super) fn of(kind: InputKind, name: &str, troubles: &[Trouble]) -> Self {
        let state = troubles.iter().map(|trouble| trouble.state).max().unwrap_or(State::Exact);
        let said =
            troubles.iter().take(PLACES_MAX).map(|trouble| format!("`{}` {}", trouble.path, trouble.why));
        let mut why = said.collect::<Vec<_>>().join("; ");
        if troubles.len() > PLACES_MAX {
            why.push_str(&format!("; and {} more", troubles.len() - PLACES_MAX));
        }
        Self { kind, name: name.to_owned(), state, why }
    }

    /// With one more thing that is wrong.
    pub(super) fn and(mut self, state: State, why: &str) -> Self {
        self.state = self.state.max(state);
        if !self.why.is_empty() {
            self.why.push_str("; ");
        }
        self.why.push_str(why);
        self
    }
}

/// Places that are told of.
const PLACES_MAX: usize = 3;
