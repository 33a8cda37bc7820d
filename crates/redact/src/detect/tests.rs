use super::*;

fn find(text: &str) -> Vec<(&'static str, String)> {
    let names = Names::new([].into_iter(), [].into_iter());
    let detector = Detector::new(|_| true);
    let found = detector.find(text, Signs::of(text.as_bytes()), "", &names);
    found.into_iter().map(|found| (found.rule, text[found.range].to_owned())).collect()
}

#[track_caller]
fn check(text: &str, rule: &str, want: &str) {
    assert_eq!(find(text), [(value_rules().iter().find(|r| r.id == rule).unwrap().id, want.to_owned())]);
}

#[track_caller]
fn nothing(text: &str) {
    assert_eq!(find(text), [], "{text}");
}

#[test]
fn cards_and_accounts() {
    check("paid with 4111 1111 1111 1111.", "payment_card", "4111 1111 1111 1111");
    check("x=5555-5555-5555-4444,", "payment_card", "5555-5555-5555-4444");
    check("{'n': 378282246310005}", "payment_card", "378282246310005");
    check("q=4111%201111%201111%201111&a", "payment_card", "4111%201111%201111%201111");
    check("to DE89 3704 0044 0532 0130 00 now", "iban", "DE89 3704 0044 0532 0130 00");
    check("to GB29NWBK60161331926819", "iban", "GB29NWBK60161331926819");
    check("to GB29 NWBK 6016 1331 9268 19", "iban", "GB29 NWBK 6016 1331 9268 19");
    nothing("0.4111111111111111 4111111111111112 1764000000000000000");
}

#[test]
fn national_numbers() {
    check("ssn 536-90-4399", "us_ssn", "536-90-4399");
    check("529.982.247-25", "br_cpf", "529.982.247-25");
    check("cpf: 52998224725", "br_cpf", "52998224725");
    check("131052-308T", "fi_hetu", "131052-308T");
    check("756.9217.0769.85", "ch_ahv", "756.9217.0769.85");
    check("tax id 86095742719", "de_tax_id", "86095742719");
    check("pesel 44051401359", "pl_pesel", "44051401359");
    check("nhs number 943 476 5919", "uk_nhs", "943 476 5919");
    check("bsn 111222333", "nl_bsn", "111222333");
    check("DNI 12345678Z", "es_dni", "12345678Z");
    check("RSSMRA85T10A562S", "it_codice_fiscale", "RSSMRA85T10A562S");
    check("11010519491231002X", "cn_resident_id", "11010519491231002X");
    check("85.07.30-033.28", "be_national_number", "85.07.30-033.28");
    nothing("44051401359 at 2026-11-24 14:10:00, 86095742719");
}

#[test]
fn tokens_keep_what_stands_around_them() {
    let token = format!("gh{}_{}", "p", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    check(&format!("use {token}, please"), "github_token", &token);
    check(&format!("'x\\n{token}\\n'"), "github_token", &token);
    check(&format!("?a={}&b=1", token.replace('_', "%5F")), "github_token", &token.replace('_', "%5F"));
    check("http://u:p@h/x", "url_credentials", "p");
    check(
        "-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----, x",
        "private_key",
        "-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----",
    );
    check("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.x", "jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.x");
}

#[test]
fn encoded_pairs_go() {
    check("a cGFzc3dvcmQ9aHVudGVyMg== b", "encoded_secret", "cGFzc3dvcmQ9aHVudGVyMg==");
    check("Basic dXNlcjpwYXNz", "basic_auth", "dXNlcjpwYXNz");
    check(
        r#"ImEiOiAxLCAicGFzc3dvcmQiOiAiaHVudGVyMiI="#,
        "encoded_secret",
        "ImEiOiAxLCAicGFzc3dvcmQiOiAiaHVudGVyMiI=",
    );
}

#[test]
fn random_texts_go_and_innocent_ones_stay() {
    check(
        "x wJalrXUtnFEMI7K7MDENGbPxRfiCYzEXAMP2LEKEY",
        "high_entropy",
        "wJalrXUtnFEMI7K7MDENGbPxRfiCYzEXAMP2LEKEY",
    );
    nothing("4f9c1e52-5d3b-4e6b-9a51-1f7b0f2c7a11 da39a3ee5e6b4b0d3255bfef95601890afd80709");
    nothing("/usr/lib/python3.12/site-packages/sqlalchemy/orm/session.py AbstractSingletonProxyFactoryBean2");
    nothing(
        "test_the_quick_brown_fox_jumps_over_the_lazy_dog_2 sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    );
}

#[test]
fn british_and_spanish_numbers_need_no_keyword() {
    check("for AB123456C.", "uk_nino", "AB123456C");
    check("for AB 12 34 56 C, x", "uk_nino", "AB 12 34 56 C");
    check("q=AB%2012%2034%2056%20C&", "uk_nino", "AB%2012%2034%2056%20C");
    check("nino ab123456c", "uk_nino", "ab123456c");
    check("'X1234567L'", "es_nie", "X1234567L");
    check("NIE Y-1234567-X", "es_nie", "Y-1234567-X");
    check("nie: z1234567r", "es_nie", "z1234567r");
    check("12345678Z", "es_dni", "12345678Z");
    check("12345678-Z", "es_dni", "12345678-Z");
    check("131052A308T", "fi_hetu", "131052A308T");
    nothing("QQ123456C AB123456E XAB123456C AB1234567C X1234567A 12345678A 12345678z ab123456c");
}

#[test]
fn hexadecimal_of_a_secret_goes() {
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let pair = hex("password=hunter2");
    check(&format!("a {pair} b"), "encoded_secret", &pair);
    check(&format!("0x{}", pair.to_uppercase()), "encoded_secret", &pair.to_uppercase());
    check(&format!("key_{pair}"), "encoded_secret", &pair);
    check(
        &hex("{\"a\": \"4111 1111 1111 1111\"}"),
        "encoded_secret",
        &hex("{\"a\": \"4111 1111 1111 1111\"}"),
    );
    let nested = hex(&hex("pin=1234"));
    check(&nested, "encoded_secret", &nested);
    nothing(&hex("hello world and more"));
    nothing("70617373776f72643d68756e7465723");
}
