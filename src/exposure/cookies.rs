//! Whether a cookie says what its user wants, or what some page wants of the user's browser.

use super::facts::{Facts, text};
use super::{Exposure, Page};

impl Exposure {
    /// Whether the request's cookies are its user's will.
    ///
    /// No page can forge `Origin` or what begins with `Sec-`. Browsers send `Origin` with all
    /// that acts; a request that acts and says nothing of a page at all is a program's.
    pub(super) fn believes_cookies(&self, facts: &Facts<impl AsRef<str>>, page: Page) -> bool {
        if facts.doubtful {
            return false;
        }
        let site = text(&facts.fetch_site);
        // The user's own doing is told as "none".
        let same = |site: &str| site == "same-origin" || site == "none";
        match page {
            Page::Foreign => false,
            Page::Listed => true,
            // What does not fit together is no browser's.
            Page::Own => site.is_none_or(same),
            Page::Unsaid => match site {
                Some(site) if same(site) => true,
                // Following a link from elsewhere.
                Some(_) => !facts.acts && is_navigation(facts),
                None if facts.acts => self.is_referred_by_own(facts),
                None => true,
            },
        }
    }

    /// Old browsers do not say the origin of everything that acts, but most say the page.
    fn is_referred_by_own(&self, facts: &Facts<impl AsRef<str>>) -> bool {
        let Some(referer) = text(&facts.referer) else { return true };
        let path = referer.split_once("://").and_then(|(scheme, rest)| {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            referer.get(..scheme.len() + "://".len() + end)
        });
        path.is_some_and(|origin| {
            matches!(self.page_of(origin, text(&facts.host), false), Page::Own | Page::Listed)
        })
    }
}

/// Whether a page is shown on its own, not inside of another.
fn is_navigation(facts: &Facts<impl AsRef<str>>) -> bool {
    text(&facts.fetch_mode) == Some("navigate")
        && text(&facts.fetch_dest).is_none_or(|dest| dest == "document")
}
