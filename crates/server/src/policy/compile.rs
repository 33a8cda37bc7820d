//! From settings to what redacts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reenact_model::{Fragment, Placed};
use reenact_redact::scanner::{
    Action, Keywords, Pattern, Scanner, ScannerError, ScannerKeys, ScannerProblem, ScannerRule, Selection,
    Side,
};
use reenact_redact::{Change, Hits, Redacted, Redactor, RuleError, Rules, has_form};
use reenact_store::Filter;

use super::facts::{Facts, group_filter};
use super::settings::{
    ActionSetting, PatternSetting, RedactionSettings, RuleSet, ScannerGroup, ScannerRuleSetting,
    ScannerSettings, ServiceRules, SideSetting,
};

/// Entries of one list of rules.
const RULES_MAX: usize = 1_000;
/// Services with rules of their own.
const SERVICES_MAX: usize = 200;
/// Groups of the scanner.
const GROUPS_MAX: usize = 100;
/// Length of a name or a description, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Combinations of settings of services that are kept compiled.
const COMPILED_MAX: usize = 256;

/// Settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SettingsError {
    /// Which setting: `services.0.rules.identifiers.2`, `groups.0.rules.1.pattern.regex`.
    pub(crate) field: String,
    /// Where in its text, in bytes.
    pub(crate) at: Option<usize>,
    /// What is wrong, and how to mend it.
    pub(crate) message: String,
}

impl SettingsError {
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), at: None, message: message.into() }
    }

    fn within(self, start: &str) -> Self {
        Self { field: format!("{start}.{}", self.field), ..self }
    }
}

/// Everything that redacts.
pub(crate) struct Policy {
    /// Default rules, configuration and project.
    project: Rules,
    services: Vec<ServiceRules>,
    /// By the indices of the services' rules that apply.
    redactors: Mutex<HashMap<Vec<usize>, Arc<Redactor>>>,
    scanner: Scanner,
    groups: Vec<CompiledGroup>,
}

struct CompiledGroup {
    filter: Filter,
    rules: Vec<String>,
}

/// What redacts one piece of data.
pub(crate) struct Chosen<'a> {
    redactor: Arc<Redactor>,
    scanner: Option<(&'a Scanner, Selection)>,
}

impl Policy {
    /// Compiles settings on top of `configured`.
    ///
    /// # Errors
    /// [`SettingsError`] for the first setting that cannot be used.
    pub(crate) fn new(
        configured: &Rules,
        redaction: &RedactionSettings,
        scanner: &ScannerSettings,
        keys: ScannerKeys,
    ) -> Result<Self, SettingsError> {
        let project = with(configured, &redaction.project);
        let compiled = Redactor::new(&project)
            .map_err(|error| in_set(configured, &redaction.project, error).within("project"))?;
        check_lists(&redaction.project).map_err(|error| error.within("project"))?;
        if redaction.services.len() > SERVICES_MAX {
            let message = format!("there are more than {SERVICES_MAX} services with rules of their own");
            return Err(SettingsError::new("services", message));
        }
        for (at, service) in redaction.services.iter().enumerate() {
            check_service(configured, service).map_err(|error| error.within(&format!("services.{at}")))?;
        }
        let (rules, groups) = compile_groups(scanner)?;
        let scanner_compiled = Scanner::new(&rules, keys).map_err(|error| in_group(scanner, error))?;
        Ok(Self {
            project,
            services: redaction.services.clone(),
            redactors: Mutex::new(HashMap::from([(Vec::new(), Arc::new(compiled))])),
            scanner: scanner_compiled,
            groups,
        })
    }

    /// What redacts data of which this is known.
    pub(crate) fn choose(&self, facts: Facts<'_>) -> Chosen<'_> {
        let scanner = if self.groups.is_empty() {
            None
        } else {
            let applying: Vec<&CompiledGroup> =
                self.groups.iter().filter(|group| facts.match_filter(&group.filter)).collect();
            let is_chosen = |id: &str| applying.iter().any(|group| group.rules.iter().any(|rule| rule == id));
            (!applying.is_empty()).then(|| (&self.scanner, self.scanner.select(is_chosen)))
        };
        Chosen { redactor: self.redactor(facts), scanner }
    }

    fn redactor(&self, facts: Facts<'_>) -> Arc<Redactor> {
        let applies = |rules: &ServiceRules| {
            has_form(&rules.service, facts.service)
                && rules.env.as_deref().is_none_or(|env| has_form(env, facts.env.unwrap_or("")))
        };
        let applying: Vec<usize> =
            (0..self.services.len()).filter(|at| applies(&self.services[*at])).collect();
        let mut redactors = self.redactors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = redactors.get(&applying) {
            return Arc::clone(known);
        }
        let rules =
            applying.iter().fold(self.project.clone(), |rules, at| with(&rules, &self.services[*at].rules));
        // Each set was compiled alone, and sets add up: lists have no rule that fails beside another.
        let made = Arc::new(Redactor::new(&rules).unwrap_or_else(|_| Redactor::default_rules()));
        if redactors.len() >= COMPILED_MAX {
            redactors.clear();
        }
        redactors.insert(applying, Arc::clone(&made));
        made
    }

    /// Redacts what arrived, with everything that applies to it.
    pub(crate) fn redact(&self, fragment: Fragment) -> (Redacted<Fragment>, Hits) {
        let chosen = self.choose(Facts::of(&fragment));
        chosen.redactor.redact_counted(fragment, chosen.scanner())
    }
}

impl Chosen<'_> {
    fn scanner(&self) -> Option<(&Scanner, &Selection)> {
        self.scanner.as_ref().map(|(scanner, selection)| (*scanner, selection))
    }

