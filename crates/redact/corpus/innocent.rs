//! Values that are no secret and may look like one.

use super::{BASE62, BASE64, HEX, Seed, Split, base64};

/// Kind and text; each kind so often.
pub fn innocent(split: Split, each: usize) -> Vec<(&'static str, String)> {
    let mut seed = Seed(if split == Split::Tuning { 11 } else { 910_910_929 });
    let mut values = Vec::new();
    for _ in 0..each {
        values.extend(ids(&mut seed));
        values.extend(names(&mut seed));
        values.extend(prose(&mut seed));
        values.extend(numbers(&mut seed));
        values.extend(machine(&mut seed));
    }
    values
}

fn ids(seed: &mut Seed) -> Vec<(&'static str, String)> {
    let uuid = format!(
        "{}-{}-4{}-a{}-{}",
        seed.text(HEX, 8),
        seed.text(HEX, 4),
        seed.text(HEX, 3),
        seed.text(HEX, 3),
        seed.text(HEX, 12)
    );
    vec![
        ("uuid", uuid.to_uppercase()),
        ("uuid in repr", format!("UUID('{uuid}')")),
        ("uuid", uuid),
        ("commit id", seed.text(HEX, 40)),
        ("short commit id", format!("fix: see {}", seed.text(HEX, 9))),
        ("md5", seed.text(HEX, 32)),
        ("sha256", format!("sha256:{}", seed.text(HEX, 64))),
        ("integrity", format!("sha384-{}", seed.text(BASE64, 64))),
        ("ulid", format!("01J{}", seed.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 23))),
        ("object id", seed.text(HEX, 24)),
        ("trace id", format!("trace_id={} span_id={}", seed.text(HEX, 32), seed.text(HEX, 16))),
        ("address", format!("<shop.models.Order object at 0x7f{}>", seed.text(HEX, 10))),
        ("etag", format!("W/\"{}-{}\"", seed.text(HEX, 4), seed.text(HEX, 40))),
        ("short id", seed.text(BASE62, 11)),
        (
            "part number",
            format!(
                "{}{:06}{}",
                seed.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 3),
                seed.below(1_000_000),
                seed.below(10)
            ),
        ),
        ("lot", format!("lot {:08}{}", seed.below(100_000_000), seed.text("abcdefghijklmnopqrstuvwxyz", 1))),
        ("hexadecimal text", "hello and goodbye".bytes().map(|byte| format!("{byte:02x}")).collect()),
    ]
}

const WORDS: [&str; 48] = [
    "order",
    "user",
    "payment",
    "gateway",
    "invoice",
    "customer",
    "session",
    "manager",
    "factory",
    "abstract",
    "handler",
    "request",
    "response",
    "middleware",
    "database",
    "connection",
    "pool",
    "worker",
    "queue",
    "task",
    "schedule",
    "report",
    "export",
    "import",
    "render",
    "template",
    "context",
    "config",
    "loader",
    "parser",
    "stream",
    "buffer",
    "channel",
    "event",
    "listener",
    "service",
    "client",
    "server",
    "proxy",
    "cache",
    "index",
    "shipping",
    "billing",
    "address",
    "product",
    "category",
    "inventory",
    "warehouse",
];

fn joined(seed: &mut Seed, count: usize, separator: &str) -> String {
    (0..count).map(|_| seed.pick(&WORDS)).collect::<Vec<_>>().join(separator)
}

fn camel(seed: &mut Seed, count: usize) -> String {
    (0..count)
        .map(|_| {
            let word = seed.pick(&WORDS);
            format!("{}{}", word[..1].to_uppercase(), &word[1..])
        })
        .collect()
}

