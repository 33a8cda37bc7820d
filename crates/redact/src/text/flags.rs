//! Secrets in command lines whose flags have one letter: `mysql -psecret`, `curl -u user:secret`.

use super::Scanner;
use super::bytes::{is_name_byte, skip, skip_up_to};
use super::phrases::lowered_tail;

/// How far before a flag its program may stand, in bytes.
const COMMAND_BYTES_MAX: usize = 256;

/// What follows a flag.
#[derive(Clone, Copy, PartialEq)]
enum After {
    /// The secret, without a space: without a value the flag asks for it.
    Attached,
    /// The secret, with or without a space.
    Secret,
    /// A user, a colon and the secret.
    User,
}

/// Programs, their flags, and what follows these.
const FLAGS: [(&[&str], &[&str], After); 9] = [
    (&["mysql", "mariadb"], &["p"], After::Attached),
    (&["curl"], &["u", "U", "-user", "-proxy-user"], After::User),
    (&["wget", "http", "httpie"], &["a", "-auth"], After::User),
    (&["sshpass", "login", "mongo", "rabbitmqadmin"], &["p"], After::Secret),
    (&["redis-cli"], &["a"], After::Secret),
    (&["ldapsearch", "ldapmodify", "ldapadd", "ldapwhoami", "ldapdelete"], &["w"], After::Secret),
    (&["openssl"], &["k", "K"], After::Secret),
    (&["sqlcmd", "bcp", "zip", "unzip", "rar"], &["P"], After::Secret),
    (&["smbclient", "rpcclient"], &["U"], After::User),
];

impl Scanner<'_> {
    /// A flag that begins at `at` with a hyphen, after the program that knows it; and `-token secret`.
    pub(super) fn short_flag(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let begins = at == 0 || matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b'"' | b'\'');
        if !begins || !bytes.get(at + 1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'-') {
            return at + 1;
        }
        let word_end = skip_up_to(bytes, at + 1, 64, is_name_byte);
        let word = std::str::from_utf8(&bytes[at + 1..word_end]).unwrap_or_default();
        if word.len() > 2
            && bytes.get(word_end) == Some(&b' ')
            && self.names.matched(word).is_some()
            && !word.starts_with('-')
        {
            let value = skip_up_to(bytes, word_end, 8, |b| b == b' ');
            let is_value =
                bytes.get(value).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'"' | b'\''));
            return if is_value { self.value(value, None) } else { at + 1 };
        }
        let command = lowered_tail(&bytes[..at], COMMAND_BYTES_MAX);
        let command = command.rsplit('\n').next().unwrap_or_default();
        crate::steps::add(command.len() * FLAGS.len());
        for (programs, flags, after) in FLAGS {
            let Some(flag) = flags.iter().find(|flag| word.starts_with(**flag)) else { continue };
            let is_long = flag.starts_with('-') && word.len() != flag.len();
            if is_long || !programs.iter().any(|program| has_program(command, program)) {
                continue;
            }
            return self.flagged(at + 1 + flag.len(), after).unwrap_or(at + 1);
        }
        at + 1
    }

    /// Redacts what follows a flag that ends at `end`.
    fn flagged(&mut self, end: usize, after: After) -> Option<usize> {
        let bytes = self.bytes;
        let mut start = end;
        if after != After::Attached {
            // In a list of arguments there are quotes and a comma between.
            start = skip_up_to(bytes, end, 16, |b| b" ,=".contains(&b) || matches!(b, b'"' | b'\'' | b'\\'));
        } else if matches!(bytes.get(end), Some(b'"' | b'\''))
            && bytes.get(end + 1).is_some_and(|b| !b.is_ascii_whitespace() && *b != b',' && *b != b']')
        {
            start = end + 1;
        }
        let stop = skip(bytes, start, |b| {
            !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`' | b'|' | b';' | b'\\' | b')')
        });
        if after == After::User {
            let length = bytes[start..stop].iter().position(|b| matches!(b, b':' | b'%'))?;
            start += length + 1;
        }
        let is_flag = bytes.get(start) == Some(&b'-') && after != After::Attached;
        (start < stop && !is_flag).then(|| self.mark(start, stop))
    }
}

/// Whether a command has the program in it, as a word that may go on: `mysqldump`.
fn has_program(command: &str, program: &str) -> bool {
    command
        .match_indices(program)
        .any(|(at, _)| at == 0 || !command.as_bytes()[at - 1].is_ascii_alphanumeric())
}
