//! How it went, in numbers: return and reason codes for a whole answer, a completion code for each row.
//!
//! A return code is eight hex digits. Its first byte names the component that speaks (02 is OM), its last byte
//! how bad it is: 04 a warning, 08 a wrong parameter, 0C trouble with some of a list, 10 the environment, 14 the
//! system. A reason code says why, and means something only together with its return code.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How an answer ends: component and severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReturnCode(pub u32);

impl ReturnCode {
    /// Completed.
    pub const OK: Self = Self(0x0000_0000);
    /// IMS: completed, and something deserves a look.
    pub const WARNING: Self = Self(0x0000_0004);
    /// IMS: some or all of the list did not work.
    pub const LIST: Self = Self(0x0000_000C);
    /// IMS: its state doesn't allow it.
    pub const STATE: Self = Self(0x0000_0010);
    /// OM: completed, and something deserves a look.
    pub const OM_WARNING: Self = Self(0x0200_0004);
    /// OM: the command is wrong.
    pub const OM_PARAMETER: Self = Self(0x0200_0008);
    /// OM: nobody is there to do it, or not allowed to.
    pub const OM_ENVIRONMENT: Self = Self(0x0200_0010);
    /// OM: it failed itself.
    pub const OM_SYSTEM: Self = Self(0x0200_0014);

    /// The last byte: 0, 4, 8, 12, 16 or 20.
    pub fn severity(self) -> u8 {
        self.0.to_be_bytes()[3]
    }
}

/// Why an answer ends so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReasonCode(pub u32);

impl ReasonCode {
    /// No reason is needed.
    pub const NONE: Self = Self(0x0000_0000);
    /// With [`ReturnCode::OM_WARNING`]: not everybody answered, or not in time.
    pub const TIMEOUT: Self = Self(0x0000_1000);
    /// With [`ReturnCode::OM_WARNING`]: the input exit refused the command.
    pub const INPUT_EXIT: Self = Self(0x0000_1004);
    /// With [`ReturnCode::OM_WARNING`]: a routed member is not the master, and was not asked.
    pub const NOT_MASTER: Self = Self(0x0000_1008);
    /// With [`ReturnCode::WARNING`]: done, but not on every system.
    pub const NOT_EVERYWHERE: Self = Self(0x0000_100C);
    /// With [`ReturnCode::OM_WARNING`]: completed with warnings.
    pub const WARNINGS: Self = Self(0x0000_1014);
    /// With [`ReturnCode::WARNING`]: active timestamps of the catalog could not be updated.
    pub const TIMESTAMPS: Self = Self(0x0000_1029);
    /// With [`ReturnCode::LIST`]: it worked for at least one, and failed for at least one.
    pub const SOME_SUCCEEDED: Self = Self(0x0000_3000);
    /// With [`ReturnCode::LIST`]: it worked for none.
    pub const NONE_SUCCEEDED: Self = Self(0x0000_3004);
    /// With [`ReturnCode::OM_ENVIRONMENT`]: no member can process the command.
    pub const NO_MEMBER: Self = Self(0x0000_4000);
    /// With [`ReturnCode::OM_ENVIRONMENT`]: no master is there to take the command, or it was lost with it.
    pub const NO_MASTER: Self = Self(0x0000_4004);
    /// With [`ReturnCode::OM_ENVIRONMENT`]: the operator may not issue the command.
    pub const NOT_AUTHORIZED: Self = Self(0x0000_4008);
    /// With [`ReturnCode::OM_ENVIRONMENT`]: more is asked in a second than the member takes.
    pub const TOO_MANY_REQUESTS: Self = Self(0x0000_400C);
    /// With [`ReturnCode::STATE`]: refused, because another activation is under way.
    pub const ACTIVATION_STATE: Self = Self(0x0000_4110);
    /// With [`ReturnCode::OM_SYSTEM`]: something inside failed.
    pub const INTERNAL: Self = Self(0x0000_5000);
}

