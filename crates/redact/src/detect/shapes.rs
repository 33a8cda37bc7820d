//! Tokens that vendors gave a prefix.

use Charset::{Alphanumeric, Hex, UpperDigits, Url};

/// What a token consists of after its prefix.
#[derive(Clone, Copy)]
enum Charset {
    Hex,
    Alphanumeric,
    UpperDigits,
    /// Letters, digits, `_`, `-` and `.`.
    Url,
}

impl Charset {
    fn has(self, byte: u8) -> bool {
        match self {
            Hex => byte.is_ascii_hexdigit(),
            Alphanumeric => byte.is_ascii_alphanumeric(),
            UpperDigits => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Url => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
        }
    }
}

struct Shape {
    rule: &'static str,
    prefix: &'static str,
    charset: Charset,
    /// Characters after the prefix.
    least: usize,
    most: usize,
}

const fn shape(
    rule: &'static str,
    prefix: &'static str,
    charset: Charset,
    least: usize,
    most: usize,
) -> Shape {
    Shape { rule, prefix, charset, least, most }
}

const LONG: usize = 2_000;

/// Longer prefixes before shorter ones that they begin with.
#[rustfmt::skip]
static SHAPES: [Shape; 96] = [
    shape("age_key", "AGE-SECRET-KEY-1", UpperDigits, 50, 70),
    shape("anthropic_key", "sk-ant-", Url, 24, LONG),
    shape("artifactory_key", "AKCp", Alphanumeric, 60, 80),
    shape("atlassian_token", "ATATT3", Url, 60, LONG),
    shape("atlassian_token", "ATBB", Alphanumeric, 28, 40),
    shape("aws_access_key_id", "AKIA", UpperDigits, 16, 16),
    shape("aws_access_key_id", "ASIA", UpperDigits, 16, 16),
    shape("aws_access_key_id", "ABIA", UpperDigits, 16, 16),
    shape("aws_access_key_id", "ACCA", UpperDigits, 16, 16),
    shape("brevo_key", "xkeysib-", Url, 70, 90),
    shape("databricks_token", "dapi", Hex, 32, 32),
    shape("digitalocean_token", "dop_v1_", Hex, 64, 64),
    shape("digitalocean_token", "doo_v1_", Hex, 64, 64),
    shape("digitalocean_token", "dor_v1_", Hex, 64, 64),
    shape("docker_token", "dckr_pat_", Url, 20, 60),
    shape("docker_token", "dckr_oat_", Url, 20, 60),
    shape("doppler_token", "dp.pt.", Alphanumeric, 40, 50),
    shape("doppler_token", "dp.st.", Url, 40, 70),
    shape("figma_token", "figd_", Url, 36, 60),
    shape("github_token", "github_pat_", Url, 36, 100),
    shape("github_token", "ghp_", Alphanumeric, 30, 255),
    shape("github_token", "gho_", Alphanumeric, 30, 255),
    shape("github_token", "ghu_", Alphanumeric, 30, 255),
    shape("github_token", "ghs_", Alphanumeric, 30, 255),
    shape("github_token", "ghr_", Alphanumeric, 30, 255),
    shape("gitlab_token", "glpat-", Url, 20, 300),
    shape("gitlab_token", "gldt-", Url, 20, 60),
    shape("gitlab_token", "glrt-", Url, 20, 60),
    shape("gitlab_token", "glcbt-", Url, 20, 60),
    shape("gitlab_token", "glptt-", Url, 20, 60),
    shape("gitlab_token", "glft-", Url, 20, 60),
    shape("gitlab_token", "glsoat-", Url, 20, 60),
    shape("google_api_key", "AIza", Url, 35, 35),
    shape("google_oauth", "ya29.", Url, 20, LONG),
    shape("google_oauth", "GOCSPX-", Url, 24, 40),
    shape("grafana_token", "glsa_", Url, 36, 60),
    shape("grafana_token", "glc_", Url, 40, LONG),
    shape("groq_key", "gsk_", Alphanumeric, 48, 60),
    shape("heroku_key", "HRKU-", Url, 32, 80),
    shape("huggingface_token", "hf_", Alphanumeric, 30, 50),
    shape("linear_key", "lin_api_", Alphanumeric, 36, 60),
    shape("linear_key", "lin_oauth_", Alphanumeric, 36, 80),
    shape("mailgun_key", "key-", Hex, 32, 32),
    shape("netlify_token", "nfp_", Alphanumeric, 36, 50),
    shape("new_relic_key", "NRAK-", Alphanumeric, 24, 40),
    shape("new_relic_key", "NRIQ-", Url, 24, 40),
    shape("new_relic_key", "NRSP-", Url, 24, 40),
    shape("notion_token", "ntn_", Alphanumeric, 40, 60),
    shape("notion_token", "secret_", Alphanumeric, 43, 43),
    shape("npm_token", "npm_", Alphanumeric, 36, 36),
    shape("openai_key", "sk-proj-", Url, 40, 300),
    shape("openai_key", "sk-svcacct-", Url, 40, 300),
    shape("openai_key", "sk-admin-", Url, 40, 300),
    shape("openai_key", "sk-", Alphanumeric, 32, 60),
    shape("planetscale_token", "pscale_tkn_", Url, 30, 70),
    shape("planetscale_token", "pscale_pw_", Url, 30, 70),
    shape("planetscale_token", "pscale_oauth_", Url, 30, 70),
    shape("postman_key", "PMAK-", Url, 50, 70),
    shape("pulumi_token", "pul-", Hex, 40, 40),
    shape("pypi_token", "pypi-AgE", Url, 50, LONG),
    shape("razorpay_key", "rzp_live_", Alphanumeric, 14, 20),
    shape("razorpay_key", "rzp_test_", Alphanumeric, 14, 20),
    shape("rubygems_token", "rubygems_", Hex, 48, 48),
    shape("sentry_token", "sntrys_", Url, 40, LONG),
    shape("sentry_token", "sntryu_", Hex, 64, 64),
    shape("shopify_token", "shpat_", Hex, 32, 32),
    shape("shopify_token", "shpca_", Hex, 32, 32),
    shape("shopify_token", "shppa_", Hex, 32, 32),
    shape("shopify_token", "shpss_", Hex, 32, 32),
    shape("slack_token", "xoxb-", Url, 20, 300),
    shape("slack_token", "xoxp-", Url, 20, 300),
    shape("slack_token", "xoxa-", Url, 20, 300),
    shape("slack_token", "xoxr-", Url, 20, 300),
    shape("slack_token", "xoxs-", Url, 20, 300),
    shape("slack_token", "xoxe-", Url, 20, 300),
    shape("slack_token", "xoxe.", Url, 20, 300),
    shape("slack_token", "xapp-", Url, 20, 300),
    shape("square_token", "sq0atp-", Url, 22, 22),
    shape("square_token", "sq0csp-", Url, 43, 43),
    shape("square_token", "sq0idp-", Url, 22, 22),
    shape("square_token", "EAAAE", Url, 55, 64),
    shape("stripe_key", "sk_live_", Alphanumeric, 16, 250),
    shape("stripe_key", "sk_test_", Alphanumeric, 16, 250),
    shape("stripe_key", "rk_live_", Alphanumeric, 16, 250),
    shape("stripe_key", "rk_test_", Alphanumeric, 16, 250),
    shape("stripe_key", "whsec_", Alphanumeric, 24, 100),
    shape("supabase_token", "sbp_", Hex, 40, 40),
    shape("supabase_token", "sb_secret_", Url, 24, 60),
    shape("tailscale_key", "tskey-auth-", Url, 20, 80),
    shape("tailscale_key", "tskey-api-", Url, 20, 80),
    shape("tailscale_key", "tskey-client-", Url, 20, 80),
    shape("twilio_key", "SK", Hex, 32, 32),
    shape("vault_token", "hvs.", Url, 24, 300),
    shape("vault_token", "hvb.", Url, 24, 300),
    shape("vault_token", "hvr.", Url, 24, 300),
    shape("sendgrid_key", "SG.", Url, 60, 70),
];

