//! The messages of the Debug Adapter Protocol that are understood and sent, as JSON has them.
//!
//! - **Source:** the specification of the Debug Adapter Protocol, version 1.68.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request of a client.
#[derive(Debug, Deserialize)]
pub(super) struct Request {
    #[serde(default)]
    pub(super) seq: i64,
    pub(super) command: String,
    #[serde(default)]
    pub(super) arguments: Value,
}

/// What is sent to a client.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Sent<'a> {
    Response {
        seq: i64,
        request_seq: i64,
        success: bool,
        command: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        #[serde(skip_serializing_if = "Value::is_null")]
        body: Value,
    },
    Event {
        seq: i64,
        event: &'a str,
        #[serde(skip_serializing_if = "Value::is_null")]
        body: Value,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct InitializeArguments {
    pub(super) lines_start_at1: Option<bool>,
    pub(super) columns_start_at1: Option<bool>,
}

/// Of `launch` and `attach`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StartArguments {
    /// The event, or an issue for its newest one.
    pub(super) event: Option<String>,
    /// The folder with the application's source.
    pub(super) root: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct StackTraceArguments {
    pub(super) thread_id: i64,
    pub(super) start_frame: usize,
    pub(super) levels: usize,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScopesArguments {
    pub(super) frame_id: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VariablesArguments {
    pub(super) variables_reference: i64,
    #[serde(default)]
    pub(super) filter: Option<Filter>,
    #[serde(default)]
    pub(super) start: Option<usize>,
    #[serde(default)]
    pub(super) count: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Filter {
    Indexed,
    Named,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EvaluateArguments {
    pub(super) expression: String,
    #[serde(default)]
    pub(super) frame_id: Option<i64>,
    #[serde(default)]
    pub(super) context: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CompletionsArguments {
    pub(super) text: String,
    pub(super) column: i64,
    #[serde(default)]
    pub(super) line: Option<i64>,
    #[serde(default)]
    pub(super) frame_id: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SourceArguments {
    pub(super) source_reference: i64,
    pub(super) source: Option<SourceNamed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SourceNamed {
    pub(super) source_reference: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ModulesArguments {
    pub(super) start_module: usize,
    pub(super) module_count: usize,
}

/// A file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Source {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_reference: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) presentation_hint: Option<&'static str>,
    pub(super) origin: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StackFrame {
    pub(super) id: usize,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Source>,
    pub(super) line: u32,
    pub(super) column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end_column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) module_id: Option<String>,
    pub(super) presentation_hint: &'static str,
    pub(super) can_restart: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scope {
    pub(super) name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) presentation_hint: Option<&'static str>,
    pub(super) variables_reference: usize,
    pub(super) named_variables: usize,
    pub(super) indexed_variables: usize,
    pub(super) expensive: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub(super) type_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) evaluate_name: Option<String>,
    #[serde(flatten)]
    pub(super) parts: Parts,
    pub(super) presentation_hint: Hint,
}

/// How to ask for the parts of a value, and how many there are.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parts {
    pub(super) variables_reference: usize,
    pub(super) named_variables: usize,
    pub(super) indexed_variables: usize,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Hint {
    pub(super) kind: &'static str,
    pub(super) attributes: [&'static str; 1],
}

impl Hint {
    pub(super) fn of(kind: &'static str) -> Self {
        Self { kind, attributes: ["readOnly"] }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EvaluateBody {
    pub(super) result: String,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub(super) type_name: String,
    #[serde(flatten)]
    pub(super) parts: Parts,
    pub(super) presentation_hint: Hint,
}

#[derive(Debug, Serialize)]
pub(super) struct CompletionItem {
    pub(super) label: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// Where in the text it is put, in UTF-16 units from the client's first column.
    pub(super) start: i64,
    pub(super) length: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExceptionDetails {
    pub(super) message: String,
    pub(super) type_name: String,
    pub(super) full_type_name: String,
    pub(super) evaluate_name: String,
    pub(super) stack_trace: String,
    pub(super) inner_exception: Vec<ExceptionDetails>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Module {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    pub(super) is_user_code: bool,
}
