//! The operations that a definition source is made of.

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// DBD
    Dbd,
    /// DATASET
    Dataset,
    /// AREA
    Area,
    /// SEGM
    Segm,
    /// FIELD
    Field,
    /// LCHILD
    Lchild,
    /// XDFLD
    Xdfld,
    /// DFSMARSH
    Dfsmarsh,
    /// DFSMAP
    Dfsmap,
    /// DFSCASE
    Dfscase,
    /// DBDGEN
    Dbdgen,
    /// PCB
    Pcb,
    /// SENSEG
    Senseg,
    /// SENFLD
    Senfld,
    /// PSBGEN
    Psbgen,
    /// FINISH
    Finish,
    /// END
    End,
    /// TITLE, PRINT, EJECT, SPACE: for the assembler's listing alone.
    Listing,
    /// COPY, ++INCLUDE, -INC: text of another member.
    Copy,
}

const SPELLINGS: &[(&str, Operation)] = &[
    ("FIELD", Operation::Field),
    ("DFSMARSH", Operation::Dfsmarsh),
    ("SENSEG", Operation::Senseg),
    ("SEGM", Operation::Segm),
    ("DFSCASE", Operation::Dfscase),
    ("DFSMAP", Operation::Dfsmap),
    ("LCHILD", Operation::Lchild),
    ("XDFLD", Operation::Xdfld),
    ("PCB", Operation::Pcb),
    ("SENFLD", Operation::Senfld),
    ("DBD", Operation::Dbd),
    ("DATASET", Operation::Dataset),
    ("AREA", Operation::Area),
    ("DBDGEN", Operation::Dbdgen),
    ("PSBGEN", Operation::Psbgen),
    ("FINISH", Operation::Finish),
    ("END", Operation::End),
    ("TITLE", Operation::Listing),
    ("PRINT", Operation::Listing),
    ("EJECT", Operation::Listing),
    ("SPACE", Operation::Listing),
    ("COPY", Operation::Copy),
    ("++INCLUDE", Operation::Copy),
    ("-INC", Operation::Copy),
];

impl Operation {
    /// The operation of this name, in either case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        SPELLINGS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|&(_, operation)| operation)
    }

    /// How it is written.
    pub(crate) fn name(self) -> &'static str {
        SPELLINGS.iter().find(|&&(_, operation)| operation == self).map_or("", |&(name, _)| name)
    }

    /// Every name an operation can have, for suggestions.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        SPELLINGS.iter().map(|&(name, _)| name)
    }

    /// Its operands mean something, and are read.
    pub(crate) fn has_operands(self) -> bool {
        !matches!(self, Self::Dbdgen | Self::Finish | Self::End | Self::Listing | Self::Copy)
    }
}
