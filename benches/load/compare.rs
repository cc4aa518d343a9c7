//! Two loads against each other, in interleaved slices.

use std::io;
use std::time::Duration;

use super::child::Child;
use super::drive::{Load, Slice};

/// How often the pair is measured.
pub(crate) const PAIRS: usize = 31;
/// How long a slice is.
const SLICE: Duration = Duration::from_millis(250);
/// How long both run first, unmeasured.
const WARM_UP: Duration = Duration::from_millis(300);

/// A ratio of rates, measured over and over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    /// The smallest, the median and the largest rate of the subject in units of the base's.
    pub(crate) rate: [f64; 3],
    /// Processor time that the server spends on a request of the base, in units of the subject's.
    pub(crate) cpu: f64,
    /// The median rate of the subject, in requests a second.
    pub(crate) per_second: f64,
    /// Processor time that the server spends on a request of the subject, in seconds.
    pub(crate) cost: f64,
}

/// The rate of `subject` in units of the rate of `base`.
///
/// The machine is shared and its speed drifts, so short slices of both take turns, and which one
/// goes first does too; each pair gives one ratio.
pub(crate) fn compare(server: &Child, base: &mut Load, subject: &mut Load) -> io::Result<Ratio> {
    compare_beside(server, base, subject, || Ok(()))
}

/// As [`compare`], with something else done between the pairs.
pub(crate) fn compare_beside(
    server: &Child,
    base: &mut Load,
    subject: &mut Load,
    mut between: impl FnMut() -> io::Result<()>,
) -> io::Result<Ratio> {
    base.run(server, WARM_UP)?;
    subject.run(server, WARM_UP)?;
    let (mut ratios, mut rates) = (Vec::new(), Vec::new());
    let (mut bases, mut subjects) = (Slice::default(), Slice::default());
    for pair in 0..PAIRS {
        between()?;
        let (b, s);
        if pair % 2 == 0 {
            b = base.run(server, SLICE)?;
            s = subject.run(server, SLICE)?;
        } else {
            s = subject.run(server, SLICE)?;
            b = base.run(server, SLICE)?;
        }
        ratios.push(s.rate() / b.rate());
        rates.push(s.rate());
        bases = bases.plus(b);
        subjects = subjects.plus(s);
    }
    let rate = [0.0, 0.5, 1.0].map(|share| quantile(&mut ratios, share));
    Ok(Ratio {
        rate,
        cpu: bases.cost() / subjects.cost(),
        per_second: quantile(&mut rates, 0.5),
        cost: subjects.cost(),
    })
}

/// The value below which this share of `values` lies; sorts them.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}