/// Shapes by the first byte of their prefix.
#[derive(Clone, Debug)]
pub(super) struct Shapes {
    starts: Box<[Vec<u8>]>,
    /// One bit for each two bytes that a prefix begins with: few words begin with any.
    pairs: Box<[u64; 1024]>,
}

impl Shapes {
    pub(super) fn new() -> Self {
        let mut starts = vec![Vec::new(); 256].into_boxed_slice();
        let mut pairs = Box::new([0; 1024]);
        for (index, shape) in SHAPES.iter().enumerate() {
            starts[usize::from(shape.prefix.as_bytes()[0])].push(index as u8);
            let (word, bit) = pair(shape.prefix.as_bytes());
            pairs[word] |= bit;
        }
        Self { starts, pairs }
    }

    /// The token that begins at `at`, and its end. O(the token).
    #[inline]
    pub(super) fn at(&self, bytes: &[u8], at: usize) -> Option<(&'static str, usize)> {
        let two = bytes.get(at..at + 2)?;
        let (word, bit) = pair(two);
        if self.pairs[word] & bit == 0 {
            return None;
        }
        self.starts[usize::from(bytes[at])]
            .iter()
            .find_map(|index| SHAPES[usize::from(*index)].end(bytes, at))
    }
}

/// Where the bit of two bytes is.
#[inline]
fn pair(two: &[u8]) -> (usize, u64) {
    let index = usize::from(two[0]) << 8 | usize::from(two[1]);
    (index / 64, 1 << (index % 64))
}

impl Shape {
    fn end(&self, bytes: &[u8], at: usize) -> Option<(&'static str, usize)> {
        let rest = bytes[at..].strip_prefix(self.prefix.as_bytes())?;
        let most = self.most.saturating_add(1);
        let mut length = rest.iter().take(most).take_while(|byte| self.charset.has(**byte)).count();
        crate::steps::add(length);
        // A sentence may end here.
        while length > 0 && matches!(rest[length - 1], b'.') {
            length -= 1;
        }
        // A token of a kind without a fixed length goes as far as it was read.
        let is_open = self.most == LONG;
        let is_token = length >= self.least && (is_open || length <= self.most) && is_mixed(&rest[..length]);
        is_token.then_some((self.rule, at + self.prefix.len() + length))
    }
}

/// A random token has letters and digits, or both cases: `sk-xxxxxxxx` is a placeholder.
fn is_mixed(token: &[u8]) -> bool {
    let has = |accept: fn(&u8) -> bool| token.iter().any(accept);
    let kinds = usize::from(has(u8::is_ascii_digit))
        + usize::from(has(u8::is_ascii_lowercase))
        + usize::from(has(u8::is_ascii_uppercase));
    kinds >= 2
}
