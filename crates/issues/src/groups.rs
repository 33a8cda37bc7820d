//! The members of exception groups, as a tree.
//!
//! Tracers send a group as printed text alone: there every member stands, nested, with what led to it and
//! its frames. The tree is read when an event is shown; grouping v1 keeps to [`Exception::members`], which are the tree where
//! a client of ours sends them.

use std::collections::BTreeMap;

use reenact_model::{Exception, Limits, Relation};

use crate::failure::short;
use crate::traceback::{self, BEGIN, CAUSE, CONTEXT, GROUP_BEGIN};

/// Members of all groups of one event that are read.
pub const MEMBERS_MAX: usize = 200;
/// How deep groups are read that stand in groups. Python prints 10.
pub const DEPTH_MAX: usize = 20;

/// The exceptions in a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Each with what led to it: root cause first, the member last.
    pub members: Vec<Vec<Member>>,
    /// Members that were not printed, or not read.
    pub left_out: usize,
}

/// An exception in a group, or one that led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The exception.
    pub exception: Exception,
    /// Its own members, if it is a group.
    pub group: Option<Group>,
}

/// The groups among the exceptions of an event, by their place in its chain.
///
/// - **Limits:** [`MEMBERS_MAX`] members, [`DEPTH_MAX`] levels; O(bytes) time.
/// - **Source:** CPython `traceback.print_exception`, 3.11 to 3.14.
pub fn groups(exceptions: &[Exception], stack_text: &str) -> BTreeMap<usize, Group> {
    let mut found = BTreeMap::new();
    for member in blocks(stack_text).into_iter().flat_map(chain).rev() {
        let Some(group) = member.group else { continue };
        if let Some(place) = place(exceptions, &member.exception, &found) {
            found.insert(place, group);
        }
    }
    for (place, exception) in exceptions.iter().enumerate().filter(|(_, one)| !one.members.is_empty()) {
        found.entry(place).or_insert_with(|| of_members(&exception.members));
    }
    found
}

/// The members that a client sent as such.
fn of_members(members: &[Exception]) -> Group {
    let member = |exception: &Exception| Member {
        exception: exception.clone(),
        group: (!exception.members.is_empty()).then(|| of_members(&exception.members)),
    };
    Group { members: members.iter().map(|exception| vec![member(exception)]).collect(), left_out: 0 }
}

/// The notes of a group without those that the traceback's reader makes of its members.
pub fn own_notes<'e>(exception: &'e Exception, group: &Group) -> Vec<&'e str> {
    let mut told = Vec::new();
    name_all(group, &mut told);
    let is_own = |note: &&str| {
        let line = first_line(note);
        let name = line.rsplit_once(" (in ").map_or(line, |(name, _)| name);
        !line.ends_with(BEGIN) && !told.iter().any(|told| told == name || told == line)
    };
    exception.notes.iter().map(String::as_str).filter(is_own).collect()
}

fn name_all(group: &Group, told: &mut Vec<String>) {
    for member in group.members.iter().flatten() {
        let Exception { type_name, message, .. } = &member.exception;
        let name = if message.is_empty() { type_name.clone() } else { format!("{type_name}: {message}") };
        told.push(first_line(&name).to_owned());
        if let Some(group) = &member.group {
            name_all(group, told);
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}

/// Which exception of the chain is printed as `told`: the last that is like it and not `taken`.
fn place(exceptions: &[Exception], told: &Exception, taken: &BTreeMap<usize, Group>) -> Option<usize> {
    let same_type = |index: &usize| {
        !taken.contains_key(index) && short(&exceptions[*index].type_name) == short(&told.type_name)
    };
    let same = |index: &usize| {
        same_type(index) && first_line(&exceptions[*index].message) == first_line(&told.message)
    };
    let from_last = || (0..exceptions.len()).rev();
    from_last().find(same).or_else(|| from_last().find(same_type))
}

/// What stands between two rules of a printed group.
#[derive(Default)]
struct Block<'t> {
    parts: Vec<Part<'t>>,
}

/// Text, and the members of the group that it names. After a group may come another exception.
#[derive(Default)]
struct Part<'t> {
    lines: Vec<&'t str>,
    members: Vec<Block<'t>>,
}

impl<'t> Block<'t> {
    fn push(&mut self, line: &'t str) {
        match self.parts.last_mut() {
            Some(part) if part.members.is_empty() => part.lines.push(line),
            _ => self.parts.push(Part { lines: vec![line], members: Vec::new() }),
        }
    }
}

/// How a line of a printed group begins.
enum Line<'t> {
    /// `  | text`
    Text(&'t str),
    /// `+-+--- 1 ---`: the first member of the group before it.
    First,
    /// `+--- 2 ---`: a further one; `+--- ... ---` says how many are not printed.
    Next { is_member: bool },
    /// `+-----`: the end of the group.
    End,
}

