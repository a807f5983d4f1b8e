//! The only one who writes: answers to stdout, everything else to stderr.

use crate::args::{OutputFormat, TableLayout};
use csl::envelope::Progress;
use csl::om::Answer;
use csl::om::render::xml::Control;
use csl::om::render::{self, Page};
use std::fmt;
use std::io::{self, IsTerminal, Write};

/// How answers are printed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Style {
    pub(crate) format: OutputFormat,
    pub(crate) layout: TableLayout,
    /// Write no colours, whatever stderr is.
    pub(crate) no_color: bool,
    /// The token that XML repeats.
    pub(crate) cart: Option<String>,
}

/// Where answers and everything else go.
pub(crate) struct Printer<O, E> {
    answers: O,
    remarks: E,
    format: OutputFormat,
    page: Page,
    colored: bool,
    /// Who answers, and whom.
    control: Control,
    /// What stands between this answer and the one before.
    gap: &'static str,
}

const BOLD_RED: &str = "\x1b[1;31m";
const PLAIN: &str = "\x1b[0m";

impl Printer<io::Stdout, io::Stderr> {
    /// To stdout and stderr. A table is as wide as the terminal, and as it needs to be where stdout is none.
    pub(crate) fn standard(style: Style) -> Self {
        let width = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        let silent = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            page: Page { layout: style.layout.into(), width: width() },
            colored: io::stderr().is_terminal() && !style.no_color && !silent,
            ..Self::to(io::stdout(), io::stderr(), style)
        }
    }
}

impl<O: Write, E: Write> Printer<O, E> {
    fn to(answers: O, remarks: E, style: Style) -> Self {
        // Before a member is asked it is the operator's own program that answers.
        let control = Control { om: "SPOC".to_string(), token: style.cart, ..Control::default() };
        Self {
            answers,
            remarks,
            format: style.format,
            page: Page::default(),
            colored: false,
            control,
            gap: "",
        }
    }

    /// From now on answers are those of this OM to this user.
    pub(crate) fn answers_come_from(&mut self, om: String, user: String) {
        (self.control.om, self.control.user) = (om, user);
    }

    /// Prints an answer. A reader who went away has read enough.
    pub(crate) fn answer(&mut self, answer: &Answer) -> io::Result<()> {
        let text = match self.format {
            OutputFormat::Table => format!("{}{}", self.gap, render::table::render_on(answer, self.page)),
            OutputFormat::Json => render::json::render(answer),
            OutputFormat::Xml => render::xml::render(answer, &self.control),
        };
        self.gap = "\n";
        self.text(&text)
    }

    /// In which format answers are printed.
    pub(crate) fn format(&self) -> OutputFormat {
        self.format
    }

    /// How a table is laid out.
    pub(crate) fn page(&self) -> Page {
        self.page
    }

    /// Prints text as it is: a page, a list, a script.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        match self.answers.write_all(text.as_bytes()).and_then(|()| self.answers.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Prints a line of many. `false` when its reader went away, and so has read enough.
    pub(crate) fn one_of_many(&mut self, line: &str) -> io::Result<bool> {
        match writeln!(self.answers, "{line}").and_then(|()| self.answers.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true),
        }
    }

    /// Prints what a region has to say, which is its answer.
    pub(crate) fn line(&mut self, line: &str) {
        // A reader who went away has read enough.
        let _ = self.text(&format!("{line}\n"));
    }

    /// Prints a line while the answer is awaited.
    pub(crate) fn progress(&mut self, progress: &Progress) {
        self.remark(&progress.text);
    }

    /// Prints why there is no answer.
    pub(crate) fn complain(&mut self, error: &dyn fmt::Display) {
        let name = if self.colored { format!("{BOLD_RED}spoc:{PLAIN}") } else { "spoc:".to_string() };
        self.remark(&format_args!("{name} {error}"));
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
        Self::styled(Style { format, ..Style::default() })
    }

    /// Into memory, as it would be printed in this style.
    pub(crate) fn styled(style: Style) -> Self {
        Self::to(Vec::new(), Vec::new(), style)
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
        let mut printer = Printer::to(Refusing(kind), Refusing(kind), Style::default());
        printer.progress(&Progress { text: "PREPARE".to_string() });
        printer.answer(&Answer::new("QRY DB", Moment(0)))
    }

    #[test]
    fn a_reader_who_went_away_is_no_error_and_a_full_disk_is() {
        assert!(print_to(io::ErrorKind::BrokenPipe).is_ok());
        assert!(print_to(io::ErrorKind::StorageFull).is_err());
    }

    #[test]
    fn a_complaint_says_the_same_with_and_without_colour() {
        let mut printer = Printer::memory(OutputFormat::Table);
        printer.complain(&"it failed");
        printer.colored = true;
        printer.complain(&"it failed");
        let (_, remarks) = printer.printed();
        assert_eq!(remarks, "spoc: it failed\n\x1b[1;31mspoc:\x1b[0m it failed\n");
    }

    #[test]
    fn xml_tells_who_answers_and_whom() {
        let cart = Some("JOB0042".to_string());
        let mut printer = Printer::styled(Style { format: OutputFormat::Xml, cart, ..Style::default() });
        printer.answers_come_from("IMS1OM".to_string(), "OPER".to_string());
        printer.answer(&Answer::new("QRY DB", Moment(0))).unwrap();
        let (answers, _) = printer.printed();
        assert!(answers.starts_with("<?xml version=\"1.0\"?>"), "{answers}");
        assert!(
            answers.contains("<omname>IMS1OM  </omname>") && answers.contains("<userid>OPER    </userid>")
        );
        assert!(answers.contains("<rqsttkn1>JOB0042</rqsttkn1><rc>00000000</rc>"), "{answers}");
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
