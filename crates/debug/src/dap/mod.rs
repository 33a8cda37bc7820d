//! A session of the Debug Adapter Protocol: messages in, messages out.

mod evaluation;
mod framing;
mod lifecycle;
mod messages;
mod stack;
#[cfg(test)]
mod tests;
mod variables;

pub use framing::{Framing, FramingError, framed};

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::case::Case;
use crate::evaluate::Value;
use messages::{Request, Sent};

/// What is to be done after a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send this message, which has no header yet ([`framed`]).
    Send(Vec<u8>),
    /// Get an event, and call [`Session::loaded`].
    Load(Wanted),
    /// Close the connection.
    End,
}

/// An event that a client wants to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The event, or an issue; as the client wrote it.
    pub event: String,
    /// The folder with the application's source, when the client names one.
    pub root: Option<String>,
}

/// A session with one client.
#[derive(Debug, Default)]
pub struct Session {
    case: Option<Case>,
    /// Number of the last message that was sent.
    seq: i64,
    lines_from: i64,
    columns_from: i64,
    /// The request that waits for its event: its number, and which one it is.
    starting: Option<(i64, String)>,
    is_initialized: bool,
    is_started: bool,
    is_configured: bool,
    is_stopped: bool,
    has_ended: bool,
    references: References,
}

/// Values that the client may ask for the parts of.
#[derive(Debug, Default)]
struct References {
    all: Vec<Reference>,
    known: HashMap<(u32, Option<String>), usize>,
}

#[derive(Clone, Debug)]
struct Reference {
    value: Value,
    /// What evaluates to the value.
    expression: Option<String>,
}

/// Why a request is refused.
struct Refused {
    id: i64,
    why: String,
}

impl Refused {
    fn new(id: i64, why: impl Into<String>) -> Self {
        Self { id, why: why.into() }
    }
}

/// Numbers of reasons, which clients may show.
mod reason {
    pub(super) const NO_EVENT: i64 = 1;
    pub(super) const NOTHING_RUNS: i64 = 2;
    pub(super) const UNKNOWN_COMMAND: i64 = 3;
    pub(super) const ARGUMENTS: i64 = 4;
    pub(super) const NO_SUCH: i64 = 5;
    pub(super) const NOT_KNOWN: i64 = 6;
    pub(super) const LIMIT: i64 = 7;
    pub(super) const READ_ONLY: i64 = 8;
    pub(super) const ENDED: i64 = 9;
}

type Answered = Result<Json, Refused>;

impl Session {
    /// A session whose client may name an event.
    pub fn new() -> Self {
        Self { lines_from: 1, columns_from: 1, ..Self::default() }
    }

    /// A session about an event that is known before the client speaks.
    pub fn with(case: Case) -> Self {
        Self { case: Some(case), ..Self::new() }
    }

    /// Whether the client began as clients do.
    pub fn is_initialized(&self) -> bool {
        self.is_initialized
    }

    /// Handles a message of the client, and says what is to be done, in order.
    ///
    /// Every request is answered once, in this call or in that of [`Session::loaded`]; what is no request is passed over, and said to
    /// the client.
    ///
    /// - **Limits:** those of [`crate::limits`].
    pub fn handle(&mut self, message: &[u8]) -> Vec<Effect> {
        let mut effects = Vec::new();
        let request = match read(message) {
            Ok(Some(request)) => request,
            Ok(None) => return effects,
            Err(why) => {
                effects.push(self.output("stderr", &format!("a message was passed over: {why}\n")));
                return effects;
            }
        };
        self.request(&request, &mut effects);
        effects
    }

