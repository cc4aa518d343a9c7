//! Variables, from `.env` or from the environment.

use std::collections::BTreeMap;

use super::dotenv;
use super::error::Problem;
use super::findings::Findings;
use super::known;
use super::legacy;

/// The beginning of every variable that is ours.
const PREFIX: &str = "CHATROOM_";

/// What the command line asks a server with: for `chatroom admin`, and no setting.
const ADMIN_TOKEN: &str = "ADMIN_TOKEN";

/// Where variables stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the file `.env`, which somebody wrote.
    File,
    /// In the environment of the process, where much comes from shells and tools.
    Process,
}

impl Place {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::File => dotenv::NAME,
            Self::Process => "environment",
        }
    }
}

/// Takes the variables of one place: first those of older servers, then ours, which win.
pub(super) fn take(
    place: Place,
    variables: impl IntoIterator<Item = (String, String)>,
    findings: &mut Findings,
) {
    let set = variables.into_iter().filter(|(_, value)| !value.trim().is_empty());
    let set: BTreeMap<String, String> = set.collect();
    legacy::take(place, &set, findings);
    for (variable, value) in &set {
        let Some(suffix) = variable.strip_prefix(PREFIX) else { continue };
        if is_of_tests(suffix) || suffix == ADMIN_TOKEN {
            continue;
        }
        if is_of_cluster(suffix, value) {
            let place = place.name();
            let why = "Kubernetes sets it for a service of this name";
            findings.notices.push(format!("{place}: {variable} is not used: {why}"));
            continue;
        }
        if let Some(setting) = findings.known.of_variable(suffix).map(str::to_owned) {
            let origin = format!("{}: {variable}", place.name());
            findings.give(origin, &setting, value.as_str());
        } else {
            let nearest = findings.known.nearest(&suffix.to_ascii_lowercase());
            let nearest = nearest.map(|name| format!("{PREFIX}{}", known::variable(name)));
            let (place, what) = (place.name().into(), format!("variable {variable}"));
            findings.problems.push(Problem::Unknown { place, what, nearest });
        }
    }
}

/// Whether a variable of this name is looked at.
pub(super) fn is_read(name: &str) -> bool {
    name.starts_with(PREFIX) || legacy::is_read(name)
}

/// Switches of the project's own tests, which are no settings.
fn is_of_tests(suffix: &str) -> bool {
    suffix == "SLOW" || suffix.starts_with("BENCH")
}

/// What Kubernetes puts into every container beside a service that is called `chatroom`:
/// `CHATROOM_PORT=tcp://10.0.0.1:5003`, `CHATROOM_SERVICE_HOST`, `CHATROOM_PORT_5003_TCP` and so
/// on. Nobody wrote them as settings, and a start that fails over them is a riddle.
fn is_of_cluster(suffix: &str, value: &str) -> bool {
    let port = suffix.strip_prefix("PORT_");
    suffix == "SERVICE_HOST"
        || suffix.starts_with("SERVICE_PORT")
        || port.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        || suffix == "PORT" && value.starts_with("tcp://")
}
