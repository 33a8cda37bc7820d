//! How a session begins, stops, and ends.

use serde_json::{Value as Json, json};

use super::messages::{InitializeArguments, Request, StartArguments};
use super::{Answered, Effect, NOTHING_RUNS, Refused, Session, Wanted, arguments, body, reason};
use crate::case::Case;
use crate::limits::BREAKPOINTS_MAX;
use crate::source::LocalState;
use reenact_replay::visible::visible;

/// Files that differ, of which the client is told by name.
const DIFFERING_MAX: usize = 5;

impl Session {
    pub(super) fn initialize(&mut self, json: &Json) -> Answered {
        let wanted: InitializeArguments = arguments(json)?;
        self.lines_from = i64::from(wanted.lines_start_at1.unwrap_or(true));
        self.columns_from = i64::from(wanted.columns_start_at1.unwrap_or(true));
        self.is_initialized = true;
        Ok(json!({
            "supportsConfigurationDoneRequest": true,
            "supportsExceptionInfoRequest": true,
            "supportsEvaluateForHovers": true,
            "supportsClipboardContext": true,
            "supportsCompletionsRequest": true,
            "completionTriggerCharacters": [".", "["],
            "supportsDelayedStackTraceLoading": true,
            "supportsTerminateRequest": true,
            "supportsLoadedSourcesRequest": true,
            "supportsModulesRequest": true,
            "supportsFunctionBreakpoints": true,
            "supportsCancelRequest": true,
            "supportTerminateDebuggee": false,
            "exceptionBreakpointFilters": [],
        }))
    }

    /// `launch` and `attach`: answered at once for the event that is open, else when it is there.
    pub(super) fn start(&mut self, request: &Request, effects: &mut Vec<Effect>) {
        let answered = self.wanted(&request.arguments);
        match answered {
            Ok(Some(wanted)) => {
                self.starting = Some((request.seq, request.command.clone()));
                effects.push(Effect::Load(wanted));
            }
            Ok(None) => {
                self.is_started = true;
                effects.push(self.response(request.seq, &request.command, Ok(Json::Null)));
                self.stop(effects);
            }
            Err(refused) => effects.push(self.response(request.seq, &request.command, Err(refused))),
        }
    }

    /// The event that has to be got; `None` for the one that is open.
    fn wanted(&self, json: &Json) -> Result<Option<Wanted>, Refused> {
        if self.has_ended {
            return Err(Refused::new(reason::ENDED, "the session has ended"));
        }
        if self.starting.is_some() || self.is_started {
            return Err(Refused::new(
                reason::ARGUMENTS,
                "one session shows one event; begin another session",
            ));
        }
        let wanted: StartArguments = arguments(json)?;
        let is_open = |event: &str| self.case.as_ref().is_some_and(|case| case.event.id == event);
        match wanted.event.filter(|event| !event.trim().is_empty()) {
            Some(event) if is_open(event.trim()) => Ok(None),
            Some(event) => Ok(Some(Wanted { event, root: wanted.root })),
            None if self.case.is_some() => Ok(None),
            None => Err(Refused::new(
                reason::NO_EVENT,
                "which event? Name it as `event` in the launch configuration, or on the command line: `reenact debug EVENT`",
            )),
        }
    }

    /// Hands over the event that [`Effect::Load`] asked for, or why it could not be got.
    pub fn loaded(&mut self, loaded: Result<Case, String>) -> Vec<Effect> {
        let mut effects = Vec::new();
        let Some((seq, command)) = self.starting.take() else { return effects };
        match loaded {
            Ok(case) => {
                self.case = Some(case);
                self.is_started = true;
                effects.push(self.response(seq, &command, Ok(Json::Null)));
                self.stop(&mut effects);
            }
            Err(why) => {
                effects.push(self.response(
                    seq,
                    &command,
                    Err(Refused::new(reason::NO_EVENT, visible(&why))),
                ));
            }
        }
        effects
    }

    /// What comes after the answer to a request.
    pub(super) fn follow(&mut self, command: &str, effects: &mut Vec<Effect>) {
        match command {
            "initialize" => effects.push(self.event("initialized", Json::Null)),
            "configurationDone" => {
                self.is_configured = true;
                self.stop(effects);
            }
            "continue" | "terminate" if !self.has_ended => {
                self.has_ended = true;
                effects.push(self.event("terminated", Json::Null));
            }
            "disconnect" => {
                self.has_ended = true;
                effects.push(Effect::End);
            }
            _ => {}
        }
    }

    /// Says that the process has stopped, when the client is ready and knows which event it is.
    fn stop(&mut self, effects: &mut Vec<Effect>) {
        let Some(case) =
            self.case.as_ref().filter(|_| self.is_configured && self.is_started && !self.is_stopped)
        else {
            return;
        };
        let (headline, about) = (case.headline(), about(case));
        self.is_stopped = true;
        effects.push(self.output("console", &about));
        effects.push(self.event(
            "stopped",
            json!({
                "reason": "exception",
                "description": "Stopped where the exception was raised",
                "text": headline,
                "threadId": super::stack::THREAD,
                "allThreadsStopped": true,
            }),
        ));
    }
}

/// What a reader should know, in lines.
fn about(case: &Case) -> String {
    let event = &case.event;
    let mut lines = vec![format!("{}: {}", event.service, case.headline())];
    let version = event.version.as_deref().map_or(String::new(), |version| format!(", version {version}"));
    lines.push(format!("event {} of {}{version}; nothing is run here", event.id, event.timestamp));
    if event.values.state != "captured" {
        lines.push(format!("there are no values: {}", event.values.reason));
    }
    lines.extend(event.warnings.iter().map(|warning| format!("note: {warning}")));
    let local = |state| {
        let sources = case.sources.all.iter();
        sources.filter(move |source| source.local.as_ref().is_some_and(|local| local.state == state))
    };
    for source in local(LocalState::Differs).take(DIFFERING_MAX) {
        let commit = event.commit.as_deref();
        let has_it = commit.map_or(String::new(), |commit| format!("; `git checkout {commit}` may have it"));
        lines.push(format!("{} is not here as it ran; shown is what was captured{has_it}", source.name()));
    }
    for source in local(LocalState::Unchecked).take(DIFFERING_MAX) {
        lines.push(format!(
            "{} may be another one than ran: the event tells nothing to compare",
            source.name()
        ));
    }
    if case.frames_left_out > 0 {
        lines.push(format!("{} frames are over the limit and left out", case.frames_left_out));
    }
    lines.iter().map(|line| visible(line) + "\n").collect()
}

/// Breakpoints are taken and never reached.
pub(super) fn breakpoints(json: &Json) -> Json {
    let count = |key: &str| json[key].as_array().map_or(0, Vec::len);
    let listed = ["breakpoints", "lines", "filters"].into_iter().map(count).max().unwrap_or(0);
    let one = json!({"verified": false, "message": NOTHING_RUNS});
    let all: Vec<&Json> = std::iter::repeat_n(&one, listed.min(BREAKPOINTS_MAX)).collect();
    json!({"breakpoints": body(all)})
}
