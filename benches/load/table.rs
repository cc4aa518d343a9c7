//! The table that is printed, row by row as it is measured.

use super::compare::Ratio;

/// Prints the head of the table.
pub(crate) fn head() {
    line("measured", "goal", "reached", "min – max", "cpu", "a second", "cpu µs", "original");
    println!("{}", "-".repeat(119));
}

/// A row about a ratio of rates.
pub(crate) fn ratio(what: &str, goal: Option<f64>, ratio: &Ratio, original: &str) {
    let [low, middle, high] = ratio.rate;
    let mark = mark(goal.map(|goal| middle >= goal));
    line(
        what,
        &goal.map_or(String::new(), |goal| format!("≥ {goal:.2}")),
        &format!("{middle:.3}{mark}"),
        &format!("{low:.2} – {high:.2}"),
        &format!("{:.3}", ratio.cpu),
        &format!("{:.0}", ratio.per_second),
        &format!("{:.1}", ratio.cost * 1e6),
        original,
    );
}

/// A row about the cost of a request in units of another's.
pub(crate) fn cost(what: &str, goal: f64, ratio: &Ratio) {
    let [low, middle, high] = ratio.rate.map(f64::recip);
    line(
        what,
        &format!("≤ {goal:.2}"),
        &format!("{middle:.3}{}", mark(Some(middle <= goal))),
        &format!("{high:.2} – {low:.2}"),
        &format!("{:.3}", ratio.cpu.recip()),
        &format!("{:.0}", ratio.per_second),
        &format!("{:.1}", ratio.cost * 1e6),
        "",
    );
}

/// A row about two requests that are to cost the same, give or take `within`: what one costs in
/// units of the other.
pub(crate) fn equal(what: &str, within: f64, ratio: &Ratio) {
    let [low, middle, high] = ratio.rate.map(f64::recip);
    line(
        what,
        &format!("1 ± {within:.2}"),
        &format!("{middle:.3}{}", mark(Some((middle - 1.0).abs() <= within))),
        &format!("{high:.2} – {low:.2}"),
        &format!("{:.3}", ratio.cpu.recip()),
        &format!("{:.0}", ratio.per_second),
        &format!("{:.1}", ratio.cost * 1e6),
        "",
    );
}

/// A row about a quantity that must not exceed its goal.
pub(crate) fn at_most(what: &str, goal: Option<f64>, reached: f64, unit: &str, spread: &str) {
    line(
        what,
        &goal.map_or(String::new(), |goal| format!("≤ {goal} {unit}")),
        &format!("{reached:.2} {unit}{}", mark(goal.map(|goal| reached <= goal))),
        spread,
        "",
        "",
        "",
        "",
    );
}

/// A row about a rate that must not fall below its goal.
pub(crate) fn at_least(what: &str, goal: f64, reached: f64) {
    let mark = mark(Some(reached >= goal));
    line(what, &format!("≥ {goal:.0}/s"), &format!("{reached:.0}/s{mark}"), "", "", "", "", "");
}

fn mark(met: Option<bool>) -> &'static str {
    match met {
        None => "",
        Some(true) => " ✓",
        Some(false) => " ✗",
    }
}

#[expect(clippy::too_many_arguments, reason = "one for each column")]
fn line(
    what: &str,
    goal: &str,
    reached: &str,
    spread: &str,
    cpu: &str,
    per_second: &str,
    micros: &str,
    original: &str,
) {
    println!(
        "{what:<46} {goal:>9} {reached:>12} {spread:>15} {cpu:>6} {per_second:>9} {micros:>7} {original:>8}"
    );
}
