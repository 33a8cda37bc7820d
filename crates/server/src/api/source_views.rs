//! The JSON of repositories, and of the source of events and issues.

use serde::Serialize;
use utoipa::ToSchema;

use super::views::SourceLines;
use crate::source::PathMapping;

/// The repositories that are set up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RepositoryList {
    /// By name; 50 at most.
    pub(crate) repositories: Vec<Repository>,
}

/// A repository that is set up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Repository {
    /// 16 hexadecimal digits.
    pub(crate) id: String,
    /// For people.
    pub(crate) name: String,
    /// The folder of the clone; null to somebody who may not change settings.
    pub(crate) path: Option<String>,
    /// The services that it is the source of.
    pub(crate) services: Vec<String>,
    /// Where paths of machines lie in the repository.
    pub(crate) mappings: Vec<PathMapping>,
    /// Tags and branches of a version; `{version}` and `v{version}` when empty.
    pub(crate) references: Vec<String>,
    /// Address of a line; recognised by the address of `origin` when null.
    pub(crate) line_url: Option<String>,
    /// Address of a commit.
    pub(crate) commit_url: Option<String>,
    /// Grows by one with each change; the first is 1.
    pub(crate) version: u64,
    /// When it was changed last.
    pub(crate) changed_at: String,
    /// Who did that.
    pub(crate) changed_by: String,
    /// Where the clone stands; null when it cannot be read.
    pub(crate) head: Option<RepositoryHead>,
    /// Why the clone cannot be read.
    pub(crate) problem: Option<String>,
    /// Whether the pages of its lines are known.
    pub(crate) has_links: bool,
}

/// Where a clone stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RepositoryHead {
    /// The branch; null when HEAD is at a commit itself.
    pub(crate) branch: Option<String>,
    /// The commit.
    pub(crate) commit: String,
    /// First line of its message.
    pub(crate) subject: String,
    /// Its author.
    pub(crate) author: String,
    /// When it was committed.
    pub(crate) at: String,
    /// Whether the clone holds only the newest part of the history.
    pub(crate) is_shallow: bool,
}

/// A repository by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RepositoryName {
    /// 16 hexadecimal digits.
    pub(crate) id: String,
    /// For people.
    pub(crate) name: String,
}

/// The commit that an event ran, as far as that is known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceCommit {
    /// 40 hexadecimal digits.
    pub(crate) id: String,
    /// Its page.
    pub(crate) url: Option<String>,
    /// Why it is taken for the one: a sentence for people.
    pub(crate) why: String,
    /// Whether the event or its version name it, rather than its time.
    pub(crate) is_exact: bool,
}

/// The source of an event's frames.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventSource {
    /// `found`, `no_repository` or `unreadable`.
    pub(crate) state: String,
    /// A sentence for people.
    pub(crate) reason: String,
    /// The repository of the event's service.
    pub(crate) repository: Option<RepositoryName>,
    /// The commit that the lines are of.
    pub(crate) commit: Option<SourceCommit>,
    /// By exception of the chain, and frame: as in the event.
    pub(crate) exceptions: Vec<Vec<FrameSource>>,
}

/// The source of a frame.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FrameSource {
    /// `found`, `third_party`, `no_line`, `not_found`, `ambiguous`, `unreadable`, or `differs`: the line is another one than
    /// the traceback printed.
    pub(crate) state: String,
    /// A sentence for people.
    pub(crate) reason: String,
    /// The file in the repository.
    pub(crate) path: Option<String>,
    /// The page of the line.
    pub(crate) url: Option<String>,
    /// The lines around the frame's, redacted like captured ones; null to somebody who may not see values.
    pub(crate) source: Option<SourceLines>,
}

/// Where an issue comes from, and whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueSource {
    /// The repository of the issue's service.
    pub(crate) repository: Option<RepositoryName>,
    /// The commits that probably brought it.
    pub(crate) suspect: SuspectCommits,
    /// Who owns the code that raised.
    pub(crate) ownership: Ownership,
}

/// The commits that probably brought an issue.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct SuspectCommits {
    /// `found`, or why there is none: `no_repository`, `unreadable`, `no_event`, `no_frames`, `not_in_repository`,
    /// `lines_differ`, `shallow`, `none_before`, `gave_up`.
    pub(crate) state: String,
    /// A sentence for people: why there is none, or what to know besides; empty when there is nothing to say.
    pub(crate) reason: String,
    /// The event whose stack was looked at: the first one, or the one that brought the issue back.
    pub(crate) event_id: Option<String>,
    /// The commit that it ran.
    pub(crate) commit: Option<SourceCommit>,
    /// The likeliest first, 3 at most.
    pub(crate) commits: Vec<SuspectCommit>,
}

/// A commit that changed a line of the stack.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuspectCommit {
    /// 40 hexadecimal digits.
    pub(crate) id: String,
    /// Its page.
    pub(crate) url: Option<String>,
    /// Name of its author.
    pub(crate) author: String,
    /// When it was committed.
    pub(crate) at: String,
    /// First line of its message.
    pub(crate) subject: String,
    /// Its message, up to 4,000 bytes.
    pub(crate) message: String,
    /// The pull request that the first line names.
    pub(crate) pull_request: Option<PullRequest>,
    /// Why it is named: a sentence for people.
    pub(crate) why: String,
    /// The lines of the stack that it changed last, the nearest to the raise first.
    pub(crate) lines: Vec<SuspectLine>,
}

/// A pull or merge request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PullRequest {
    /// Its number.
    pub(crate) number: u64,
    /// Its page.
    pub(crate) url: String,
}

/// A line of the stack.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuspectLine {
    /// The file in the repository.
    pub(crate) path: String,
    /// The line, from 1.
    pub(crate) line_number: u32,
    /// Its page, at the commit that the event ran.
    pub(crate) url: Option<String>,
}

/// Who owns the code that raised.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Ownership {
    /// `owned`, or why nobody is named: `unowned` (a rule says so), `no_rule`, `no_file`, `no_frames`,
    /// `not_in_repository`, `no_event`, `no_repository`, `unreadable`.
    pub(crate) state: String,
    /// A sentence for people; empty when there is nothing to say.
    pub(crate) reason: String,
    /// Users, teams and addresses, as CODEOWNERS has them.
    pub(crate) owners: Vec<String>,
    /// The file of the frame that raised.
    pub(crate) path: Option<String>,
    /// The rules that decide: one, or of GitLab one for each section.
    pub(crate) rules: Vec<OwnerRule>,
}

/// A rule of CODEOWNERS.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnerRule {
    /// The pattern.
    pub(crate) pattern: String,
    /// Its owners.
    pub(crate) owners: Vec<String>,
    /// The file that it stands in.
    pub(crate) file: String,
    /// Its line, from 1.
    pub(crate) line_number: u32,
    /// The page of that line.
    pub(crate) url: Option<String>,
    /// The section of GitLab that it stands in.
    pub(crate) section: Option<String>,
}
