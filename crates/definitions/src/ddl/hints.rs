//! What would be right, said in DDL where the checks of DBDGEN and PSBGEN say it in macros.

use crate::finding::Finding;

/// What would be right, by the number of a finding; empty where there is nothing to say in DDL.
const HINTS: &[(&str, &str)] = &[
    ("DBD103", "RMNAME(module RMANCH n RMRBN n RMBYTES n)"),
    ("DBD112", "DATA CAPTURE CHANGES(routine LOG KEY DATA)"),
    ("DSET204", "OVERFLOW(dd) in CREATE TABLESPACE"),
    ("DSET206", "OUTPUT(dd) in CREATE TABLESPACE"),
    ("SEGM302", "FOREIGN KEY REFERENCES table in every table but the root"),
    ("SEGM305", "MAXBYTES is the greatest length, MINBYTES the least"),
    ("SEGM307", ""),
    ("SEGM308", "PRIMARY KEY behind one of its columns"),
    ("SEGM318", "no FOREIGN KEY in the root"),
    ("FLD713", "BYTES n gives the length of any other"),
    ("LCHD403", "LCHILD database.segment INDEX in its table"),
    (
        "LCHD404",
        "LCHILD database.segment INDEX in the one, LCHILD database.segment INDEXFIELD field in the other",
    ),
    ("LCHD410", "XDFLD name SRCH(fields) behind it"),
    ("XDFL500", "LCHILD database.segment INDEX before it"),
    ("XDFL509", "SUBSEQ and DDATA take system-related fields"),
    ("DFS0937I", "SOURCE(database.segment DATA)"),
    ("PCB800", "USING name, or MODIFYYES"),
    ("PCB801", "schemas of type TP first, then DB, then GSAM"),
    ("PCB810", "leave KEYLEN out, and it is worked out"),
    ("SENS833", "segments belong to a schema of type DB"),
    ("DFS2199E", "PROCSEQ is for full function"),
];

/// The clauses that operands are said with, where they are called otherwise.
const CLAUSES: &[(&str, &str)] = &[
    ("BYTES", "MAXBYTES and MINBYTES for a table, BYTES or a type for a column"),
    ("CASEID", "CASE value AS name"),
    ("COMPRTN", "EDITPROC"),
    ("DBDNAME", "USING"),
    ("DD1", "the name in CREATE TABLESPACE"),
    ("DD2", "OUTPUT"),
    ("DEPENDINGON", "MAP column AS name"),
    ("ENCODING", "CCSID"),
    ("EXIT", "DATA CAPTURE"),
    ("EXTERNALNAME", "the name in DDL"),
    ("FRSPC", "FREEBLOCK and FREESPACE"),
    ("INDEX", "INDEXFIELD"),
    ("INTERNALTYPECONVERTER", "INTERNAL TYPECONVERTER"),
    ("LTERM", "USING"),
    ("NAME", "INTERNALNAME, or the name itself where there is none"),
    ("OVFLW", "OVERFLOW"),
    ("PARENT", "FOREIGN KEY REFERENCES for a table, IN for a column"),
    ("RECFM", "FORMAT"),
    ("REMARKS", "COMMENT ON"),
    ("USERTYPECONVERTER", "USER TYPECONVERTER"),
];

/// Says in DDL what would be right.
pub(super) fn speak_ddl(finding: &mut Finding) {
    if let Some((_, hint)) = HINTS.iter().find(|(number, _)| *number == finding.number()) {
        finding.hint = Some((*hint).to_string()).filter(|hint| !hint.is_empty());
        return;
    }
    // Any other hint that shows an operand shows macro source.
    if finding.hint.as_ref().is_some_and(|hint| hint.contains("=(") || hint.contains("NAME=")) {
        finding.hint = None;
    }
    if finding.hint.is_none() && finding.number().starts_with("OPND") {
        let text = finding.message.text();
        let keyword = text.split(' ').find_map(|word| word.trim_end_matches('.').strip_suffix('='));
        let clause = CLAUSES.iter().find(|(operand, _)| Some(*operand) == keyword);
        finding.hint = clause.map(|(operand, clause)| format!("{operand}= is {clause}"));
    }
}
