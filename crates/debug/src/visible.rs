//! Captured text that can neither steer a terminal nor reorder what is read.

/// A text with control and direction-changing characters as visible escapes.
pub(crate) fn visible(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if hides(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    safe
}

fn hides(character: char) -> bool {
    let is_format = matches!(character,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{061c}' | '\u{feff}');
    character.is_control() || is_format
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_steers_is_seen() {
        assert_eq!(visible("a\x1b[2J\u{202e}b\n"), "a\\u{1b}[2J\\u{202e}b\\u{a}");
        assert_eq!(visible("größe ☃"), "größe ☃");
    }
}
