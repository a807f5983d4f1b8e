//! What DFSDDLT0 prints, line by line as it does.

use super::Calls;
use super::Summary;
use super::cards::Card;
use super::compare::Comparison;
use super::statement::Call;
use crate::aib::Aib;
use crate::pcb::DbMask;
use crate::program::IoMask;
use std::io::{self, Write};

/// Bytes of a segment on a line.
const SEGMENT_LINE: usize = 100;
/// The longest line; a key that does not fit has a line of its own.
const LINE: usize = 121;
/// Dots before a call, dashes after a comparison that failed.
const RULE: usize = 120;
/// Where FIELD= stands, and where the value of a search argument that goes on does.
const FIELD_INDENT: usize = 29;
const VALUE_INDENT: usize = 70;

/// Prints.
pub(super) struct Printer<'p> {
    output: &'p mut dyn Write,
}

impl<'p> Printer<'p> {
    pub(super) fn new(output: &'p mut dyn Write) -> Self {
        Self { output }
    }

    /// Sends on what was printed.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// A line, with the blank that carriage control takes.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        let line = format!(" {text}");
        writeln!(self.output, "{}", line.trim_end())
    }

    pub(super) fn comment(&mut self, text: &str) -> io::Result<()> {
        self.line(&format!("COMMENTS  {text}"))
    }

    pub(super) fn selected(
        &mut self,
        card: &Card,
        found: Option<usize>,
        program: &dyn Calls,
    ) -> io::Result<()> {
        self.line(&format!("STATUS INPUT: {}", card.text(1, 72)))?;
        let Some(number) = found else {
            return self.line("NO SUCH PCB. THE PCB SELECTED BEFORE IS USED.");
        };
        let name = program.pcb_name(number).map(|name| name.to_string()).unwrap_or_default();
        let dbd = program.mask(number).map_or(String::new(), |mask| readable(mask.dbd()));
        let count = program.pcb_count();
        self.line(&format!("{number:04} OF {count:04}  PCB SELECTED = {name:<8}  DBD SELECTED = {dbd}"))
    }

    pub(super) fn call(&mut self, call: &Call) -> io::Result<()> {
        self.line(&".".repeat(RULE))?;
        let mut begin = format!("CALL={:<8} ", call.function);
        for (ssa, &first) in call.ssas.iter().zip(&call.first_card_bytes) {
            self.argument(&begin, ssa, first)?;
            begin = " ".repeat(begin.len());
        }
        if call.ssas.is_empty() {
            self.line(&begin)?;
        }
        writeln!(self.output)
    }

    /// A search argument: its segment, its command codes, and each of its fields on a line.
    fn argument(&mut self, begin: &str, ssa: &[u8], first_card: usize) -> io::Result<()> {
        let name = readable(&ssa[..ssa.len().min(8)]);
        let rest = ssa.get(8..).unwrap_or_default();
        let open = rest.iter().position(|&byte| byte == b'(');
        let codes = rest.strip_prefix(b"*").map(|codes| &codes[..open.unwrap_or(rest.len()).max(1) - 1]);
        let codes = codes.map(|codes| readable(codes.split(|&byte| byte == b' ').next().unwrap_or_default()));
        let mut line = format!("{begin}SEG={name:<8}");
        if let Some(codes) = &codes {
            line = format!("{line}  COMND={codes}");
        }
        let Some(open) = open else { return self.line(&line) };
        let from = 8 + open + 1;
        if codes.as_deref().is_some_and(|codes| codes.contains('C')) {
            return self.line(&format!("{line}({}", readable(&ssa[from..])));
        }
        if codes.is_some() {
            self.line(&line)?;
            line = " ".repeat(FIELD_INDENT - 3);
        }
        self.fields(&line, ssa, from, first_card)
    }

    fn fields(&mut self, begin: &str, ssa: &[u8], from: usize, first_card: usize) -> io::Result<()> {
        let mut line = begin.to_string();
        let mut at = from;
        loop {
            let part = |from: usize, to: usize| ssa.get(from..to.min(ssa.len())).unwrap_or_default();
            let (field, operator) = (part(at, at + 8), part(at + 8, at + 10));
            let value = at + 10;
            // How long a value is says the DBD; here it ends at the first character that may follow one.
            let end = ssa.get(value..).unwrap_or_default().iter().position(|byte| b")*&+|".contains(byte));
            let end = end.map_or(ssa.len(), |end| value + end + 1);
            let text = format!(
                "{line}  FIELD={:<8}  OPER={:<7} VALUE=",
                readable(field),
                readable(operator.trim_ascii())
            );
            let cut = first_card.clamp(value.min(end), end);
            self.line(&format!("{text}{}", readable(part(value, cut))))?;
            if cut < end {
                self.line(&format!(
                    "{:1$}{2}",
                    "",
                    VALUE_INDENT - 1,
                    readable(part(cut, end).trim_ascii_start())
                ))?;
            }
            if ssa.get(end - 1).is_none_or(|&last| last == b')') || end >= ssa.len() {
                return Ok(());
            }
            line = " ".repeat(FIELD_INDENT - 3);
            at = end;
        }
    }

    pub(super) fn segment(&mut self, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            self.line("   NO SEGMENT RETURNED.")?;
        }
        for (at, part) in data.chunks(SEGMENT_LINE).enumerate() {
            let begin = if at == 0 { "SEGMENT     =" } else { "             " };
            let text: String = part.iter().map(|&byte| printable(byte)).collect();
            self.line(&format!("{begin}({text})"))?;
        }
        writeln!(self.output)
    }

    pub(super) fn comparison(&mut self, comparison: &Comparison, equal: bool) -> io::Result<()> {
        let verdict = if equal { "  " } else { "NE" };
        match comparison {
            Comparison::Pcb(expected) => {
                let part = |name: &str, value: &str, width: usize| match value {
                    "" => " ".repeat(name.len() + width),
                    value => format!("{name}{value:<width$}"),
                };
                let level = part("LEV=", &expected.level, 2);
                let segment = part("SEG=", &expected.segment, 8);
                self.line(&format!("COMP {verdict} {level}  {segment}  RET CODE={}", expected.status))?;
            }
            Comparison::Data(expected) => {
                self.line(&format!("COMP {verdict} DATA=({})", readable(expected)))?
            }
            Comparison::Aib(returned, reason) => {
                self.line(&format!("COMP {verdict} AIB RETRN={returned:<4}  REASN={reason}"))?;
            }
        }
        if equal { Ok(()) } else { self.line(&"-".repeat(RULE)) }
    }

    pub(super) fn mask(&mut self, mask: &DbMask) -> io::Result<()> {
        let (level, segment) = (readable(mask.level()), readable(mask.segment()));
        let status = String::from_utf8_lossy(&mask.status()).into_owned();
        let length = mask.key_length();
        let text = format!("DBPCB   LEV={level}  SEG={segment:<8}  RET CODE={status}  KFDB LEN={length:04}");
        if length == 0 {
            return self.line(&text);
        }
        let key: String = mask.key_feedback()[..length].iter().map(|&byte| printable(byte)).collect();
        let whole = format!("{text}  KEY FDB=({key})");
        if whole.len() < LINE {
            return self.line(&whole);
        }
        self.line(&text)?;
        self.line(&format!("  KEY FDBK=  ({key})"))
    }

    pub(super) fn io_mask(&mut self, mask: &IoMask) -> io::Result<()> {
        self.line(&format!("IOPCB   RET CODE={}", String::from_utf8_lossy(&mask.status())))
    }

    pub(super) fn aib(&mut self, aib: &Aib) -> io::Result<()> {
        let (code, reason, used) = (aib.return_code(), aib.reason_code(), aib.area_used());
        self.line(&format!("AIB     RETRN={code:08X}  REASN={reason:08X}  OAUSE={used:04}"))
    }

    pub(super) fn statistics(
        &mut self,
        names: &[&str],
        counts: &[usize],
        summary: &Summary,
    ) -> io::Result<()> {
        writeln!(self.output)?;
        self.line("STATISTIC FOR DATA BASE CALL:")?;
        let heads: String = names.iter().chain(&["TOTAL"]).map(|name| format!("{name:>10}")).collect();
        self.line(&format!("{:1$}{heads}", "", 20))?;
        let total: usize = counts.iter().sum();
        let numbers: String = counts.iter().chain(&[total]).map(|count| format!("{count:>10}")).collect();
        self.line(&format!("DL/I COUNTS BY CALL-{numbers}"))?;
        self.line(&format!(
            "TOTAL NUMBER OF CALLS = {:>9}  TOTAL NUMBER EQUAL COMPARES = {:>9}  TOTAL NUMBER UNEQUAL COMPARES = {:>9}",
            summary.calls, summary.equal, summary.unequal
        ))
    }
}

fn readable(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| printable(byte)).collect::<String>().trim_end().to_string()
}

/// What can't be printed is a dot.
fn printable(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '.' }
}
