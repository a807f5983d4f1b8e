//! Status codes.

use std::fmt;

/// Two characters that say how a call went; two blanks when all is well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatusCode([u8; 2]);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        impl StatusCode {
            $($(#[$doc])* pub const $name: Self = Self(*$text);)+
        }
    };
}

codes! {
    /// All is well.
    OK = b"  ";
    /// There is no I/O area.
    AB = b"AB";
    /// A search argument names a segment that the PCB does not have, or out of order.
    AC = b"AC";
    /// The function is unknown, or not for this PCB.
    AD = b"AD";
    /// A record has a wrong length (GSAM).
    AF = b"AF";
    /// An insert needs a search argument, a GU of GSAM a record search argument.
    AH = b"AH";
    /// The database is in the wrong state: loaded already, or not to be loaded.
    AI = b"AI";
    /// A search argument is malformed.
    AJ = b"AJ";
    /// A search argument names a field that the segment does not have.
    AK = b"AK";
    /// The processing options do not allow the call.
    AM = b"AM";
    /// Too many parameters.
    AP = b"AP";
    /// The data set could not be read or written, or is damaged.
    AO = b"AO";
    /// The I/O area is too small.
    AT = b"AT";
    /// The search arguments are longer together than the PSB allows.
    AU = b"AU";
    /// The database can't be used. The call was not made.
    BA = b"BA";
    /// Units of work waited for each other: this one was backed out.
    BC = b"BC";
    /// Another program kept what the call needs for too long.
    BD = b"BD";
    /// No database can be used.
    BJ = b"BJ";
    /// Some database can't be used.
    BK = b"BK";
    /// The key, or a field that may not be replaced, was changed.
    DA = b"DA";
    /// No get hold call came before.
    DJ = b"DJ";
    /// A delete rule of a logical relationship keeps the segment.
    DX = b"DX";
    /// The partition that the call is about is not available.
    FH = b"FH";
    /// No partition takes the root key.
    FM = b"FM";
    /// A segment was returned, on a higher level than the last one.
    GA = b"GA";
    /// The end of the database.
    GB = b"GB";
    /// The segment was not found.
    GE = b"GE";
    /// What was read without integrity is half changed.
    GG = b"GG";
    /// A segment of another type on the same level was returned.
    GK = b"GK";
    /// The class, or the code of a log record, is not valid.
    GL = b"GL";
    /// There is no parentage.
    GP = b"GP";
    /// The segment is there already.
    II = b"II";
    /// An insert rule of a logical relationship refuses the segment; or nothing is written to a data set that refused (GSAM).
    IX = b"IX";
    /// Load: the segment is there already.
    LB = b"LB";
    /// Load: the segment is out of sequence.
    LC = b"LC";
    /// Load: the parent is not there.
    LD = b"LD";
    /// Load: the segment type is out of the order of the DBD.
    LE = b"LE";
    /// The database can't be used.
    NA = b"NA";
    /// A secondary index did not have the entry that was to be removed. The call was carried out.
    NE = b"NE";
    /// A secondary index that is unique has the key already.
    NI = b"NI";
    /// A record is shorter than five bytes.
    QF = b"QF";
    /// The token of a ROLS names no SETS.
    RA = b"RA";
    /// No more segments can be reserved; or a replace rule of a logical relationship keeps the segment as it is.
    RX = b"RX";
    /// No more intermediate backout points can be set.
    SB = b"SB";
    /// The length of a segment is not valid.
    V1 = b"V1";
}

impl StatusCode {
    /// The two characters.
    pub fn bytes(self) -> [u8; 2] {
        self.0
    }

    /// The two characters as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }

    /// The status in a mask.
    /// What a mask has.
    pub fn of_mask(bytes: [u8; 2]) -> Self {
        Self(bytes)
    }

    /// Whether the call did what was asked: blank, or a segment with a remark.
    pub fn is_good(self) -> bool {
        matches!(self, Self::OK | Self::GA | Self::GK)
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}
