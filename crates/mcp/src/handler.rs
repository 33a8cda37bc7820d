//! The server of the protocol.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Map, Value};

use crate::answer::ToolError;
use crate::api::{Api, Call};
use crate::arguments::read;
use crate::catalogue::{self, INSTRUCTIONS, SET_ISSUE_STATE};
use crate::{compare, event, issues, reproducer, state, variable};

/// Whether there may be a tool that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// There is, for whoever may change the state of issues.
    Allowed,
    /// There is none.
    None,
}

/// The tools over one API.
pub struct Tools<A> {
    api: Arc<A>,
    changes: Changes,
    version: &'static str,
}

impl<A> Clone for Tools<A> {
    fn clone(&self) -> Self {
        Self { api: Arc::clone(&self.api), changes: self.changes, version: self.version }
    }
}

impl<A: Api> Tools<A> {
    /// The tools; `version` is that of Reenact.
    pub fn new(api: A, changes: Changes, version: &'static str) -> Self {
        Self { api: Arc::new(api), changes, version }
    }

    /// Whether the tool that changes something is there for this caller.
    async fn may_change(&self) -> bool {
        self.changes == Changes::Allowed
            && self.api.call(Call::get("/me", Vec::new())).await.is_ok_and(|me| me["may_triage"] == true)
    }

    /// Runs a tool; `None` when there is none of this name for this caller.
    pub(crate) async fn run(
        &self,
        name: &str,
        arguments: Option<Map<String, Value>>,
    ) -> Option<Result<String, ToolError>> {
        let api = self.api.as_ref();
        Some(match name {
            "search_issues" => async { issues::search(api, read(arguments)?).await }.await,
            "get_issue" => async { issues::one(api, read(arguments)?).await }.await,
            "list_events" => async { issues::events(api, read(arguments)?).await }.await,
            "get_event" => async { event::one(api, read(arguments)?).await }.await,
            "get_variable" => async { variable::one(api, read(arguments)?).await }.await,
            "compare_events" => async { compare::two(api, read(arguments)?).await }.await,
            "get_reproducer" => async { reproducer::of_event(api, read(arguments)?).await }.await,
            SET_ISSUE_STATE if self.may_change().await => {
                async { state::set(api, read(arguments)?).await }.await
            }
            _ => return None,
        })
    }
}

impl<A: Api> ServerHandler for Tools<A> {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let about = Implementation::new("reenact", self.version).with_title("Reenact");
        ServerConfig::new(capabilities).with_server_info(about).with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut tools = catalogue::reading();
        if self.may_change().await {
            tools.push(catalogue::changing());
        }
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let result = match self.run(&request.name, request.arguments).await {
            Some(Ok(text)) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Some(Err(ToolError(message))) => CallToolResult::error(vec![ContentBlock::text(message)]),
            None => CallToolResult::error(vec![ContentBlock::text(self.no_such_tool(&request.name))]),
        };
        Ok(result.into())
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        catalogue::reading().into_iter().find(|tool| tool.name == name)
    }
}

impl<A> Tools<A> {
    fn no_such_tool(&self, name: &str) -> String {
        if name != SET_ISSUE_STATE {
            return format!("There is no tool `{}`; tools/list names them.", crate::answer::short(name, 60));
        }
        match self.changes {
            Changes::None => "Nothing can be changed here. The person who set this server up can switch it on: \
                              `reenact mcp --allow-changes`, or over HTTP a key with the scope `triage` (docs/mcp.md)."
                .to_owned(),
            Changes::Allowed => "You may not change the state of issues: that takes the scope `triage`.".to_owned(),
        }
    }
}