    pub(crate) fn placed(&self, event: Placed) -> (Redacted<Placed>, Hits) {
        self.redactor.redact_placed(event, self.scanner())
    }

    pub(crate) fn message(&self, message: String) -> (Redacted<String>, Hits) {
        self.redactor.redact_message(message, self.scanner())
    }

    pub(crate) fn explain_fragment(&self, fragment: Fragment) -> (Hits, Vec<Change>) {
        let (_, hits, changes) = self.redactor.redact_explained(fragment, self.scanner());
        (hits, changes)
    }

    pub(crate) fn explain_placed(&self, event: Placed) -> (Hits, Vec<Change>) {
        let (_, hits, changes) = self.redactor.redact_placed_explained(event, self.scanner());
        (hits, changes)
    }

    pub(crate) fn explain_text(&self, text: String, path: &str) -> (Redacted<String>, Hits, Vec<Change>) {
        self.redactor.redact_text_explained(text, path, self.scanner())
    }
}

/// `rules` and what `set` adds.
fn with(rules: &Rules, set: &RuleSet) -> Rules {
    let both = |left: &[String], right: &[String]| left.iter().chain(right).cloned().collect();
    // A set that switches a rule on wins over an earlier one that switched it off.
    let off = |id: &&String| !set.values_on.contains(id);
    Rules {
        identifiers: both(&rules.identifiers, &set.identifiers),
        excluded_identifiers: both(&rules.excluded_identifiers, &set.excluded_identifiers),
        types: both(&rules.types, &set.types),
        mode: set.mode.map_or(rules.mode, Into::into),
        values_on: both(&rules.values_on, &set.values_on),
        values_off: rules.values_off.iter().filter(off).chain(&set.values_off).cloned().collect(),
        limits: rules.limits,
    }
}

/// Says the place in the set instead of the one behind the rules before it.
fn in_set(before: &Rules, set: &RuleSet, error: RuleError) -> SettingsError {
    let (skipped, list) = match error.list {
        "identifiers" => (before.identifiers.len(), &set.identifiers),
        "excluded_identifiers" => (before.excluded_identifiers.len(), &set.excluded_identifiers),
        "types" => (before.types.len(), &set.types),
        "values_on" => (before.values_on.len(), &set.values_on),
        _ => (before.values_off.len(), &set.values_off),
    };
    let at = (error.number - 1).saturating_sub(skipped).min(list.len().saturating_sub(1));
    let shown: String = list.get(at).map_or("", String::as_str).chars().take(40).collect();
    SettingsError::new(format!("{}.{at}", error.list), format!("`{shown}` {}", error.reason))
}

fn check_lists(set: &RuleSet) -> Result<(), SettingsError> {
    for (name, list) in [
        ("identifiers", &set.identifiers),
        ("excluded_identifiers", &set.excluded_identifiers),
        ("types", &set.types),
        ("values_on", &set.values_on),
        ("values_off", &set.values_off),
    ] {
        if list.len() > RULES_MAX {
            return Err(SettingsError::new(name, format!("there are more than {RULES_MAX} entries")));
        }
    }
    Ok(())
}

fn check_service(configured: &Rules, service: &ServiceRules) -> Result<(), SettingsError> {
    for (field, text) in [("service", Some(&service.service)), ("env", service.env.as_ref())] {
        if let Some(text) = text {
            check_name(field, text)?;
        }
    }
    check_lists(&service.rules).map_err(|error| error.within("rules"))?;
    Redactor::new(&with(configured, &service.rules))
        .map(drop)
        .map_err(|error| in_set(configured, &service.rules, error).within("rules"))
}

fn check_name(field: &str, text: &str) -> Result<(), SettingsError> {
    let problem = if text.trim().is_empty() {
        "is empty"
    } else if text.len() > NAME_BYTES_MAX {
        "is longer than 200 bytes"
    } else if text.chars().any(char::is_control) {
        "has a control character"
    } else {
        return Ok(());
    };
    Err(SettingsError::new(field, format!("the {field} {problem}")))
}

