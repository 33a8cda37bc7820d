//! Patterns of CODEOWNERS.

use crate::limits::DEPTH_MAX;

/// Length of a pattern, in bytes; longer ones are not understood.
const PATTERN_BYTES_MAX: usize = 1_024;

/// A pattern, as the parts between its slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Any number of folders: `**`, and what stands before a pattern without a slash.
    Folders,
    /// Everything below: what stands behind a trailing slash.
    Below,
    /// One name, with `*` for any characters and `?` for one.
    Name(String),
    /// As [`Part::Name`] at the end: the file of this name, or everything below the folder of this name.
    NameAndBelow(String),
}

impl Pattern {
    /// `None` for what GitHub does not understand: negations, classes of characters, and what is too long.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > PATTERN_BYTES_MAX || text.starts_with('!') || text.contains('[') {
            return None;
        }
        let is_below = text.ends_with('/');
        let inner = text.trim_matches('/');
        let is_anchored = text.starts_with('/') || inner.contains('/');
        let names: Vec<&str> = inner.split('/').filter(|name| !name.is_empty()).collect();
        if names.len() > DEPTH_MAX {
            return None;
        }
        let mut parts = if is_anchored { Vec::new() } else { vec![Part::Folders] };
        for (index, name) in names.iter().enumerate() {
            let is_last = index + 1 == names.len() && !is_below;
            parts.push(match *name {
                "**" if is_last => Part::Below,
                "**" => Part::Folders,
                // `docs/*` means the files in the folder, not those further below.
                "*" => Part::Name("*".to_owned()),
                name if is_last => Part::NameAndBelow(name.to_owned()),
                name => Part::Name(name.to_owned()),
            });
        }
        if is_below {
            parts.push(Part::Below);
        }
        Some(Self(parts))
    }

    /// Whether a file is meant. O(parts of both, times the length of names).
    pub(super) fn matches(&self, path: &[&str]) -> bool {
        // Which beginnings of the path the parts so far can stand for.
        let mut reached = vec![false; path.len() + 1];
        reached[0] = true;
        for part in &self.0 {
            reached = part.step(path, &reached);
        }
        reached[path.len()]
    }
}

impl Part {
    fn step(&self, path: &[&str], reached: &[bool]) -> Vec<bool> {
        let mut next = vec![false; reached.len()];
        match self {
            Self::Folders => {
                let mut any = false;
                for (at, is_reached) in reached.iter().enumerate() {
                    any |= is_reached;
                    next[at] = any;
                }
            }
            Self::Below => next[path.len()] = reached[..path.len()].contains(&true),
            Self::Name(name) | Self::NameAndBelow(name) => {
                let mut is_below = false;
                for (at, part) in path.iter().enumerate() {
                    if reached[at] && is_like(part.as_bytes(), name.as_bytes()) {
                        next[at + 1] = true;
                        is_below = true;
                    }
                }
                if is_below && matches!(self, Self::NameAndBelow(_)) {
                    next[path.len()] = true;
                }
            }
        }
        next
    }
}