macro_rules! eight_hex_digits {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!("{:08X}", self.0))
            }
        }
    )+};
}
eight_hex_digits!(ReturnCode, ReasonCode);

const MEANINGS: &[(ReturnCode, ReasonCode, &str)] = &[
    (ReturnCode::OK, ReasonCode::NONE, "completed"),
    (ReturnCode::WARNING, ReasonCode::NOT_EVERYWHERE, "completed, but not on every member"),
    (
        ReturnCode::WARNING,
        ReasonCode::TIMESTAMPS,
        "completed, but active timestamps of the catalog could not be updated",
    ),
    (ReturnCode::LIST, ReasonCode::SOME_SUCCEEDED, "at least one succeeded, and at least one failed"),
    (ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED, "none succeeded"),
    (ReturnCode::STATE, ReasonCode::ACTIVATION_STATE, "refused, because another activation is under way"),
    (ReturnCode::OM_WARNING, ReasonCode::TIMEOUT, "not every member answered"),
    (ReturnCode::OM_WARNING, ReasonCode::INPUT_EXIT, "the input exit refused the command"),
    (ReturnCode::OM_WARNING, ReasonCode::NOT_MASTER, "a routed member is not the master, and was not asked"),
    (ReturnCode::OM_WARNING, ReasonCode::WARNINGS, "completed with warnings"),
    (ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MEMBER, "no member can process the command"),
    (ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MASTER, "no master is there to carry it out"),
    (ReturnCode::OM_ENVIRONMENT, ReasonCode::NOT_AUTHORIZED, "the operator may not issue the command"),
    (
        ReturnCode::OM_ENVIRONMENT,
        ReasonCode::TOO_MANY_REQUESTS,
        "too many requests in a second; ask again in a moment",
    ),
    (ReturnCode::OM_SYSTEM, ReasonCode::INTERNAL, "a member failed inside; its log tells more"),
];

/// What a pair of codes means, in a phrase; where the pair is not in the table, what its severity means.
pub fn meaning(rc: ReturnCode, rsn: ReasonCode) -> &'static str {
    let known = MEANINGS.iter().find(|row| (row.0, row.1) == (rc, rsn)).map(|row| row.2);
    known.unwrap_or(match rc.severity() {
        0 => "completed",
        4 => "completed with a warning",
        8 if rc.0 == ReturnCode::OM_PARAMETER.0 => "the command is wrong",
        8 => "what was asked is wrong",
        12 => "not everything succeeded",
        16 => "the environment does not allow it",
        _ => "a system error",
    })
}

/// What is wrong with a command, by the reason code that [`OM_PARAMETER`](ReturnCode::OM_PARAMETER) has with it.
pub(super) const WRONG: &[(u32, &str)] = &[
    (0x0000, "a request that is no command"),
    (0x2000, "there is none; it begins with a verb"),
    (0x2004, "its verb"),
    (0x2008, "its resource type, or that there is none"),
    (0x200C, "a keyword that it does not have"),
    (0x2010, "a parameter that its keyword does not have"),
    (0x2014, "a keyword without its parenthesis"),
    (0x2018, "parentheses, quotes or comments that do not match"),
    (0x201C, "a keyword that it can't do without is missing"),
    (0x2020, "a name that is none"),
    (0x2024, "options that exclude each other"),
    (0x2028, "a keyword that is given twice"),
    (0x202C, "an empty parameter"),
    (0x2030, "several parameters where one is due"),
    (0x2034, "a number or a time"),
    (0x2038, "something that stands where something else is due"),
    (0x203C, "no member of this release carries it out"),
];

/// What a pair of codes means, as a page of its own tells it: more than [`meaning`] where an answer has said the rest.
pub fn explanation(rc: ReturnCode, rsn: ReasonCode) -> String {
    let wrong = WRONG.iter().find(|row| (rc, row.0) == (ReturnCode::OM_PARAMETER, rsn.0));
    let known = meaning(rc, rsn);
    wrong.map_or(known.to_string(), |(_, what)| format!("{known}: {what}"))
}

