//! A piece of a message around what was found in it.

use std::ops::Range;

use serde::Serialize;

use super::tokens::cluster_end;

/// Longest snippet, in characters, without the `…` at its ends.
const LONGEST: usize = 160;

/// How many characters before the first place, if there is not room for all.
const BEFORE: usize = 40;

/// How many characters may be given up to cut between two words.
const SLACK: usize = 20;

/// A stretch of a snippet. The parts in their order are the snippet, so nobody has to count
/// characters, which every language counts in a way of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Plain text, no markup. Line ends are spaces.
    pub text: String,
    /// Whether this is what was looked for.
    pub hit: bool,
}

/// The snippet of `text` with as many of `places` as fit; they are ascending, in bytes, and none
/// touches the next.
pub fn of(text: &str, places: &[Range<usize>]) -> Vec<Part> {
    let window = window(text, places);
    let mut parts = Vec::new();
    let mut at = window.start;
    for place in places.iter().filter(|place| place.end > window.start) {
        let (start, end) = (place.start.max(at), place.end.min(window.end));
        if start >= window.end {
            break;
        }
        push(&mut parts, &text[at..start], false);
        push(&mut parts, &text[start..end], true);
        at = end;
    }
    push(&mut parts, &text[at..window.end], false);
    if window.start > 0 {
        match parts.first_mut().filter(|part| !part.hit) {
            Some(part) => part.text.insert(0, '…'),
            None => parts.insert(0, Part { text: "…".to_owned(), hit: false }),
        }
    }
    if window.end < text.len() {
        match parts.last_mut().filter(|part| !part.hit) {
            Some(part) => part.text.push('…'),
            None => parts.push(Part { text: "…".to_owned(), hit: false }),
        }
    }
    parts
}

fn push(parts: &mut Vec<Part>, text: &str, hit: bool) {
    if !text.is_empty() {
        let text = text.replace("\r\n", " ").replace(['\r', '\n', '\u{2028}', '\u{2029}'], " ");
        parts.push(Part { text, hit });
    }
}

/// The part of `text` to show: the whole, or [`LONGEST`] characters of it.
fn window(text: &str, places: &[Range<usize>]) -> Range<usize> {
    // A cluster is never cut, so a cut is where one begins; each is counted with its characters.
    let mut cuts = Vec::new();
    let (mut at, mut chars) = (0, 0);
    while at < text.len() {
        cuts.push((at, chars));
        let end = cluster_end(text, at);
        chars += text[at..end].chars().count();
        at = end;
    }
    cuts.push((at, chars));
    if chars <= LONGEST {
        return 0..text.len();
    }
    let chars_at = |byte: usize| {
        let after = cuts.partition_point(|(at, _)| *at <= byte);
        cuts[after.saturating_sub(1)].1
    };
    let lengths: Vec<_> =
        places.iter().map(|place| (chars_at(place.start), chars_at(place.end))).collect();
    let first = densest(&lengths);
    let begin = lengths.get(first).map_or(0, |(start, _)| *start);
    // The last window reaches to the end of the text.
    let start = begin.saturating_sub(BEFORE).min(chars - LONGEST);
    let low = cuts.partition_point(|(_, count)| *count < start);
    let high = cuts.partition_point(|(_, count)| *count <= cuts[low].1 + LONGEST) - 1;
    let high = high.max(low);
    let is_space = |cut: usize| text[..cuts[cut].0].ends_with(char::is_whitespace);
    // Between two words, if there is such a place near by that loses nothing that was found.
    let behind = |cut: &usize| cuts[*cut].1 <= begin && cuts[*cut].1 <= cuts[low].1 + SLACK;
    let low = (low..=high).take_while(behind).find(|&cut| cut == 0 || is_space(cut)).unwrap_or(low);
    let mut shown = lengths.iter().filter(|(start, end)| *start >= begin && *end <= cuts[high].1);
    let kept = shown.next_back().map_or(cuts[high].1, |(_, end)| *end);
    let ahead = |cut: &usize| cuts[*cut].1 >= kept && cuts[*cut].1 + SLACK >= cuts[high].1;
    let high = if cuts[high].0 == text.len() {
        high
    } else {
        (low..=high).rev().take_while(ahead).find(|&cut| is_space(cut)).unwrap_or(high)
    };
    cuts[low].0..cuts[high].0
}

