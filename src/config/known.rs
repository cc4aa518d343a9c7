//! The names of all settings.

use figment::providers::{Format, Toml};
use figment::value::{Dict, Value};

use super::DEFAULTS;

/// Below this likeness (0 to 1) a name is no slip of the pen but another name.
const ALIKE: f64 = 0.5;

/// Every setting that there is, read off the defaults: `limits.page` and its value.
pub(super) struct Known(Vec<(String, Value)>);

impl Known {
    pub(super) fn new() -> Self {
        let dict = Toml::from_str(DEFAULTS).expect("the compiled-in defaults are tested to load");
        Self(flatten(dict))
    }

    pub(super) fn defaults(&self) -> &[(String, Value)] {
        &self.0
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The settings in this table; none when it is no table.
    pub(super) fn within(&self, table: &str) -> impl Iterator<Item = &(String, Value)> {
        self.0.iter().filter(move |(name, _)| {
            name.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'))
        })
    }

    /// The setting that `CHATROOM_` and this suffix means.
    pub(super) fn of_variable(&self, suffix: &str) -> Option<&str> {
        let names = self.0.iter().map(|(name, _)| name.as_str());
        names.into_iter().find(|name| variable(name) == suffix)
    }

    /// The setting that somebody may have meant who wrote `name`: by the whole name, or by its
    /// last part when it stands in the wrong table or in none.
    pub(super) fn nearest(&self, name: &str) -> Option<&str> {
        let alike = |known: &str| {
            let whole = strsim::normalized_damerau_levenshtein(name, &known.replace('.', "_"));
            let dotted = strsim::normalized_damerau_levenshtein(name, known);
            let part = strsim::normalized_damerau_levenshtein(last(name), last(known));
            whole.max(dotted).max(part)
        };
        let names = self.0.iter().map(|(name, _)| (alike(name), name.as_str()));
        let best = names.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        (best.0 >= ALIKE).then_some(best.1)
    }
}

/// `limits.page` to `LIMITS_PAGE`.
pub(super) fn variable(name: &str) -> String {
    name.replace('.', "_").to_ascii_uppercase()
}

/// All values that are no tables, under their dotted names. An empty table stands for itself.
pub(super) fn flatten(dict: Dict) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (key, value) in dict {
        match value {
            Value::Dict(_, inner) if !inner.is_empty() => {
                let inner = flatten(inner).into_iter();
                flat.extend(inner.map(|(name, value)| (format!("{key}.{name}"), value)));
            }
            value => flat.push((key, value)),
        }
    }
    flat
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
