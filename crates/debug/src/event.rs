//! An event as the API answers it, as far as a debugger shows it.

use reenact_model::{CodePosition, Parameter, Relation, Runtime, Variables};
use serde::Deserialize;

/// One event, whole.
///
/// - **Source:** the answer of `GET /api/v1/events/{id}` (`docs/reference/openapi.json`); what is not named here is
///   passed over.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Event {
    /// 32 hexadecimal digits.
    pub id: String,
    /// When it happened.
    pub timestamp: String,
    /// The service.
    pub service: String,
    /// The environment.
    pub env: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// Whether the service survived it.
    pub handled: bool,
    /// The source commit.
    pub commit: Option<String>,
    /// The thread's name.
    pub thread: Option<String>,
    /// What the process ran on.
    pub runtime: Option<Runtime>,
    /// Whether values were captured, or why not.
    pub values: ValuesState,
    /// The chain: root cause first, the exception that escaped last.
    pub exceptions: Vec<Exception>,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// Whether values were captured, or why not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ValuesState {
    /// `captured`, or a reason.
    pub state: String,
    /// One sentence for people.
    pub reason: String,
}

/// One exception of a chain.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Exception {
    /// The class name with its module.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The message.
    pub message: String,
    /// How it led to the next exception.
    pub relation: Option<Relation>,
    /// Notes added to it.
    pub notes: Vec<String>,
    /// The exceptions in it when it is a group, each with what led to it.
    pub members: Vec<Vec<Exception>>,
    /// Members that are not there.
    pub members_left_out: usize,
    /// Outermost call first, raise last.
    pub frames: Vec<Frame>,
}

/// One frame.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Frame {
    /// The function.
    pub function: String,
    /// Its qualified name, where known.
    pub qualified_name: Option<String>,
    /// The module, where known.
    pub module: Option<String>,
    /// The source file.
    pub file: String,
    /// The line, from 1.
    pub line_number: Option<u32>,
    /// Whether it is the service's own code.
    pub in_app: bool,
    /// Further identical frames left out here.
    pub repeats: u32,
    /// Source lines, where known.
    pub source: Option<Lines>,
    /// The values.
    pub values: FrameValues,
}

/// Lines of source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Lines {
    /// Number of the first line, from 1.
    pub first_line_number: u32,
    /// The lines.
    pub lines: Vec<String>,
    /// Where they come from: `traceback`, `client` or `repository`.
    pub origin: String,
    /// The first 128 bits of the BLAKE3 hash of the client's file, in hexadecimal.
    pub file_hash: Option<String>,
}

/// The captured values of a frame, or why there are none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FrameValues {
    /// `captured`, or a reason.
    pub state: String,
    /// One sentence for people.
    pub reason: String,
    /// Whether they were captured for an earlier exception.
    pub earlier_occurrence: bool,
    /// Arguments.
    pub arguments: Variables,
    /// Local variables.
    pub locals: Variables,
    /// Global variables that the code names.
    pub globals: Variables,
    /// Variables of enclosing functions.
    pub closure: Variables,
    /// Values as they were at the raise.
    pub at_raise: Variables,
    /// Arguments as they were when the function was entered.
    pub at_entry: Variables,
    /// The arguments that the function takes, in order.
    pub parameters: Vec<Parameter>,
    /// Where in its code the frame was.
    pub code: Option<CodePosition>,
}

impl Event {
    /// Reads the API's answer.
    ///
    /// # Errors
    /// What is no event, in words for people.
    pub fn read(json: serde_json::Value) -> Result<Self, String> {
        serde_json::from_value(json).map_err(|error| format!("the server's answer is no event: {error}"))
    }

    /// Puts lines of a repository where the event itself has fewer of a frame.
    ///
    /// - **Source:** the answer of `GET /api/v1/events/{id}/source`: frames in the order of the event.
    pub fn join_source(&mut self, source: &serde_json::Value) {
        let chains = source["exceptions"].as_array().into_iter().flatten();
        for (exception, of_exception) in self.exceptions.iter_mut().zip(chains) {
            let found = of_exception.as_array().into_iter().flatten();
            for (frame, found) in exception.frames.iter_mut().zip(found) {
                let lines = Lines::deserialize(&found["source"]).ok().filter(|_| found["state"] == "found");
                let known = frame.source.as_ref().map_or(0, |source| source.lines.len());
                if let Some(lines) = lines.filter(|lines| lines.lines.len() > known) {
                    let file_hash = frame.source.take().and_then(|source| source.file_hash);
                    frame.source = Some(Lines { file_hash, ..lines });
                }
            }
        }
    }

    /// The files of all frames, each once; those of the exception that escaped first, and its deepest frames first.
    pub fn files(&self) -> Vec<File<'_>> {
        let mut places = std::collections::HashMap::new();
        let mut files: Vec<File<'_>> = Vec::new();
        let frames = self.exceptions.iter().rev().flat_map(|exception| exception.frames.iter().rev());
        for frame in frames.filter(|frame| !frame.file.is_empty()) {
            let place = *places.entry(frame.file.as_str()).or_insert_with(|| {
                files.push(File { path: &frame.file, in_app: frame.in_app, lines: Vec::new() });
                files.len() - 1
            });
            files[place].lines.extend(&frame.source);
        }
        files
    }
}

/// A file that frames of an event are in.
#[derive(Clone, Debug)]
pub struct File<'a> {
    /// Its path on the event's machine.
    pub path: &'a str,
    /// Whether it is the service's own code.
    pub in_app: bool,
    /// What the frames have of it.
    pub lines: Vec<&'a Lines>,
}
