//! Checksums of cards, accounts and national numbers. Each takes digits as values 0 to 9.

/// Luhn's check over all digits.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let doubled = u32::from(*digit) * if index % 2 == 1 { 2 } else { 1 };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    digits.len() > 1 && sum.is_multiple_of(10)
}

/// Verhoeff's check, of Aadhaar numbers.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    const STEP: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let mut check = 0_usize;
    for (index, digit) in digits.iter().rev().enumerate() {
        let mut permuted = usize::from(*digit);
        for _ in 0..index % 8 {
            permuted = STEP[permuted];
        }
        check = dihedral(check, permuted);
    }
    check == 0
}

/// Multiplication in the dihedral group of order 10.
fn dihedral(a: usize, b: usize) -> usize {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a - 5 + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// The remainder of a number in decimal notation.
pub(super) fn remainder(digits: &[u8], modulus: u64) -> u64 {
    digits.iter().fold(0, |rest, digit| (rest * 10 + u64::from(*digit)) % modulus)
}

/// The sum of digits, each times its weight.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum()
}

/// ISO 7064 MOD 11,10, of German tax numbers.
pub(super) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((check, rest)) = digits.split_last() else { return false };
    let product = rest.iter().fold(10, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == u32::from(*check)
}

/// Whether a compact IBAN in capitals has a known country's length and the right check digits.
pub(super) fn iban(text: &[u8]) -> bool {
    if text.len() < 15 || iban_length(text) != Some(text.len()) {
        return false;
    }
    let rotated = text[4..].iter().chain(&text[..4]);
    let mut rest = 0_u32;
    for byte in rotated {
        rest = match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            b'A'..=b'Z' => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
            _ => return false,
        };
    }
    rest == 1
}

/// The length of IBANs of the country that the text begins with. Source: the SWIFT registry.
pub(super) fn iban_length(text: &[u8]) -> Option<usize> {
    #[rustfmt::skip]
    const LENGTHS: [(&[u8; 2], usize); 48] = [
        (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16), (b"BG", 22),
        (b"BH", 22), (b"BR", 29), (b"CH", 21), (b"CR", 22), (b"CY", 28), (b"CZ", 24), (b"DE", 22), (b"DK", 18),
        (b"DO", 28), (b"EE", 20), (b"EG", 29), (b"ES", 24), (b"FI", 18), (b"FO", 18), (b"FR", 27), (b"GB", 22),
        (b"GE", 22), (b"GI", 23), (b"GR", 27), (b"HR", 21), (b"HU", 28), (b"IE", 22), (b"IL", 23), (b"IS", 26),
        (b"IT", 27), (b"KW", 30), (b"LI", 21), (b"LT", 20), (b"LU", 20), (b"LV", 21), (b"MC", 27), (b"MT", 31),
        (b"NL", 18), (b"NO", 15), (b"PL", 28), (b"PT", 25), (b"RO", 24), (b"SE", 24), (b"SI", 19), (b"SK", 24),
    ];
    let country = text.get(..2)?;
    LENGTHS.iter().find(|(known, _)| *known == country).map(|(_, length)| *length)
}

/// The network rules of payment cards: first digits and length, then Luhn.
pub(super) fn payment_card(digits: &[u8]) -> bool {
    if !(14..=19).contains(&digits.len()) || digits.iter().all(|digit| *digit == digits[0]) {
        return false;
    }
    let first = |count: usize| digits[..count].iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit));
    let (two, three, four) = (first(2), first(3), first(4));
    let is_known = match digits.len() {
        14 => matches!(two, 36 | 38 | 39) || (300..=305).contains(&three),
        15 => matches!(two, 34 | 37),
        16 => {
            two / 10 == 4
                || (51..=55).contains(&two)
                || (2221..=2720).contains(&four)
                || four == 6011
                || two == 65
                || (644..=649).contains(&three)
                || two == 62
                || (3528..=3589).contains(&four)
                || (2200..=2204).contains(&four)
                || matches!(four, 5018 | 5020 | 5038 | 6304 | 6759 | 6761 | 6763)
        }
        17..=19 => two == 62 || matches!(four, 5018 | 5020 | 5038 | 6304 | 6759 | 6761 | 6763),
        _ => false,
    };
    is_known && luhn(digits)
}

/// Whether two digits each are a month and a day.
pub(super) fn is_date(month: &[u8], day: &[u8]) -> bool {
    (1..=12).contains(&(month[0] * 10 + month[1])) && (1..=31).contains(&(day[0] * 10 + day[1]))
}

/// The check letter of an Italian codice fiscale, `text` being 16 capitals and digits.
pub(super) fn codice_fiscale(text: &[u8]) -> bool {
    #[rustfmt::skip]
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
    ];
    let is_letter = |at: &usize| text[*at].is_ascii_uppercase();
    let shape = text.len() == 16
        && (0..6).all(|at| is_letter(&at))
        && [8, 11, 15].iter().all(is_letter)
        && [6, 7, 9, 10, 12, 13, 14].iter().all(|at| text[*at].is_ascii_digit())
        && b"ABCDEHLMPRST".contains(&text[8]);
    if !shape {
        return false;
    }
    let sum: u32 = text[..15]
        .iter()
        .enumerate()
        .map(|(index, byte)| {
            let value = if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' };
            if index % 2 == 0 { ODD[usize::from(value)] } else { u32::from(value) }
        })
        .sum();
    sum % 26 == u32::from(text[15] - b'A')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect()
    }

    #[test]
    fn known_numbers_pass_and_a_changed_digit_fails() {
        assert!(payment_card(&digits("4111 1111 1111 1111")) && !payment_card(&digits("4111111111111112")));
        assert!(payment_card(&digits("378282246310005")) && payment_card(&digits("30569309025904")));
        assert!(verhoeff(&digits("2363")) && !verhoeff(&digits("2364")));
        assert!(mod_11_10(&digits("86095742719")) && !mod_11_10(&digits("86095742718")));
        assert!(iban(b"DE89370400440532013000") && iban(b"GB29NWBK60161331926819"));
        assert!(!iban(b"DE88370400440532013000") && !iban(b"XX89370400440532013000"));
        assert!(codice_fiscale(b"RSSMRA85T10A562S") && !codice_fiscale(b"RSSMRA85T10A562T"));
    }
}
