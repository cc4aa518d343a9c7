//! What the places of settings were found to hold.

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::error::Problem;
use super::known::Known;

/// What has been found so far. Each place adds to it, the weakest first.
pub(super) struct Findings {
    pub(super) known: Known,
    /// The later of two for one setting wins.
    pub(super) given: Vec<Given>,
    pub(super) notices: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

/// A value that some place gives to a setting. To figment each is a provider of its own, so that
/// figment can tell later which of them won.
pub(super) struct Given {
    /// For people: the place, and the name by which the setting goes there.
    pub(super) origin: String,
    /// A known name, such as `limits.page`.
    pub(super) setting: String,
    pub(super) value: Value,
}

impl Findings {
    pub(super) fn new() -> Self {
        let known = Known::new();
        Self { known, given: Vec::new(), notices: Vec::new(), problems: Vec::new() }
    }

    pub(super) fn give(&mut self, origin: String, setting: &str, value: impl Into<Value>) {
        self.given.push(Given { origin, setting: setting.into(), value: value.into() });
    }
}

impl Provider for Given {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let nested = figment::util::nest(&self.setting, self.value.clone());
        Ok(Profile::Default.collect(nested.into_dict().unwrap_or_default()))
    }
}
