//! Whose page asks.

use super::facts::{Facts, text};
use super::host::split;
use super::{Exposure, Visitor};
use crate::config::CorsOrigins;

/// Whose page asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// None that says so: a program, or a page of our own that reads.
    Unsaid,
    /// One of our own.
    Own,
    /// One that the settings name.
    Listed,
    /// Any other.
    Foreign,
}

impl Visitor {
    /// Whether a page of another site asks.
    pub fn is_foreign(&self) -> bool {
        matches!(self.page, Page::Listed | Page::Foreign)
    }
}

impl Exposure {
    /// Whose page asks, by its `Origin`.
    pub(super) fn page(&self, facts: &Facts<impl AsRef<str>>, https: bool) -> Page {
        match text(&facts.origin) {
            None => Page::Unsaid,
            Some(origin) => self.page_of(origin, text(&facts.host), https),
        }
    }

    /// Whose page has this origin, when the server was asked for as `host`.
    pub(super) fn page_of(&self, origin: &str, host: Option<&str>, https: bool) -> Page {
        if self.is_own(origin, host, https) {
            return Page::Own;
        }
        // Any page can make itself the origin "null", so that it is on a list says nothing of
        // which page it is.
        let CorsOrigins::List(listed) = &self.cors_origins else { return Page::Foreign };
        let listed = listed.iter().any(|listed| listed.as_str() == origin);
        if listed && origin != "null" { Page::Listed } else { Page::Foreign }
    }

    fn is_own(&self, origin: &str, host: Option<&str>, https: bool) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        let default = match scheme {
            "https" => "443",
            // A page that came in clear text may be anybody's.
            "http" if !https => "80",
            _ => return false,
        };
        let Some((name, port)) = split(authority) else { return false };
        let port = port.unwrap_or(default);
        let asked = host.and_then(split);
        let same = asked.is_some_and(|(asked, asked_port)| {
            asked.eq_ignore_ascii_case(name) && asked_port.unwrap_or(default) == port
        });
        // A proxy may ask for us by another name than browsers do.
        same || port == default && self.hosts.contain(name)
    }
}