    fn request(&mut self, request: &Request, effects: &mut Vec<Effect>) {
        let arguments = &request.arguments;
        let answered = match request.command.as_str() {
            "initialize" => self.initialize(arguments),
            "launch" | "attach" => return self.start(request, effects),
            "disconnect" => Ok(Json::Null),
            "terminate" | "cancel" | "configurationDone" => Ok(Json::Null),
            _ if self.has_ended => Err(Refused::new(reason::ENDED, "the session has ended")),
            "setBreakpoints"
            | "setFunctionBreakpoints"
            | "setExceptionBreakpoints"
            | "setDataBreakpoints"
            | "setInstructionBreakpoints" => Ok(lifecycle::breakpoints(arguments)),
            "breakpointLocations" => Ok(json!({"breakpoints": []})),
            "dataBreakpointInfo" => Ok(json!({"dataId": null, "description": NOTHING_CHANGES})),
            "continue" => Ok(json!({"allThreadsContinued": true})),
            "threads" => self.threads(),
            "stackTrace" => self.stack_trace(arguments),
            "scopes" => self.scopes(arguments),
            "variables" => self.variables(arguments),
            "source" => self.source(arguments),
            "exceptionInfo" => self.exception_info(),
            "evaluate" => self.evaluate(arguments),
            "completions" => self.completions(arguments),
            "loadedSources" => self.loaded_sources(),
            "modules" => self.modules(arguments),
            "setVariable" | "setExpression" => Err(Refused::new(reason::READ_ONLY, NOTHING_CHANGES)),
            "next" | "stepIn" | "stepOut" | "stepBack" | "reverseContinue" | "goto" | "gotoTargets"
            | "stepInTargets" | "pause" | "restartFrame" | "restart" => {
                Err(Refused::new(reason::NOTHING_RUNS, NOTHING_RUNS))
            }
            other => {
                let name: String = other.chars().take(60).collect();
                let why = format!(
                    "`{}` is not known to Reenact's debugger",
                    reenact_replay::visible::visible(&name)
                );
                Err(Refused::new(reason::UNKNOWN_COMMAND, why))
            }
        };
        let is_refused = answered.is_err();
        effects.push(self.response(request.seq, &request.command, answered));
        if !is_refused {
            self.follow(&request.command, effects);
        }
    }

    fn case(&self) -> Result<&Case, Refused> {
        let none =
            || Refused::new(reason::NO_EVENT, "no event is open yet; `launch` or `attach` with `event`");
        self.case.as_ref().ok_or_else(none)
    }

    fn response(&mut self, request_seq: i64, command: &str, answered: Answered) -> Effect {
        self.seq += 1;
        let (success, message, body) = match answered {
            Ok(body) => (true, None, body),
            Err(Refused { id, why }) => {
                // Braces in a format name variables.
                let format = why.replace(['{', '}'], "_");
                let error = json!({"error": {"id": id, "format": format, "showUser": false}});
                (false, Some(why), error)
            }
        };
        let command: String = command.chars().take(60).collect();
        sent(&Sent::Response { seq: self.seq, request_seq, success, command: &command, message, body })
    }

    fn event(&mut self, event: &str, body: Json) -> Effect {
        self.seq += 1;
        sent(&Sent::Event { seq: self.seq, event, body })
    }

    fn output(&mut self, category: &str, text: &str) -> Effect {
        self.event("output", json!({"category": category, "output": text}))
    }
}

const NOTHING_RUNS: &str = "this is a captured event and no process: nothing runs, so that nothing can be stepped through. \
                            Look at frames, variables and expressions; Continue ends the session";
const NOTHING_CHANGES: &str = "these are captured values, which cannot be changed";

/// A request; `None` for messages that need no answer.
fn read(message: &[u8]) -> Result<Option<Request>, String> {
    let json: Json = serde_json::from_slice(message).map_err(|error| format!("it is no JSON: {error}"))?;
    match json["type"].as_str() {
        Some("request") => {}
        Some("response" | "event") => return Ok(None),
        _ => return Err("it is no request".to_owned()),
    }
    serde_json::from_value(json).map(Some).map_err(|error| format!("it is no request: {error}"))
}

/// The arguments of a request; absent ones are an empty object.
fn arguments<T: serde::de::DeserializeOwned>(json: &Json) -> Result<T, Refused> {
    let json = if json.is_null() { json!({}) } else { json.clone() };
    serde_json::from_value(json)
        .map_err(|error| Refused::new(reason::ARGUMENTS, format!("the arguments are wrong: {error}")))
}

fn body(of: impl Serialize) -> Json {
    // Our own types have no maps whose keys are no texts.
    serde_json::to_value(of).unwrap_or(Json::Null)
}

fn sent(message: &Sent<'_>) -> Effect {
    Effect::Send(serde_json::to_vec(message).unwrap_or_default())
}
