//! Points in time.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A point in time, in nanoseconds since the Unix epoch, UTC.
///
/// - **Limits:** 1970-01-01 to 2262-04-11; values outside are clamped on construction.
/// - **Text form:** RFC 3339 with milliseconds, `2026-11-22T10:00:00.123Z`; stored as the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not an RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseTimestampError;

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an RFC 3339 time such as `2026-11-22T10:00:00Z`")
    }
}

impl std::error::Error for ParseTimestampError {}

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

impl Timestamp {
    /// From nanoseconds since the Unix epoch; negative values become 0.
    pub fn from_nanos(nanos: i64) -> Self {
        Self(nanos.max(0))
    }

    /// From milliseconds since the Unix epoch; out-of-range values are clamped.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.max(0).saturating_mul(1_000_000))
    }

    /// Nanoseconds since the Unix epoch.
    pub fn as_nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the Unix epoch.
    pub fn as_millis(self) -> i64 {
        self.0 / 1_000_000
    }

    /// Days since the Unix epoch, in UTC: the number of the day that this time lies in.
    pub fn day(self) -> i64 {
        self.0 / (NANOS_PER_SECOND * SECONDS_PER_DAY)
    }

    /// This time moved by `nanos` nanoseconds, clamped to the representable range.
    pub fn saturating_add_nanos(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos).max(0))
    }

    /// Nanoseconds from `earlier` to this time; negative when `earlier` is later.
    pub fn nanos_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Parses an RFC 3339 time with an offset (`Z`, `+01:00`) and up to nine decimals.
    ///
    /// # Errors
    /// [`ParseTimestampError`] when the text has another form or names a day that does not exist.
    pub fn parse_rfc3339(text: &str) -> Result<Self, ParseTimestampError> {
        let bytes = text.as_bytes();
        if bytes.len() < 20 || !text.is_ascii() {
            return Err(ParseTimestampError);
        }
        let number = |from: usize, to: usize| -> Result<i64, ParseTimestampError> {
            let digits = &text[from..to];
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(ParseTimestampError);
            }
            digits.parse().map_err(|_| ParseTimestampError)
        };
        let separators_match = bytes[4] == b'-'
            && bytes[7] == b'-'
            && matches!(bytes[10], b'T' | b't' | b' ')
            && bytes[13] == b':'
            && bytes[16] == b':';
        if !separators_match {
            return Err(ParseTimestampError);
        }
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        if !(1..=12).contains(&month)
            || day < 1
            || day > days_in_month(year, month)
            || hour > 23
            || minute > 59
            || second > 60
        {
            return Err(ParseTimestampError);
        }
        let mut at = 19;
        let mut nanos = 0;
        if bytes[at] == b'.' {
            let end = (at + 1..bytes.len()).find(|&i| !bytes[i].is_ascii_digit()).unwrap_or(bytes.len());
            let digits = end - at - 1;
            if digits == 0 || digits > 9 {
                return Err(ParseTimestampError);
            }
            nanos = number(at + 1, end)? * 10_i64.pow(9 - digits as u32);
            at = end;
        }
        let offset_seconds = match &text[at..] {
            "Z" | "z" => 0,
            offset if offset.len() == 6 && offset.as_bytes()[3] == b':' => {
                let sign = match offset.as_bytes()[0] {
                    b'+' => 1,
                    b'-' => -1,
                    _ => return Err(ParseTimestampError),
                };
                sign * (number(at + 1, at + 3)? * 3600 + number(at + 4, at + 6)? * 60)
            }
            _ => return Err(ParseTimestampError),
        };
        let seconds =
            days_from_civil(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second
                - offset_seconds;
        Ok(Self::from_nanos(seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(nanos)))
    }

    /// The UTC day as `2026-11-22`.
    pub fn to_date(self) -> String {
        let (year, month, day) = civil_from_days(self.day());
        format!("{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.day());
        let of_day = self.as_millis() % (SECONDS_PER_DAY * 1000);
        let (seconds, millis) = (of_day / 1000, of_day % 1000);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{millis:03}Z",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let nanos = i64::deserialize(deserializer)?;
        if nanos < 0 {
            return Err(D::Error::custom("a time before 1970"));
        }
        Ok(Self(nanos))
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since the Unix epoch of a proleptic Gregorian date: years are counted from March, so that
/// the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * month_from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str) {
        assert_eq!(Timestamp::parse_rfc3339(text).unwrap().to_string(), shown);
    }

    #[test]
    fn times_round_trip_and_keep_milliseconds() {
        check("2026-11-22T10:00:00.123Z", "2026-11-22T10:00:00.123Z");
        check("2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z");
        check("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z");
        check("2000-03-01T00:00:00+01:00", "2000-02-29T23:00:00.000Z");
        check("2026-01-01T00:30:00.5-01:30", "2026-01-01T02:00:00.500Z");
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in
            ["2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01", "yesterday", "2026-01-01T00:00:00"]
        {
            assert_eq!(Timestamp::parse_rfc3339(text), Err(ParseTimestampError), "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_has_one_number() {
        for day in 0..60_000 {
            let (year, month, of_month) = civil_from_days(day);
            assert_eq!(days_from_civil(year, month, of_month), day);
        }
    }
}
