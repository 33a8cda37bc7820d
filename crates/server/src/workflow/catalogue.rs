//! The versions of every service and environment, and when they were seen.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use reenact_issues::lifecycle::Release;
use reenact_model::Timestamp;
use reenact_store::control::{ServiceVersion, VERSIONS_MAX};

/// Versions of one service in one environment; the one seen longest ago goes first.
const OF_ENV_MAX: usize = 500;
/// How far what is stored may be behind, in nanoseconds: an hour.
const BEHIND_NS: i64 = 3_600_000_000_000;

type OfEnv = HashMap<String, Times>;
type OfService = HashMap<Option<String>, OfEnv>;

/// When a version was seen, in nanoseconds.
#[derive(Debug)]
struct Times {
    first: AtomicI64,
    last: AtomicI64,
    /// Those that are stored.
    stored_first: AtomicI64,
    stored_last: AtomicI64,
}

/// All versions.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    services: RwLock<HashMap<String, OfService>>,
}

impl Catalogue {
    pub(super) fn new(versions: Vec<ServiceVersion>) -> Self {
        let catalogue = Self::default();
        for seen in &versions {
            catalogue.note(&seen.service, &seen.env, &seen.version, seen.first_seen);
            catalogue.note(&seen.service, &seen.env, &seen.version, seen.last_seen);
        }
        catalogue.written(&versions);
        catalogue
    }

    /// Notes an event; cheap for a version that is known.
    pub(super) fn note(&self, service: &str, env: &Option<String>, version: &str, at: Timestamp) {
        let nanos = at.as_nanos();
        let services = self.read();
        let known = services.get(service).and_then(|envs| envs.get(env)).and_then(|of| of.get(version));
        if let Some(times) = known {
            times.first.fetch_min(nanos, Ordering::Relaxed);
            times.last.fetch_max(nanos, Ordering::Relaxed);
            return;
        }
        drop(services);
        let mut services = self.write();
        let all: usize = services.values().flat_map(HashMap::values).map(HashMap::len).sum();
        if all >= VERSIONS_MAX {
            return;
        }
        let of = services.entry(service.to_owned()).or_default().entry(env.clone()).or_default();
        if of.len() >= OF_ENV_MAX {
            let oldest = of.iter().min_by_key(|(_, times)| times.last.load(Ordering::Relaxed));
            if let Some(oldest) = oldest.map(|(version, _)| version.clone()) {
                of.remove(&oldest);
            }
        }
        of.insert(
            version.to_owned(),
            Times {
                first: AtomicI64::new(nanos),
                last: AtomicI64::new(nanos),
                stored_first: AtomicI64::new(i64::MAX),
                stored_last: AtomicI64::new(i64::MIN),
            },
        );
    }

    /// Environments of a service, each with its versions in the order in which they were first seen.
    pub(super) fn releases(&self, service: &str) -> Vec<(Option<String>, Vec<Release>)> {
        let services = self.read();
        let Some(envs) = services.get(service) else { return Vec::new() };
        let mut found = Vec::new();
        for (env, of) in envs {
            let mut releases: Vec<Release> = of
                .iter()
                .map(|(version, times)| Release {
                    version: version.clone(),
                    first_seen: Timestamp::from_nanos(times.first.load(Ordering::Relaxed)),
                })
                .collect();
            releases.sort_by(|a, b| (a.first_seen, &a.version).cmp(&(b.first_seen, &b.version)));
            found.push((env.clone(), releases));
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// Every service.
    pub(super) fn services(&self) -> Vec<String> {
        self.read().keys().cloned().collect()
    }

    /// What is to be stored.
    pub(super) fn changed(&self) -> Vec<ServiceVersion> {
        let services = self.read();
        let mut changed = Vec::new();
        for (service, envs) in &*services {
            for (env, of) in envs {
                for (version, times) in of {
                    let (first, last) =
                        (times.first.load(Ordering::Relaxed), times.last.load(Ordering::Relaxed));
                    let is_behind = first < times.stored_first.load(Ordering::Relaxed)
                        || last.saturating_sub(BEHIND_NS) > times.stored_last.load(Ordering::Relaxed);
                    if is_behind {
                        changed.push(ServiceVersion {
                            service: service.clone(),
                            env: env.clone(),
                            version: version.clone(),
                            first_seen: Timestamp::from_nanos(first),
                            last_seen: Timestamp::from_nanos(last),
                        });
                    }
                }
            }
        }
        changed
    }

    /// What is stored.
    pub(super) fn written(&self, versions: &[ServiceVersion]) {
        let services = self.read();
        for seen in versions {
            let times = services
                .get(&seen.service)
                .and_then(|envs| envs.get(&seen.env))
                .and_then(|of| of.get(&seen.version));
            if let Some(times) = times {
                times.stored_first.store(seen.first_seen.as_nanos(), Ordering::Relaxed);
                times.stored_last.store(seen.last_seen.as_nanos(), Ordering::Relaxed);
            }
        }
    }

    /// Forgets versions that were last seen before.
    pub(super) fn forget(&self, before: Timestamp) {
        let mut services = self.write();
        services.retain(|_, envs| {
            envs.retain(|_, of| {
                of.retain(|_, times| times.last.load(Ordering::Relaxed) >= before.as_nanos());
                !of.is_empty()
            });
            !envs.is_empty()
        });
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, OfService>> {
        self.services.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, OfService>> {
        self.services.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn versions_are_in_the_order_in_which_they_were_first_seen() {
        let catalogue = Catalogue::default();
        let prod = Some("prod".to_owned());
        catalogue.note("shop", &prod, "b", at(5));
        catalogue.note("shop", &prod, "a", at(7));
        catalogue.note("shop", &prod, "a", at(3));
        catalogue.note("shop", &None, "c", at(1));
        let order = |catalogue: &Catalogue| -> Vec<(Option<String>, String)> {
            let releases = catalogue.releases("shop").into_iter();
            releases.flat_map(|(env, of)| of.into_iter().map(move |one| (env.clone(), one.version))).collect()
        };
        let expected =
            [(None, "c".to_owned()), (prod.clone(), "a".to_owned()), (prod.clone(), "b".to_owned())];
        assert_eq!(order(&catalogue), expected);
        let changed = catalogue.changed();
        assert_eq!(changed.len(), 3);
        catalogue.written(&changed);
        assert_eq!(catalogue.changed(), []);
        catalogue.note("shop", &prod, "b", at(5 + 3_500));
        assert_eq!(catalogue.changed(), [], "an hour may pass");
        catalogue.note("shop", &prod, "b", at(5 + 3_700));
        assert_eq!(catalogue.changed().len(), 1);
        let again = Catalogue::new(changed);
        assert_eq!((order(&again), again.changed()), (expected.to_vec(), Vec::new()));
        again.forget(at(4));
        assert_eq!(order(&again), expected[1..]);
    }

    #[test]
    fn the_version_seen_longest_ago_goes_first() {
        let catalogue = Catalogue::default();
        for number in 0..=OF_ENV_MAX {
            catalogue.note("shop", &None, &number.to_string(), at(number as i64));
        }
        let releases = catalogue.releases("shop").remove(0).1;
        assert_eq!((releases.len(), releases[0].version.as_str()), (OF_ENV_MAX, "1"));
    }
}
