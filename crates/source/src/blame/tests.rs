use std::collections::HashMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// A history in memory: commits and texts are named by numbers, texts by their place in `texts`.
#[derive(Default)]
struct Memory {
    nodes: Vec<Node<u32>>,
    files: Vec<HashMap<String, u32>>,
    texts: Vec<Rc<str>>,
    renames: HashMap<(u32, u32, String), String>,
}

impl Memory {
    fn commit(&mut self, parents: &[u32], files: &[(&str, &str)]) -> u32 {
        let id = self.nodes.len() as u32;
        self.nodes.push(Node { parents: parents.to_vec(), is_cut: false, seconds: i64::from(id) });
        let mut map = HashMap::new();
        for (path, text) in files {
            let known = self.texts.iter().position(|known| **known == **text);
            let at = known.unwrap_or_else(|| {
                self.texts.push((*text).into());
                self.texts.len() - 1
            });
            // Texts and commits share one sort of name.
            map.insert((*path).to_owned(), 1_000_000 + at as u32);
        }
        self.files.push(map);
        id
    }
}

impl History for Memory {
    type Id = u32;
    type Error = Infallible;

    fn node(&self, commit: u32) -> Result<Node<u32>, Infallible> {
        Ok(self.nodes[commit as usize].clone())
    }

    fn file(&self, commit: u32, path: &str) -> Result<Option<u32>, Infallible> {
        Ok(self.files[commit as usize].get(path).copied())
    }

    fn text(&self, file: u32) -> Result<Option<Rc<str>>, Infallible> {
        Ok(Some(Rc::clone(&self.texts[(file - 1_000_000) as usize])))
    }

    fn renamed_from(&self, parent: u32, commit: u32, path: &str) -> Result<Option<String>, Infallible> {
        Ok(self.renames.get(&(parent, commit, path.to_owned())).cloned())
    }
}

const ALL: Until<'_> = Until { commits: usize::MAX, goes_on: &|| true };

fn line(path: &str, number: u32) -> Line {
    Line { path: path.to_owned(), number }
}

