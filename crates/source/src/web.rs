//! Links to the pages of a repository. Pure.

/// Length of a template, in bytes.
pub const TEMPLATE_BYTES_MAX: usize = 1_000;

/// How the pages of a repository are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// A line of a file: `https://example.org/r/blob/{commit}/{path}#L{line}`.
    line: String,
    /// A commit, where it is known: `https://example.org/r/commit/{commit}`.
    commit: Option<String>,
    /// A pull request, where it is known: `https://example.org/r/pull/{number}`.
    pull: Option<String>,
}

/// Why a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is too long.
    #[error("a template has at most {TEMPLATE_BYTES_MAX} bytes")]
    TooLong,
    /// It could lead to something else than a page.
    #[error("a template begins with `https://` or `http://` and a host, and has no blanks")]
    NoAddress,
    /// It leads everybody to the same page.
    #[error("the template has no `{{{0}}}`")]
    Lacks(&'static str),
    /// It asks for something that there is not.
    #[error("`{{{0}}}` is not known; `{{commit}}`, `{{path}}` and `{{line}}` are")]
    Unknown(String),
}

impl Web {
    /// Uses templates that somebody gave, the one of commits if there is one.
    ///
    /// # Errors
    /// [`TemplateError`] for the first thing that is wrong with one of them.
    pub fn of_templates(line: &str, commit: Option<&str>) -> Result<Self, TemplateError> {
        check(line, &["path"], &["commit", "path", "line"])?;
        if let Some(commit) = commit {
            check(commit, &["commit"], &["commit"])?;
        }
        Ok(Self { line: line.to_owned(), commit: commit.map(str::to_owned), pull: None })
    }

    /// Recognises GitHub, GitLab, Bitbucket, Gitea and Forgejo by the host in the address of a remote. User names and
    /// passwords in it are left out.
    pub fn of_remote(remote: &str) -> Option<Self> {
        let (host, path) = host_and_path(remote)?;
        let base = format!("https://{host}/{path}");
        let (line, commit, pull) = if host.contains("github") {
            ("/blob/{commit}/{path}#L{line}", "/commit/{commit}", Some("/pull/{number}"))
        } else if host.contains("gitlab") {
            ("/-/blob/{commit}/{path}#L{line}", "/-/commit/{commit}", Some("/-/merge_requests/{number}"))
        } else if host.contains("bitbucket") {
            ("/src/{commit}/{path}#lines-{line}", "/commits/{commit}", Some("/pull-requests/{number}"))
        } else if ["gitea", "forgejo", "codeberg"].iter().any(|name| host.contains(name)) {
            ("/src/commit/{commit}/{path}#L{line}", "/commit/{commit}", Some("/pulls/{number}"))
        } else {
            return None;
        };
        let pull = pull.map(|pull| format!("{base}{pull}"));
        Some(Self { line: format!("{base}{line}"), commit: Some(format!("{base}{commit}")), pull })
    }

    /// The page of a line.
    pub fn line(&self, commit: &str, path: &str, line: u32) -> String {
        let (path, line) = (escaped(path, true), line.to_string());
        filled(&self.line, &[("commit", &escaped(commit, false)), ("path", &path), ("line", &line)])
    }

    /// The page of a commit.
    pub fn commit(&self, commit: &str) -> Option<String> {
        self.commit.as_deref().map(|template| filled(template, &[("commit", &escaped(commit, false))]))
    }

    /// Number and page of the pull request that a commit's first line names: `Fix it (#12)`,
    /// `Merge pull request #12 from …`.
    pub fn pull_request(&self, subject: &str) -> Option<(u64, String)> {
        let number = pull_request_number(subject)?;
        let template = self.pull.as_deref()?;
        Some((number, filled(template, &[("number", &number.to_string())])))
    }
}

fn check(template: &str, needed: &[&'static str], known: &[&str]) -> Result<(), TemplateError> {
    if template.len() > TEMPLATE_BYTES_MAX {
        return Err(TemplateError::TooLong);
    }
    let rest = template.strip_prefix("https://").or_else(|| template.strip_prefix("http://"));
    let has_host = rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['));
    if !has_host || template.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(TemplateError::NoAddress);
    }
    let mut names = template.split('{').skip(1).map(|part| part.split('}').next().unwrap_or(part));
    if let Some(name) = names.find(|name| !known.contains(name)) {
        return Err(TemplateError::Unknown(name.chars().take(40).collect()));
    }
    match needed.iter().find(|name| !template.contains(&format!("{{{name}}}"))) {
        Some(name) => Err(TemplateError::Lacks(name)),
        None => Ok(()),
    }
}

/// `git@host:a/b.git`, `ssh://git@host:22/a/b`, `https://host/a/b.git`.
fn host_and_path(remote: &str) -> Option<(String, String)> {
    let (authority, path) = match remote.split_once("://") {
        Some(("https" | "http" | "ssh" | "git" | "git+ssh", rest)) => rest.split_once('/')?,
        Some(_) => return None,
        None => remote.split_once(':')?,
    };
    let is_web = remote.starts_with("http");
    let host = authority.rsplit('@').next().unwrap_or(authority);
    // The port of ssh is not that of the pages.
    let host = if is_web { host } else { host.split(':').next().unwrap_or(host) };
    let is_host = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'));
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let is_path = !path.is_empty() && !path.contains("..");
    (is_host && is_path).then(|| (host.to_ascii_lowercase(), escaped(path, true).replace(['{', '}'], "")))
}

/// The number that a text begins with, and what follows.
fn digits(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..end].parse().ok().map(|number| (number, &text[end..]))
}