fn names(seed: &mut Seed) -> Vec<(&'static str, String)> {
    vec![
        ("snake case", joined(seed, 6, "_")),
        ("constant", joined(seed, 4, "_").to_uppercase()),
        ("camel case", camel(seed, 5)),
        ("camel case with numbers", format!("{}V{}{}", camel(seed, 2), seed.below(10), camel(seed, 2))),
        ("module", format!("{}.{}", joined(seed, 5, "."), camel(seed, 2))),
        ("slug", format!("{}-{}", joined(seed, 5, "-"), seed.below(1_000))),
        ("path", format!("/srv/app/{}/{}.py", joined(seed, 4, "/"), joined(seed, 2, "_"))),
        (
            "package path",
            format!(
                "/usr/lib/python3.12/site-packages/{}/{}.cpython-312-x86_64-linux-gnu.so",
                joined(seed, 2, "/"),
                seed.pick(&WORDS)
            ),
        ),
        ("windows path", format!("C:\\Users\\shop\\{}\\{}.py", camel(seed, 2), joined(seed, 2, "_"))),
        (
            "address",
            format!(
                "https://shop.example/{}/{}?page={}&sort=price",
                joined(seed, 2, "/"),
                seed.below(100_000),
                seed.below(50)
            ),
        ),
        (
            "pod",
            format!(
                "{}-{}-{}",
                joined(seed, 2, "-"),
                seed.text("bcdfghjklmnpqrstvwxz2456789", 10),
                seed.text("bcdfghjklmnpqrstvwxz2456789", 5)
            ),
        ),
        (
            "image",
            format!(
                "registry.example/{}:{}@sha256:{}",
                joined(seed, 2, "/"),
                seed.below(20),
                seed.text(HEX, 64)
            ),
        ),
        ("mangled", format!("_ZN{}{}{}{}17h{}E", 5, "order", 7, "gateway", seed.text(HEX, 16))),
        (
            "class names",
            format!(
                "btn btn-primary {}__{}--{} mt-{} px-2",
                seed.pick(&WORDS),
                seed.pick(&WORDS),
                seed.pick(&WORDS),
                seed.below(9)
            ),
        ),
        (
            "test name",
            format!(
                "tests/test_{}.py::Test{}::test_{}[{}-{}]",
                seed.pick(&WORDS),
                camel(seed, 2),
                joined(seed, 4, "_"),
                seed.below(10),
                seed.below(10)
            ),
        ),
    ]
}

