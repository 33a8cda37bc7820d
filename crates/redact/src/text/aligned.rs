//! Columns under a redacted name in tables that spaces align, as data frames and shells print them.

use super::bytes::is_name_byte;
use crate::names::Names;
use crate::steps;

/// Longer lines are none of a table, in bytes.
const LINE_BYTES_MAX: usize = 1_024;

/// Where a column begins and ends, from the beginning of its line.
type Column = (usize, usize);

/// The cells under redacted names: ascending, without overlaps. O(bytes).
pub(super) fn find(bytes: &[u8], names: &Names) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    if memchr::memchr(b'\n', bytes).is_none() {
        return found;
    }
    steps::add(bytes.len());
    let mut columns: Vec<Column> = Vec::new();
    let mut before: &[u8] = &[];
    let mut start = 0;
    for line in bytes.split(|b| *b == b'\n') {
        let first = line.iter().find(|b| **b != b' ');
        let is_row = first.is_some() && line.len() <= LINE_BYTES_MAX;
        if !is_row {
            columns.clear();
        } else if columns.is_empty() && matches!(first, Some(b'0'..=b'9' | b'-')) {
            columns = header(before, names);
        }
        if !columns.is_empty() {
            row(line, start, &columns, &mut found);
        }
        before = line;
        start += line.len() + 1;
    }
    found
}

/// The redacted columns of a line of names.
fn header(line: &[u8], names: &Names) -> Vec<Column> {
    let mut columns = Vec::new();
    if line.len() > LINE_BYTES_MAX || line.iter().any(|b| !is_name_byte(*b) && *b != b' ') {
        return columns;
    }
    steps::add(line.len());
    let mut at = 0;
    for word in line.split(|b| *b == b' ') {
        if std::str::from_utf8(word).is_ok_and(|word| names.matched(word).is_some()) {
            columns.push((at, at + word.len()));
        }
        at += word.len() + 1;
    }
    columns
}

/// The cells of a line that begin or end where a column does. Two spaces stand between cells.
fn row(line: &[u8], start: usize, columns: &[Column], found: &mut Vec<(usize, usize)>) {
    steps::add(line.len());
    let mut at = 0;
    while at < line.len() {
        if line[at] == b' ' || line[at] == b'\r' {
            at += 1;
            continue;
        }
        let begins = at;
        while at < line.len() && !(line[at] == b' ' && matches!(line.get(at + 1), None | Some(b' '))) {
            at += 1;
        }
        let is_line = line[begins..at].iter().all(|b| b"-=+ ".contains(b));
        // A narrow column has one space before it: then the words count.
        let mut word = begins;
        for part in line[begins..at].split(|b| *b == b' ') {
            let (first, last) = (word, word + part.len());
            let is_column = |(from, to): &Column| *from == first || *to == last;
            if !is_line && !part.is_empty() && columns.iter().any(is_column) {
                found.push((start + first, start + last));
            }
            word = last + 1;
        }
    }
}