/// The rules that are on, and which of them belong together.
fn compile_groups(
    scanner: &ScannerSettings,
) -> Result<(Vec<ScannerRule>, Vec<CompiledGroup>), SettingsError> {
    if scanner.groups.len() > GROUPS_MAX {
        return Err(SettingsError::new("groups", format!("there are more than {GROUPS_MAX} groups")));
    }
    let (mut rules, mut groups) = (Vec::new(), Vec::new());
    for (at, group) in scanner.groups.iter().enumerate() {
        let start = format!("groups.{at}");
        let filter = check_group(group).map_err(|error| error.within(&start))?;
        let mut on = Vec::new();
        for (number, rule) in group.rules.iter().enumerate() {
            check_name("name", &rule.name)
                .map_err(|error| error.within(&format!("{start}.rules.{number}")))?;
            // Those that are off are compiled too, so that switching one on cannot fail.
            rules.push(rule_of(rule));
            if rule.enabled {
                on.push(rule.id.clone());
            }
        }
        if group.enabled && !on.is_empty() {
            groups.push(CompiledGroup { filter, rules: on });
        }
    }
    Ok((rules, groups))
}

fn check_group(group: &ScannerGroup) -> Result<Filter, SettingsError> {
    check_name("name", &group.name)?;
    group_filter(&group.query)
        .map_err(|error| SettingsError { at: Some(error.at), ..SettingsError::new("query", error.message) })
}

fn rule_of(rule: &ScannerRuleSetting) -> ScannerRule {
    ScannerRule {
        id: rule.id.clone(),
        name: rule.name.clone(),
        pattern: match &rule.pattern {
            PatternSetting::Regex { regex } => Pattern::Regex(regex.clone()),
            PatternSetting::Library { rule } => Pattern::Value(rule.clone()),
        },
        keywords: rule.keywords.as_ref().map(|keywords| Keywords {
            words: keywords.words.clone(),
            within_characters: keywords.within_characters,
        }),
        included_paths: rule.included_paths.clone(),
        excluded_paths: rule.excluded_paths.clone(),
        action: match &rule.action {
            ActionSetting::Redact { text } => Action::Redact { text: text.clone() },
            ActionSetting::Partial { characters, side } => Action::Partial {
                characters: *characters,
                side: match side {
                    SideSetting::First => Side::First,
                    SideSetting::Last => Side::Last,
                },
            },
            ActionSetting::Hash => Action::Hash,
            ActionSetting::Mask => Action::Mask,
        },
        priority: rule.priority,
        sampling_percent: rule.sampling_percent,
    }
}

/// Says which setting of which rule it is.
fn in_group(scanner: &ScannerSettings, error: ScannerError) -> SettingsError {
    let place = scanner.groups.iter().enumerate().find_map(|(at, group)| {
        let number = group.rules.iter().position(|rule| rule.id == error.rule)?;
        Some((format!("groups.{at}.rules.{number}"), &group.rules[number].name))
    });
    let (start, name) = place.map_or_else(|| ("groups".to_owned(), ""), |(start, name)| (start, name));
    let (field, at) = match &error.problem {
        ScannerProblem::Pattern { at, .. } => ("pattern", Some(*at)),
        ScannerProblem::TooLarge | ScannerProblem::MatchesNothing | ScannerProblem::UnknownValueRule => {
            ("pattern", None)
        }
        ScannerProblem::MatchesItself => ("action", None),
        ScannerProblem::Path => ("included_paths", None),
        _ => ("rule", None),
    };
    SettingsError {
        field: format!("{start}.{field}"),
        at,
        message: format!("the rule `{name}` {}", error.problem),
    }
}

#[cfg(test)]
mod tests {
    use reenact_model::{CapturedValue, Snapshot, Variables};

    use super::super::keys::Keys;
    use super::super::settings::ModeName;
    use super::*;

    fn policy(redaction: &RedactionSettings, scanner: &ScannerSettings) -> Result<Policy, SettingsError> {
        let configured = Rules { identifiers: vec!["tenant".to_owned()], ..Rules::default() };
        Policy::new(&configured, redaction, scanner, Keys::from_secret([7; 32]).scanner())
    }

    fn snapshot(service: &str, env: &str, name: &str, text: &str) -> Fragment {
        let value = CapturedValue::scalar("str", format!("'{text}'"));
        Fragment::Snapshot(Snapshot {
            service: service.to_owned(),
            env: Some(env.to_owned()),
            locals: Variables(vec![(name.to_owned(), value)]),
            ..Snapshot::default()
        })
    }

    fn kept(policy: &Policy, fragment: Fragment) -> String {
        format!("{:?}", policy.redact(fragment).0.get())
    }