#[rustfmt::skip]
const LANGUAGES: [(&str, [&str; 14]); 6] = [
    ("english", ["the", "order", "could", "not", "be", "found", "because", "delivery", "was", "late", "again", "and", "customer", "waited"]),
    ("latin", ["lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "adipiscing", "elit", "sed", "do", "eiusmod", "tempor", "incididunt", "labore"]),
    ("german", ["die", "Bestellung", "wurde", "nicht", "gefunden", "weil", "Lieferung", "Straße", "für", "Größe", "Donaudampfschifffahrtsgesellschaft", "und", "Überweisung", "heute"]),
    ("french", ["la", "commande", "n'a", "pas", "été", "trouvée", "parce", "que", "livraison", "reçue", "élève", "où", "garçon", "déjà"]),
    ("russian", ["заказ", "не", "найден", "потому", "что", "доставка", "была", "поздно", "снова", "и", "клиент", "ждал", "долго", "очень"]),
    ("japanese", ["注文", "が", "見つかりません", "でした", "配送", "は", "遅れ", "ました", "顧客", "待って", "います", "また", "今日", "です"]),
];

fn prose(seed: &mut Seed) -> Vec<(&'static str, String)> {
    let mut texts: Vec<(&'static str, String)> = LANGUAGES
        .iter()
        .map(|(language, words)| (*language, (0..20).map(|_| seed.pick(words)).collect::<Vec<_>>().join(" ")))
        .collect();
    texts.push((
        "html",
        format!(
            "<div class=\"{}\"><a href=\"/{}\">{}</a></div>",
            seed.pick(&WORDS),
            joined(seed, 2, "/"),
            joined(seed, 3, " ")
        ),
    ));
    texts.push((
        "markdown",
        format!("## {}\n\n- **{}** {}\n", camel(seed, 2), seed.pick(&WORDS), joined(seed, 6, " ")),
    ));
    texts
}

fn numbers(seed: &mut Seed) -> Vec<(&'static str, String)> {
    let isbn = format!(
        "978-{}-{:03}-{:05}-{}",
        seed.below(10),
        seed.below(1_000),
        seed.below(100_000),
        seed.below(10)
    );
    vec![
        ("integer", (seed.next() >> seed.below(60)).to_string()),
        ("identifier", (1_000_000_000_000_000_000 + seed.next() % 900_000_000_000_000_000).to_string()),
        ("nanoseconds", (1_764_000_000_000_000_000 + seed.next() % 10_000_000_000_000_000).to_string()),
        ("milliseconds", (1_764_000_000_000 + seed.next() % 10_000_000_000).to_string()),
        ("float", format!("0.{}", seed.text("0123456789", 17))),
        ("decimal", format!("Decimal('{}.{:02}')", seed.below(100_000), seed.below(100))),
        (
            "time",
            format!(
                "2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+00:00",
                1 + seed.below(12),
                1 + seed.below(28),
                seed.below(24),
                seed.below(60),
                seed.below(60),
                seed.below(1_000_000)
            ),
        ),
        (
            "date and time",
            format!(
                "datetime.datetime(2026, {}, {}, {}, {}, {}, {})",
                1 + seed.below(12),
                1 + seed.below(28),
                seed.below(24),
                seed.below(60),
                seed.below(60),
                seed.below(1_000_000)
            ),
        ),
        (
            "version",
            format!(
                "{}.{}.{}-rc.{}+build.{}",
                seed.below(20),
                seed.below(20),
                seed.below(20),
                seed.below(9),
                seed.below(9_999)
            ),
        ),
        (
            "list",
            format!(
                "[{}, {}, {}, {}, {}]",
                seed.below(10_000),
                seed.below(10_000),
                seed.below(10_000),
                seed.below(10_000),
                seed.below(10_000)
            ),
        ),
        (
            "matrix",
            format!(
                "{} {} {} {} {}",
                seed.below(10_000),
                seed.below(10_000),
                seed.below(10_000),
                seed.below(10_000),
                seed.below(10_000)
            ),
        ),
        ("isbn", isbn),
        ("order number", format!("order {:04}-{:06}", 2020 + seed.below(7), seed.below(1_000_000))),
        ("phone", format!("+49 30 {:04} {:04}", seed.below(10_000), seed.below(10_000))),
        ("ip", format!("10.{}.{}.{}:8080", seed.below(256), seed.below(256), seed.below(256))),
    ]
}

fn machine(seed: &mut Seed) -> Vec<(&'static str, String)> {
    let bytes: Vec<u8> = (0..300 + seed.below(900)).map(|_| seed.next() as u8).collect();
    let image = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &bytes].concat();
    vec![
        ("image", format!("data:image/png;base64,{}", base64(&image))),
        ("image bytes", base64(&image)),
        (
            "encoded text",
            base64(format!("hello {} and {}", joined(seed, 3, " "), joined(seed, 2, " ")).as_bytes()),
        ),
        (
            "sql",
            format!(
                "SELECT \"{}\".\"id\", \"{}\".\"name\" FROM \"{}\" WHERE \"{}\".\"id\" = {} LIMIT 21",
                seed.pick(&WORDS),
                seed.pick(&WORDS),
                seed.pick(&WORDS),
                seed.pick(&WORDS),
                seed.below(100_000)
            ),
        ),
        (
            "log line",
            format!(
                "2026-11-24 14:{:02}:{:02},{:03} INFO [{}.{}] {} took {} ms, status={}",
                seed.below(60),
                seed.below(60),
                seed.below(1_000),
                seed.pick(&WORDS),
                seed.pick(&WORDS),
                joined(seed, 3, " "),
                seed.below(10_000),
                200 + seed.below(300)
            ),
        ),
        (
            "code",
            format!(
                "    {} = self.{}({}, limit={})",
                joined(seed, 2, "_"),
                joined(seed, 2, "_"),
                seed.pick(&WORDS),
                seed.below(100)
            ),
        ),
        (
            "code",
            format!(
                "return [{} for {} in {}.values() if {}.is_{}]",
                seed.pick(&WORDS),
                seed.pick(&WORDS),
                seed.pick(&WORDS),
                seed.pick(&WORDS),
                seed.pick(&WORDS)
            ),
        ),
        (
            "json",
            format!(
                "{{\"{}\": {}, \"{}\": \"{}\", \"items\": [{}]}}",
                "id",
                seed.below(10_000),
                "name",
                joined(seed, 2, " "),
                seed.below(100)
            ),
        ),
        (
            "user agent",
            format!(
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.{}.{} Safari/537.36",
                100 + seed.below(40),
                seed.below(9_999),
                seed.below(300)
            ),
        ),
        ("mime", format!("multipart/form-data; boundary=----{}{}", "FormBoundary", seed.text(HEX, 16))),
        ("email", format!("{}.{}@shop.example", seed.pick(&WORDS), seed.pick(&WORDS))),
        (
            "colour",
            format!(
                "#{} rgba({}, {}, {}, 0.5)",
                seed.text(HEX, 6),
                seed.below(256),
                seed.below(256),
                seed.below(256)
            ),
        ),
        (
            "shell",
            format!(
                "python -m {} --verbose --jobs {} --output build/{}",
                seed.pick(&WORDS),
                seed.below(64),
                joined(seed, 2, "-")
            ),
        ),
    ]
}