/// Whether a name has the form: `*` stands for any bytes, `?` for one character. O(product of the lengths).
fn is_like(name: &[u8], form: &[u8]) -> bool {
    let (mut at, mut form_at) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < name.len() {
        match form.get(form_at) {
            Some(b'*') => {
                star = Some((form_at, at));
                form_at += 1;
            }
            Some(b'?') => {
                at += 1;
                while name.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
                    at += 1;
                }
                form_at += 1;
            }
            Some(byte) if *byte == name[at] => {
                at += 1;
                form_at += 1;
            }
            _ => {
                let Some((star_form, star_at)) = star else { return false };
                form_at = star_form + 1;
                at = star_at + 1;
                star = Some((star_form, at));
            }
        }
    }
    form[form_at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(&path.split('/').collect::<Vec<_>>())
    }

    /// The examples in the documentation of GitHub, and what follows from them.
    #[test]
    fn patterns_match_as_documented() {
        for (pattern, inside, outside) in [
            ("*", "a a/b a/b/c.js", ""),
            ("*.js", "a.js a/b.js a/b.js/c", "a.jsx a.ts"),
            ("/build/logs/", "build/logs/a build/logs/a/b", "x/build/logs/a build/logs build/logsx/a"),
            ("docs/*", "docs/getting-started.md", "docs/build-app/troubleshooting.md x/docs/a"),
            ("apps/", "apps/a x/apps/a x/apps/y/a", "apps x/apps"),
            ("/docs/", "docs/a docs/b/c", "x/docs/a"),
            ("/scripts/", "scripts/a", "x/scripts/a"),
            ("**/logs", "build/logs scripts/logs deeply/nested/logs logs logs/a x/logs/a/b", "logsx"),
            ("/apps/github", "apps/github apps/github/a/b", "x/apps/github"),
            ("a/**/b", "a/b a/x/b a/x/y/b a/b/c", "b x/a/b ab"),
            ("a/**", "a/b a/b/c", "a x/a/b"),
            ("/a*/b?.py", "a/bc.py axx/bc.py", "a/b.py a/x/bc.py a/bcd.py"),
            ("gateway.py", "gateway.py shop/gateway.py", "gateway.pyc xgateway.py"),
            ("shop/gateway.py", "shop/gateway.py", "src/shop/gateway.py"),
            ("?.py", "é.py a/b.py", "ab.py"),
            ("/", "a a/b", ""),
        ] {
            for path in inside.split_whitespace() {
                assert!(matches(pattern, path), "{pattern} {path}");
            }
            for path in outside.split_whitespace() {
                assert!(!matches(pattern, path), "{pattern} {path}");
            }
        }
        for pattern in ["!a", "[ab].py", &"a/".repeat(100), &"a".repeat(2_000)] {
            assert_eq!(Pattern::parse(pattern), None, "{pattern}");
        }
    }

    /// What a name is like, by trying everything.
    fn is_like_slowly(name: &str, form: &str) -> bool {
        let rest = |text: &'_ str| text.chars().next().map_or(0, char::len_utf8);
        match form.chars().next() {
            None => name.is_empty(),
            Some('*') => {
                is_like_slowly(name, &form[1..])
                    || !name.is_empty() && is_like_slowly(&name[rest(name)..], form)
            }
            Some('?') => !name.is_empty() && is_like_slowly(&name[rest(name)..], &form[1..]),
            Some(first) => {
                name.starts_with(first) && is_like_slowly(&name[rest(name)..], &form[rest(form)..])
            }
        }
    }

    /// Whether a path has the pattern, by trying everything.
    fn matches_slowly(parts: &[Part], path: &[&str]) -> bool {
        match parts.split_first() {
            None => path.is_empty(),
            Some((Part::Folders, rest)) => (0..=path.len()).any(|at| matches_slowly(rest, &path[at..])),
            Some((Part::Below, _)) => !path.is_empty(),
            Some((Part::Name(name), rest)) => path
                .split_first()
                .is_some_and(|(first, path)| is_like_slowly(first, name) && matches_slowly(rest, path)),
            Some((Part::NameAndBelow(name), _)) => {
                path.first().is_some_and(|first| is_like_slowly(first, name))
            }
        }
    }

    proptest! {
        #[test]
        fn names_are_like_forms_as_by_trying_everything(name in "[aé]{0,6}", form in "[aé*?]{0,6}") {
            prop_assert_eq!(is_like(name.as_bytes(), form.as_bytes()), is_like_slowly(&name, &form));
        }

        #[test]
        fn patterns_match_as_by_trying_everything(pattern in "/?([ab]|\\*|\\*\\*|a\\*)(/([ab]|\\*|\\*\\*)){0,3}/?", path in "[ab](/[ab]){0,4}") {
            let parsed = Pattern::parse(&pattern).unwrap();
            let path: Vec<&str> = path.split('/').collect();
            prop_assert_eq!(parsed.matches(&path), matches_slowly(&parsed.0, &path));
        }
    }
}
