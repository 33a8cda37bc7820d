//! What one session may cost. Everything over a limit is refused or cut, and says so.

/// Header of one message, in bytes; a longer one is no header.
pub const HEADER_BYTES_MAX: usize = 4_096;
/// Body of one message from a client, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;
/// Values of one event that are kept; further ones are marked as over a limit.
pub const VALUES_MAX: usize = 1_000_000;
/// Frames of the stack, with the labels between them; further ones are left out.
pub const FRAMES_MAX: usize = 20_000;
/// Nesting of exceptions in groups that is shown.
pub const GROUP_DEPTH_MAX: usize = 8;
/// Variables in one answer.
pub const VARIABLES_PER_PAGE_MAX: usize = 1_000;
/// Values that clients hold a reference to, in one session.
pub const REFERENCES_MAX: usize = 500_000;
/// Breakpoints in one request that are answered.
pub const BREAKPOINTS_MAX: usize = 1_000;
/// Proposals in one answer to a request for completions.
pub const COMPLETIONS_MAX: usize = 200;
/// Modules, and sources, in one answer.
pub const LISTED_MAX: usize = 5_000;
/// Length of an expression, in bytes.
pub const EXPRESSION_BYTES_MAX: usize = 10_000;
/// Nesting of an expression.
pub const EXPRESSION_DEPTH_MAX: usize = 64;
/// Operators, attributes and items in an expression.
pub const OPERATORS_MAX: usize = 200;
/// Values that one evaluation looks at.
pub const STEPS_MAX: usize = 1_000_000;
/// Nesting of values that a comparison follows.
pub const COMPARED_DEPTH_MAX: usize = 64;
/// Elements of a list, or bytes of a text, that an evaluation makes.
pub const MADE_MAX: usize = 100_000;
/// Length of the text of one value in a list of variables, in characters.
pub const LINE_CHARACTERS_MAX: usize = 300;
/// Length of the text of a value that was asked for by itself, in characters.
pub const TEXT_CHARACTERS_MAX: usize = 100_000;
/// Length of what evaluates to a variable, in bytes; a longer one is not given.
pub const NAME_BYTES_MAX: usize = 2_000;
/// Empty lines before captured lines, so that these have their numbers.
pub const LINES_BEFORE_MAX: u32 = 100_000;
/// Lines that one command of the prompt prints.
pub const LISTED_LINES_MAX: usize = 2_000;
