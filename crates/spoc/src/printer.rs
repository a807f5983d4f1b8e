//! The only one who writes: answers to stdout, everything else to stderr.

use crate::args::OutputFormat;
use csl::envelope::Progress;
use csl::om::{Answer, render};
use std::fmt;
use std::io::{self, Write};

/// Where answers and everything else go.
pub(crate) struct Printer<O, E> {
    answers: O,
    remarks: E,
    format: OutputFormat,
    /// What stands between this answer and the one before.
    gap: &'static str,
}

impl Printer<io::Stdout, io::Stderr> {
    /// To stdout and stderr.
    pub(crate) fn standard(format: OutputFormat) -> Self {
        Self { answers: io::stdout(), remarks: io::stderr(), format, gap: "" }
    }
}

impl<O: Write, E: Write> Printer<O, E> {
    /// Prints an answer. A reader who went away has read enough.
    pub(crate) fn answer(&mut self, answer: &Answer) -> io::Result<()> {
        let text = match self.format {
            OutputFormat::Table => format!("{}{}", self.gap, render::table::render(answer)),
            OutputFormat::Json => render::json::render(answer),
        };
        self.gap = "\n";
        match self.answers.write_all(text.as_bytes()).and_then(|()| self.answers.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Prints what a region has to say, which is its answer.
    pub(crate) fn line(&mut self, line: &str) {
        // A reader who went away has read enough.
        let _ = writeln!(self.answers, "{line}").and_then(|()| self.answers.flush());
    }

    /// Prints a line while the answer is awaited.
    pub(crate) fn progress(&mut self, progress: &Progress) {
        self.remark(&progress.text);
    }

    /// Prints why there is no answer.
    pub(crate) fn complain(&mut self, error: &dyn fmt::Display) {
        self.remark(&format_args!("spoc: {error}"));
    }

    fn remark(&mut self, remark: &dyn fmt::Display) {
        // Where stderr can't be written there is nobody to tell.
        let _ = writeln!(self.remarks, "{remark}");
    }
}

#[cfg(test)]
impl Printer<Vec<u8>, Vec<u8>> {
    /// Into memory.
    pub(crate) fn memory(format: OutputFormat) -> Self {
        Self { answers: Vec::new(), remarks: Vec::new(), format, gap: "" }
    }

    /// What was printed: answers, and everything else.
    pub(crate) fn printed(self) -> (String, String) {
        let text = |bytes| String::from_utf8(bytes).unwrap_or_default();
        (text(self.answers), text(self.remarks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::Moment;

    /// Refuses every write for one reason.
    struct Refusing(io::ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn print_to(kind: io::ErrorKind) -> io::Result<()> {
        let mut printer = Printer {
            answers: Refusing(kind),
            remarks: Refusing(kind),
            format: OutputFormat::Table,
            gap: "",
        };
        printer.progress(&Progress { text: "PREPARE".to_string() });
        printer.answer(&Answer::new("QRY DB", Moment(0)))
    }

    #[test]
    fn a_reader_who_went_away_is_no_error_and_a_full_disk_is() {
        assert!(print_to(io::ErrorKind::BrokenPipe).is_ok());
        assert!(print_to(io::ErrorKind::StorageFull).is_err());
    }

    #[test]
    fn answers_and_remarks_do_not_mix() {
        let mut printer = Printer::memory(OutputFormat::Json);
        printer.progress(&Progress { text: "PREPARE, waiting for IMS2".to_string() });
        printer.answer(&Answer::new("QRY DB", Moment(0))).unwrap();
        printer.complain(&"something else");
        let (answers, remarks) = printer.printed();
        assert!(answers.starts_with('{') && answers.ends_with("}\n"), "{answers}");
        assert_eq!(remarks, "PREPARE, waiting for IMS2\nspoc: something else\n");
    }
}
