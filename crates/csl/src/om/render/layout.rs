//! Rows and columns on a page: what is done where a row is wider than a line.
//!
//! Columns that do not scroll stay at the left, and the others go on where the line ends.

use crate::om::answer::{Answer, Row};
use crate::om::column::{Align, Column};
use unicode_width::UnicodeWidthStr;

/// How an answer that is wider than a line is laid out: `F=` of the Batch SPOC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// `WRAP`: a row goes on in the next line.
    #[default]
    Wrap,
    /// `BYCOL`: the columns that fit, for all rows; then the next columns.
    ByColumn,
    /// `BYRSC`: every column of a row, a line each; then the next row.
    ByResource,
}

/// Where an answer is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Page {
    /// How.
    pub layout: Layout,
    /// How many characters a line has; `None` is any number.
    pub width: Option<usize>,
}

/// The rows of an answer with their headings, as lines with an end each.
pub(super) fn rows(answer: &Answer, page: Page) -> String {
    let grid = Grid::of(answer);
    let lines = match page.layout {
        Layout::Wrap => grid.wrapped(page.width),
        Layout::ByColumn => grid.by_column(page.width),
        Layout::ByResource => grid.by_resource(),
    };
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A line end within a value would break the table.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

struct Grid<'a> {
    columns: Vec<&'a Column>,
    /// Headings, then rows: a cell for every column.
    lines: Vec<Vec<String>>,
    /// The widest cell of each column.
    widths: Vec<usize>,
}

impl<'a> Grid<'a> {
    fn of(answer: &'a Answer) -> Self {
        let columns: Vec<&Column> =
            answer.columns.iter().filter(|column| is_shown(column, &answer.rows)).collect();
        let headings = columns.iter().map(|column| column.long.clone()).collect();
        let rows = answer.rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect());
        let lines: Vec<Vec<String>> = std::iter::once(headings).chain(rows).collect();
        let widest = |at: usize| lines.iter().map(|cells| cells[at].width()).max().unwrap_or_default();
        let widths = (0..columns.len()).map(widest).collect();
        Self { columns, lines, widths }
    }

    fn wrapped(&self, width: Option<usize>) -> Vec<String> {
        let groups = self.groups(width);
        let group_lines = |cells: &Vec<String>| {
            let cells = cells.clone();
            let one = |(at, group): (usize, &Vec<usize>)| self.line(&cells, group, at > 0);
            groups.iter().enumerate().map(one).collect::<Vec<_>>()
        };
        self.lines.iter().flat_map(group_lines).collect()
    }

    fn by_column(&self, width: Option<usize>) -> Vec<String> {
        let mut lines = Vec::new();
        for group in self.groups(width) {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(self.lines.iter().map(|cells| self.line(cells, &group, false)));
        }
        lines
    }

    fn by_resource(&self) -> Vec<String> {
        let Some((headings, rows)) = self.lines.split_first() else { return Vec::new() };
        let widest = headings.iter().map(|heading| heading.width()).max().unwrap_or_default();
        let mut lines = Vec::new();
        for row in rows {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            let line = |(heading, cell): (&String, &String)| {
                format!("{} {cell}", padded(heading, widest, Align::Left))
            };
            lines.extend(headings.iter().zip(row).map(line));
        }
        lines
    }

    /// The columns that share a line, group by group: those that do not scroll are in each.
    fn groups(&self, width: Option<usize>) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let Some(width) = width.filter(|&width| self.width_of(&all) > width) else { return vec![all] };
        let (scrolling, fixed): (Vec<usize>, Vec<usize>) =
            all.iter().partition(|&&at| self.columns[at].scroll);
        let mut groups = Vec::new();
        let mut group = fixed.clone();
        for at in scrolling {
            let room = width >= self.width_of(&group) + 1 + self.widths[at];
            // A column that fits into no line gets one of its own.
            if !room && group.len() > fixed.len() {
                groups.push(std::mem::replace(&mut group, fixed.clone()));
            }
            group.push(at);
        }
        groups.push(group);
        groups
    }

    fn width_of(&self, columns: &[usize]) -> usize {
        columns.iter().map(|&at| self.widths[at]).sum::<usize>() + columns.len().saturating_sub(1)
    }

    /// The cells of some columns in a line; where it continues another, those that do not scroll are left blank.
    fn line(&self, cells: &[String], columns: &[usize], continues: bool) -> String {
        let shown = columns.iter().map(|&at| {
            let column = self.columns[at];
            let text = if continues && !column.scroll { "" } else { &cells[at] };
            padded(text, self.widths[at], column.align)
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

fn is_shown(column: &Column, rows: &[Row]) -> bool {
    !(column.skipb && rows.iter().all(|row| row.is_blank(&column.short)))
}

fn cell(row: &Row, column: &Column) -> String {
    one_line(&row.get(&column.short).map_or_else(String::new, ToString::to_string))
}

fn padded(text: &str, width: usize, align: Align) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    match align {
        Align::Left => format!("{text}{blanks}"),
        Align::Right => format!("{blanks}{text}"),
    }
}
