//! How sure a difference between two shares is.

/// A share: how many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub total: usize,
}

impl Share {
    /// From 0 to 1; 0 of nothing.
    pub fn proportion(self) -> f64 {
        if self.total == 0 { 0.0 } else { self.count as f64 / self.total as f64 }
    }
}

/// A difference of two shares, from -1 to 1, with an interval for it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Difference {
    /// The first share without the second.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// Standard deviations of a two-sided interval of 95 % of a normal distribution.
pub(super) const Z_95: f64 = 1.959_964;
/// How unlikely it is that an interval leaves out the true difference.
const ERROR: f64 = 0.05;

/// The score interval of a proportion, which is right for few events too, and for none or all of them.
///
/// - **Source:** E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
fn wilson(share: Share, z: f64) -> (f64, f64) {
    let (p, n) = (share.proportion(), share.total as f64);
    let square = z * z / n;
    let middle = (p + square / 2.0) / (1.0 + square);
    let half = z / (1.0 + square) * (p * (1.0 - p) / n + square / (4.0 * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// The difference of two shares of independent samples, none of them empty, with its hybrid score interval.
///
/// - **Source:** R. G. Newcombe, "Interval estimation for the difference between independent proportions", 1998,
///   method 10, without a correction for continuity.
pub(super) fn difference(one: Share, other: Share, z: f64) -> Difference {
    let (p, q) = (one.proportion(), other.proportion());
    let ((p_low, p_high), (q_low, q_high)) = (wilson(one, z), wilson(other, z));
    Difference {
        value: p - q,
        low: (p - q - (p - p_low).hypot(q_high - q)).max(-1.0),
        high: (p - q + (p_high - p).hypot(q - q_low)).min(1.0),
    }
}

/// Standard deviations of an interval so wide that of `count` of them all hold with 95 %, after Bonferroni.
///
/// - **Source:** M. Abramowitz and I. A. Stegun, "Handbook of mathematical functions", 26.2.23; off by less than
///   0.00045.
pub(super) fn z_of_all(count: usize) -> f64 {
    let tail = ERROR / 2.0 / count.max(1) as f64;
    let t = (-2.0 * tail.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    t - above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(count: usize, total: usize) -> Share {
        Share { count, total }
    }

    #[track_caller]
    fn check(got: f64, want: f64) {
        assert!((got - want).abs() < 0.000_6, "{got} is not {want}");
    }

    #[test]
    fn intervals_are_those_of_the_literature() {
        // Newcombe 1998, table II: 56 of 70 and 48 of 80; 9 of 10 and 3 of 10; 5 of 56 and 0 of 29; 10 of 10 and 0 of 10.
        for (one, other, low, high) in [
            (share(56, 70), share(48, 80), 0.0524, 0.3339),
            (share(9, 10), share(3, 10), 0.1705, 0.8090),
            (share(5, 56), share(0, 29), -0.0381, 0.1926),
            (share(10, 10), share(0, 10), 0.6075, 1.0),
        ] {
            let got = difference(one, other, Z_95);
            check(got.low, low);
            check(got.high, high);
        }
    }

    #[test]
    fn many_intervals_are_wider() {
        check(z_of_all(1), 1.96);
        check(z_of_all(10), 2.807);
        check(z_of_all(1_000), 4.056);
        check(z_of_all(0), 1.96);
    }
}
