//! What is answered to those whom the settings keep out.

use std::borrow::Cow;
use std::sync::Arc;

use rocket::http::Status;
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request};

use super::error::ApiError;
use crate::exposure::Refusal;
use crate::limits::Seldom;

/// The beginning of the path where requests go that are refused.
pub(super) const KEPT_OUT: &str = "/kept-out-";

/// The longest host that is written into the log, in characters.
const LOGGED: usize = 253;

/// The route for requests that are not looked at.
#[derive(Clone, Default)]
pub(super) struct KeptOut(Arc<Seldom>);

#[rocket::async_trait]
impl Handler for KeptOut {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        let refusal: &Option<Refusal> = request.local_cache(|| None);
        let error = match refusal {
            Some(refusal) => {
                if self.0.may() {
                    tracing::warn!("{}", advice(refusal));
                }
                ApiError::kept_out(refusal)
            }
            None => ApiError::of_status(Status::NotFound),
        };
        Outcome::from(request, error)
    }
}

/// What was refused, for whoever can allow it.
fn advice(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Peer(address) if address.is_unspecified() => {
            "a request was refused whose sender a proxy does not name; mode = \"lan\" lets in \
             private networks only"
                .to_owned()
        }
        Refusal::Peer(address) => format!(
            "a request from {address} was refused, as mode = \"lan\" lets in private networks \
             only; to let it in: peers = [\"{address}\"]; to let everybody in: \
             mode = \"internet\" (see docs/exposure.md)"
        ),
        Refusal::Host(host) => {
            let host: String = host.chars().take(LOGGED).collect();
            let name = host.rsplit_once(':').map_or(&*host, |(name, _)| name);
            format!(
                "a request for {host:?} was refused, as this may be the name of somebody else's \
                 page; if it is this server's: hosts = [{name:?}]"
            )
        }
    }
}

impl ApiError {
    /// The settings keep the request out.
    pub(super) fn kept_out(refusal: &Refusal) -> ApiError {
        let (code, message): (_, Cow<'static, str>) = match refusal {
            Refusal::Peer(_) => (
                "peer_not_allowed",
                "This server is for its own network. Its owner can let others in with the \
                 settings peers or mode."
                    .into(),
            ),
            Refusal::Host(_) => (
                "host_not_allowed",
                "This server does not go by this name. Its owner can allow it with the setting \
                 hosts."
                    .into(),
            ),
        };
        ApiError::new(Status::Forbidden, code, message)
    }
}