/// The place from which on most others fit into one snippet; the first of those.
fn densest(places: &[(usize, usize)]) -> usize {
    let room = LONGEST - BEFORE;
    let (mut best, mut most, mut end) = (0, 0, 0);
    for (number, (start, _)) in places.iter().enumerate() {
        while places.get(end).is_some_and(|(_, stop)| *stop <= start + room) {
            end += 1;
        }
        if end.saturating_sub(number) > most {
            (best, most) = (number, end - number);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::{Terms, Tokens};
    use super::*;

    /// The snippet as one text, with what was found in brackets.
    fn snippet(question: &str, text: &str) -> String {
        let terms = Terms::parse(question).unwrap_or_else(|why| panic!("{question:?}: {why}"));
        let found = terms.find(&Tokens::of(text));
        let places = found.unwrap_or_else(|| panic!("{question:?} is not found")).places;
        let parts = of(text, &places);
        parts
            .into_iter()
            .map(|part| if part.hit { format!("[{}]", part.text) } else { part.text })
            .collect()
    }

    #[test]
    fn a_short_message_is_shown_as_a_whole() {
        assert_eq!(snippet("b", "a b\r\nc\nd b"), "a [b] c d [b]");
        assert_eq!(snippet("東京", "東京タワー"), "[東京]タワー");
        assert_eq!(snippet("cafe", "Un cafe\u{301}!"), "Un [cafe\u{301}]!");
    }

    #[test]
    fn of_a_long_message_the_part_around_the_most_hits_is_shown() {
        let far = "word ".repeat(100);
        let text = format!("{far}needle {far}needle needle {far}");
        let shown = snippet("needle", &text);
        assert!(shown.contains("word [needle] [needle] word"), "{shown}");
        assert!(shown.starts_with("…word ") && shown.ends_with("word …"), "{shown}");
        let chars = shown.chars().filter(|c| !"[]…".contains(*c)).count();
        assert!((LONGEST - 2 * SLACK..=LONGEST).contains(&chars), "{chars}: {shown}");
        let shown = snippet("needle", &format!("needle {far}"));
        assert!(shown.starts_with("[needle] word"), "{shown}");
        let shown = snippet("needle", &format!("{far}needle"));
        assert!(shown.starts_with('…') && shown.ends_with("word [needle]"), "{shown}");
    }

    #[test]
    fn no_character_is_cut_whatever_it_is_made_of() {
        for letter in ["e\u{301}", "👩🏽\u{200d}🚀", "กิ", "\u{1112}\u{1161}\u{11ab}", "東", "x"]
        {
            let far = format!("{letter}.").repeat(300);
            for shift in 0..8 {
                let text = format!("{}{far} needle {far}", "-".repeat(shift));
                let parts =
                    of(&text, &[text.find("needle").map(|at| at..at + 6).unwrap_or_default()]);
                let shown: String = parts.iter().map(|part| &*part.text).collect();
                let inner = shown.trim_matches('…');
                assert!(text.contains(inner), "{shown}");
                assert!(inner.starts_with(letter) || inner.starts_with('.'), "{shown}");
                assert!(inner.ends_with(letter) || inner.ends_with('.'), "{shown}");
                assert!(inner.chars().count() <= LONGEST && inner.contains("needle"), "{shown}");
            }
        }
    }

    #[test]
    fn a_hit_longer_than_a_snippet_is_cut() {
        let text = "a".repeat(64 * 1024);
        let parts = of(&text, std::slice::from_ref(&(0..text.len())));
        assert_eq!(parts[0], Part { text: "a".repeat(LONGEST), hit: true });
        assert_eq!(parts[1], Part { text: "…".into(), hit: false });
        let marks = format!("a{} b", "\u{301}".repeat(1000));
        assert!(!of(&marks, std::slice::from_ref(&(0..marks.len() - 2))).is_empty());
    }
}
