//! Identifiers.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A text that is not an identifier of the asked kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseIdError {
    /// How many hexadecimal digits were expected.
    pub digits: usize,
}

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an identifier has {} hexadecimal digits", self.digits)
    }
}

impl std::error::Error for ParseIdError {}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $int:ty, $digits:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $int);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{:0", $digits, "x}"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                if text.len() != $digits || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(ParseIdError { digits: $digits });
                }
                <$int>::from_str_radix(text, 16).map(Self).map_err(|_| ParseIdError { digits: $digits })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    };
}

hex_id!(
    /// A trace: 128 bits, shown as 32 hexadecimal digits. Clients with 64-bit ids leave the high half 0.
    TraceId, u128, 32
);
hex_id!(
    /// A span within its trace: 64 bits, shown as 16 hexadecimal digits.
    SpanId, u64, 16
);
hex_id!(
    /// One event, derived from what identifies the occurrence, so that a resent span finds itself again.
    EventId, u128, 32
);
hex_id!(
    /// One issue, derived from service and fingerprint.
    IssueId, u64, 16
);
hex_id!(
    /// One snapshot: the client's UUID as a number; shown as 32 hexadecimal digits without hyphens.
    SnapshotId, u128, 32
);

impl SnapshotId {
    /// Reads a UUID as clients write it, with or without hyphens.
    ///
    /// # Errors
    /// [`ParseIdError`] unless there are exactly 32 hexadecimal digits.
    pub fn parse_uuid(text: &str) -> Result<Self, ParseIdError> {
        let mut value: u128 = 0;
        let mut digits = 0;
        for byte in text.bytes() {
            let digit = match byte {
                b'-' => continue,
                _ => (byte as char).to_digit(16).ok_or(ParseIdError { digits: 32 })?,
            };
            digits += 1;
            if digits > 32 {
                return Err(ParseIdError { digits: 32 });
            }
            value = value << 4 | u128::from(digit);
        }
        if digits == 32 { Ok(Self(value)) } else { Err(ParseIdError { digits: 32 }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_through_text() {
        let id: TraceId = "0000000000000000ffffffffffffffff".parse().unwrap();
        assert_eq!(id.0, u128::from(u64::MAX));
        assert_eq!(id.to_string(), "0000000000000000ffffffffffffffff");
        assert!("xyz".parse::<SpanId>().is_err());
        assert!("+000000000000001".parse::<SpanId>().is_err());
    }

    #[test]
    fn a_uuid_may_have_hyphens() {
        let plain = SnapshotId::parse_uuid("0123456789abcdef0123456789abcdef");
        assert_eq!(SnapshotId::parse_uuid("01234567-89ab-cdef-0123-456789abcdef"), plain);
        assert!(SnapshotId::parse_uuid("").is_err());
        assert!(SnapshotId::parse_uuid("01234567-89ab-cdef-0123-456789abcdef0").is_err());
    }
}
