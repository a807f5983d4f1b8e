//! The functions that a call can ask for.

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// GU, GN, GNP, and with hold.
    Get(Get),
    /// ISRT
    Isrt,
    /// REPL
    Repl,
    /// DLET
    Dlet,
    /// XRST: the program begins again where it took a checkpoint.
    Xrst,
    /// LOG: a record of the program's own.
    Log,
    /// STAT: how the buffers are used.
    Stat,
    /// CHKP: what was done so far is final.
    Chkp,
    /// SYNC: as CHKP.
    Sync,
    /// ROLB: what was done since the last commit point is taken back.
    Rolb,
    /// ROLL: as ROLB, and the program ends.
    Roll,
    /// SETS: an intermediate backout point.
    Sets,
    /// SETU: as SETS.
    Setu,
    /// ROLS: back to such a point.
    Rols,
    /// INIT
    Init,
    /// DEQ: segments that were reserved are let go.
    Deq,
    /// OPEN: a GSAM data set.
    Open,
    /// CLSE: a GSAM data set.
    Clse,
}

/// The kinds of get call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Get {
    /// Where it looks.
    pub scope: Scope,
    /// A REPL or DLET may follow.
    pub hold: bool,
}

/// Where a get call looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// From the beginning.
    Unique,
    /// From the position on.
    Next,
    /// From the position on, under the parent.
    NextWithinParent,
}

impl Function {
    /// The function that these characters name.
    pub fn of(name: &[u8]) -> Option<Self> {
        let get = |scope, hold| Some(Self::Get(Get { scope, hold }));
        match name.trim_ascii_end() {
            b"GU" => get(Scope::Unique, false),
            b"GHU" => get(Scope::Unique, true),
            b"GN" => get(Scope::Next, false),
            b"GHN" => get(Scope::Next, true),
            b"GNP" => get(Scope::NextWithinParent, false),
            b"GHNP" => get(Scope::NextWithinParent, true),
            b"ISRT" => Some(Self::Isrt),
            b"REPL" => Some(Self::Repl),
            b"DLET" => Some(Self::Dlet),
            b"XRST" => Some(Self::Xrst),
            b"LOG" => Some(Self::Log),
            b"STAT" => Some(Self::Stat),
            b"CHKP" => Some(Self::Chkp),
            b"SYNC" => Some(Self::Sync),
            b"ROLB" => Some(Self::Rolb),
            b"ROLL" => Some(Self::Roll),
            b"SETS" => Some(Self::Sets),
            b"SETU" => Some(Self::Setu),
            b"ROLS" => Some(Self::Rols),
            b"INIT" => Some(Self::Init),
            b"DEQ" => Some(Self::Deq),
            b"OPEN" => Some(Self::Open),
            b"CLSE" => Some(Self::Clse),
            _ => None,
        }
    }
}
