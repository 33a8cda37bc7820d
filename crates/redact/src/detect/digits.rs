//! Numbers: cards, accounts written in groups, national numbers, phone numbers, IPv4.

use std::ops::Range;

use super::Sweep;
use super::checks::{self, is_date, luhn, remainder, weighted};
use super::runs::{Class, class_with, next_run};

const NUMBER: Class = class_with(false, b" -.");

/// The shortest run that is part of a number, in bytes: the digits of `AB123456C`.
const RUN_BYTES_MIN: usize = 6;

/// Groups of digits of one number at most: an IBAN in pairs would have more, nobody writes it so.
const GROUPS_MAX: usize = 9;

impl Sweep<'_> {
    /// Examines every run of digits and separators.
    pub(super) fn digits(&mut self) {
        let bytes = self.bytes;
        let mut groups: Vec<Range<usize>> = Vec::new();
        let mut from = 0;
        while let Some(run) = next_run(bytes, &NUMBER, RUN_BYTES_MIN, from) {
            from = run.end;
            if !bytes[run.clone()].iter().any(u8::is_ascii_digit) {
                continue;
            }
            groups.clear();
            let mut at = run.start;
            while at < run.end {
                let length = bytes[at..run.end].iter().take_while(|b| b.is_ascii_digit()).count();
                if length > 0 {
                    groups.push(at..at + length);
                }
                at += length + 1;
            }
            self.spaced_iban(groups[0].start);
            let mut first = 0;
            while first < groups.len() {
                self.between_letters(groups[first].start);
                first += self.number(&groups[first..]).max(1);
            }
        }
    }

    /// The number that begins with the first group. Returns how many groups it takes.
    fn number(&mut self, groups: &[Range<usize>]) -> usize {
        let bytes = self.bytes;
        let start = groups[0].start;
        let before = start.checked_sub(1).map_or(b' ', |at| bytes[at]);
        if before.is_ascii_alphanumeric()
            || (before == b'.' && start > 1 && bytes[start - 2].is_ascii_digit())
        {
            return 0;
        }
        // How many groups follow with one separator of one byte, the same everywhere.
        let mut joined = 1;
        let separator = bytes.get(groups[0].end).copied().unwrap_or(0);
        while joined < groups.len().min(GROUPS_MAX)
            && groups[joined].start == groups[joined - 1].end + 1
            && bytes[groups[joined - 1].end] == separator
        {
            joined += 1;
        }
        crate::steps::add(joined * joined);
        for count in (1..=joined).rev() {
            if let Some((rule, end)) = self.number_of(&groups[..count], separator) {
                self.push(rule, start..end);
                return count;
            }
        }
        self.mixed(groups)
    }

    /// A number of exactly these groups.
    fn number_of(&self, groups: &[Range<usize>], separator: u8) -> Option<(&'static str, usize)> {
        let bytes = self.bytes;
        let (start, end) = (groups[0].start, groups[groups.len() - 1].end);
        let after = bytes.get(end).copied().unwrap_or(b' ');
        let after_next = bytes.get(end + 1).copied().unwrap_or(b' ');
        let mut digits = [0_u8; 19];
        let total: usize = groups.iter().map(|group| group.len()).sum();
        if total > digits.len() || total < 4 {
            return None;
        }
        for (digit, byte) in digits.iter_mut().zip(bytes[start..end].iter().filter(|b| b.is_ascii_digit())) {
            *digit = byte - b'0';
        }
        let digits = &digits[..total];
        if groups.len() == 1 && after == b':' && (8..=10).contains(&total) {
            return self.telegram(end).map(|end| ("telegram_token", end));
        }
        if after == b'-'
            && total == 8
            && after_next.is_ascii_uppercase()
            && !bytes.get(end + 2).is_some_and(u8::is_ascii_alphanumeric)
            && self.lettered(digits, after_next, start).is_some()
        {
            return Some(("es_dni", end + 2));
        }
        let check_letter = after.is_ascii_alphabetic() && !after_next.is_ascii_alphanumeric();
        if check_letter && let Some(rule) = self.lettered(digits, after, start) {
            return Some((rule, end + 1));
        }
        if groups.len() == 1 && total == 6 && matches!(after, b'A' | b'+') && hetu(bytes, start) {
            return Some(("fi_hetu", end + 5));
        }
        if after.is_ascii_alphanumeric() || (after == b'.' && after_next.is_ascii_digit()) {
            return None;
        }
        let lengths = groups.iter().fold(0_u64, |shape, group| shape * 10 + (group.len() as u64).min(9));
        self.punctuated(digits, lengths, separator, start)
            .or_else(|| self.contact_number(digits, groups, separator))
            .or_else(|| self.beside_keyword(digits, start))
            .map(|rule| (rule, end))
    }

    /// Numbers that stand for themselves.
    fn punctuated(&self, digits: &[u8], lengths: u64, separator: u8, start: usize) -> Option<&'static str> {
        let is_card_shape = matches!(lengths, 9 | 4444 | 465 | 464 | 44443);
        if is_card_shape && matches!(separator, b' ' | b'-') | (lengths == 9) && checks::payment_card(digits)
        {
            return Some("payment_card");
        }
        match (lengths, digits.len()) {
            (324, _) if separator == b'-' && is_ssn(digits) => Some("us_ssn"),
            (324, _) | (9, 9) if self.is_beside(start, &["ssn", "social security"]) && is_ssn(digits) => {
                Some("us_ssn")
            }
            (9 | 1_222_332, 15) if is_nir(digits) => Some("fr_nir"),
            (9 | 3442, 13) if digits.starts_with(&[7, 5, 6]) && ean13(digits) => Some("ch_ahv"),
            (67, _) if separator == b'-' && is_rrn(digits) => Some("kr_rrn"),
            (9, 18) if is_resident_id(digits, digits[17]) => Some("cn_resident_id"),
            _ => None,
        }
    }

    /// Numbers that many innocent numbers look like.
    fn beside_keyword(&self, digits: &[u8], start: usize) -> Option<&'static str> {
        let is_beside = |keywords: &[&str]| self.is_beside(start, keywords);
        match digits.len() {
            9 if luhn(digits) && is_beside(&["sin", "social insurance"]) => Some("ca_sin"),
            9 if bsn(digits) && is_beside(&["bsn", "burgerservicenummer", "sofinummer"]) => Some("nl_bsn"),
            10 if nhs(digits) && is_beside(&["nhs"]) => Some("uk_nhs"),
            10 | 12
                if luhn(&digits[digits.len() - 10..])
                    && is_date(&digits[digits.len() - 8..], &digits[digits.len() - 6..])
                    && is_beside(&["personnummer", "personnr", "pnr", "personal number"]) =>
            {
                Some("se_personnummer")
            }
            11 if pesel(digits) && is_beside(&["pesel"]) => Some("pl_pesel"),
            11 if cpf(digits) && is_beside(&["cpf"]) => Some("br_cpf"),
            11 if digits[0] != 0
                && checks::mod_11_10(digits)
                && is_beside(&["tax", "steuer", "steuerid", "tin", "idnr", "identifikationsnummer"]) =>
            {
                Some("de_tax_id")
            }
            12 if digits[0] > 1 && checks::verhoeff(digits) && is_beside(&["aadhaar", "aadhar", "uidai"]) => {
                Some("in_aadhaar")
            }
            _ => None,
        }
    }

    /// Numbers whose last character is a letter.
    fn lettered(&self, digits: &[u8], letter: u8, start: usize) -> Option<&'static str> {
        match digits.len() {
            8 => {
                let at = remainder(digits, 23) as usize;
                let is_dni = DNI_LETTERS[at] == letter.to_ascii_uppercase();
                (is_dni && (letter.is_ascii_uppercase() || self.is_beside(start, &DNI_WORDS)))
                    .then_some("es_dni")
            }
            9 if hetu(self.bytes, start) => Some("fi_hetu"),
            17 if letter == b'X' && is_resident_id(digits, 10) => Some("cn_resident_id"),
            _ => None,
        }
    }

    /// Numbers that begin and end with letters, of which `digit` is the first digit.
    fn between_letters(&mut self, digit: usize) {
        let bytes = self.bytes;
        let is_sign = |b: u8| matches!(b, b' ' | b'-');
        let Some(mut last) = digit.checked_sub(1) else { return };
        if is_sign(bytes[last]) && last > 0 {
            last -= 1;
        }
        let letter = bytes[last].to_ascii_uppercase();
        if !letter.is_ascii_uppercase() {
            return;
        }
        let begins_at = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        let (begins, count) = if matches!(letter, b'X' | b'Y' | b'Z') && begins_at(last) {
            (last, 7)
        } else if last > 0
            && is_prefix_of_nino(bytes[last - 1].to_ascii_uppercase(), letter)
            && begins_at(last - 1)
        {
            (last - 1, 6)
        } else {
            return;
        };
        crate::steps::add(16);
        let mut digits = [0_u8; 8];
        let (mut at, mut known) = (digit, 0);
        while known < count {
            match bytes.get(at) {
                Some(byte) if byte.is_ascii_digit() => {
                    digits[known + 1] = byte - b'0';
                    known += 1;
                }
                Some(byte) if is_sign(*byte) && known > 0 && bytes[at - 1].is_ascii_digit() => {}
                _ => return,
            }
            at += 1;
        }
        if bytes.get(at).is_some_and(|b| is_sign(*b)) {
            at += 1;
        }
        let Some(check) = bytes.get(at).copied() else { return };
        let ends = !bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
        let is_upper = bytes[begins..=at].iter().all(|b| !b.is_ascii_lowercase());
        let check_letter = check.to_ascii_uppercase();
        if count == 7 {
            digits[0] = letter - b'X';
            let is_nie = DNI_LETTERS[remainder(&digits, 23) as usize] == check_letter;
            if ends && is_nie && (is_upper || self.is_beside(begins, &DNI_WORDS)) {
                self.push("es_nie", begins..at + 1);
            }
        } else if ends
            && matches!(check_letter, b'A'..=b'D')
            && (is_upper || self.is_beside(begins, &["nino", "national insurance", "ni number"]))
        {
            self.push("uk_nino", begins..at + 1);
        }
    }

    /// Numbers with more than one separator, by their whole length from the first group on.
    fn mixed(&mut self, groups: &[Range<usize>]) -> usize {
        let bytes = self.bytes;
        let start = groups[0].start;
        let has_shape = |shape: &[u8]| {
            bytes.get(start..start + shape.len()).is_some_and(|text| {
                text.iter().zip(shape).all(|(byte, want)| match want {
                    b'0' => byte.is_ascii_digit(),
                    want => byte == want,
                })
            }) && !bytes.get(start + shape.len()).is_some_and(u8::is_ascii_alphanumeric)
        };
        let digits = |length: usize| -> Vec<u8> {
            bytes[start..start + length].iter().filter(|b| b.is_ascii_digit()).map(|b| b - b'0').collect()
        };
        if has_shape(b"000.000.000-00") && cpf(&digits(14)) {
            self.push("br_cpf", start..start + 14);
            return 4.min(groups.len());
        }
        if has_shape(b"00.00.00-000.00") && is_belgian(&digits(15)) {
            self.push("be_national_number", start..start + 15);
            return 5.min(groups.len());
        }
        if groups[0].len() == 6 && hetu(bytes, start) {
            self.push("fi_hetu", start..start + 11);
            return 2.min(groups.len());
        }
        0
    }

    fn contact_number(&self, digits: &[u8], groups: &[Range<usize>], separator: u8) -> Option<&'static str> {
        let is_octet = |group: &Range<usize>| {
            std::str::from_utf8(&self.bytes[group.clone()]).is_ok_and(|text| text.parse::<u8>().is_ok())
        };
        if self.detector.ipv4 && groups.len() == 4 && separator == b'.' && groups.iter().all(is_octet) {
            return Some("ipv4");
        }
        let start = groups[0].start;
        let is_phone = self.detector.phone
            && start > 0
            && self.bytes[start - 1] == b'+'
            && (8..=15).contains(&digits.len());
        is_phone.then_some("phone")
    }

    fn telegram(&self, colon: usize) -> Option<usize> {
        let rest = &self.bytes[colon + 1..];
        let length = rest
            .iter()
            .take(60)
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
            .count();
        ((34..=40).contains(&length) && rest.starts_with(b"A")).then_some(colon + 1 + length)
    }

    /// An IBAN in groups of four, of which `digit` is the first digit or the first after the bank's letters.
    fn spaced_iban(&mut self, digit: usize) {
        let bytes = self.bytes;
        for back in [2, 10, 12] {
            let Some(start) = digit.checked_sub(back) else { return };
            let begins = start == 0 || !bytes[start - 1].is_ascii_alphanumeric();
            let Some(length) = checks::iban_length(&bytes[start..]).filter(|_| begins) else { continue };
            let mut compact = Vec::with_capacity(length);
            let mut at = start;
            while at < bytes.len() && compact.len() < length {
                let byte = bytes[at];
                if byte.is_ascii_uppercase() || byte.is_ascii_digit() {
                    compact.push(byte);
                } else if !(matches!(byte, b' ' | b'-') && compact.len() % 4 == 0) {
                    break;
                }
                at += 1;
            }
            if !bytes.get(at).is_some_and(u8::is_ascii_alphanumeric) && checks::iban(&compact) {
                self.push("iban", start..at);
            }
        }
    }
}

