//! The limits of the tools, each with its unit and default.

/// Length of one request over HTTP, in bytes.
pub const REQUEST_BYTES_MAX: usize = 1 << 20;
/// Length of an answer of the API, in bytes; an event with its values is far smaller.
pub const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Bytes of UTF-8 that are counted as one token. English and code have about four, so that a budget is kept rather than
/// used up.
pub const TOKEN_BYTES: usize = 3;
/// Tokens of an answer, unless asked otherwise.
pub const BUDGET_TOKENS_DEFAULT: usize = 4_000;
/// Tokens of an answer at least.
pub const BUDGET_TOKENS_MIN: usize = 500;
/// Tokens of an answer at most.
pub const BUDGET_TOKENS_MAX: usize = 25_000;
/// Issues or events of one answer, unless asked otherwise.
pub const PAGE_DEFAULT: usize = 10;
/// Issues or events of one answer at most.
pub const PAGE_MAX: usize = 50;
/// Characters of one value on a line.
pub const VALUE_CHARACTERS_MAX: usize = 240;
/// Characters of a message in a list.
pub const LISTED_CHARACTERS_MAX: usize = 200;
/// Characters of the message of an exception.
pub const MESSAGE_CHARACTERS_MAX: usize = 2_000;
/// Characters of a name: of a function, file, service, type.
pub const NAME_CHARACTERS_MAX: usize = 200;
/// Lines of source before and after the one that raised.
pub const SOURCE_LINES_AROUND: u64 = 3;
/// Characters of a line of source.
pub const SOURCE_CHARACTERS_MAX: usize = 200;
/// Levels of a variable, unless asked otherwise.
pub const DEPTH_DEFAULT: usize = 3;
/// Levels of a variable at most.
pub const DEPTH_MAX: usize = 10;
/// Parts of a variable on one page, unless asked otherwise.
pub const PARTS_DEFAULT: usize = 50;
/// Parts of a variable on one page at most.
pub const PARTS_MAX: usize = 500;
/// Parts of each part of a variable: those of one part are looked at by its path.
pub const INNER_PARTS_MAX: usize = 20;
/// Characters of a text on one page of it.
pub const TEXT_CHARACTERS_MAX: usize = 4_000;
/// Length of a comment, in bytes; the API has the same.
pub const COMMENT_BYTES_MAX: usize = 10_000;
