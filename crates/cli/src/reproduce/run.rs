//! Running a generated test in a process of its own.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

/// Runs what is given, and denies what it was not told to allow.
const GUARD: &str = include_str!("guard.py");

/// Between two looks at the process.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Bytes of the end of what the process printed that are told of.
const PRINTED_BYTES_MAX: usize = 2_000;

/// How tests are run.
pub(super) struct Environment<'a> {
    pub(super) python: &'a Path,
    /// The folders that modules are imported from; it runs in the first.
    pub(super) roots: Vec<&'a Path>,
    /// `network`, `processes`, `writes`.
    pub(super) allowed: String,
    pub(super) timeout: Duration,
}

/// What a run showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Same,
    Other,
    Nothing,
    Failed,
}

impl Verdict {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same exception",
            Self::Other => "other exception",
            Self::Nothing => "no exception",
            Self::Failed => "could not be run",
        }
    }
}

/// Runs the test, and a second time in a fresh process when it raised the same exception: what does not happen twice is
/// not reproduced. The JSON says what was seen.
pub(super) fn run(made: &Value, environment: &Environment<'_>) -> anyhow::Result<(Verdict, Value)> {
    let text = made["text"].as_str().unwrap_or_default();
    let (verdict, seen) = run_once(made, text, environment)?;
    if verdict != Verdict::Same {
        return Ok((verdict, seen));
    }
    let (second, seen_then) = run_once(made, text, environment)?;
    if second == Verdict::Same { Ok((verdict, seen)) } else { Ok((second, seen_then)) }
}

/// Runs a file, which is that of the test or a smaller one, once.
pub(super) fn run_once(
    made: &Value,
    text: &str,
    environment: &Environment<'_>,
) -> anyhow::Result<(Verdict, Value)> {
    let folder = tempfile::tempdir().context("no temporary folder can be made")?;
    let at = |name: &str| folder.path().join(name);
    let file_name = made["file_name"].as_str().unwrap_or("test.py");
    let (guard, test, result, printed) = (at("guard.py"), at(file_name), at("result.json"), at("printed"));
    std::fs::write(&guard, GUARD)?;
    std::fs::write(&test, text)?;
    let output = File::create(&printed)?;
    let mut command = Command::new(environment.python);
    command
        .arg(&guard)
        .args([&test, &result])
        .arg(folder.path())
        .arg(
            std::env::join_paths(&environment.roots)
                .context("a folder to import from cannot be written in a list")?,
        )
        .arg(&environment.allowed)
        .current_dir(environment.roots.first().copied().unwrap_or(Path::new(".")))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    let is_in_time = finish(command, environment)?;
    let printed = std::fs::read(&printed).unwrap_or_default();
    let printed = String::from_utf8_lossy(&printed[printed.len().saturating_sub(PRINTED_BYTES_MAX)..]);
    let said = std::fs::read_to_string(&result).unwrap_or_default();
    let seen: Value = match serde_json::from_str(&said) {
        Ok(seen) => seen,
        Err(_) if !is_in_time => {
            json!({"failed": format!("no end within {} seconds (--timeout)", environment.timeout.as_secs())})
        }
        Err(_) => json!({"failed": format!("Python ended without a result:\n{printed}")}),
    };
    Ok((judge(&made["expected"], &seen), seen))
}

/// Waits for the end of the process; false when it took too long and was killed.
fn finish(mut command: Command, environment: &Environment<'_>) -> anyhow::Result<bool> {
    let python = environment.python.display();
    let mut child = command.spawn().with_context(|| format!("`{python}` cannot be run (see --python)"))?;
    let started = Instant::now();
    while child.try_wait()?.is_none() {
        if started.elapsed() >= environment.timeout {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(true)
}

fn judge(expected: &Value, seen: &Value) -> Verdict {
    let raised = &seen["raised"];
    if seen.get("raised").is_none() {
        return Verdict::Failed;
    }
    if raised.is_null() {
        return Verdict::Nothing;
    }
    let is_equal = |key: &str| raised[key] == expected[key];
    let is_free_of_stand_ins = seen["stand_ins_used"].as_array().is_none_or(Vec::is_empty);
    let is_message = expected["message"].is_null() || is_equal("message");
    if is_equal("type") && is_message && is_equal("place") && is_free_of_stand_ins {
        Verdict::Same
    } else {
        Verdict::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_type_message_and_place_are_the_same() {
        let expected = json!({"type": "KeyError", "message": "'XTS'", "place": "pay.py:3"});
        let seen = |raised: Value, used: Value| json!({"raised": raised, "stand_ins_used": used});
        let with = |key: &str, value: &str| {
            let mut raised = expected.clone();
            raised[key] = value.into();
            raised
        };
        let check = |raised: Value, used: Value| judge(&expected, &seen(raised, used));
        assert_eq!(check(expected.clone(), json!([])), Verdict::Same);
        assert_eq!(check(expected.clone(), json!(["`x` of a socket"])), Verdict::Other);
        assert_eq!(check(with("type", "ValueError"), json!([])), Verdict::Other);
        assert_eq!(check(with("message", "'EUR'"), json!([])), Verdict::Other);
        assert_eq!(check(with("place", "pay.py:4"), json!([])), Verdict::Other);
        assert_eq!(check(Value::Null, json!([])), Verdict::Nothing);
        assert_eq!(judge(&expected, &json!({"failed": "no"})), Verdict::Failed);
        let redacted = json!({"type": "KeyError", "message": null, "place": "pay.py:3"});
        assert_eq!(judge(&redacted, &seen(with("message", "other"), json!([]))), Verdict::Same);
    }
}