/// A line with the width of its margin.
fn line(text: &str) -> Option<(usize, Line<'_>)> {
    let trimmed = text.trim_start_matches(' ');
    let margin = text.len() - trimmed.len();
    if let Some(rest) = trimmed.strip_prefix('|') {
        return Some((margin, Line::Text(rest.strip_prefix(' ').unwrap_or(rest))));
    }
    let rest = trimmed.strip_prefix('+')?;
    let (is_first, rest) = rest.strip_prefix("-+").map_or((false, rest), |rest| (true, rest));
    let label = rest.trim_start_matches('-');
    if rest.len() - label.len() < 3 {
        return None;
    }
    let label = label.trim_end_matches('-').trim();
    let is_member = label.bytes().all(|byte| byte.is_ascii_digit());
    match label {
        "" => Some((margin, Line::End)),
        _ if is_first => Some((margin, Line::First)),
        _ if is_member || label == "..." => Some((margin, Line::Next { is_member })),
        _ => None,
    }
}

/// The outermost groups of a text. What is printed inside of one has a margin, so that no message can leave
/// its place.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    // The block being read, in those that it stands in.
    let mut open: Vec<Block<'_>> = Vec::new();
    let (mut indent, mut count) = (0, 0);
    for raw in text.lines() {
        if open.is_empty() {
            if raw.trim_start_matches(' ') == GROUP_BEGIN {
                indent = raw.len() - GROUP_BEGIN.len();
                open.push(Block::default());
                open[0].push(&raw[indent + 2..]);
            }
            continue;
        }
        let depth =
            |margin: usize| margin.checked_sub(indent).filter(|width| width % 2 == 0).map(|width| width / 2);
        let read = line(raw).and_then(|(margin, line)| Some((depth(margin)?, line)));
        match read {
            Some((depth, Line::Text(text))) if depth < open.len() => {
                close(&mut open, depth + 1);
                open[depth].push(text);
            }
            // Members of a group that is too deep are left out with their text.
            Some((depth, Line::Text(_))) if depth >= DEPTH_MAX => {}
            Some((depth, Line::First)) if depth < open.len() => {
                close(&mut open, depth + 1);
                begin(&mut open, &mut count, true);
            }
            Some((depth, Line::Next { is_member })) if (1..=open.len()).contains(&depth) => {
                close(&mut open, depth);
                begin(&mut open, &mut count, is_member);
            }
            Some((depth, Line::End)) if (1..=open.len()).contains(&depth) => close(&mut open, depth),
            Some((depth, _)) if depth >= DEPTH_MAX => {}
            _ => {
                close(&mut open, 1);
                found.append(&mut open);
            }
        }
    }
    close(&mut open, 1);
    found.append(&mut open);
    found
}

/// Ends blocks until `depth` of them are open.
fn close(open: &mut Vec<Block<'_>>, depth: usize) {
    while open.len() > depth {
        let Some(block) = open.pop() else { return };
        if let Some(part) = open.last_mut().and_then(|outer| outer.parts.last_mut()) {
            part.members.push(block);
        }
    }
}

fn begin(open: &mut Vec<Block<'_>>, count: &mut usize, is_member: bool) {
    if *count < MEMBERS_MAX && open.len() < DEPTH_MAX {
        *count += usize::from(is_member);
        open.push(Block::default());
    }
}

/// The exceptions of a block, each leading to the next.
fn chain(block: Block<'_>) -> Vec<Member> {
    let mut all: Vec<Member> = Vec::new();
    for Part { mut lines, members } in block.parts {
        if let Some(before) = all.last_mut() {
            before.exception.relation = lines.iter().find_map(|line| relation(line));
        }
        let is_group = begin_as_any_other(&mut lines);
        let exceptions = traceback::parse(&lines.join("\n"), &Limits::DEFAULT).exceptions;
        all.extend(exceptions.into_iter().map(|exception| Member { exception, group: None }));
        if let Some(last) = all.last_mut().filter(|_| is_group || !members.is_empty()) {
            last.group = Some(group(&last.exception, members));
        }
    }
    all
}

/// Lets the traceback of a group begin as that of any other exception; whether the last one is a group's.
fn begin_as_any_other(lines: &mut [&str]) -> bool {
    let (mut begins, mut is_group) = (true, false);
    for line in lines {
        if begins && !line.trim().is_empty() {
            is_group = GROUP_BEGIN.strip_prefix("+ ") == Some(line);
            if is_group {
                *line = BEGIN;
            }
            begins = false;
        }
        begins = begins || relation(line).is_some();
    }
    is_group
}

fn group(exception: &Exception, members: Vec<Block<'_>>) -> Group {
    let members: Vec<Vec<Member>> = members.into_iter().map(chain).filter(|chain| is_named(chain)).collect();
    let left_out = printed_count(&exception.message).unwrap_or(0).saturating_sub(members.len());
    Group { members, left_out }
}

fn is_named(chain: &[Member]) -> bool {
    chain.last().is_some_and(|member| !member.exception.type_name.is_empty())
}

/// `… (3 sub-exceptions)`: how many members the group says that it has.
fn printed_count(message: &str) -> Option<usize> {
    let message = message.lines().find_map(|line| {
        line.strip_suffix("sub-exceptions)").or_else(|| line.strip_suffix("sub-exception)"))
    })?;
    message.trim_end().rsplit_once('(')?.1.parse().ok()
}

fn relation(line: &str) -> Option<Relation> {
    match line {
        CAUSE => Some(Relation::Cause),
        CONTEXT => Some(Relation::Context),
        _ => None,
    }
}

#[cfg(test)]
#[path = "groups_tests.rs"]
mod tests;
