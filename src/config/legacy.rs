//! Variables that users of older servers have in their `.env`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::findings::Findings;
use super::store::Store;
use super::value::Parse;
use super::variables::Place;

/// What an old variable becomes.
enum Becomes {
    /// The setting of this name, with the same value.
    Setting(&'static str),
    /// The setting `host`, if it is an address.
    Host,
    /// The setting `store`, from a path.
    Path,
    /// The setting `store`, from a URL as SQLAlchemy writes them.
    Url,
    /// Nothing; this stands in for it.
    Notice(&'static str),
}

/// The variables, of those for one setting the weaker first.
const VARIABLES: &[(&str, Becomes)] = &[
    ("HOST", Becomes::Host),
    ("PORT", Becomes::Setting("port")),
    ("SOCKETIO_CORS_ORIGIN", Becomes::Setting("cors_origins")),
    ("CORS_ORIGINS", Becomes::Setting("cors_origins")),
    ("DATABASE_URL", Becomes::Url),
    ("DATABASE_PATH", Becomes::Path),
    ("LOG_LEVEL", Becomes::Setting("log_level")),
    ("LOG_FILE", Becomes::Setting("log_file")),
    ("UPLOAD_FOLDER", Becomes::Setting("uploads")),
    ("SECRET_KEY", Becomes::Notice("tokens are random and stored hashed, so no key is needed")),
    ("REDIS_URL", Becomes::Notice("one process serves everybody, and the setting store keeps it")),
    ("DEBUG", Becomes::Notice(MORE_LINES)),
    ("DEBUG_MODE", Becomes::Notice(MORE_LINES)),
    ("FLASK_DEBUG", Becomes::Notice(MORE_LINES)),
    ("FLASK_RUN_HOST", Becomes::Notice("the setting host (CHATROOM_HOST) stands in for it")),
    ("FLASK_RUN_PORT", Becomes::Notice("the setting port (CHATROOM_PORT) stands in for it")),
];

const MORE_LINES: &str = "log_level = \"debug\" (CHATROOM_LOG_LEVEL) stands in for it";
const FLASK: &str = "there is no Flask here; `chatroom settings` lists what can be set";

/// Takes those of `set` that are in the table.
pub(super) fn take(place: Place, set: &BTreeMap<String, String>, findings: &mut Findings) {
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for (variable, becomes) in VARIABLES {
        let Some(value) = set.get(*variable) else { continue };
        let origin = format!("{}: {variable}", place.name());
        let (setting, value) = match becomes {
            Becomes::Setting(setting) => (*setting, value.clone()),
            Becomes::Host if place == Place::Process && IpAddr::parse(value.trim()).is_none() => {
                // Some shells export the name of the machine as HOST.
                unused(&origin, "it is no IP address; CHATROOM_HOST is the name of ours", findings);
                continue;
            }
            Becomes::Host => ("host", value.clone()),
            Becomes::Path => ("store", store(value)),
            Becomes::Url => match of_url(value) {
                Ok(store) => ("store", store),
                Err(scheme) => {
                    let why = format!("the log is kept in SQLite, not {scheme}; see setting store");
                    unused(&origin, &why, findings);
                    continue;
                }
            },
            Becomes::Notice(instead) => {
                unused(&origin, instead, findings);
                continue;
            }
        };
        if let Some(weaker) = taken.insert(setting, variable)
            && set.get(weaker) != set.get(*variable)
        {
            let weaker = format!("{}: {weaker}", place.name());
            unused(&weaker, &format!("{variable} beside it sets {setting}, for all"), findings);
        }
        findings.give(origin, setting, value);
    }
    for variable in set.keys().filter(|name| name.starts_with("FLASK_")) {
        if !VARIABLES.iter().any(|(known, _)| known == variable) {
            unused(&format!("{}: {variable}", place.name()), FLASK, findings);
        }
    }
}

/// Whether a variable of this name is taken for a setting.
pub(super) fn is_read(name: &str) -> bool {
    let known = VARIABLES.iter().find(|(variable, _)| *variable == name);
    known.is_some_and(|(_, becomes)| !matches!(becomes, Becomes::Notice(_)))
}

/// The value is not shown: a key or a URL with a password may be in it.
fn unused(origin: &str, why: &str, findings: &mut Findings) {
    findings.notices.push(format!("{origin} is not used: {why}"));
}

/// The path of a database as the setting `store`. Leading slashes become one, which means the same.
fn store(path: &str) -> String {
    let path = path.trim();
    let absolute = path.trim_start_matches('/');
    match path {
        ":memory:" => Store::Memory.to_string(),
        _ if absolute.len() == path.len() => Store::Sqlite(path.into()).to_string(),
        _ => Store::Sqlite(format!("/{absolute}").into()).to_string(),
    }
}

/// `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://` for memory, perhaps with a driver
/// (`sqlite+pysqlite`) and with options; else the scheme.
fn of_url(url: &str) -> Result<String, &str> {
    let url = url.trim();
    let Some((scheme, rest)) = url.split_once(':') else { return Err("this") };
    if scheme != "sqlite" && !scheme.starts_with("sqlite+") {
        return Err(scheme);
    }
    let rest = rest.split('?').next().unwrap_or(rest);
    let path = ["///", "//"].iter().find_map(|slashes| rest.strip_prefix(slashes)).unwrap_or(rest);
    Ok(if path.is_empty() { Store::Memory.to_string() } else { store(path) })
}
