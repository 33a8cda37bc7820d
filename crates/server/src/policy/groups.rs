//! Groups of the scanner: which rules are on for which data.

use reenact_redact::scanner::{Action, Keywords, Pattern, ScannerError, ScannerProblem, ScannerRule, Side};
use reenact_store::Filter;

use super::facts::group_filter;
use super::rule_sets::{SettingsError, check_name};
use super::settings::{
    ActionSetting, PatternSetting, ScannerGroup, ScannerRuleSetting, ScannerSettings, SideSetting,
};

/// Groups of the scanner.
const GROUPS_MAX: usize = 100;

/// A group that is on, with the ids of its rules that are.
pub(super) struct CompiledGroup {
    pub(super) filter: Filter,
    pub(super) rules: Vec<String>,
}

/// The rules that are on, and which of them belong together.
pub(super) fn compile_groups(
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
pub(super) fn in_group(scanner: &ScannerSettings, error: ScannerError) -> SettingsError {
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
