//! A running server, asked over HTTP.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Request, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::door::Entered;
use super::error::AdminError;
use super::local::AGENT;
use super::{TOKEN, secret};
use crate::node::{AdminAnswer, AdminRequest};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server.
pub(super) struct Remote {
    /// Without a slash at its end.
    url: String,
    agent: Agent,
}

impl Remote {
    /// The server at this address. It is not asked for anything yet.
    pub(super) fn to(url: &str) -> Result<Remote, AdminError> {
        let wrong = |why: &str| AdminError::not_asked("invalid_url", format!("--url {why}"));
        let uri: Option<Uri> = url.parse().ok();
        let parts =
            uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?.as_str())));
        match parts {
            Some((_, authority)) if authority.contains('@') => Err(wrong(
                "may hold no password: every program on this machine could read it. The token \
                 goes into the environment variable CHATROOM_ADMIN_TOKEN.",
            )),
            Some(("http" | "https", _)) if !url.contains(['?', '#']) => {
                let url = url.trim_end_matches('/').to_owned();
                let agent = agent(url.starts_with("https:"));
                Ok(Remote { url, agent })
            }
            _ => Err(wrong("must be an address such as http://127.0.0.1:5003.")),
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn ask(&self, request: &AdminRequest) -> Result<AdminAnswer, AdminError> {
        self.ask_with(&secret::token()?, request)
    }

    /// Logs in with the password; whoever may not administer is logged out again.
    pub(super) fn enter(&self, name: &str) -> Result<Entered, AdminError> {
        let password = secret::password(name)?;
        let body = json!({ "username": name, "password": password });
        let answer = self.send("POST", "/auth/login", Some(&body), None)?;
        let entered: Entered = serde_json::from_value(answer).map_err(|_| self.foreign())?;
        match self.ask_with(&entered.token, &AdminRequest::Invites) {
            Ok(_) => Ok(entered),
            Err(error) => {
                self.send("POST", "/auth/logout", None, Some(&entered.token))?;
                Err(error)
            }
        }
    }

    fn ask_with(&self, token: &str, request: &AdminRequest) -> Result<AdminAnswer, AdminError> {
        let (method, path, body) = written(request);
        let answer = self.send(method, &path, body.as_ref(), Some(token));
        let answer = answer.map_err(|error| match error.code() {
            "authentication_required" => AdminError::refused(
                error.code(),
                format!(
                    "The server does not take this token: it is mistyped, or its session has \
                     ended. `chatroom admin token NAME --url {}` gives another; it goes into {TOKEN}.",
                    self.url
                ),
            ),
            "not_admin" => error.advise(
                "Another admin, or `chatroom admin promote NAME` on the store of the stopped \
                 server, lets an account administer.",
            ),
            _ => error,
        })?;
        serde_json::from_value(answer).map_err(|_| self.foreign())
    }

    /// The JSON of a success.
    fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        token: Option<&str>,
    ) -> Result<Value, AdminError> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if !body.is_empty() {
            request = request.header("Content-Type", "application/json");
        }
        let unasked = |error: &dyn std::fmt::Display| {
            let message = format!(
                "{} cannot be reached: {error}. See to it that this is the server's address and \
                 that the server runs.",
                self.url
            );
            AdminError::not_asked("unreachable", message)
        };
        // What can go wrong here is a token that no header can hold.
        let bad_token = |_| {
            let message = format!("The token in {TOKEN} is none: it has characters that none has.");
            AdminError::not_asked("invalid_token", message)
        };
        let sent = if method == "GET" {
            self.agent.run(request.body(()).map_err(bad_token)?)
        } else {
            self.agent.run(request.body(body).map_err(bad_token)?)
        };
        let mut response = sent.map_err(|error| unasked(&error))?;
        let text = response.body_mut().read_to_string().map_err(|error| unasked(&error))?;
        let answer: Value = serde_json::from_str(&text).map_err(|_| self.foreign())?;
        if response.status().is_success() {
            return Ok(answer);
        }
        match (answer["code"].as_str(), answer["message"].as_str()) {
            (Some("not_found" | "method_not_allowed"), _) | (None, _) | (_, None) => {
                Err(self.foreign())
            }
            (Some(code), Some(message)) if response.status().is_server_error() => {
                Err(AdminError::not_asked(code, message.to_owned()))
            }
            (Some(code), Some(message)) => Err(AdminError::refused(code, message.to_owned())),
        }
    }

    fn foreign(&self) -> AdminError {
        let message = format!(
            "{} answers, but not as this version of chatroom does. See to it that this is the \
             server's address and that the server is as new as this program.",
            self.url
        );
        AdminError::not_asked("foreign_server", message)
    }
}

/// Asks nobody but the server that was named: no proxy, no redirection gets to see the token.
fn agent(encrypted: bool) -> Agent {
    let mut config = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .user_agent(AGENT);
    if encrypted {
        let known = rustls_native_certs::load_native_certs().certs;
        let known = known.iter().map(|one| Certificate::from_der(one).to_owned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(known.collect())))
            .unversioned_rustls_crypto_provider(provider);
        config = config.tls_config(tls.build());
    }
    config.build().into()
}

/// Method, path and body of a request.
fn written(request: &AdminRequest) -> (&'static str, String, Option<Value>) {
    let post = |path: &str, body| ("POST", format!("/admin/{path}"), Some(body));
    let get = |path: &str| ("GET", format!("/admin/{path}"), None);
    match request {
        AdminRequest::Accounts => get("accounts"),
        AdminRequest::Create { name, password, admin } => {
            let (username, password) = (name.as_str(), password.secret());
            let body = json!({ "username": username, "password": password, "admin": admin });
            post("accounts", body)
        }
        AdminRequest::Disable(name) => post("accounts/disable", json!({ "username": name })),
        AdminRequest::Enable(name) => post("accounts/enable", json!({ "username": name })),
        AdminRequest::Password { username, password } => {
            let body = json!({ "username": username, "password": password.secret() });
            post("accounts/password", body)
        }
        AdminRequest::Promote(name) => post("accounts/promote", json!({ "username": name })),
        AdminRequest::Demote(name) => post("accounts/demote", json!({ "username": name })),
        AdminRequest::Sessions(None) => get("sessions"),
        AdminRequest::Sessions(Some(name)) => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            get(&format!("sessions?{}", query.append_pair("username", name).finish()))
        }
        AdminRequest::EndSession(id) => post("sessions/end", json!({ "session": id })),
        AdminRequest::EndSessions(name) => post("sessions/end", json!({ "username": name })),
        AdminRequest::Invites => get("invites"),
        AdminRequest::Invite { uses, lasts } => {
            post("invites", json!({ "uses": uses, "expires_in": lasts.as_secs() }))
        }
        AdminRequest::EndInvite(which) => post("invites/end", json!({ "invite": which })),
    }
}
