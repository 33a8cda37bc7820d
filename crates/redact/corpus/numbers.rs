//! Numbers with valid check digits.

use super::Seed;

/// The word that must stand beside a number of this kind.
pub fn keyword(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "ca_sin" => "SIN",
        "de_tax_id" => "Steuer-IdNr",
        "es_dni" => "DNI",
        "in_aadhaar" => "Aadhaar",
        "nl_bsn" => "bsn",
        "pl_pesel" => "PESEL",
        "se_personnummer" => "personnummer",
        "uk_nhs" => "NHS number",
        _ => return None,
    })
}

/// One number of each kind.
pub fn numbers(seed: &mut Seed) -> Vec<(&'static str, String)> {
    let visa = card(seed, "4", 16);
    let mastercard = card(seed, "53", 16);
    let amex = card(seed, "37", 15);
    let date = format!("{:02}{:02}{:02}", 50 + seed.below(49), 1 + seed.below(12), 1 + seed.below(28));
    let day_first = format!("{}{}{}", &date[4..], &date[2..4], &date[..2]);
    vec![
        ("payment_card_visa", visa.clone()),
        ("payment_card_spaced", [&visa[..4], &visa[4..8], &visa[8..12], &visa[12..]].join(" ")),
        (
            "payment_card_dashed",
            [&mastercard[..4], &mastercard[4..8], &mastercard[8..12], &mastercard[12..]].join("-"),
        ),
        ("payment_card_amex", amex),
        ("iban_de", iban(seed, "DE", 18)),
        ("iban_no", iban(seed, "NO", 11)),
        ("iban_spaced", spaced(&iban(seed, "FR", 23))),
        ("be_national_number", belgian(seed, &date)),
        ("br_cpf", cpf(seed)),
        ("ca_sin", luhn_ended(seed, "", 9)),
        ("ch_ahv", ahv(seed)),
        ("cn_resident_id", resident(seed, &date)),
        ("de_tax_id", tax_id(seed)),
        ("es_dni", dni(seed)),
        ("es_dni_bare", dni(seed)),
        ("es_nie", nie(seed)),
        ("fi_hetu", hetu(seed, &day_first)),
        ("fr_nir", nir(seed, &date)),
        ("in_aadhaar", aadhaar(seed)),
        ("it_codice_fiscale", codice(seed, &date)),
        ("kr_rrn", rrn(seed, &date)),
        ("nl_bsn", weighed(seed, &[9, 8, 7, 6, 5, 4, 3, 2], |sum| sum % 11)),
        ("pl_pesel", pesel(seed, &date)),
        ("se_personnummer", {
            let number = luhn_ended(seed, &date, 10);
            format!("{}-{}", &number[..6], &number[6..])
        }),
        ("uk_nhs", weighed(seed, &[10, 9, 8, 7, 6, 5, 4, 3, 2], |sum| (11 - sum % 11) % 11)),
        ("uk_nino", nino(seed)),
        ("uk_nino_spaced", {
            let number = nino(seed);
            [&number[..2], &number[2..4], &number[4..6], &number[6..8], &number[8..]].join(" ")
        }),
        (
            "us_ssn",
            format!("{:03}-{:02}-{:04}", 1 + seed.below(600), 1 + seed.below(99), 1 + seed.below(9_999)),
        ),
    ]
}

fn digits(seed: &mut Seed, count: usize) -> String {
    seed.text("0123456789", count)
}

fn sum(text: &str, weights: &[u32]) -> u32 {
    text.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum()
}

fn luhn_ended(seed: &mut Seed, beginning: &str, length: usize) -> String {
    let body = format!("{beginning}{}", digits(seed, length - 1 - beginning.len()));
    let total: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let value = u32::from(digit - b'0') * if index % 2 == 0 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    format!("{body}{}", (10 - total % 10) % 10)
}

fn card(seed: &mut Seed, beginning: &str, length: usize) -> String {
    luhn_ended(seed, beginning, length)
}

fn iban(seed: &mut Seed, country: &str, count: usize) -> String {
    let account = digits(seed, count);
    let letters: String = country.bytes().map(|letter| (letter - b'A' + 10).to_string()).collect();
    let rest = format!("{account}{letters}00")
        .bytes()
        .fold(0, |rest, digit| (rest * 10 + u64::from(digit - b'0')) % 97);
    format!("{country}{:02}{account}", 98 - rest)
}

fn spaced(text: &str) -> String {
    let groups: Vec<&str> = (0..text.len()).step_by(4).map(|at| &text[at..text.len().min(at + 4)]).collect();
    groups.join(" ")
}

fn belgian(seed: &mut Seed, date: &str) -> String {
    let serial = format!("{:03}", 1 + seed.below(997));
    let number: u64 = format!("{date}{serial}").parse().unwrap();
    format!("{}.{}.{}-{serial}.{:02}", &date[..2], &date[2..4], &date[4..], 97 - number % 97)
}

