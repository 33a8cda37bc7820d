//! Invented secrets and innocent values, the same at every run.
//!
//! Secrets are put together from parts here, so that no file holds one as a whole. Nothing in them is real:
//! letters and digits come from a seeded sequence, check digits are computed. `Split::Tuning` was looked
//! at while thresholds were chosen; `Split::HeldOut` is of another seed and was not.

mod innocent;
mod numbers;
mod report;

pub use innocent::innocent;
pub use report::report;

/// A part of the corpus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Split {
    Tuning,
    HeldOut,
}

/// What kind of recall is aimed at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aim {
    /// With a prefix, a checksum or a keyword: 99 %.
    Certain,
    /// By entropy: 90 %.
    Random,
}

/// An invented secret in a text.
pub struct Secret {
    pub kind: &'static str,
    pub aim: Aim,
    /// What must not be left.
    pub secret: String,
    /// The text around it.
    pub text: String,
}

/// Seeded numbers: SplitMix64.
pub struct Seed(pub u64);

impl Seed {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    pub fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters = alphabet.as_bytes();
        (0..length).map(|_| letters[self.below(letters.len())] as char).collect()
    }
}

pub const HEX: &str = "0123456789abcdef";
pub const LOWER36: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
pub const UPPER36: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
pub const BASE62: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
pub const URL64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
pub const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Base64 in the standard alphabet.
pub fn base64(bytes: &[u8]) -> String {
    let alphabet = BASE64.as_bytes();
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let value =
            chunk.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let letter =
                if index > chunk.len() { b'=' } else { alphabet[(value >> (18 - 6 * index) & 63) as usize] };
            text.push(letter as char);
        }
    }
    text
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Kind, beginning, alphabet and length of tokens with a prefix.
#[rustfmt::skip]
const PREFIXED: [(&str, &[&str], &str, usize); 51] = [
    ("age_key", &["AGE-SECRET", "-KEY-1"], UPPER36, 58),
    ("anthropic_key", &["sk-", "ant-api03-"], URL64, 93),
    ("artifactory_key", &["AK", "Cp"], BASE62, 69),
    ("atlassian_token", &["ATA", "TT3"], URL64, 180),
    ("bitbucket_token", &["AT", "BB"], BASE62, 32),
    ("aws_access_key_id", &["AK", "IA"], BASE32, 16),
    ("aws_session_key_id", &["AS", "IA"], BASE32, 16),
    ("brevo_key", &["xkey", "sib-"], HEX, 81),
    ("databricks_token", &["da", "pi"], HEX, 32),
    ("digitalocean_token", &["dop", "_v1_"], HEX, 64),
    ("docker_token", &["dckr", "_pat_"], URL64, 27),
    ("doppler_token", &["dp.", "pt."], BASE62, 43),
    ("figma_token", &["fi", "gd_"], URL64, 40),
    ("github_token", &["gh", "p_"], BASE62, 36),
    ("github_app_token", &["gh", "s_"], BASE62, 36),
    ("github_fine_token", &["github", "_pat_"], BASE62, 82),
    ("gitlab_token", &["gl", "pat-"], URL64, 20),
    ("gitlab_runner_token", &["gl", "rt-"], URL64, 20),
    ("google_api_key", &["AI", "za"], URL64, 35),
    ("google_client_secret", &["GOC", "SPX-"], URL64, 28),
    ("google_oauth", &["ya", "29."], URL64, 120),
    ("grafana_token", &["gl", "sa_"], BASE62, 41),
    ("groq_key", &["gs", "k_"], BASE62, 52),
    ("huggingface_token", &["h", "f_"], BASE62, 34),
    ("linear_key", &["lin", "_api_"], BASE62, 40),
    ("mailgun_key", &["ke", "y-"], HEX, 32),
    ("netlify_token", &["nf", "p_"], BASE62, 36),
    ("new_relic_key", &["NR", "AK-"], UPPER36, 27),
    ("notion_token", &["nt", "n_"], BASE62, 46),
    ("npm_token", &["np", "m_"], BASE62, 36),
    ("openai_key", &["sk-", "proj-"], URL64, 120),
    ("openai_old_key", &["s", "k-"], BASE62, 48),
    ("planetscale_token", &["pscale", "_tkn_"], URL64, 43),
    ("postman_key", &["PM", "AK-"], HEX, 59),
    ("pulumi_token", &["pu", "l-"], HEX, 40),
    ("pypi_token", &["pypi", "-AgEIcHlwaS5vcmc"], URL64, 150),
    ("razorpay_key", &["rzp", "_live_"], BASE62, 14),
    ("rubygems_token", &["ruby", "gems_"], HEX, 48),
    ("sentry_token", &["snt", "ryu_"], HEX, 64),
    ("shopify_token", &["shp", "at_"], HEX, 32),
    ("slack_bot_token", &["xo", "xb-"], BASE62, 50),
    ("slack_user_token", &["xo", "xp-"], BASE62, 70),
    ("slack_app_token", &["xa", "pp-1-"], BASE62, 90),
    ("square_token", &["sq0", "atp-"], URL64, 22),
    ("stripe_key", &["sk", "_live_"], BASE62, 24),
    ("stripe_restricted_key", &["rk", "_live_"], BASE62, 99),
    ("stripe_webhook_secret", &["wh", "sec_"], BASE62, 32),
    ("supabase_token", &["sb", "p_"], HEX, 40),
    ("tailscale_key", &["tskey", "-auth-"], BASE62, 40),
    ("twilio_key", &["S", "K"], HEX, 32),
    ("vault_token", &["hv", "s."], URL64, 95),
];

