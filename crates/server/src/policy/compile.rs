//! From settings to what redacts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reenact_model::{Fragment, Placed};
use reenact_redact::scanner::{Scanner, ScannerKeys, Selection};
use reenact_redact::{Change, Hits, Redacted, Redactor, Rules, has_form};

use super::facts::Facts;
use super::groups::{CompiledGroup, compile_groups, in_group};
use super::rule_sets::{SettingsError, check_service, compiled, with};
use super::settings::{RedactionSettings, ScannerSettings, ServiceRules};

/// Services with rules of their own.
const SERVICES_MAX: usize = 200;
/// Combinations of settings of services that are kept compiled.
const COMPILED_MAX: usize = 256;

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
        let (project, compiled) =
            compiled(configured, &redaction.project).map_err(|error| error.within("project"))?;
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
        self.redactor_of(applying)
    }

    /// Compiled for the services' rules with these indices.
    fn redactor_of(&self, applying: Vec<usize>) -> Arc<Redactor> {
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

    /// Whether a value rule is used where no service has rules of its own.
    pub(crate) fn uses_value_rule(&self, id: &str) -> bool {
        self.redactor_of(Vec::new()).uses_value_rule(id)
    }

    /// Redacts what arrived, with everything that applies to it.
    pub(crate) fn redact(&self, fragment: Fragment) -> (Redacted<Fragment>, Hits) {
        self.choose(Facts::of(&fragment)).fragment(fragment)
    }
}

impl Chosen<'_> {
    fn scanner(&self) -> Option<(&Scanner, &Selection)> {
        self.scanner.as_ref().map(|(scanner, selection)| (*scanner, selection))
    }

    /// The same rules in strict mode.
    pub(crate) fn strict(self) -> Self {
        Self { redactor: Arc::new(self.redactor.strict()), ..self }
    }

    /// Redacts a fragment.
    pub(crate) fn fragment(&self, fragment: Fragment) -> (Redacted<Fragment>, Hits) {
        self.redactor.redact_counted(fragment, self.scanner())
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

#[cfg(test)]
mod tests {
    use reenact_model::{CapturedValue, Snapshot, Variables};

    use super::super::keys::Keys;
    use super::super::settings::{
        ActionSetting, ModeName, PatternSetting, RuleSet, ScannerGroup, ScannerRuleSetting,
    };
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
    fn of_value_rules_what_is_said_last_and_by_name_counts() {
        let set = |on: &[&str], off: &[&str]| {
            let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
            RuleSet { values_on: ids(on), values_off: ids(off), ..RuleSet::default() }
        };
        for (project, shop, card_is_used, email_is_used) in [
            (set(&[], &[]), set(&[], &[]), true, false),
            (set(&[], &["*"]), set(&["payment_card"], &[]), true, false),
            (set(&["payment_card"], &["*"]), set(&[], &[]), true, false),
            (set(&["payment_card"], &[]), set(&[], &["*"]), false, false),
            (set(&[], &["payment_card", "email"]), set(&["*"], &[]), true, true),
            (set(&["*"], &[]), set(&[], &["email"]), true, false),
            (set(&["email"], &["email"]), set(&[], &[]), true, false),
        ] {
            let shown = format!("{project:?} {shop:?}");
            let settings = RedactionSettings { project, services: vec![service("shop", None, shop)] };
            let policy = policy(&settings, &ScannerSettings::default()).unwrap();
            let text = kept(&policy, snapshot("shop", "prod", "note", "4111 1111 1111 1111 ada@example.org"));
            assert_eq!(!text.contains("4111 1111"), card_is_used, "{shown}");
            assert_eq!(!text.contains("ada@"), email_is_used, "{shown}");
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
