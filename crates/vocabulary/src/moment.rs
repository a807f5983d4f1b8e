//! When: moments of the wall clock, and the thirteen digits that identify a definition instance.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use time::{Date, OffsetDateTime, Time};

/// A moment of the wall clock, in microseconds since 1970-01-01 00:00 UTC.
///
/// Below the water line moments are handed in, never read from a clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment(pub u64);

impl Moment {
    /// The moment this many milliseconds later.
    #[must_use]
    pub fn plus_ms(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds.saturating_mul(1_000)))
    }

    /// Milliseconds since an earlier moment; 0 when `earlier` is not earlier.
    pub fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000
    }

    fn utc(self) -> OffsetDateTime {
        // Nine thousand years fit; a forged later moment shows as the last one that does.
        let nanoseconds = i128::from(self.0) * 1_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
            .unwrap_or_else(|_| OffsetDateTime::new_utc(Date::MAX, Time::MIDNIGHT))
    }
}

/// As OM writes it: `yyyy.ddd hh:mm:ss.uuuuuu`, UTC.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (utc, micro) = (self.utc(), self.0 % 1_000_000);
        let (year, day) = utc.to_ordinal_date();
        let (hour, minute, second) = utc.to_hms();
        write!(f, "{year:04}.{day:03} {hour:02}:{minute:02}:{second:02}.{micro:06}")
    }
}

/// Identifies an instance of a definition: thirteen digits `yydddhhmmssth` (TSVERS in the IMS catalog), down to
/// hundredths of a second. Two instances of one name with the same stamp are the same instance.
///
/// Stamps order by time within the century that starts in 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceStamp {
    hundredths_since_1970: u64,
}

/// A moment as it is written, with as much of a second as there is, and how far its clock is from UTC where it is:
/// `2026.100 10:11:12.3`, `2026.100 03:11:12.3 -07:00`. The thirteen digits of an instance are a moment too.
impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        if text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(InstanceStamp::moment);
        }
        written(text).ok_or_else(|| MomentError::NotAMoment(text.chars().take(40).collect()))
    }
}

fn written(text: &str) -> Option<Moment> {
    let offset_at = text.rfind([' ', '+', '-']).filter(|at| text[*at..].contains(['+', '-']));
    let Some((there, offset)) = offset_at.map(|at| text.split_at(at)) else { return in_utc(text) };
    let (hours, minutes) = offset[1..].split_once(':')?;
    let (hours, minutes) = (u64::from(digits(hours, 2)?), u64::from(digits(minutes, 2)?));
    let away = (hours <= 14 && minutes < 60).then_some((hours * 60 + minutes) * 60 * 1_000_000)?;
    let Moment(there) = in_utc(there.trim_end())?;
    let moment = if offset.starts_with('-') { there.checked_add(away) } else { there.checked_sub(away) };
    moment.map(Moment)
}

fn in_utc(text: &str) -> Option<Moment> {
    let (date, time) = text.split_once(' ')?;
    let (year, day) = date.split_once('.')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut parts = time.split(':');
    let mut part = || digits(parts.next()?, 2);
    let (hour, minute, second) = (part()?, part()?, part()?);
    let date = Date::from_ordinal_date(i32::from(digits(year, 4)?), digits(day, 3)?).ok()?;
    let [hour, minute, second] = [hour, minute, second].map(|part| u8::try_from(part).unwrap_or(u8::MAX));
    let time = Time::from_hms(hour, minute, second).ok()?;
    let seconds = u64::try_from(OffsetDateTime::new_utc(date, time).unix_timestamp()).ok()?;
    let is_fraction = fraction.len() <= 6 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let micro: u64 =
        format!("{fraction:0<6}").parse().ok().filter(|_| is_fraction && parts.next().is_none())?;
    Some(Moment(seconds.checked_mul(1_000_000)?.checked_add(micro)?))
}

/// So many digits and nothing else.
fn digits(text: &str, count: usize) -> Option<u16> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Text that is no moment or stamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// Not a moment as it is written.
    #[error(
        "{0:?} is not a moment: it takes 'yyyy.ddd hh:mm:ss', six digits of a second behind a period at most, and '-07:00' or its like where it is not UTC"
    )]
    NotAMoment(String),
    /// Not thirteen digits.
    #[error("{0:?} is not an instance timestamp: it takes 13 digits, yydddhhmmssth")]
    NotThirteenDigits(String),
    /// Thirteen digits that name no moment, such as day 367.
    #[error("{0:?} is not an instance timestamp: there is no such day or time")]
    NoSuchMoment(String),
}

impl InstanceStamp {
    /// The stamp of an instance made at this moment.
    pub fn at(moment: Moment) -> Self {
        Self { hundredths_since_1970: moment.0 / 10_000 }
    }

