//! A table of verdicts.

/// Who asks, in the order of the columns.
///
/// `revoked` is a session of the creator's that was ended: it must be worth nothing at all.
pub(crate) const ROLES: [&str; 8] =
    ["nobody", "guest", "other", "member", "former", "creator", "admin", "revoked"];

/// What is asked, with a verdict for each role.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) verdicts: Vec<String>,
    /// The endpoint or the event.
    pub(crate) name: String,
    /// Behind the path, for a query.
    pub(crate) query: String,
    /// JSON with placeholders.
    pub(crate) body: String,
}

impl Row {
    pub(crate) fn what(&self) -> String {
        format!("{}{} {}", self.name, self.query, self.body)
    }
}

/// Lines of `verdict × 8 | name?query body`; `#` begins a comment.
pub(crate) fn parse(text: &str) -> Vec<Row> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(row).collect()
}

fn row(line: &str) -> Row {
    let (verdicts, what) = line.split_once(" | ").unwrap();
    let verdicts: Vec<_> = verdicts.split_whitespace().map(str::to_owned).collect();
    assert_eq!(verdicts.len(), ROLES.len(), "{line}");
    let (name, body) = what
        .split_once(" {\"")
        .map_or((what, String::new()), |(name, body)| (name, format!("{{\"{body}")));
    let (name, query) = name.split_once('?').unwrap_or((name, ""));
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    Row { verdicts, name: name.trim().to_owned(), query, body }
}