    fn service(service: &str, env: Option<&str>, rules: RuleSet) -> ServiceRules {
        ServiceRules { service: service.to_owned(), env: env.map(str::to_owned), rules }
    }

    #[test]
    fn services_have_rules_of_their_own() {
        let strict = RuleSet { mode: Some(ModeName::Strict), ..RuleSet::default() };
        let plan = RuleSet { identifiers: vec!["plan".to_owned()], ..RuleSet::default() };
        let settings = RedactionSettings {
            project: RuleSet { identifiers: vec!["customer".to_owned()], ..RuleSet::default() },
            services: vec![service("pay*", Some("prod"), strict), service("*", None, plan)],
        };
        let policy = policy(&settings, &ScannerSettings::default()).unwrap();
        for (service, env, name, stays) in [
            ("shop", "prod", "note", true),
            ("shop", "prod", "customer", false),
            ("shop", "prod", "tenant", false),
            ("shop", "dev", "plan", false),
            ("payments", "prod", "note", false),
            ("payments", "dev", "note", true),
        ] {
            let text = kept(&policy, snapshot(service, env, name, "forty-two"));
            assert_eq!(text.contains("forty-two"), stays, "{service} {env} {name}");
        }
    }

    #[test]
    fn a_group_works_on_what_its_query_finds() {
        let rule = ScannerRuleSetting {
            id: "r1".to_owned(),
            name: "order numbers".to_owned(),
            enabled: true,
            pattern: PatternSetting::Regex { regex: "ORD-[0-9]+".to_owned() },
            keywords: None,
            included_paths: Vec::new(),
            excluded_paths: Vec::new(),
            action: ActionSetting::Redact { text: String::new() },
            priority: 100,
            sampling_percent: 100,
        };
        let group = ScannerGroup {
            id: "g1".to_owned(),
            name: "orders".to_owned(),
            query: "dd_source:debugger service:shop".to_owned(),
            enabled: true,
            rules: vec![rule],
        };
        let mut scanner = ScannerSettings { groups: vec![group] };
        let orders = || snapshot("shop", "prod", "note", "see ORD-123");
        let on = policy(&RedactionSettings::default(), &scanner).unwrap();
        let (redacted, hits) = on.redact(orders());
        assert!(format!("{:?}", redacted.get()).contains("see [redacted: r1]"));
        assert_eq!(hits.scanner.get("r1"), Some(&1));
        assert!(kept(&on, snapshot("other", "prod", "note", "see ORD-123")).contains("ORD-123"));
        scanner.groups[0].rules[0].enabled = false;
        assert!(
            kept(&policy(&RedactionSettings::default(), &scanner).unwrap(), orders()).contains("ORD-123")
        );
        scanner.groups[0].rules[0].enabled = true;
        scanner.groups[0].enabled = false;
        assert!(
            kept(&policy(&RedactionSettings::default(), &scanner).unwrap(), orders()).contains("ORD-123")
        );
        scanner.groups[0].rules[0].pattern = PatternSetting::Regex { regex: "(ORD".to_owned() };
        let error = policy(&RedactionSettings::default(), &scanner).err().unwrap();
        assert_eq!((error.field.as_str(), error.at), ("groups.0.rules.0.pattern", Some(0)), "{error}");
        scanner.groups[0].query = "type:ValueError".to_owned();
        let error = policy(&RedactionSettings::default(), &scanner).err().unwrap();
        assert_eq!((error.field.as_str(), error.at), ("groups.0.query", Some(0)), "{error}");
    }

    #[test]
    fn a_bad_rule_is_refused_with_its_place() {
        let bad = |set: RuleSet| {
            let settings = RedactionSettings { project: set.clone(), services: Vec::new() };
            let project = policy(&settings, &ScannerSettings::default()).err().unwrap();
            let settings =
                RedactionSettings { services: vec![service("a", None, set)], ..Default::default() };
            let service = policy(&settings, &ScannerSettings::default()).err().unwrap();
            assert_eq!(service.field, format!("services.0.rules.{}", &project.field["project.".len()..]));
            project.field
        };
        let list = |entry: &str| vec!["fine".to_owned(), entry.to_owned()];
        assert_eq!(bad(RuleSet { identifiers: list("--"), ..Default::default() }), "project.identifiers.1");
        assert_eq!(bad(RuleSet { types: list(" "), ..Default::default() }), "project.types.1");
        assert_eq!(
            bad(RuleSet { values_off: vec!["jwtt".to_owned()], ..Default::default() }),
            "project.values_off.0"
        );
        let settings = RedactionSettings {
            services: vec![service(" ", None, RuleSet::default())],
            ..Default::default()
        };
        assert_eq!(policy(&settings, &ScannerSettings::default()).err().unwrap().field, "services.0.service");
    }
}