fn cpf(seed: &mut Seed) -> String {
    let mut body = format!("{}{}", digits(seed, 8), 1 + seed.below(8));
    for count in [9, 10] {
        let weights: Vec<u32> = (2..=count + 1).rev().collect();
        body = format!("{body}{}", sum(&body, &weights) * 10 % 11 % 10);
    }
    format!("{}.{}.{}-{}", &body[..3], &body[3..6], &body[6..9], &body[9..])
}

fn ahv(seed: &mut Seed) -> String {
    let body = format!("756{}", digits(seed, 9));
    let check = (10 - sum(&body, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10) % 10;
    format!("756.{}.{}.{}{check}", &body[3..7], &body[7..11], &body[11..])
}

fn resident(seed: &mut Seed, date: &str) -> String {
    let body = format!("11010{}19{date}{}", 1 + seed.below(9), digits(seed, 3));
    let rest = sum(&body, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11;
    format!("{body}{}", "10X98765432".as_bytes()[rest as usize] as char)
}

fn tax_id(seed: &mut Seed) -> String {
    let body = format!("{}{}", 1 + seed.below(9), digits(seed, 9));
    let product = body.bytes().fold(10, |product, digit| {
        let sum = (u32::from(digit - b'0') + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    format!("{body}{}", (11 - product) % 10)
}

fn dni(seed: &mut Seed) -> String {
    let number = digits(seed, 8);
    let at = number.parse::<usize>().unwrap() % 23;
    format!("{number}{}", "TRWAGMYFPDXBNJZSQVHLCKE".as_bytes()[at] as char)
}

fn nie(seed: &mut Seed) -> String {
    let (first, number) = (seed.below(3), digits(seed, 7));
    let at = format!("{first}{number}").parse::<usize>().unwrap() % 23;
    format!("{}{number}{}", b"XYZ"[first] as char, "TRWAGMYFPDXBNJZSQVHLCKE".as_bytes()[at] as char)
}

fn nino(seed: &mut Seed) -> String {
    format!(
        "{}{}{}{}",
        seed.text("ACEHJLMPRSWXY", 1),
        seed.text("ACEHJLMPRSWXY", 1),
        digits(seed, 6),
        seed.text("ABCD", 1)
    )
}

fn hetu(seed: &mut Seed, day_first: &str) -> String {
    let serial = format!("{:03}", 2 + seed.below(897));
    let at = format!("{day_first}{serial}").parse::<usize>().unwrap() % 31;
    format!("{day_first}-{serial}{}", "0123456789ABCDEFHJKLMNPRSTUVWXY".as_bytes()[at] as char)
}

fn nir(seed: &mut Seed, date: &str) -> String {
    let body = format!("{}{}{:02}{}", 1 + seed.below(2), &date[..4], 1 + seed.below(90), digits(seed, 6));
    format!("{body}{:02}", 97 - body.parse::<u64>().unwrap() % 97)
}

fn aadhaar(seed: &mut Seed) -> String {
    let body = format!("{}{}", 2 + seed.below(8), digits(seed, 10));
    let table = |a: usize, b: usize| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let step = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let valid = |text: &str| {
        text.bytes().rev().enumerate().fold(0, |check, (index, digit)| {
            table(check, (0..index % 8).fold(usize::from(digit - b'0'), |value, _| step[value]))
        }) == 0
    };
    let number = (0..10).map(|check| format!("{body}{check}")).find(|text| valid(text)).unwrap();
    [&number[..4], &number[4..8], &number[8..]].join(" ")
}

fn codice(seed: &mut Seed, date: &str) -> String {
    let odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let body = format!(
        "{}{}{}{}{}{}",
        seed.text("BCDFGLMNPRSTVZ", 6),
        &date[..2],
        seed.pick(&["A", "B", "C", "D", "E", "H", "L", "M", "P", "R", "S", "T"]),
        &date[4..],
        seed.pick(&["A", "F", "H", "L"]),
        digits(seed, 3)
    );
    let total: usize = body
        .bytes()
        .enumerate()
        .map(|(index, byte)| {
            let value = usize::from(if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' });
            if index % 2 == 0 { odd[value] } else { value }
        })
        .sum();
    format!("{body}{}", (b'A' + (total % 26) as u8) as char)
}

fn rrn(seed: &mut Seed, date: &str) -> String {
    let body = format!("{date}{}{}", 1 + seed.below(4), digits(seed, 5));
    let check = (11 - sum(&body, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    format!("{date}-{}{check}", &body[6..])
}

fn weighed(seed: &mut Seed, weights: &[u32], check: fn(u32) -> u32) -> String {
    loop {
        let body = format!("{}{}", 1 + seed.below(9), digits(seed, weights.len() - 1));
        let check = check(sum(&body, weights));
        if check < 10 {
            return format!("{body}{check}");
        }
    }
}

fn pesel(seed: &mut Seed, date: &str) -> String {
    let body = format!("{date}{}", digits(seed, 4));
    format!("{body}{}", (10 - sum(&body, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10)
}