fn pull_request_number(subject: &str) -> Option<u64> {
    if let Some(rest) = subject.strip_prefix("Merge pull request #") {
        return digits(rest).map(|(number, _)| number);
    }
    let rest = &subject[subject.rfind("(#")? + 2..];
    digits(rest).filter(|(_, rest)| rest.trim_end() == ")").map(|(number, _)| number)
}

/// Fills a template in one pass: what is put in is never filled again.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let close = rest[open..].find('}').map(|close| open + close);
        let value = close.and_then(|close| values.iter().find(|(name, _)| *name == &rest[open + 1..close]));
        text.push_str(&rest[..open]);
        match (close, value) {
            (Some(close), Some((_, value))) => {
                text.push_str(value);
                rest = &rest[close + 1..];
            }
            _ => {
                text.push('{');
                rest = &rest[open + 1..];
            }
        }
    }
    text + rest
}

/// Percent-encoded for the path of an address.
fn escaped(text: &str, with_slashes: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        let is_plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'@');
        if is_plain || with_slashes && byte == b'/' {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check_remote(remote: &str, want: &str) {
        let got = Web::of_remote(remote).map(|web| web.line("abc", "shop/a b.py", 7));
        assert_eq!(got.as_deref().unwrap_or("none"), want, "{remote}");
    }

    #[test]
    fn remotes_of_known_hosts_have_pages() {
        check_remote("git@github.com:org/shop.git", "https://github.com/org/shop/blob/abc/shop/a%20b.py#L7");
        check_remote(
            "https://ada:secret@github.com/org/shop",
            "https://github.com/org/shop/blob/abc/shop/a%20b.py#L7",
        );
        check_remote(
            "ssh://git@gitlab.example.org:2222/group/sub/shop.git",
            "https://gitlab.example.org/group/sub/shop/-/blob/abc/shop/a%20b.py#L7",
        );
        check_remote(
            "https://bitbucket.org/org/shop.git",
            "https://bitbucket.org/org/shop/src/abc/shop/a%20b.py#lines-7",
        );
        check_remote(
            "https://gitea.example.org:8443/org/shop.git",
            "https://gitea.example.org:8443/org/shop/src/commit/abc/shop/a%20b.py#L7",
        );
        for remote in [
            "/srv/git/shop.git",
            "../shop",
            "file:///srv/github/shop.git",
            "https://git.example.org/shop.git",
            "javascript://github.com/a",
            "https://github.com/../../x",
            "https://github.com\"onload=/x",
            "",
        ] {
            check_remote(remote, "none");
        }
    }

    #[test]
    fn templates_are_checked() {
        let check = |line: &str, commit: Option<&str>| match Web::of_templates(line, commit) {
            Ok(web) => format!("{} {:?}", web.line("a/b", "{line}/ü", 3), web.commit("abc")),
            Err(error) => error.to_string(),
        };
        assert_eq!(
            check("https://x/{commit}?f={path}#{line}", Some("http://x/{commit}")),
            "https://x/a%2Fb?f=%7Bline%7D/%C3%BC#3 Some(\"http://x/abc\")"
        );
        assert_eq!(check("https://x/{commit}", None), "the template has no `{path}`");
        assert_eq!(check("https://x/{path}", Some("https://x/")), "the template has no `{commit}`");
        assert_eq!(
            check("https://x/{file}", None),
            "`{file}` is not known; `{commit}`, `{path}` and `{line}` are"
        );
        for wrong in ["javascript:alert(1)//{path}", "https:///{path}", "https://x/ {path}", "{path}", ""] {
            assert!(check(wrong, None).starts_with("a template begins"), "{wrong}");
        }
    }

    #[test]
    fn pull_requests_are_named_by_the_first_line() {
        let web = Web::of_remote("git@github.com:org/shop.git").unwrap();
        let number = |subject: &str| web.pull_request(subject).map(|(number, _)| number);
        assert_eq!(number("Take half of it (#12)"), Some(12));
        assert_eq!(number("Merge pull request #7 from ada/half"), Some(7));
        assert_eq!(number("Closes (#12) at last"), None);
        assert_eq!(number("(#)"), None);
        assert_eq!(number("#12"), None);
        assert_eq!(web.pull_request("x (#12)").unwrap().1, "https://github.com/org/shop/pull/12");
    }

    proptest! {
        #[test]
        fn a_link_leads_to_the_host_whatever_the_path_is(commit in "\\PC{0,10}", path in "\\PC{0,20}", remote_path in "[a-z/{}%\"<>.]{1,12}") {
            if let Some(web) = Web::of_remote(&format!("https://github.com/{remote_path}")) {
                let link = web.line(&commit, &path, 1);
                prop_assert!(link.starts_with("https://github.com/"));
                prop_assert!(link.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\".contains(&byte)), "{}", link);
            }
        }
    }
}
