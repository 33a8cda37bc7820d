//! The prompt in a terminal, or in a pipe.

use std::io::{BufRead, IsTerminal, Read, Write};

use reenact_debug::{Case, Prompt};

/// Length of one line, in bytes.
const LINE_BYTES_MAX: u64 = 20_000;

/// Until the end of the input, or until somebody leaves.
///
/// In a pipe there is no prompt before the answers.
pub(super) fn run(case: Case) -> anyhow::Result<()> {
    let mut prompt = Prompt::new(case);
    let mut input = std::io::stdin().lock();
    let mut out = std::io::stdout().lock();
    let is_terminal = std::io::stdin().is_terminal();
    out.write_all(prompt.greeting().as_bytes())?;
    let mut line = Vec::new();
    loop {
        if is_terminal {
            out.write_all(b"(reenact) ")?;
        }
        out.flush()?;
        line.clear();
        let count = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if count == 0 {
            if is_terminal {
                out.write_all(b"\n")?;
            }
            return Ok(());
        }
        let answer = prompt.handle(&String::from_utf8_lossy(&line));
        out.write_all(answer.text.as_bytes())?;
        if answer.is_end {
            return Ok(out.flush()?);
        }
    }
}
