//! Real repositories, made by git.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::blame::{Line, Origin, Until, origins};
use crate::limits::FILE_BYTES_MAX;
use crate::paths::{Found, find};
use crate::{ChosenBy, ObjectId, Repository, SourceError, WantedCommit};
use tempfile::TempDir;

/// A clone to work in; commits are an hour apart, from hour 1.
struct Clone {
    folder: TempDir,
    hour: i64,
}

impl Clone {
    fn new() -> Self {
        let clone = Self { folder: TempDir::new().unwrap(), hour: 0 };
        clone.git(&["init", "--quiet", "--initial-branch=main"]);
        clone
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), self.hour, arguments)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn commit(&mut self, message: &str) -> String {
        self.hour += 1;
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn open(&self) -> Repository {
        Repository::open(self.path()).unwrap()
    }
}

fn git(folder: &Path, hour: i64, arguments: &[&str]) -> String {
    let date = format!("@{} +0000", hour * 3_600);
    let output = Command::new("git")
        .args(["-c", "core.autocrlf=false", "-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(folder)
        .envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")])
        .envs([("GIT_AUTHOR_NAME", "Ada"), ("GIT_AUTHOR_EMAIL", "ada@example.org")])
        .envs([("GIT_COMMITTER_NAME", "Grace"), ("GIT_COMMITTER_EMAIL", "grace@example.org")])
        .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
        .output()
        .expect("git is needed for these tests");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

const ALL: Until<'_> = Until { commits: usize::MAX, goes_on: &|| true };

fn id(text: &str) -> ObjectId {
    text.parse().unwrap()
}

fn origin(repository: &Repository, commit: &str, path: &str, number: u32) -> String {
    let line = Line { path: path.to_owned(), number };
    match &origins(repository, id(commit), &[line], &ALL).unwrap()[0] {
        Origin::Commit { commit, path, number, is_new_file } => {
            let kind = if *is_new_file { " new" } else { "" };
            format!("{} {path}:{number}{kind}", repository.commit(*commit).unwrap().unwrap().subject)
        }
        other => format!("{other:?}"),
    }
}

fn wanted(seconds: i64) -> WantedCommit<'static> {
    WantedCommit { commit: None, version: None, references: &[], seconds }
}

#[test]
fn lines_are_followed_through_renames_and_line_ends() {
    let mut clone = Clone::new();
    clone.write("shop/pay.py", "import math\n\ndef pay(amount):\n    total = amount\n    return total\n");
    clone.commit("first");
    clone.write("shop/pay.py", "import math\n\ndef pay(amount):\n    total = amount * 2\n    return total\n");
    clone.commit("second");
    std::fs::remove_file(clone.path().join("shop/pay.py")).unwrap();
    let moved = "import math\r\n\r\ndef pay(amount):\r\n    total = amount * 2\r\n    return total\r\n";
    clone.write("store/gateway.py", moved);
    clone.commit("renamed, with other ends of lines");
    clone.write("store/gateway.py", format!("# on top\r\n{moved}"));
    let head = clone.commit("on top");
    let repository = clone.open();
    assert_eq!(origin(&repository, &head, "store/gateway.py", 5), "second shop/pay.py:4");
    assert_eq!(origin(&repository, &head, "store/gateway.py", 4), "first shop/pay.py:3 new");
    assert_eq!(origin(&repository, &head, "store/gateway.py", 1), "on top store/gateway.py:1");
    assert_eq!(origin(&repository, &head, "store/gateway.py", 99), "NotThere");
    assert_eq!(origin(&repository, &head, "shop/pay.py", 1), "NotThere");
}

#[test]
fn git_blame_says_the_same() {
    let mut clone = Clone::new();
    let mut lines: Vec<String> = (0..30).map(|n| format!("line {n}")).collect();
    clone.write("a.py", lines.join("\n") + "\n");
    clone.commit("first");
    for step in 0..25_usize {
        if step % 5 == 4 {
            clone.git(&["checkout", "--quiet", "-b", &format!("side{step}"), "HEAD~1"]);
            clone.write("b.py", format!("{step}\n"));
            clone.commit(&format!("beside {step}"));
            clone.git(&["checkout", "--quiet", "main"]);
            clone.hour += 1;
            clone.git(&["merge", "--quiet", "--no-ff", "--no-edit", "-X", "theirs", &format!("side{step}")]);
        }
        let at = step * 7 % lines.len();
        match step % 3 {
            0 => lines[at] = format!("changed in {step}"),
            1 => lines.insert(at, format!("new in {step}")),
            _ => drop(lines.remove(at)),
        }
        clone.write("a.py", lines.join("\n") + "\n");
        clone.commit(&format!("step {step}"));
    }
    let head = clone.git(&["rev-parse", "HEAD"]);
    let blamed = clone.git(&["blame", "--line-porcelain", "a.py"]);
    let want: Vec<&str> = blamed.lines().filter_map(|line| line.strip_prefix("summary ")).collect();
    let repository = clone.open();
    for (number, want) in (1..).zip(&want) {
        let got = origin(&repository, &head, "a.py", number);
        assert!(got.starts_with(&format!("{want} a.py:")), "line {number}: {got} instead of {want}");
    }
    assert_eq!(want.len(), lines.len());
}

#[test]
fn a_shallow_clone_says_where_it_ends() {
    let mut clone = Clone::new();
    clone.write("a.py", "one\ntwo\n");
    clone.commit("first");
    clone.write("a.py", "one\ntwo!\n");
    clone.commit("second");
    clone.write("a.py", "one\ntwo!\nthree\n");
    let head = clone.commit("third");
    let shallow = TempDir::new().unwrap();
    let url = format!("file://{}", clone.path().display());
    git(shallow.path(), 9, &["clone", "--quiet", "--depth", "2", &url, "."]);
    let repository = Repository::open(shallow.path()).unwrap();
    assert!(repository.head().unwrap().is_shallow && !clone.open().is_shallow());
    assert_eq!(origin(&repository, &head, "a.py", 3), "third a.py:3");
    assert_eq!(origin(&repository, &head, "a.py", 1), "Cut");
}

#[test]
fn what_is_not_committed_is_not_seen_and_bare_repositories_are_read() {
    let mut clone = Clone::new();
    clone.write("a.py", "committed\n");
    let head = clone.commit("first");
    clone.write("a.py", "only here\n");
    clone.write("b.py", "not added\n");
    let bare = TempDir::new().unwrap();
    let url = format!("file://{}", clone.path().display());
    git(bare.path(), 9, &["clone", "--quiet", "--bare", &url, "."]);
    for repository in [clone.open(), Repository::open(bare.path()).unwrap()] {
        assert_eq!(repository.file_text(id(&head), "a.py").unwrap().as_deref(), Some("committed\n"));
        assert_eq!(repository.file_text(id(&head), "b.py").unwrap(), None);
        assert_eq!(repository.files(id(&head)).unwrap().count(), 1);
    }
    let from = Repository::open(bare.path()).unwrap().head().unwrap();
    assert_eq!((from.origin, from.branch.as_deref()), (Some(url), Some("main")));
    assert_eq!((from.commit.author.as_str(), from.commit.seconds), ("Ada", 3_600));
}

#[test]
fn large_and_binary_files_are_not_read() {
    let mut clone = Clone::new();
    clone.write("large.py", "x = 1\n".repeat(usize::try_from(FILE_BYTES_MAX).unwrap() / 6 + 1));
    clone.write("binary.py", b"a\0b\n");
    clone.write("latin.py", b"caf\xe9\n");
    let head = clone.commit("first");
    let repository = clone.open();
    for path in ["large.py", "binary.py", "missing.py", "", "/", "large.py/x", "../large.py"] {
        assert_eq!(repository.file_text(id(&head), path).unwrap(), None, "{path}");
    }
    assert_eq!(repository.file_text(id(&head), "latin.py").unwrap().as_deref(), Some("caf\u{fffd}\n"));
    assert_eq!(origin(&repository, &head, "large.py", 1), "NotThere");
}

#[test]
fn hostile_names_stay_names() {
    let mut clone = Clone::new();
    let names = [
        "a\nb.py",
        "<img src=x onerror=alert(1)>.py",
        "-rf.py",
        "\u{202e}yp.a",
        "quo\"te'.py",
        "$(touch x).py",
    ];
    for name in names {
        clone.write(name, "x\n");
    }
    std::os::unix::fs::symlink("/etc/passwd", clone.path().join("link.py")).unwrap();
    let head = clone.commit("<script>alert(1)</script>\n\n\u{1b}[2Jsecond");
    let repository = clone.open();
    let files = repository.files(id(&head)).unwrap();
    assert_eq!(files.count(), names.len(), "links are not files");
    for name in names {
        assert_eq!(find(&format!("/srv/{name}"), &[], &files), Found::File(name.to_owned()));
        assert!(origin(&repository, &head, name, 1).ends_with("new"));
    }
    assert_eq!(repository.file_text(id(&head), "link.py").unwrap(), None);
    assert_eq!(repository.commit(id(&head)).unwrap().unwrap().subject, "<script>alert(1)</script>");
}

#[test]
fn nothing_of_the_repository_is_run() {
    let mut clone = Clone::new();
    clone.write("a.py", "one\n");
    clone.write(".gitattributes", "*.py filter=evil diff=evil\n");
    let head = clone.commit("first");
    let touched = clone.path().join("touched");
    let command = format!("touch {}", touched.display());
    for key in [
        "filter.evil.smudge",
        "filter.evil.clean",
        "diff.evil.textconv",
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
    ] {
        clone.git(&["config", key, &command]);
    }
    clone.write(".git/hooks/post-checkout", format!("#!/bin/sh\n{command}\n"));
    let repository = clone.open();
    assert_eq!(repository.file_text(id(&head), "a.py").unwrap().as_deref(), Some("one\n"));
    assert_eq!(origin(&repository, &head, "a.py", 1), "first a.py:1 new");
    repository.choose(&wanted(i64::MAX)).unwrap();
    assert!(!touched.exists());
}

#[test]
fn the_commit_of_an_event_is_named_by_it_its_version_or_the_time() {
    let mut clone = Clone::new();
    clone.write("a.py", "1\n");
    let first = clone.commit("first");
    clone.git(&["tag", "1.0"]);
    clone.write("a.py", "2\n");
    let second = clone.commit("second");
    clone.git(&["tag", "--annotate", "v1.1", "--message", "one"]);
    clone.git(&["tag", "release-7"]);
    clone.git(&["branch", "stable"]);
    clone.write("a.py", "3\n");
    let third = clone.commit("third");
    let repository = clone.open();
    let templates = ["{version}".to_owned(), "v{version}".to_owned(), "release-{version}".to_owned()];
    let check = |commit: Option<&str>, version: Option<&str>, hour: i64, want: &str, why: &str| {
        let wanted = WantedCommit { commit, version, references: &templates, seconds: hour * 3_600 };
        let chosen = repository.choose(&wanted).unwrap();
        assert_eq!(
            (chosen.id.to_string().as_str(), chosen.why().as_str()),
            (want, why),
            "{commit:?} {version:?}"
        );
    };
    check(Some(&first), Some("1.1"), 9, &first, "the event names this commit");
    check(Some(&first[..9]), None, 9, &first, "the event names this commit");
    check(None, Some("1.0"), 9, &first, "the tag `1.0` is that of the event's version");
    check(None, Some("1.1"), 9, &second, "the tag `v1.1` is that of the event's version");
    check(None, Some("7"), 9, &second, "the tag `release-7` is that of the event's version");
    check(None, Some("stable"), 9, &second, "the last commit on `stable` before the event");
    check(None, Some(&third[..12]), 9, &third, "the version of the event is this commit");
    let by_time = "nothing names a commit, so the last one on `main` before the event";
    check(None, Some("9.9"), 2, &second, by_time);
    check(None, Some("../../HEAD"), 3, &third, by_time);
    let missing = "f".repeat(40);
    check(
        Some(&missing),
        None,
        9,
        &third,
        &format!("{by_time}; the clone lacks `{missing}`, which the event names"),
    );
    let wanted = WantedCommit { seconds: 0, ..wanted(0) };
    assert!(matches!(repository.choose(&wanted), Err(SourceError::AllNewer(branch)) if branch == "main"));
    assert!(!ChosenBy::Time(None).is_exact());
}

#[test]
fn what_is_no_repository_is_told() {
    let folder = TempDir::new().unwrap();
    let error = |path: PathBuf| Repository::open(&path).err().unwrap();
    assert!(matches!(error(folder.path().join("missing")), SourceError::NoFolder(_)));
    assert!(matches!(error(folder.path().to_owned()), SourceError::NoRepository(_)));
    let clone = Clone::new();
    clone.write("inner/a.py", "x");
    assert!(
        matches!(error(clone.path().join("inner")), SourceError::NoRepository(_)),
        "folders above do not count"
    );
    assert!(matches!(clone.open().head(), Err(SourceError::NoCommit)));
    clone.write(".git/HEAD", "nonsense");
    let damaged = Repository::open(clone.path()).and_then(|repository| repository.head());
    assert!(damaged.is_err(), "{damaged:?}");
}

#[test]
fn owners_are_those_of_the_commit() {
    let mut clone = Clone::new();
    clone.write("docs/CODEOWNERS", "* @docs\n");
    let first = clone.commit("first");
    clone.write(".github/CODEOWNERS", "* @github\n");
    let second = clone.commit("second");
    let repository = clone.open();
    for (commit, location, owner) in
        [(first, "docs/CODEOWNERS", "@docs"), (second, ".github/CODEOWNERS", "@github")]
    {
        let (at, owners) = repository.owners(id(&commit)).unwrap().unwrap();
        assert_eq!((at, owners.of("a.py")[0].owners.as_slice()), (location, &[owner.to_owned()][..]));
    }
}