/// Texts in which `{}` is the secret.
const AROUND: [&str; 8] = [
    "{}",
    "the call with {} was refused",
    "x = '{}'",
    "[{}, 1]",
    "{\\\"a\\\": \\\"{}\\\"}",
    "first line\\n{}\\nlast line",
    "/pay?a=1&b={}&c=2",
    "a%26b%3D{}%26c",
];

/// Random secrets for each one of another kind.
const RANDOM_FOLD: usize = 8;

/// The secrets of one part, so many of each kind.
pub fn secrets(split: Split, each: usize) -> Vec<Secret> {
    let mut seed = Seed(if split == Split::Tuning { 7 } else { 910_910_911 });
    let mut secrets = Vec::new();
    let mut add = |seed: &mut Seed, kind, aim, secret: String| {
        let around = AROUND[seed.below(AROUND.len())];
        let keyword = numbers::keyword(kind).map(|word| format!("{word}: ")).unwrap_or_default();
        secrets.push(Secret { kind, aim, text: around.replace("{}", &format!("{keyword}{secret}")), secret });
    };
    for _ in 0..each {
        for (kind, prefix, alphabet, length) in PREFIXED {
            let token = format!("{}{}{}", prefix.concat(), seed.text(alphabet, length - 1), seed.below(10));
            add(&mut seed, kind, Aim::Certain, token);
        }
        for (kind, secret) in composed(&mut seed) {
            add(&mut seed, kind, Aim::Certain, secret);
        }
        for (kind, number) in numbers::numbers(&mut seed) {
            add(&mut seed, kind, Aim::Certain, number);
        }
        for (kind, alphabet, length) in [
            ("random_base62", BASE62, 24),
            ("random_base62_long", BASE62, 40),
            ("random_base64", BASE64, 40),
            ("random_url64", URL64, 43),
            ("random_base36", LOWER36, 40),
            ("random_base32", BASE32, 32),
        ] {
            // More of these: each is found by chance, so that a share needs many to mean something.
            for _ in 0..RANDOM_FOLD {
                let secret = seed.text(alphabet, length);
                add(&mut seed, kind, Aim::Random, secret);
            }
        }
    }
    secrets
}

/// Secrets of more than one part.
fn composed(seed: &mut Seed) -> Vec<(&'static str, String)> {
    let json = |text: &str| base64(text.as_bytes()).trim_end_matches('=').to_owned();
    let jwt = format!(
        "{}.{}.{}",
        json(r#"{"alg":"HS256","typ":"JWT"}"#),
        json(&format!(r#"{{"sub":"{}","iat":1764000000}}"#, seed.below(1_000_000))),
        seed.text(URL64, 43)
    );
    let pem = format!(
        "-----BEGIN {}-----\\n{}\\n{}=\\n-----END {}-----",
        "PRIVATE KEY",
        seed.text(BASE64, 64),
        seed.text(BASE64, 43),
        "PRIVATE KEY"
    );
    let word = seed.text(LOWER36, 12);
    vec![
        ("jwt", jwt),
        ("private_key", pem),
        ("url_credentials", format!("postgres://shop:{word}@db.internal:5432/shop")),
        ("connection_string", format!("Server=db;User Id=shop;Password={word};")),
        ("azure_storage_key", format!("AccountName=shop;AccountKey={}==;", seed.text(BASE64, 86))),
        ("azure_client_secret", format!("{}8Q~{}", seed.text(BASE62, 3), seed.text(URL64, 34))),
        ("basic_auth", format!("Basic {}", base64(format!("shop:{word}").as_bytes()))),
        ("encoded_pair", base64(format!("password={word}").as_bytes())),
        ("encoded_pair_hexadecimal", hexadecimal(&format!("password={word}"))),
        (
            "encoded_json_hexadecimal",
            hexadecimal(&format!(r#"{{"user": "a", "api_key": "{word}"}}"#)).to_uppercase(),
        ),
        ("encoded_json", base64(format!(r#"{{"user": "a", "api_key": "{word}"}}"#).as_bytes())),
        (
            "discord_token",
            format!(
                "M{}{}.{}.{}",
                seed.text(BASE62, 22),
                seed.below(10),
                seed.text(BASE62, 6),
                seed.text(URL64, 38)
            ),
        ),
        (
            "discord_webhook",
            format!(
                "https://discord.com/api/webhooks/{}/{}",
                10_u64.pow(17) + seed.next() % 10_u64.pow(17),
                seed.text(BASE62, 68)
            ),
        ),
        (
            "slack_webhook",
            format!(
                "https://hooks.slack.com/services/T{}/B{}/{}",
                seed.text(UPPER36, 8),
                seed.text(UPPER36, 8),
                seed.text(BASE62, 24)
            ),
        ),
        ("mailchimp_key", format!("{}-us{}", seed.text(HEX, 32), 1 + seed.below(21))),
        ("sendgrid_key", format!("{}.{}.{}", "SG", seed.text(URL64, 22), seed.text(BASE62, 43))),
        (
            "telegram_token",
            format!("{}:AA{}", 1_000_000_000 + seed.below(1_000_000_000), seed.text(URL64, 33)),
        ),
        ("terraform_token", format!("{}.atlasv1.{}", seed.text(BASE62, 14), seed.text(BASE62, 67))),
    ]
}
