//! Columns of tables under a redacted name: CSV, tabs, `| a | b |`.

use super::bytes::skip_up_to;
use crate::names::Names;
use crate::steps;

/// Longer lines are none of a table, in bytes.
const LINE_BYTES_MAX: usize = 4_096;

const DELIMITERS: [u8; 4] = *b"|\t,;";

struct Table {
    delimiter: u8,
    cells: usize,
    redacted: Vec<usize>,
}

/// The cells under redacted names: ascending, without overlaps. O(bytes).
pub(super) fn find(bytes: &[u8], names: &Names) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    if memchr::memchr3(b'\n', b'|', b'\\', bytes).is_none() {
        return found;
    }
    let line_break: &[u8] = if memchr::memchr(b'\n', bytes).is_some() { b"\n" } else { br"\n" };
    if memchr::memchr3(b'|', b',', b';', bytes).is_none() && memchr::memchr(b'\t', bytes).is_none() {
        return found;
    }
    let end = bytes.len() - usize::from(matches!(bytes.last(), Some(b'\'' | b'"')));
    let mut start = skip_up_to(bytes, 0, 1, |b| matches!(b, b'\'' | b'"')).min(end);
    let mut table: Option<Table> = None;
    let mut breaks = memchr::memmem::find_iter(bytes, line_break);
    loop {
        let next = breaks.next();
        let line_end = next.unwrap_or(end).min(end);
        if start < line_end && line_end - start <= LINE_BYTES_MAX {
            table = line(bytes, (start, line_end), table, names, &mut found);
        } else {
            table = None;
        }
        match next {
            Some(at) => start = at + line_break.len(),
            None => return found,
        }
    }
}

/// Reads one line as a row of `table`, or else as the header of the next one.
fn line(
    bytes: &[u8],
    (start, end): (usize, usize),
    table: Option<Table>,
    names: &Names,
    found: &mut Vec<(usize, usize)>,
) -> Option<Table> {
    let text = &bytes[start..end];
    steps::add(text.len());
    if is_frame(text) {
        return None;
    }
    if let Some(table) = table {
        if text.iter().all(|b| b"-+|=: \r".contains(b)) {
            return Some(table);
        }
        let cells = cells(bytes, (start, end), table.delimiter);
        // The last line may be cut.
        let is_cut = cells.len() < table.cells && cells.len() > 1 && end + 1 >= bytes.len();
        if cells.len() == table.cells || is_cut {
            let redacted = table.redacted.iter().filter_map(|index| cells.get(*index).copied());
            found.extend(redacted.filter(|(start, end)| start < end));
            return Some(table);
        }
    }
    let first = text.iter().position(|b| !b" |\"'".contains(b))?;
    let name = text[first..].iter().take_while(|b| is_header_byte(**b) || **b == b' ').count();
    let delimiter = *text[first + name..].iter().find(|b| !matches!(b, b'"' | b'\''))?;
    if name == 0 || !DELIMITERS.contains(&delimiter) {
        return None;
    }
    let cells = cells(bytes, (start, end), delimiter);
    let text_of = |cell: (usize, usize)| std::str::from_utf8(&bytes[cell.0..cell.1]).unwrap_or_default();
    if delimiter == b'|'
        && text[..first].contains(&b'|')
        && cells.len() == 2
        && names.matched(text_of(cells[0])).is_some()
    {
        found.extend(Some(cells[1]).filter(|(start, end)| start < end));
    }
    let may_have_spaces = delimiter == b'|' || delimiter == b'\t';
    let is_header = |cell: &(usize, usize)| {
        let cell = &bytes[cell.0..cell.1];
        cell.first().is_some_and(|b| b.is_ascii_alphabetic() || !b.is_ascii())
            && cell.len() <= 64
            && cell.iter().all(|b| is_header_byte(*b) || (may_have_spaces && *b == b' '))
    };
    if cells.len() < 2 || !cells.iter().all(is_header) {
        return None;
    }
    let redacted: Vec<usize> =
        (0..cells.len()).filter(|index| names.matched(text_of(cells[*index])).is_some()).collect();
    (!redacted.is_empty()).then_some(Table { delimiter, cells: cells.len(), redacted })
}

/// The line of a traceback that says where a frame stands.
fn is_frame(line: &[u8]) -> bool {
    let margin = line.iter().take_while(|b| matches!(b, b' ' | b'|')).count();
    margin >= 2
        && line[margin..].starts_with(b"File \"")
        && memchr::memmem::find(line, b"\", line ").is_some()
}

fn is_header_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'_' | b'-' | b'.')
}

/// The cells of a line, without spaces and quotes around.
fn cells(bytes: &[u8], (start, end): (usize, usize), delimiter: u8) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    let (mut from, mut in_quotes) = (start, false);
    steps::add(end - start);
    for at in start..=end {
        if at < end && bytes[at] == b'"' && matches!(delimiter, b',' | b';') {
            in_quotes = !in_quotes;
        }
        if at == end || (bytes[at] == delimiter && !in_quotes) {
            cells.push(stripped(bytes, from, at));
            from = at + 1;
        }
    }
    if delimiter == b'|' {
        let is_empty = |cell: Option<&(usize, usize)>| cell.is_some_and(|(start, end)| start == end);
        if is_empty(cells.last()) {
            cells.pop();
        }
        if is_empty(cells.first()) {
            cells.remove(0);
        }
    }
    cells
}

fn stripped(bytes: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    while start < end && matches!(bytes[start], b' ' | b'\r') {
        start += 1;
    }
    while start < end && matches!(bytes[end - 1], b' ' | b'\r') {
        end -= 1;
    }
    if end - start >= 2 && matches!(bytes[start], b'"' | b'\'') && bytes[start] == bytes[end - 1] {
        (start + 1, end - 1)
    } else {
        (start, end)
    }
}
