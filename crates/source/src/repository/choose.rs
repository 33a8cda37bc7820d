//! Which commit an event ran.

use gix::objs::Kind;

use super::{ObjectId, Repository, SourceError};
use crate::blame::History;
use crate::limits::{COMMIT_BYTES_MAX, COMMITS_MAX, NAME_BYTES_MAX, cut};

/// What is known of the code that an event ran.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The commit that the event names.
    pub commit: Option<&'a str>,
    /// The version of the service.
    pub version: Option<&'a str>,
    /// Names of tags and branches of a version, with `{version}` in them; tried in order.
    pub references: &'a [String],
    /// When the event happened, in seconds since 1970.
    pub seconds: i64,
}

/// A commit, and why it is taken for the one that an event ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenCommit {
    /// The commit.
    pub id: ObjectId,
    /// What led to it.
    pub by: ChosenBy,
    /// A commit that the event names and the clone lacks.
    pub lacks: Option<String>,
}

/// What led to a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChosenBy {
    /// The event names it.
    Event,
    /// The event's version is its id, or begins it.
    Version,
    /// This tag is that of the version.
    Tag(String),
    /// This branch is that of the version; the last commit on it before the event.
    Branch(String),
    /// Nothing names it: the last commit on HEAD before the event. HEAD's branch, if it names one.
    Time(Option<String>),
}

impl ChosenBy {
    /// Whether the event named the commit, rather than the time.
    pub fn is_exact(&self) -> bool {
        matches!(self, Self::Event | Self::Version | Self::Tag(_))
    }
}

impl ChosenCommit {
    /// Why it is this commit, as a sentence without its full stop.
    pub fn why(&self) -> String {
        let why = match &self.by {
            ChosenBy::Event => "the event names this commit".to_owned(),
            ChosenBy::Version => "the version of the event is this commit".to_owned(),
            ChosenBy::Tag(tag) => format!("the tag `{tag}` is that of the event's version"),
            ChosenBy::Branch(branch) => format!("the last commit on `{branch}` before the event"),
            ChosenBy::Time(Some(branch)) => {
                format!("nothing names a commit, so the last one on `{branch}` before the event")
            }
            ChosenBy::Time(None) => {
                "nothing names a commit, so the last one of HEAD before the event".to_owned()
            }
        };
        match &self.lacks {
            Some(lacks) => format!("{why}; the clone lacks `{lacks}`, which the event names"),
            None => why,
        }
    }
}

impl Repository {
    /// Finds the commit that an event ran: the one it names, that of its version's tag or branch, the one that its
    /// version is, or the last one on HEAD before the event.
    ///
    /// Branches are looked for here and at `origin`. Of a branch or HEAD, first parents are followed back to the time
    /// of the event, [`COMMITS_MAX`] at most.
    ///
    /// # Errors
    /// [`SourceError::NoCommit`], [`SourceError::AllNewer`], [`SourceError::Unreadable`].
    pub fn choose(&self, wanted: &Wanted<'_>) -> Result<ChosenCommit, SourceError> {
        let mut lacks = None;
        if let Some(named) = wanted.commit.filter(|named| is_id(named)) {
            match self.by_id(named)? {
                Some(id) => return Ok(ChosenCommit { id, by: ChosenBy::Event, lacks }),
                None => lacks = Some(cut(named, 40)),
            }
        }
        let version = wanted.version.filter(|version| !version.is_empty());
        if let Some(version) = version
            && let Some((id, by)) = self.by_version(version, wanted)?
        {
            return Ok(ChosenCommit { id, by, lacks });
        }
        let (branch, head) = self.head_commit()?;
        match self.at_time(head, wanted.seconds)? {
            Some(id) => Ok(ChosenCommit { id, by: ChosenBy::Time(branch), lacks }),
            None => Err(SourceError::AllNewer(branch.unwrap_or_else(|| "HEAD".to_owned()))),
        }
    }

    fn by_version(
        &self,
        version: &str,
        wanted: &Wanted<'_>,
    ) -> Result<Option<(ObjectId, ChosenBy)>, SourceError> {
        let names: Vec<String> =
            wanted.references.iter().map(|template| template.replace("{version}", version)).collect();
        for name in &names {
            if let Some(id) = self.reference(&format!("refs/tags/{name}"))? {
                return Ok(Some((id, ChosenBy::Tag(cut(name, NAME_BYTES_MAX)))));
            }
        }
        if is_id(version)
            && let Some(id) = self.by_id(version)?
        {
            return Ok(Some((id, ChosenBy::Version)));
        }
        for name in &names {
            for place in ["refs/heads", "refs/remotes/origin"] {
                if let Some(id) = self.reference(&format!("{place}/{name}"))?
                    && let Some(id) = self.at_time(id, wanted.seconds)?
                {
                    return Ok(Some((id, ChosenBy::Branch(cut(name, NAME_BYTES_MAX)))));
                }
            }
        }
        Ok(None)
    }

    /// The commit that a reference leads to, through tags; what cannot be a name is none.
    fn reference(&self, name: &str) -> Result<Option<ObjectId>, SourceError> {
        if name.len() > NAME_BYTES_MAX || gix::refs::FullName::try_from(name).is_err() {
            return Ok(None);
        }
        let Some(mut reference) = self.git.try_find_reference(name).map_err(SourceError::unreadable)? else {
            return Ok(None);
        };
        let Ok(id) = reference.peel_to_id() else { return Ok(None) };
        self.existing(id.detach())
    }

    fn by_id(&self, digits: &str) -> Result<Option<ObjectId>, SourceError> {
        if let Ok(id) = gix::ObjectId::from_hex(digits.as_bytes()) {
            return self.existing(id);
        }
        let Ok(prefix) = gix::hash::Prefix::from_hex(digits) else { return Ok(None) };
        match self.git.objects.lookup_prefix(prefix, None).map_err(SourceError::unreadable)? {
            Some(Ok(id)) => self.existing(id),
            // None, or several begin so.
            _ => Ok(None),
        }
    }

    fn existing(&self, id: gix::ObjectId) -> Result<Option<ObjectId>, SourceError> {
        let read = self.objects.read(&self.git, id, Kind::Commit, COMMIT_BYTES_MAX)?;
        Ok(read.map(|_| ObjectId(id)))
    }

    /// The last of the first parents that was made by then.
    fn at_time(&self, start: ObjectId, seconds: i64) -> Result<Option<ObjectId>, SourceError> {
        let mut commit = start;
        for _ in 0..COMMITS_MAX {
            let node = self.node(commit)?;
            if node.seconds <= seconds {
                return Ok(Some(commit));
            }
            match node.parents.first() {
                Some(parent) => commit = *parent,
                None => break,
            }
        }
        Ok(None)
    }
}

/// Seven hexadecimal digits at least, as git shortens them.
fn is_id(text: &str) -> bool {
    (7..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
