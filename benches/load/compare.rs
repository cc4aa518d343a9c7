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

impl Ratio {
    /// What the turns of both came to, each pair by itself; `of` is how the subject does in units of
    /// the base.
    pub(crate) fn of(
        bases: &[Slice],
        subjects: &[Slice],
        of: impl Fn(&Slice, &Slice) -> f64,
    ) -> Ratio {
        let mut ratios: Vec<_> = bases.iter().zip(subjects).map(|(b, s)| of(b, s)).collect();
        let mut rates: Vec<_> = subjects.iter().map(Slice::rate).collect();
        let whole = |slices: &[Slice]| slices.iter().copied().fold(Slice::default(), Slice::plus);
        let (base, subject) = (whole(bases), whole(subjects));
        Ratio {
            rate: [0.0, 0.5, 1.0].map(|share| quantile(&mut ratios, share)),
            cpu: base.cost() / subject.cost(),
            per_second: quantile(&mut rates, 0.5),
            cost: subject.cost(),
        }
    }
}

/// Gives the base and the subject a turn each, so many times; which one goes first changes.
pub(crate) fn in_pairs(
    pairs: usize,
    mut between: impl FnMut() -> io::Result<()>,
    mut base: impl FnMut() -> io::Result<Slice>,
    mut subject: impl FnMut() -> io::Result<Slice>,
) -> io::Result<(Vec<Slice>, Vec<Slice>)> {
    let (mut bases, mut subjects) = (Vec::new(), Vec::new());
    for pair in 0..pairs {
        between()?;
        if pair % 2 == 0 {
            bases.push(base()?);
            subjects.push(subject()?);
        } else {
            subjects.push(subject()?);
            bases.push(base()?);
        }
    }
    Ok((bases, subjects))
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
    between: impl FnMut() -> io::Result<()>,
) -> io::Result<Ratio> {
    base.run(server, WARM_UP)?;
    subject.run(server, WARM_UP)?;
    let (base, subject) = (|| base.run(server, SLICE), || subject.run(server, SLICE));
    let (bases, subjects) = in_pairs(PAIRS, between, base, subject)?;
    Ok(Ratio::of(&bases, &subjects, |base, subject| subject.rate() / base.rate()))
}

/// The value below which this share of `values` lies; sorts them.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}
