//! What is printed of a test and of its runs.

use std::path::Path;

use serde_json::{Value, json};

use super::local::Here;
use super::run::Verdict;
use crate::client::text;
use crate::output::{Out, Style, inert, inert_lines};

pub(super) fn run(out: &mut Out, made: &Value) -> anyhow::Result<()> {
    let mut failed_before = "";
    for attempt in made["run"]["attempts"].as_array().into_iter().flatten() {
        let outcome = text(attempt, "outcome");
        let style = if outcome == "same exception" { Style::Text } else { Style::Error };
        let only = if attempt["mode"] == "statement" { "the statement of " } else { "" };
        let place = format!("{only}frame {}, {}", attempt["frame"], inert(text(attempt, "function")));
        out.line(&format!("{}  {}", out.paint(style, outcome), out.paint(Style::Muted, &place)))?;
        let seen = &attempt["seen"];
        if let Some(raised) = seen["raised"].as_object() {
            let part = |key: &str| inert_lines(raised[key].as_str().unwrap_or("?"), "    ");
            out.line(&format!("    {}: {}  {}", part("type"), part("message"), part("place")))?;
        }
        if let Some(failed) = seen["failed"].as_str() {
            // The same for every test: said once with where it is from.
            let last = failed.trim_end().lines().last().unwrap_or_default();
            let told = if last == failed_before { last } else { failed };
            out.line(&format!("    {}", inert_lines(told.trim_end(), "    ")))?;
            failed_before = last;
        }
        for used in seen["stand_ins_used"].as_array().into_iter().flatten() {
            out.line(&format!("    the code needs {}", inert(used.as_str().unwrap_or(""))))?;
        }
        for denied in seen["denied"].as_array().into_iter().flatten() {
            out.line(&format!("    {} was denied", inert(denied.as_str().unwrap_or(""))))?;
        }
    }
    if let Some(outermost) = made["run"]["outermost"].as_object() {
        let function = inert(outermost["function"].as_str().unwrap_or(""));
        out.line(&format!(
            "as well from further out: frame {}, {function} (--frame {0})",
            outermost["frame"]
        ))?;
    }
    if made["shrunk"].is_object() {
        let shrunk = &made["shrunk"];
        out.line(&format!(
            "smaller by {} parts and {} characters of texts, in {} runs",
            shrunk["parts_removed"], shrunk["characters_removed"], shrunk["runs"]
        ))?;
    }
    let expected = &made["expected"];
    let message = expected["message"]
        .as_str()
        .map_or("(a message that is not compared)".to_owned(), |message| inert_lines(message, "    "));
    out.line(&format!(
        "wanted: {}: {message}  {}",
        inert(text(expected, "type")),
        inert(text(expected, "place"))
    ))?;
    about(out, made)
}

/// The folders that modules are imported from, each with the reason, and what stands in the way of that.
pub(super) fn imports_from(here: &Here<'_>, working: &Path, made: &Value, python: &Path) -> Value {
    let name = |folder: &Path| match folder.strip_prefix(working) {
        Ok(below) if below.as_os_str().is_empty() => ".".to_owned(),
        Ok(below) => below.display().to_string(),
        Err(_) => folder.display().to_string(),
    };
    let folders = here.roots().iter().map(|root| json!({"folder": name(&root.here), "why": root.why}));
    let attempts = made["run"]["attempts"].as_array();
    let first = attempts
        .and_then(|attempts| attempts.first())
        .filter(|first| first["outcome"] != Verdict::Same.as_str());
    let missing = first.and_then(|first| first["seen"]["module_not_found"].as_str()).map(|module| {
        let top = module.split('.').next().unwrap_or(module);
        match here.folder_of(top) {
            Some(folder) => format!("`{top}` was not found; it is below `{0}`: --root {0}", name(&folder)),
            None => format!(
                "`{top}` was not found: it is not installed for `{}`, and not below `{}`; --python names the Python of the \
                 application's environment, --root the folder of its modules",
                python.display(),
                name(here.folder())
            ),
        }
    });
    json!({"folders": folders.collect::<Vec<_>>(), "note": here.doubt().or(missing)})
}

fn roots(out: &mut Out, made: &Value) -> anyhow::Result<()> {
    let folders = made["imports_from"]["folders"].as_array().map_or(&[][..], Vec::as_slice);
    let told: Vec<String> = folders
        .iter()
        .map(|root| format!("{} ({})", inert(text(root, "folder")), inert(text(root, "why"))))
        .collect();
    if !told.is_empty() {
        let names: Vec<&str> = folders.iter().map(|root| text(root, "folder")).collect();
        let alone = if names == ["."] {
            String::new()
        } else {
            format!("; for the file alone: PYTHONPATH={}", inert(&names.join(":")))
        };
        out.line(&format!("imports from {}{alone}", told.join(", ")))?;
    }
    let attempts = made["run"]["attempts"].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(settings) = attempts.iter().find_map(|attempt| attempt["seen"]["django_settings"].as_str()) {
        out.line(&format!(
            "Django is set up with {}; the file alone needs DJANGO_SETTINGS_MODULE and `django.setup()`, as pytest-django \
             does it",
            inert(settings)
        ))?;
    }
    if let Some(note) = made["imports_from"]["note"].as_str() {
        out.line(&out.paint(Style::Error, &inert(note)))?;
    }
    Ok(())
}

pub(super) fn about(out: &mut Out, made: &Value) -> anyhow::Result<()> {
    let frame = &made["frame"];
    let function = out.paint(Style::Strong, &inert(text(frame, "function")));
    let does = if made["mode"] == "statement" { "runs the statement of" } else { "calls" };
    out.line(&format!(
        "{does} {function} of {} (frame {}): {}",
        inert(text(frame, "module")),
        frame["index"],
        text(made, "why")
    ))?;
    roots(out, made)?;
    for passed in made["passed_over"].as_array().into_iter().flatten() {
        let line = format!(
            "not frame {}, {}: {}",
            passed["frame"],
            inert(text(passed, "function")),
            inert(text(passed, "reason"))
        );
        out.line(&out.paint(Style::Muted, &line))?;
    }
    for input in made["fidelity"].as_array().into_iter().flatten() {
        let state = text(input, "state").replace('_', "-");
        let style = if state == "exact" { Style::Muted } else { Style::Redacted };
        out.line(&format!(
            "  {}  {} {}",
            out.paint(style, &state),
            out.paint(Style::Key, &inert(text(input, "name"))),
            inert(text(input, "why"))
        ))?;
    }
    for offer in made["offers"].as_array().into_iter().flatten() {
        let how = if offer["mode"] == "statement" { " --statement" } else { "" };
        let line = format!(
            "also --frame {}{how}, {}: {}",
            offer["frame"],
            inert(text(offer, "function")),
            text(offer, "why")
        );
        out.line(&out.paint(Style::Muted, &line))?;
    }
    for missing in made["missing"].as_array().into_iter().flatten() {
        out.line(
            &out.paint(Style::Muted, &format!("better with {}", inert(missing.as_str().unwrap_or("")))),
        )?;
    }
    Ok(())
}