/// How it went for one row: hex, 0 where it worked. Those from F00 on are this program's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CompletionCode(pub u32);

macro_rules! completion_codes {
    ($($name:ident $code:literal $text:literal;)+) => {
        impl CompletionCode {
            $(#[doc = $text] pub const $name: Self = Self($code);)+
        }
        const COMPLETION_TEXTS: &[(u32, &str)] = &[$(($code, $text)),+];
    };
}

completion_codes! {
    OK 0x0 "COMPLETED";
    NOT_ATTEMPTED 0x2 "NOT ATTEMPTED, BECAUSE THE MASTER FAILED FIRST";
    NOTHING_TO_DO 0x3 "NOTHING TO DO IN THIS STATE";
    INCOMPLETE 0x4 "INCOMPLETE, BECAUSE ANOTHER MEMBER FAILED";
    NOT_FOUND 0x10 "NO RESOURCES FOUND";
    ALREADY_EXISTS 0x11 "RESOURCE ALREADY EXISTS";
    IN_PROGRESS 0x17 "ANOTHER COMMAND IN PROGRESS";
    NOT_ALLOWED 0x48 "NOT ALLOWED FOR THIS RESOURCE";
    BAD_CHARACTERS 0x5F "INVALID CHARACTERS IN NAME";
    DBRC 0x61 "DBRC ERROR";
    SCHEDULED 0x73 "PROGRAM IS SCHEDULED";
    INTERNAL 0x90 "INTERNAL ERROR";
    TIMED_OUT 0x91 "TIMED OUT WITHOUT A REPLY";
    RESOURCE_STATE 0xB1 "RESOURCE STATE ERROR: WORK IN PROGRESS";
    IMS_STATE 0xB2 "IMS STATE ERROR: DOWN OR OUT OF REACH";
    NO_CHANGE 0x121 "RESOURCE HAS NO CHANGE";
    DFSMDA_LOAD 0x180 "DFSMDA MEMBER COULD NOT BE LOADED";
    DEFINITION_ERROR 0xF01 "DEFINITION IN ERROR";
    COPY_DAMAGED 0xF02 "COPY OF THE CATALOG IS DAMAGED";
    NOT_AUTHORIZED 0xF11 "OPERATOR IS NOT AUTHORIZED";
    TOO_MANY_REQUESTS 0xF12 "TOO MANY REQUESTS";
}

impl CompletionCode {
    /// Whether it worked.
    pub fn is_ok(self) -> bool {
        self == Self::OK
    }

    /// What it means, for a CCText column; empty for a code that is not in the table.
    pub fn text(self) -> &'static str {
        COMPLETION_TEXTS.iter().find(|row| row.0 == self.0).map_or("", |row| row.1)
    }
}

/// Upper-case hex without leading zeros.
impl fmt::Display for CompletionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:X}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_print_as_operators_know_them() {
        assert_eq!(ReturnCode::OM_WARNING.to_string(), "02000004");
        assert_eq!(ReasonCode::NONE_SUCCEEDED.to_string(), "00003004");
        assert_eq!(format!("{:>4}", CompletionCode::RESOURCE_STATE), "  B1");
        assert_eq!(CompletionCode::NO_CHANGE.to_string(), "121");
    }

    #[test]
    fn a_pair_of_codes_has_one_meaning() {
        for (at, row) in MEANINGS.iter().enumerate() {
            let again = MEANINGS[at + 1..].iter().any(|other| (other.0, other.1) == (row.0, row.1));
            assert!(!again, "{} {} is declared twice", row.0, row.1);
        }
        assert_eq!(meaning(ReturnCode::OM_PARAMETER, ReasonCode(7)), "the command is wrong");
        assert_eq!(meaning(ReturnCode(0x0300_0008), ReasonCode(7)), "what was asked is wrong");
    }
}
