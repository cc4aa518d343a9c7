//! Which of what was found is likely what was meant.
//!
//! BM25 without the part that weighs rare words: every message that is found has all of them. What
//! is left is how often each occurs, less for each time more, and how long the message is. The
//! length is compared with a fixed one, so that a message has the same score whatever else is
//! found: pages of an order by score fit together, also when messages come and go between them.

use crate::id::MessageId;

use super::terms::Matches;

/// How soon one occurrence more counts for nothing.
const SATURATION: f64 = 1.2;

/// How much the length counts, from 0 to 1.
const LENGTH_WEIGHT: f64 = 0.75;

/// The length of a usual message, in tokens.
const USUAL_LENGTH: f64 = 12.0;

/// Steps of a score to 1: the finest difference that counts.
const STEPS: f64 = 10_000.0;

/// A message's place in the order by score: the greatest comes first, and of two messages with the
/// same score the newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// The greater, the better.
    pub score: u32,
    /// Which message.
    pub id: MessageId,
}

impl Rank {
    /// The rank of a message where this was found.
    pub fn of(id: MessageId, found: &Matches) -> Rank {
        let length = found.length as f64 / USUAL_LENGTH;
        let brake = SATURATION * (1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * length);
        let of_term = |count: &usize| {
            let count = *count as f64;
            count * (SATURATION + 1.0) / (count + brake)
        };
        let score: f64 = found.counts.iter().map(of_term).sum();
        Rank { score: (score * STEPS) as u32, id }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Terms, Tokens};
    use super::*;

    fn rank(id: u64, text: &str) -> Rank {
        let terms = Terms::parse("cat dog").unwrap_or_else(|why| panic!("{why}"));
        let found = terms.find(&Tokens::of(text));
        Rank::of(MessageId(id), &found.unwrap_or_else(|| panic!("nothing in {text:?}")))
    }

    #[test]
    fn more_of_it_in_less_text_comes_first_then_the_newer() {
        let long = "cat and dog, and a hundred things beside that have nothing to do with them";
        let order = ["cat dog cat dog", "dog, cat", "cat and dog", "cat and dog", long];
        let ranks: Vec<_> =
            order.iter().enumerate().map(|(place, text)| rank(9 - place as u64, text)).collect();
        assert!(ranks.is_sorted_by(|a, b| a > b), "{ranks:?}");
    }

    #[test]
    fn the_longest_text_still_has_a_score() {
        let rank = rank(1, &"cat dog ".repeat(8_000));
        assert!(rank.score > 0 && rank.score < 100_000, "{rank:?}");
    }
}
