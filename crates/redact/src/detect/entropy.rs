//! Texts that look random.

/// How long a random secret without a known shape is, in characters. Longer ones are data.
pub(super) const RANDOM_BYTES_MIN: usize = 20;
pub(super) const RANDOM_BYTES_MAX: usize = 100;

/// Whether a run of letters, digits and `+ / _ -` looks drawn at random.
///
/// Words change seldom between capitals, small letters and digits, random texts at every other place.
/// Hexadecimal texts never count: they are digests and ids more often than keys.
pub(super) fn looks_random(text: &[u8]) -> bool {
    if !(RANDOM_BYTES_MIN..=RANDOM_BYTES_MAX).contains(&text.len()) {
        return false;
    }
    // Most long words have neither digits nor many capitals, most long numbers are hexadecimal: they are told
    // by one quick look.
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_word = || text.iter().filter(|byte| byte.is_ascii_uppercase()).count() * 4 < text.len();
    if digits < 2 && is_word()
        || text.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
        || is_known_data(text)
    {
        return false;
    }
    let (mut upper, mut lower, mut beyond_hex, mut separators) = (0, 0, 0, 0);
    let (mut changes, mut pairs, mut longest_word, mut word) = (0, 0, 0, 0);
    let mut seen = 0_u64;
    for (index, byte) in text.iter().enumerate() {
        match kind(*byte) {
            Kind::Upper => upper += 1,
            Kind::Lower => lower += 1,
            Kind::Digit => {}
            Kind::Other => separators += 1,
        }
        if byte.is_ascii_alphabetic() && !byte.is_ascii_hexdigit() {
            beyond_hex += 1;
        }
        word = if byte.is_ascii_lowercase() { word + 1 } else { 0 };
        longest_word = longest_word.max(word);
        seen |= 1 << (byte & 0x3f);
        if index > 0 && kind(*byte) != Kind::Other && kind(text[index - 1]) != Kind::Other {
            pairs += 1;
            changes += usize::from(kind(*byte) != kind(text[index - 1]));
        }
    }
    let distinct = seen.count_ones() as usize;
    if beyond_hex < 3 || separators * 5 > text.len() || distinct * 5 < text.len().min(40) * 2 {
        return false;
    }
    let rarer = upper.min(lower);
    if rarer > 0 {
        // Base62 and Base64: about as many of either case, and no words.
        // Without digits names in mixed case come close.
        return match digits {
            0 | 1 => rarer * 4 >= text.len() && longest_word <= 5 && changes * 100 >= pairs * 46,
            _ => rarer * 8 >= text.len() && longest_word <= 7 && changes * 100 >= pairs * 42,
        };
    }
    // One case and digits: Base36 and Base32.
    separators == 0
        && text.len() >= 24
        && digits >= 4
        && digits * 3 <= text.len() * 2
        && longest_word <= 13
        && beyond_hex >= 5
        && changes * 100 >= pairs * 18
        && !is_sortable_id(text)
}

/// ULID: 26 characters, of which the first ten are the time.
fn is_sortable_id(text: &[u8]) -> bool {
    text.len() == 26 && text.starts_with(b"01")
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Kind {
    Upper,
    Lower,
    Digit,
    Other,
}

fn kind(byte: u8) -> Kind {
    match byte {
        b'A'..=b'Z' => Kind::Upper,
        b'a'..=b'z' => Kind::Lower,
        b'0'..=b'9' => Kind::Digit,
        _ => Kind::Other,
    }
}

/// Beginnings of images, documents and archives in Base64, and paths.
fn is_known_data(text: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 12] = [
        b"iVBORw0KGgo",
        b"/9j/",
        b"R0lGOD",
        b"UklGR",
        b"JVBER",
        b"PD94",
        b"PHN2Z",
        b"UEsDB",
        b"H4sI",
        b"AAABAA",
        b"d09GM",
        b"AAEAAA",
    ];
    BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
        || memchr::memchr_iter(b'/', text).count() > 2
        || text.starts_with(b"/")
}