#[track_caller]
fn check(memory: &Memory, start: u32, path: &str, number: u32, want: (u32, &str, u32)) {
    let Ok(found) = origins(memory, start, &[line(path, number)], &ALL);
    match &found[0] {
        Origin::Commit { commit, path, number, .. } => assert_eq!((*commit, path.as_str(), *number), want),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_line_belongs_to_the_commit_that_changed_it_last() {
    let mut memory = Memory::default();
    let first = memory.commit(&[], &[("a", "one\ntwo\nthree\n")]);
    let second = memory.commit(&[first], &[("a", "zero\none\ntwo!\nthree\n")]);
    let third = memory.commit(&[second], &[("a", "zero\r\none\r\ntwo!  \r\nthree\r\n")]);
    check(&memory, third, "a", 1, (second, "a", 1));
    check(&memory, third, "a", 2, (first, "a", 1));
    check(&memory, third, "a", 3, (second, "a", 3));
    check(&memory, third, "a", 4, (first, "a", 3));
    let Ok(found) = origins(&memory, third, &[line("a", 5), line("b", 1), line("a", 0)], &ALL);
    assert_eq!(found, vec![Origin::NotThere; 3]);
}

#[test]
fn renames_and_merges_are_followed() {
    let mut memory = Memory::default();
    let base = memory.commit(&[], &[("a", "one\ntwo\nthree\n")]);
    let left = memory.commit(&[base], &[("a", "ONE\ntwo\nthree\n")]);
    let right = memory.commit(&[base], &[("b", "one\ntwo\nTHREE\n")]);
    memory.renames.insert((base, right, "b".to_owned()), "a".to_owned());
    let merge = memory.commit(&[left, right], &[("b", "ONE\ntwo\nTHREE\nfour\n")]);
    memory.renames.insert((left, merge, "b".to_owned()), "a".to_owned());
    check(&memory, merge, "b", 1, (left, "a", 1));
    check(&memory, merge, "b", 2, (base, "a", 2));
    check(&memory, merge, "b", 3, (right, "b", 3));
    check(&memory, merge, "b", 4, (merge, "b", 4));
}

#[test]
fn a_walk_ends_where_the_clone_does_and_when_it_is_told() {
    let mut memory = Memory::default();
    let first = memory.commit(&[], &[("a", "one\ntwo\n")]);
    memory.nodes[first as usize].is_cut = true;
    let second = memory.commit(&[first], &[("a", "one\ntwo!\n")]);
    let third = memory.commit(&[second], &[("a", "one\ntwo!\nthree\n")]);
    let lines = [line("a", 3), line("a", 2), line("a", 1)];
    let Ok(found) = origins(&memory, third, &lines, &ALL);
    assert_eq!(found[2], Origin::Cut);
    assert!(matches!(found[1], Origin::Commit { commit, .. } if commit == second));
    let Ok(found) = origins(&memory, third, &lines, &Until { commits: 1, goes_on: &|| true });
    assert!(matches!(found[0], Origin::Commit { commit, .. } if commit == third));
    assert_eq!(found[1..], [Origin::Unfinished, Origin::Unfinished]);
    let Ok(found) = origins(&memory, third, &lines, &Until { commits: 9, goes_on: &|| false });
    assert_eq!(found, vec![Origin::Unfinished; 3]);
}

#[test]
fn lines_beyond_the_limit_are_not_looked_for() {
    let mut memory = Memory::default();
    let text = "x\n".repeat(200);
    let first = memory.commit(&[], &[("a", &text)]);
    let lines: Vec<Line> = (1..=200).map(|number| line("a", number)).collect();
    let Ok(found) = origins(&memory, first, &lines, &ALL);
    let unfinished = found.iter().filter(|origin| matches!(origin, Origin::Unfinished)).count();
    assert_eq!(unfinished, 200 - LINES_MAX);
}

/// What a commit does to a file: at a line that is there, some lines go and some come.
#[derive(Clone, Debug)]
struct Edit {
    at: prop::sample::Index,
    gone: usize,
    new: usize,
}

fn edit() -> impl Strategy<Value = Edit> {
    (any::<prop::sample::Index>(), 0..3_usize, 0..4_usize).prop_map(|(at, gone, new)| Edit { at, gone, new })
}

/// Lines name the commit that made them, so that the text itself says what a walk must find.
fn edited(lines: &[(u32, u32)], edit: &Edit, commit: u32, next: &mut u32) -> Vec<(u32, u32)> {
    let at = edit.at.index(lines.len() + 1);
    let mut lines = lines.to_vec();
    let end = (at + edit.gone).min(lines.len());
    let new = (0..edit.new).map(|_| {
        *next += 1;
        (commit, *next)
    });
    lines.splice(at..end, new.collect::<Vec<_>>());
    lines
}

fn text(lines: &[(u32, u32)]) -> String {
    lines.iter().map(|(commit, number)| format!("commit {commit} line {number}\n")).collect()
}

proptest! {
    #[test]
    fn every_line_goes_back_to_the_commit_that_made_it(edits in prop::collection::vec(prop::collection::vec(edit(), 1..4), 1..12)) {
        let mut memory = Memory::default();
        let (mut lines, mut next, mut last) = (Vec::new(), 0, None);
        for edits in &edits {
            let commit = memory.nodes.len() as u32;
            for edit in edits {
                lines = edited(&lines, edit, commit, &mut next);
            }
            let parents: Vec<u32> = last.into_iter().collect();
            last = Some(memory.commit(&parents, &[("a", &text(&lines))]));
        }
        let start = last.unwrap();
        for (number, (commit, _)) in (1..).zip(&lines) {
            let Ok(found) = origins(&memory, start, &[line("a", number)], &ALL);
            let is_right = matches!(&found[0], Origin::Commit { commit: got, .. } if got == commit);
            prop_assert!(is_right, "{number} {found:?}");
        }
        // All lines together say the same as each alone.
        let wanted: Vec<Line> = (1..=lines.len() as u32).map(|number| line("a", number)).take(LINES_MAX).collect();
        let Ok(found) = origins(&memory, start, &wanted, &ALL);
        for (origin, (commit, _)) in found.iter().zip(&lines) {
            let is_right = matches!(origin, Origin::Commit { commit: got, .. } if got == commit);
            prop_assert!(is_right, "{origin:?}");
        }
    }

    #[test]
    fn every_line_of_a_merge_goes_back_to_the_side_that_made_it(base in edit(), left in edit(), right in edit()) {
        let mut memory = Memory::default();
        let mut next = 0;
        let whole = |new| Edit { at: base.at, gone: 0, new };
        let first = edited(&[], &whole(6), 0, &mut next);
        let last = edited(&[], &whole(6), 0, &mut next);
        // Each side works on its own half, so that the merge is the halves together.
        let (left_half, right_half) = (edited(&first, &left, 1, &mut next), edited(&last, &right, 2, &mut next));
        let join = |a: &[(u32, u32)], b: &[(u32, u32)]| text(&[a, &[(0, 999)], b].concat());
        let base = memory.commit(&[], &[("a", &join(&first, &last))]);
        let left = memory.commit(&[base], &[("a", &join(&left_half, &last))]);
        let right = memory.commit(&[base], &[("a", &join(&first, &right_half))]);
        let merge = memory.commit(&[left, right], &[("a", &join(&left_half, &right_half))]);
        let all = [left_half.as_slice(), &[(0, 999)], &right_half].concat();
        for (number, (commit, _)) in (1..).zip(&all) {
            let Ok(found) = origins(&memory, merge, &[line("a", number)], &ALL);
            let is_right = matches!(&found[0], Origin::Commit { commit: got, .. } if got == commit);
            prop_assert!(is_right, "{number} {found:?}");
        }
    }
}
