//! CODEOWNERS: whose code a file is. Pure.
//!
//! As GitHub reads it: the last rule that matches counts, a rule without owners takes ownership away, and `!` and
//! `[…]` in patterns are not understood, so that such a line is left out. Sections of GitLab (`[Name] @default`) are
//! understood in files that have them: the last rule of each section counts, and the owners of all sections do.
//!
//! - **Source:** "About code owners" in the documentation of GitHub, "Code Owners syntax" in that of GitLab.

mod pattern;

use crate::limits::{OWNER_RULES_MAX, OWNERS_MAX, cut};

use pattern::Pattern;

/// Length of an owner, in bytes.
const OWNER_BYTES_MAX: usize = 255;
/// Length of a pattern that is shown, in bytes.
const PATTERN_BYTES_MAX: usize = 500;

/// Where the file may lie; the first that is there counts.
pub const LOCATIONS: [&str; 4] =
    [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// The rules of one file.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    rules: Vec<Rule>,
    sections: Vec<String>,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: Pattern,
    text: String,
    line_number: u32,
    owners: Vec<String>,
    section: usize,
}

/// A rule that decides about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Users, teams and addresses as they are written; empty when the rule says that nobody owns it.
    pub owners: Vec<String>,
    /// The pattern that matched.
    pub pattern: String,
    /// Its line, from 1.
    pub line_number: u32,
    /// The section of GitLab that it stands in.
    pub section: Option<String>,
}

impl Owners {
    /// Reads a file; lines that are not understood are left out.
    ///
    /// - **Limits:** [`OWNER_RULES_MAX`] rules, [`OWNERS_MAX`] owners each; O(length).
    pub fn parse(text: &str) -> Self {
        let mut owners = Self { rules: Vec::new(), sections: vec![String::new()] };
        let (mut section, mut defaults) = (0, Vec::new());
        for (line_number, line) in (1..).zip(text.lines()) {
            if owners.rules.len() >= OWNER_RULES_MAX {
                break;
            }
            if let Some((name, given)) = section_of(line) {
                let known = owners.sections.iter().position(|known| known.eq_ignore_ascii_case(&name));
                section = known.unwrap_or_else(|| {
                    owners.sections.push(name);
                    owners.sections.len() - 1
                });
                defaults = given;
                continue;
            }
            let mut words = words(line);
            if words.is_empty() {
                continue;
            }
            let text = words.remove(0);
            let Some(pattern) = Pattern::parse(&text) else { continue };
            if words.is_empty() {
                words.clone_from(&defaults);
            }
            words.truncate(OWNERS_MAX);
            let text = cut(&text, PATTERN_BYTES_MAX);
            owners.rules.push(Rule { pattern, text, line_number, owners: words, section });
        }
        owners
    }

    /// How many rules there are.
    pub fn count(&self) -> usize {
        self.rules.len()
    }

    /// The rules that decide about a file, one for each section that has one, in the order of the sections.
    pub fn of(&self, path: &str) -> Vec<Owned> {
        let parts: Vec<&str> = path.split('/').collect();
        let mut last: Vec<Option<&Rule>> = vec![None; self.sections.len()];
        for rule in self.rules.iter().filter(|rule| rule.pattern.matches(&parts)) {
            last[rule.section] = Some(rule);
        }
        let owned = |rule: &Rule| Owned {
            owners: rule.owners.clone(),
            pattern: rule.text.clone(),
            line_number: rule.line_number,
            section: Some(&self.sections[rule.section]).filter(|name| !name.is_empty()).cloned(),
        };
        last.into_iter().flatten().map(owned).collect()
    }
}

/// Name and owners of a line that begins a section: `^[Documentation][2] @docs`.
fn section_of(line: &str) -> Option<(String, Vec<String>)> {
    let rest = line.trim().trim_start_matches('^').strip_prefix('[')?;
    let (name, mut rest) = rest.split_once(']')?;
    if name.trim().is_empty() || rest.starts_with(|c: char| !c.is_whitespace() && c != '[') {
        return None;
    }
    if let Some((_, after)) = rest.strip_prefix('[').and_then(|count| count.split_once(']')) {
        rest = after;
    }
    let mut owners = words(rest);
    owners.truncate(OWNERS_MAX);
    Some((cut(name.trim(), OWNER_BYTES_MAX), owners))
}

/// Words of a line up to its comment; `\` takes the meaning from a space or `#` after it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(escaped @ (' ' | '#')) => word.push(escaped),
                Some(other) => word.extend(['\\', other]),
                None => word.push('\\'),
            },
            '#' if word.is_empty() => break,
            space if space.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            other => word.push(other),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    let mut is_first = true;
    words.retain(|word| std::mem::take(&mut is_first) || word.len() <= OWNER_BYTES_MAX);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, path: &str, want: &str) {
        let owned = Owners::parse(file).of(path);
        let shown: Vec<String> = owned
            .iter()
            .map(|owned| {
                let section = owned.section.as_deref().map(|name| format!("[{name}] ")).unwrap_or_default();
                format!("{section}{}:{} {}", owned.line_number, owned.pattern, owned.owners.join(" "))
            })
            .collect();
        assert_eq!(shown.join(" | "), want, "{path}");
    }

    #[test]
    fn the_last_rule_that_matches_counts() {
        let file = "\
# the default
*       @all @org/everybody

*.py    @python # of all folders
/shop/  @org/shop ada@example.org
/shop/generated/
shop/payments/*  @payments
docs\\ old/ @writers
";
        check(file, "README.md", "2:* @all @org/everybody");
        check(file, "lib/a.py", "4:*.py @python");
        check(file, "shop/a.py", "5:/shop/ @org/shop ada@example.org");
        check(file, "shop/generated/a.py", "6:/shop/generated/ ");
        check(file, "shop/payments/card.py", "7:shop/payments/* @payments");
        check(file, "shop/payments/cards/visa.py", "5:/shop/ @org/shop ada@example.org");
        check(file, "docs old/a.py", "8:docs old/ @writers");
    }

    #[test]
    fn lines_that_are_not_understood_are_left_out() {
        check("!a.py @no\n[ab].py @no\n\n   \n#\n\\#a @yes\n", "a.py", "");
        check("!a.py @no\n\\#a @yes\n", "#a", "2:#a @yes");
    }

    #[test]
    fn sections_of_gitlab_add_up() {
        let file = "\
* @all
[Documentation] @docs
docs/
*.md @writers
^[Python][2] @python
*.py
*.md
[documentation]
/docs/a.md @ada
";
        check(file, "docs/x.txt", "1:* @all | [Documentation] 3:docs/ @docs");
        check(file, "docs/a.md", "1:* @all | [Documentation] 9:/docs/a.md @ada | [Python] 7:*.md @python");
        check(file, "a.py", "1:* @all | [Python] 6:*.py @python");
    }

    #[test]
    fn a_file_has_a_bounded_number_of_rules_and_owners() {
        let many = "* @a\n".repeat(OWNER_RULES_MAX + 5) + &format!("* {}\n", "@b ".repeat(100));
        assert_eq!(Owners::parse(&many).count(), OWNER_RULES_MAX);
        let owned = Owners::parse(&format!("* {}", "@b ".repeat(100))).of("a");
        assert_eq!(owned[0].owners.len(), OWNERS_MAX);
    }
}
