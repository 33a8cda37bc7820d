//! Which reports tell of the same exception although they share no id.

use reenact_model::Report;

/// What the report of an ended process and a span's report of the same exception have in common: the
/// service, the class, the message, and the frame that raised.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sameness([u8; 32]);

/// The sameness of a report; `None` where there is no frame to tell occurrences apart.
pub fn sameness(report: &Report) -> Option<Sameness> {
    let exception = report.exception()?;
    let raised_at = exception.frames.last()?;
    let class = exception.type_name.rsplit('.').next().unwrap_or_default();
    // Crash reports cut long messages elsewhere than spans do.
    let message: String = exception.message.chars().take(MESSAGE_CHARS).collect();
    let line_number = raised_at.line_number.unwrap_or(0).to_string();
    let mut hasher = blake3::Hasher::new();
    for part in [&report.service, class, &message, &raised_at.file, &raised_at.function, &line_number] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    Some(Sameness(*hasher.finalize().as_bytes()))
}

/// Characters of a message that count.
const MESSAGE_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use reenact_model::{Exception, Frame};

    use super::*;

    fn report(type_name: &str, line_number: u32) -> Report {
        let frame = Frame { line_number: Some(line_number), ..Frame::default() };
        let exception =
            Exception { type_name: type_name.into(), frames: vec![frame], ..Exception::default() };
        Report { exceptions: vec![exception], ..Report::default() }
    }

    #[test]
    fn the_class_counts_without_its_module_and_the_place_counts() {
        let want = sameness(&report("shop.errors.NoStock", 5));
        assert_eq!(sameness(&report("NoStock", 5)), want);
        assert_ne!(sameness(&report("NoStock", 6)), want);
        assert_ne!(sameness(&report("Stock", 5)), want);
        assert_eq!(sameness(&Report::default()), None);
    }
}
