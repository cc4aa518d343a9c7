//! What every answer tells browsers.

use super::Visitor;
use crate::config::{Mode, Settings};

/// How long a browser remembers that this server speaks HTTPS only: one year.
const HSTS: &str = "max-age=31536000";

/// What browsers may do with the server's answers.
#[derive(Debug)]
pub struct Headers {
    page: String,
    data: String,
    ancestors: String,
    hsts: Hsts,
}

#[derive(Debug)]
enum Hsts {
    Never,
    /// When HTTPS was spoken with the browser.
    WhenHttps,
    Always,
}

impl Headers {
    /// What the settings say.
    pub fn new(settings: &Settings) -> Headers {
        let ancestors = settings.frame_ancestors.directive();
        Headers {
            page: format!(
                "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; \
                 img-src 'self' data: blob:; connect-src 'self'; frame-ancestors {ancestors}"
            ),
            data: format!(
                "default-src 'none'; base-uri 'none'; form-action 'none'; \
                 frame-ancestors {ancestors}"
            ),
            ancestors,
            hsts: match (&settings.tls, settings.mode) {
                (Some(_), _) => Hsts::Always,
                (None, Mode::Internet) => Hsts::WhenHttps,
                (None, Mode::Lan) => Hsts::Never,
            },
        }
    }

    /// The `Content-Security-Policy` of an answer with this content type.
    ///
    /// A page loads what comes from here, and nothing else; nothing that stands in the page
    /// itself runs. Anything else loads nothing at all. Scripts are under the policy of pages,
    /// since one may become a worker.
    pub fn policy(&self, content_type: Option<&str>) -> &str {
        let is_page = |kind: &str| {
            kind.starts_with("text/html")
                || kind.starts_with("text/javascript")
                || kind.starts_with("application/javascript")
        };
        if content_type.is_some_and(is_page) { &self.page } else { &self.data }
    }

    /// An answer's own policy, which says that nobody may show it in a frame, with those who may
    /// by the settings; `None` when it is right as it is.
    pub fn framed(&self, policy: &str) -> Option<String> {
        const NOBODY: &str = "frame-ancestors 'none'";
        let others = !NOBODY.ends_with(&self.ancestors);
        let framed = || policy.replace(NOBODY, &format!("frame-ancestors {}", self.ancestors));
        (others && policy.contains(NOBODY)).then(framed)
    }

    /// The `Strict-Transport-Security` of an answer to this visitor.
    pub fn hsts(&self, visitor: &Visitor) -> Option<&'static str> {
        match self.hsts {
            Hsts::Never => None,
            Hsts::WhenHttps => visitor.https.then_some(HSTS),
            Hsts::Always => Some(HSTS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Tls;

    fn hsts(mode: Mode, tls: bool, https: bool) -> bool {
        let tls = tls.then(|| Tls { certs: "c.pem".into(), key: "k.pem".into() });
        let headers = Headers::new(&Settings { mode, tls, ..Settings::default() });
        let visitor = Visitor { https, ..Visitor::STRANGER };
        headers.hsts(&visitor).is_some()
    }

    #[test]
    fn browsers_are_told_to_stay_where_https_is_sure() {
        for mode in [Mode::Lan, Mode::Internet] {
            assert!(hsts(mode, true, true));
            // What could not be read and was not judged came over the same HTTPS.
            assert!(hsts(mode, true, false));
        }
        assert!(hsts(Mode::Internet, false, true));
        assert!(!hsts(Mode::Internet, false, false));
        assert!(!hsts(Mode::Lan, false, true));
    }
}