    /// The moment it names.
    pub fn moment(self) -> Moment {
        Moment(self.hundredths_since_1970 * 10_000)
    }

    /// The first later stamp. Used where two instances fall into the same hundredth.
    #[must_use]
    pub fn next(self) -> Self {
        Self { hundredths_since_1970: self.hundredths_since_1970 + 1 }
    }
}

impl fmt::Display for InstanceStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = self.moment().utc();
        let (year, day) = utc.to_ordinal_date();
        let (hour, minute, second) = utc.to_hms();
        let hundredth = self.hundredths_since_1970 % 100;
        write!(f, "{:02}{day:03}{hour:02}{minute:02}{second:02}{hundredth:02}", year.rem_euclid(100))
    }
}

impl FromStr for InstanceStamp {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        if text.len() != 13 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(MomentError::NotThirteenDigits(text.to_string()));
        }
        let number = |from: usize, to: usize| {
            text.as_bytes()[from..to].iter().fold(0u16, |sum, digit| sum * 10 + u16::from(digit - b'0'))
        };
        let no_such = |_| MomentError::NoSuchMoment(text.to_string());
        let year = i32::from(number(0, 2));
        let year = if year >= 70 { 1900 + year } else { 2000 + year };
        let date = Date::from_ordinal_date(year, number(2, 5)).map_err(no_such)?;
        let [hour, minute, second, hundredth] = [5, 7, 9, 11].map(|at| number(at, at + 2) as u8);
        let time = Time::from_hms_milli(hour, minute, second, u16::from(hundredth) * 10).map_err(no_such)?;
        let nanoseconds = OffsetDateTime::new_utc(date, time).unix_timestamp_nanos();
        Ok(Self { hundredths_since_1970: u64::try_from(nanoseconds / 10_000_000).unwrap_or(0) })
    }
}

impl Serialize for InstanceStamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.hundredths_since_1970.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for InstanceStamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            Ok(Self { hundredths_since_1970: u64::deserialize(deserializer)? })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_om_writes_it() {
        assert_eq!(Moment(1_356_113_770_374_274).to_string(), "2012.356 18:16:10.374274");
        assert_eq!(Moment(u64::MAX).to_string().len(), 24);
    }

    #[test]
    fn a_moment_reads_back_with_as_much_of_a_second_as_is_given() {
        let moment = Moment(1_356_113_770_374_274);
        assert_eq!(moment.to_string().parse(), Ok(moment));
        assert_eq!("2012.356 18:16:10.3".parse(), Ok(Moment(1_356_113_770_300_000)));
        assert_eq!("2012.356 18:16:10".parse(), Ok(Moment(1_356_113_770_000_000)));
        assert_eq!("1235618161037".parse(), Ok(Moment(1_356_113_770_370_000)));
        assert_eq!("2012.356 11:16:10.374274 -07:00".parse(), Ok(moment));
        assert_eq!("2012.356 19:46:10.374274+01:30".parse(), Ok(moment));
        assert_eq!("2012.356 18:16:10.374274 +00:00".parse(), Ok(moment));
        for text in [
            "",
            "2012.356",
            "2012.367 18:16:10",
            "2012.356 18:16",
            "2012.356 18:16:10:1",
            "2012.356 25:16:10",
            "2012.356 18:16:10.1234567",
            "2012.356 18:16:10.-1",
            "1969.001 00:00:00",
            "2012.356 +8:16:10",
            "2012.356 18:16:10 -7:00",
            "2012.356 18:16:10 +99:00",
            "2012.356 18:16:10 -07:00:00",
            "1970.001 00:00:00 +01:00",
        ] {
            assert_eq!(text.parse::<Moment>(), Err(MomentError::NotAMoment(text.to_string())), "{text}");
        }
    }

    #[test]
    fn a_stamp_is_thirteen_digits_and_reads_back() {
        let stamp = InstanceStamp::at(Moment(1_356_113_770_374_274));
        assert_eq!(stamp.to_string(), "1235618161037");
        assert_eq!("1235618161037".parse(), Ok(stamp));
        assert!(stamp < stamp.next());
    }

    #[test]
    fn stamps_order_across_the_turn_of_the_century() {
        let stamp = |text: &str| text.parse::<InstanceStamp>().unwrap();
        assert!(stamp("9936523595999") < stamp("0000100000000"));
        assert!(stamp("0000100000000") < stamp("2632512000000"));
    }

    #[test]
    fn what_is_no_stamp_is_named() {
        for text in ["", "123", "12356181610370", "12356181610a7"] {
            assert_eq!(text.parse::<InstanceStamp>(), Err(MomentError::NotThirteenDigits(text.to_string())));
        }
        for text in ["1236718161037", "1235625161037", "1200018161037"] {
            assert_eq!(text.parse::<InstanceStamp>(), Err(MomentError::NoSuchMoment(text.to_string())));
        }
    }
}