/// The letter of each remainder of a DNI or NIE by 23.
const DNI_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

const DNI_WORDS: [&str; 5] = ["dni", "nie", "nif", "documento", "identidad"];

/// Whether two capitals begin a National Insurance number. Source: HMRC, NIM39110.
fn is_prefix_of_nino(first: u8, second: u8) -> bool {
    first.is_ascii_uppercase()
        && !b"DFIQUV".contains(&first)
        && !b"DFIOQUV".contains(&second)
        && !matches!(&[first, second], b"BG" | b"GB" | b"KN" | b"NK" | b"NT" | b"TN" | b"ZZ")
}

fn is_ssn(digits: &[u8]) -> bool {
    let area = remainder(&digits[..3], 1_000);
    let invented = matches!(digits, [0, 7, 8, 0, 5, 1, 1, 2, 0] | [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    !matches!(area, 0 | 666 | 900..) && digits[3..5] != [0, 0] && digits[5..] != [0, 0, 0, 0] && !invented
}

fn is_nir(digits: &[u8]) -> bool {
    let month = digits[3] * 10 + digits[4];
    matches!(digits[0], 1 | 2)
        && matches!(month, 1..=12 | 20..=42 | 50..=99)
        && 97 - remainder(&digits[..13], 97) == remainder(&digits[13..], 100)
}

fn ean13(digits: &[u8]) -> bool {
    weighted(digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

fn is_rrn(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    is_date(&digits[2..], &digits[4..])
        && (1..=8).contains(&digits[6])
        && (11 - sum % 11) % 10 == u32::from(digits[12])
}

fn is_resident_id(digits: &[u8], check: u8) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let century = digits[6] * 10 + digits[7];
    matches!(century, 19 | 20)
        && is_date(&digits[10..], &digits[12..])
        && (12 - weighted(&digits[..17], &WEIGHTS) % 11) % 11 == u32::from(check)
}

fn bsn(digits: &[u8]) -> bool {
    let sum = weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum > 0 && sum % 11 == u32::from(digits[8])
}

fn nhs(digits: &[u8]) -> bool {
    let check = 11 - weighted(&digits[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    check % 11 == u32::from(digits[9])
}

fn pesel(digits: &[u8]) -> bool {
    let sum = weighted(&digits[..10], &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    let month = digits[2] % 2 * 10 + digits[3];
    (1..=12).contains(&month) && (10 - sum % 10) % 10 == u32::from(digits[10])
}

fn cpf(digits: &[u8]) -> bool {
    let check = |count: usize| {
        let weights: Vec<u32> = (2..=count as u32 + 1).rev().collect();
        weighted(&digits[..count], &weights) * 10 % 11 % 10
    };
    digits.iter().any(|digit| *digit != digits[0])
        && check(9) == u32::from(digits[9])
        && check(10) == u32::from(digits[10])
}

fn is_belgian(digits: &[u8]) -> bool {
    let check = remainder(&digits[9..], 100);
    let number = remainder(&digits[..9], 1_000_000_000);
    check == 97 - number % 97 || check == 97 - (2_000_000_000 + number) % 97
}

/// `131052-308T`: a date, the century's sign, a number and its check character.
fn hetu(bytes: &[u8], start: usize) -> bool {
    let Some(text) = bytes.get(start..start + 11) else { return false };
    let digits: Vec<u8> =
        text[..6].iter().chain(&text[7..10]).filter(|b| b.is_ascii_digit()).map(|b| b - b'0').collect();
    digits.len() == 9
        && matches!(text[6], b'-' | b'+' | b'A')
        && is_date(&digits[2..], &digits)
        && b"0123456789ABCDEFHJKLMNPRSTUVWXY"[remainder(&digits, 31) as usize] == text[10]
        && !bytes.get(start + 11).is_some_and(u8::is_ascii_alphanumeric)
}
