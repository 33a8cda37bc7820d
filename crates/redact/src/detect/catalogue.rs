//! The list of value rules.

/// A rule that finds one kind of secret by how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueRule {
    /// Its stable name, in marks and settings: `jwt`.
    pub id: &'static str,
    /// What it protects.
    pub category: Category,
    /// What it finds, in one line.
    pub description: &'static str,
    /// Whether it is on unless the settings say otherwise.
    pub on_by_default: bool,
}

/// What a value rule protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// Keys, tokens and passwords.
    Credentials,
    /// Cards and bank accounts.
    Payment,
    /// Numbers that a state gives to a person.
    NationalIds,
    /// Addresses of persons and machines.
    Contact,
}

impl Category {
    /// The name in settings and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Payment => "payment",
            Self::NationalIds => "national_ids",
            Self::Contact => "contact",
        }
    }
}

const fn on(id: &'static str, category: Category, description: &'static str) -> ValueRule {
    ValueRule { id, category, description, on_by_default: true }
}

const fn off(id: &'static str, category: Category, description: &'static str) -> ValueRule {
    ValueRule { id, category, description, on_by_default: false }
}

use Category::{Contact, Credentials, NationalIds, Payment};

/// Every value rule, by category and then by name.
pub fn value_rules() -> &'static [ValueRule] {
    &CATALOGUE
}

#[rustfmt::skip]
static CATALOGUE: [ValueRule; 82] = [
    on("age_key", Credentials, "age secret key"),
    on("airtable_token", Credentials, "Airtable personal access token"),
    on("anthropic_key", Credentials, "Anthropic API key"),
    on("artifactory_key", Credentials, "Artifactory API key"),
    on("atlassian_token", Credentials, "Atlassian or Bitbucket token"),
    on("aws_access_key_id", Credentials, "AWS access key id"),
    on("azure_client_secret", Credentials, "Azure client secret"),
    on("azure_storage_key", Credentials, "Key in an Azure connection string"),
    on("basic_auth", Credentials, "User and password after `Basic`"),
    on("brevo_key", Credentials, "Brevo API key"),
    on("databricks_token", Credentials, "Databricks token"),
    on("digitalocean_token", Credentials, "DigitalOcean token"),
    on("discord_token", Credentials, "Discord bot token"),
    on("discord_webhook", Credentials, "Address of a Discord webhook"),
    on("docker_token", Credentials, "Docker Hub token"),
    on("doppler_token", Credentials, "Doppler token"),
    on("encoded_secret", Credentials, "Base64 or hexadecimal of a text that holds a secret"),
    on("figma_token", Credentials, "Figma token"),
    on("github_token", Credentials, "GitHub token"),
    on("gitlab_token", Credentials, "GitLab token"),
    on("google_api_key", Credentials, "Google API key"),
    on("google_oauth", Credentials, "Google OAuth token or client secret"),
    on("grafana_token", Credentials, "Grafana token"),
    on("groq_key", Credentials, "Groq API key"),
    on("heroku_key", Credentials, "Heroku API key"),
    on("high_entropy", Credentials, "Text that looks random, 20 to 100 characters"),
    on("huggingface_token", Credentials, "Hugging Face token"),
    on("jwt", Credentials, "JSON Web Token"),
    on("linear_key", Credentials, "Linear API key"),
    on("mailchimp_key", Credentials, "Mailchimp API key"),
    on("mailgun_key", Credentials, "Mailgun API key"),
    on("netlify_token", Credentials, "Netlify token"),
    on("new_relic_key", Credentials, "New Relic key"),
    on("notion_token", Credentials, "Notion token"),
    on("npm_token", Credentials, "npm token"),
    on("openai_key", Credentials, "OpenAI API key"),
    on("planetscale_token", Credentials, "PlanetScale token or password"),
    on("postman_key", Credentials, "Postman API key"),
    on("private_key", Credentials, "Private key in PEM"),
    on("pulumi_token", Credentials, "Pulumi token"),
    on("pypi_token", Credentials, "PyPI token"),
    on("razorpay_key", Credentials, "Razorpay key id"),
    on("rubygems_token", Credentials, "RubyGems token"),
    on("sendgrid_key", Credentials, "SendGrid API key"),
    on("sentry_token", Credentials, "Sentry token"),
    on("shopify_token", Credentials, "Shopify token"),
    on("slack_token", Credentials, "Slack token"),
    on("slack_webhook", Credentials, "Address of a Slack webhook"),
    on("square_token", Credentials, "Square token"),
    on("stripe_key", Credentials, "Stripe secret key or webhook secret"),
    on("supabase_token", Credentials, "Supabase token"),
    on("tailscale_key", Credentials, "Tailscale key"),
    on("telegram_token", Credentials, "Telegram bot token"),
    on("terraform_token", Credentials, "Terraform Cloud token"),
    on("twilio_key", Credentials, "Twilio API key"),
    on("url_credentials", Credentials, "Password in an address"),
    on("vault_token", Credentials, "HashiCorp Vault token"),
    on("iban", Payment, "IBAN with its check digits"),
    on("payment_card", Payment, "Payment card number of a known network, Luhn"),
    on("be_national_number", NationalIds, "Belgium, punctuated, modulo 97"),
    on("br_cpf", NationalIds, "Brazil, punctuated, or bare beside a keyword"),
    on("ca_sin", NationalIds, "Canada, beside a keyword, Luhn"),
    on("ch_ahv", NationalIds, "Switzerland, begins with 756, EAN-13"),
    on("cn_resident_id", NationalIds, "China, 18 characters with date and check"),
    on("de_tax_id", NationalIds, "Germany, beside a keyword, MOD 11,10"),
    on("es_dni", NationalIds, "Spain, DNI, check letter; a small one beside a keyword"),
    on("es_nie", NationalIds, "Spain, NIE, check letter"),
    on("fi_hetu", NationalIds, "Finland, with date and check character"),
    on("fr_nir", NationalIds, "France, 15 digits with date and key"),
    on("in_aadhaar", NationalIds, "India, beside a keyword, Verhoeff"),
    on("it_codice_fiscale", NationalIds, "Italy, with check letter"),
    on("kr_rrn", NationalIds, "South Korea, punctuated, with date and check"),
    on("nl_bsn", NationalIds, "Netherlands, beside a keyword, modulo 11"),
    on("pl_pesel", NationalIds, "Poland, beside a keyword, with check"),
    on("se_personnummer", NationalIds, "Sweden, beside a keyword, date and Luhn"),
    on("uk_nhs", NationalIds, "United Kingdom, beside a keyword, modulo 11"),
    on("uk_nino", NationalIds, "United Kingdom, National Insurance, by structure"),
    on("us_ssn", NationalIds, "United States, with hyphens, by structure"),
    off("email", Contact, "E-mail address"),
    off("ipv4", Contact, "IPv4 address"),
    off("ipv6", Contact, "IPv6 address"),
    off("phone", Contact, "Phone number in international notation"),
];
