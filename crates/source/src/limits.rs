//! What one look at a repository may cost.

/// Length of one source file, in bytes; larger ones are not read.
pub const FILE_BYTES_MAX: u64 = 2 << 20;
/// Length of one directory of a commit as git keeps it, in bytes; larger ones are not read.
pub const TREE_BYTES_MAX: u64 = 8 << 20;
/// Length of one commit or tag, in bytes; larger ones are not read.
pub const COMMIT_BYTES_MAX: u64 = 256 << 10;
/// Files of one commit that are known by name; further ones are not found.
pub const FILES_MAX: usize = 200_000;
/// Directories within each other.
pub const DEPTH_MAX: usize = 64;
/// Length of a path, in bytes.
pub const PATH_BYTES_MAX: usize = 4_096;
/// Commits that one search for the last change passes.
pub const COMMITS_MAX: usize = 50_000;
/// Files that one such search compares with an older version.
pub const DIFFS_MAX: usize = 2_000;
/// Lines that one such search looks for.
pub const LINES_MAX: usize = 50;
/// Files that disappeared in a commit and may have been renamed; further ones are not looked at.
pub const RENAMES_MAX: usize = 1_000;
/// Of those, files whose text is compared.
pub const RENAMES_COMPARED_MAX: usize = 20;
/// Rules of one CODEOWNERS file; further ones are not read.
pub const OWNER_RULES_MAX: usize = 10_000;
/// Owners of one rule; further ones are left out.
pub const OWNERS_MAX: usize = 50;
/// Length of one line of source that is shown, in bytes.
pub const LINE_BYTES_MAX: usize = 1_000;
/// Lines of source that are shown before and after the one that a frame was at.
pub const LINES_AROUND: usize = 5;
/// Length of the message of a commit that is shown, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 4_000;
/// Length of a name that is shown, in bytes.
pub const NAME_BYTES_MAX: usize = 200;

/// The beginning of a text, cut between characters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(bytes_max)])
}
