//! Private keys, passwords in addresses, and contact data.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use super::Sweep;

/// The shortest private key, and the shortest key in a connection string, in bytes.
pub(super) const KEY_BYTES_MIN: usize = 30;

/// How much of an address is read for its user, password and host, in bytes.
const AUTHORITY_BYTES_MAX: usize = 500;

static KEY_BEGINS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"-----BEGIN"));
static AUTHORITY_BEGINS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"://"));

/// What stands before a key in a connection string.
static CONNECTION_KEYS: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| [Finder::new(b"AccountKey="), Finder::new(b"SharedAccessKey=")]);

impl Sweep<'_> {
    /// From `-----BEGIN … PRIVATE KEY` to the end line, or to the end of a text that was cut.
    pub(super) fn private_keys(&mut self) {
        let bytes = self.bytes;
        let mut from = 0;
        while let Some(found) = KEY_BEGINS.find(&bytes[from..]) {
            let start = from + found;
            let label = &bytes[start + 10..(start + 60).min(bytes.len())];
            from = start + 10;
            if memmem::find(label, b"PRIVATE").is_none_or(|at| memmem::find(&label[at..], b"KEY").is_none()) {
                continue;
            }
            let mut end = bytes.len();
            if let Some(foot) = memmem::find(&bytes[from..], b"-----END") {
                let rest = from + foot + 8;
                end = memmem::find(&bytes[rest..(rest + 60).min(bytes.len())], b"-----")
                    .map_or((rest + 60).min(bytes.len()), |close| rest + close + 5);
            } else if let Some(quote) = memchr::memchr2(b'"', b'\'', &bytes[from..]) {
                end = from + quote;
            }
            // The next frame of a traceback is no part of the key.
            if let Some(frame) = memmem::find(&bytes[from..end], b"\n  File ") {
                end = from + frame;
            }
            crate::steps::add(end - start);
            self.push("private_key", start..end);
            from = end;
        }
    }

    /// `scheme://user:password@host`, and webhooks.
    pub(super) fn addresses(&mut self) {
        let bytes = self.bytes;
        let mut from = 0;
        while let Some(found) = AUTHORITY_BEGINS.find(&bytes[from..]) {
            let start = from + found + 3;
            self.address(start);
            from = start;
        }
    }

    /// Keys in Azure's connection strings.
    pub(super) fn connection_keys(&mut self) {
        let bytes = self.bytes;
        for key in CONNECTION_KEYS.iter() {
            for at in key.find_iter(bytes) {
                let start = at + key.needle().len();
                let length = bytes[start..]
                    .iter()
                    .take(120)
                    .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
                    .count();
                if length >= 40 {
                    self.push("azure_storage_key", start..start + length);
                }
            }
        }
    }

    fn address(&mut self, start: usize) {
        let bytes = self.bytes;
        let ends = |b: &u8| b.is_ascii_whitespace() || b"\"'<>`/?#\\".contains(b);
        let window = &bytes[start..bytes.len().min(start + AUTHORITY_BYTES_MAX)];
        crate::steps::add(window.len());
        let authority = &window[..window.iter().position(ends).unwrap_or(window.len())];
        if let Some(host) = memchr::memrchr(b'@', authority)
            && let Some(colon) = memchr::memchr(b':', &authority[..host])
        {
            self.push("url_credentials", start + colon + 1..start + host);
        }
        let path_start = start + authority.len();
        let path = &bytes[path_start..bytes.len().min(path_start + AUTHORITY_BYTES_MAX)];
        let is_slack = authority.ends_with(b"hooks.slack.com") && path.len() > 30;
        let is_discord = (authority.ends_with(b"discord.com") || authority.ends_with(b"discordapp.com"))
            && path.starts_with(b"/api/webhooks/")
            && path.len() > 60;
        let path_length = path.iter().take_while(|b| b.is_ascii_alphanumeric() || b"/_-".contains(b)).count();
        if is_slack || is_discord {
            let rule = if is_slack { "slack_webhook" } else { "discord_webhook" };
            self.push(rule, path_start..path_start + path_length);
        }
    }

    /// E-mail and IPv6; the other two are numbers.
    pub(super) fn contacts(&mut self) {
        if self.detector.email {
            for at in memchr::memchr_iter(b'@', self.bytes) {
                self.email(at);
            }
        }
        if self.detector.ipv6 {
            self.ipv6();
        }
    }

    fn email(&mut self, at: usize) {
        let bytes = self.bytes;
        let is_local = |b: &&u8| b.is_ascii_alphanumeric() || b"._%+-".contains(b);
        let local = bytes[..at].iter().rev().take(64).take_while(is_local).count();
        crate::steps::add(local);
        let is_domain = |b: &&u8| b.is_ascii_alphanumeric() || b".-".contains(b);
        let mut domain = bytes[at + 1..].iter().take(253).take_while(is_domain).count();
        while domain > 0 && !bytes[at + domain].is_ascii_alphanumeric() {
            domain -= 1;
        }
        let top = bytes[at + 1..at + 1 + domain].rsplit(|b| *b == b'.').next().unwrap_or_default();
        if local > 0 && top.len() + 1 < domain && top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic) {
            self.push("email", at - local..at + 1 + domain);
        }
    }

    fn ipv6(&mut self) {
        let bytes = self.bytes;
        let is_part = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
        let mut at = 0;
        while at < bytes.len() {
            if !is_part(bytes[at]) {
                at += 1;
                continue;
            }
            let length = bytes[at..].iter().take_while(|b| is_part(**b)).count();
            let run = &bytes[at..at + length];
            let begins = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
            if begins
                && (3..=45).contains(&length)
                && run.iter().filter(|b| **b == b':').count() >= 2
                && std::str::from_utf8(run).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
            {
                self.push("ipv6", at..at + length);
            }
            at += length;
        }
    }
}
