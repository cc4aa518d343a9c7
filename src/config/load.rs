//! The way from all places to one [`Settings`].

use std::path::Path;

use figment::Figment;

use super::error::{ConfigError, Problem};
use super::findings::{Findings, Given};
use super::known::Known;
use super::variables::Place;
use super::{Access, Flags, Mode, Settings, dotenv, file, flags, variables};

/// What a start needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The settings that won.
    pub settings: Settings,
    /// What was found and not used, and what stands in for it: one line each, for the log.
    pub notices: Vec<String>,
}

/// Loads the settings from `flags`, from `env` (the environment), and from `chatroom.toml` and
/// `.env` in `dir` (the working directory). Nothing else is looked at, but for `${NAME}` inside
/// `.env`, which dotenvy fills from the process.
///
/// # Errors
/// Every name and value that cannot be used, together.
pub fn load(
    flags: &Flags,
    env: impl IntoIterator<Item = (String, String)>,
    dir: &Path,
) -> Result<Loaded, ConfigError> {
    let mut findings = Findings::new();
    file::read(flags.config.as_deref(), dir, &mut findings);
    let in_file = dotenv::read(dir, &mut findings);
    variables::take(Place::File, in_file, &mut findings);
    variables::take(Place::Process, env, &mut findings);
    flags::take(flags, &mut findings);
    let Findings { known, given, notices, mut problems } = findings;
    match settle(&known, given, &mut problems) {
        Some(settings) if problems.is_empty() => Ok(Loaded { settings, notices }),
        _ => Err(ConfigError::new(problems)),
    }
}

/// Loads the settings from `flags`, the environment of this process and its working directory.
///
/// # Errors
/// As [`load`].
pub fn load_here(flags: &Flags) -> Result<Loaded, ConfigError> {
    // A name that is no Unicode is none of ours. In such a value U+FFFD stands for what is not text:
    // better than to run as if the variable were not set.
    let env = std::env::vars_os().filter_map(|(name, value)| {
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    });
    load(flags, env, Path::new(""))
}

/// The settings when nothing is set.
pub(super) fn defaults() -> Settings {
    let settings = settle(&Known::new(), Vec::new(), &mut Vec::new());
    settings.expect("the compiled-in defaults are tested to load")
}

/// Later values over earlier ones, the defaults below. Each value that is refused becomes a
/// problem, and its default takes its place to find the next.
fn settle(known: &Known, given: Vec<Given>, problems: &mut Vec<Problem>) -> Option<Settings> {
    let defaults = known.defaults().iter().map(|(setting, value)| default(setting, value));
    let mut figment = defaults.chain(given).fold(Figment::new(), Figment::merge);
    for _ in 0..=known.defaults().len() {
        let error = match figment.extract::<Settings>() {
            Ok(settings) => {
                problems.extend(misfit(&settings, &figment));
                return Some(settings);
            }
            Err(error) => error,
        };
        let refused = refused(&error.path, known, &figment);
        let origin = refused.first().map_or_else(String::new, |(name, _)| origin(&figment, name));
        problems.push(Problem::Value { origin, message: error.kind.to_string() });
        let resets = refused.into_iter().map(|(setting, value)| default(setting, value));
        figment = resets.fold(figment, Figment::merge);
    }
    None
}

/// The settings that an error at `path` is about: one, or those of a table that differ from their
/// defaults.
fn refused<'a>(
    path: &[String],
    known: &'a Known,
    figment: &Figment,
) -> Vec<&'a (String, figment::value::Value)> {
    let path = path.join(".");
    let exact = known.defaults().iter().find(|(name, _)| *name == path);
    let differs =
        |(name, value): &&(String, _)| figment.find_value(name).is_ok_and(|v| v != *value);
    exact.map_or_else(|| known.within(&path).filter(differs).collect(), |one| vec![one])
}

/// What no single setting can say about itself.
fn misfit(settings: &Settings, figment: &Figment) -> Vec<Problem> {
    let limits = &settings.limits;
    let too_long = (limits.message_bytes > limits.body_bytes).then(|| Problem::Value {
        origin: origin(figment, "limits.message_bytes"),
        message: format!(
            "must be at most limits.body_bytes ({}), not {}: a message comes in a body",
            limits.body_bytes, limits.message_bytes
        ),
    });
    let exposed = missing_on_the_internet(settings).map(|missing| Problem::Value {
        origin: origin(figment, "mode"),
        message: format!("can only be \"internet\" together with {missing}"),
    });
    too_long.into_iter().chain(exposed).collect()
}

/// What must be set before strangers may reach the server.
fn missing_on_the_internet(settings: &Settings) -> Option<String> {
    if settings.mode == Mode::Lan {
        return None;
    }
    let encrypted = settings.tls.is_some() || !settings.proxies.is_empty();
    let encrypted = (!encrypted).then_some(
        "HTTPS, either its own (tls.certs, tls.key) or that of a proxy in front (proxies)",
    );
    let proven = (settings.access == Access::Open)
        .then_some("access = \"token\", so that nobody speaks in another's name");
    match (encrypted, proven) {
        (Some(encrypted), Some(proven)) => Some(format!("{encrypted}, and with {proven}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

fn origin(figment: &Figment, setting: &str) -> String {
    figment.find_metadata(setting).map_or_else(String::new, |metadata| metadata.name.to_string())
}

fn default(setting: &str, value: &figment::value::Value) -> Given {
    Given { origin: format!("default: {setting}"), setting: setting.into(), value: value.clone() }
}
