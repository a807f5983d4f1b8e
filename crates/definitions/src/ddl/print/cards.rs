//! Statements as cards.

use crate::cards::Statement;

/// The last column of text on a card.
const LAST_TEXT_COLUMN: usize = 71;
/// Where operands begin on the first card of a statement, and where they go on.
const OPERAND_COLUMN: usize = 16;

/// Writes a statement on as many cards as it needs: broken behind a comma where one is near enough, else in a word.
pub(super) fn write(text: &mut String, label: &str, operation: &str, operands: &str) {
    let mut rest: Vec<char> = operands.chars().collect();
    let mut begin = format!("{label:<8} {operation:<5} ");
    let mut quoted = false;
    loop {
        let room = LAST_TEXT_COLUMN.saturating_sub(begin.chars().count());
        if rest.len() <= room {
            begin.extend(rest);
            text.push_str(begin.trim_end());
            text.push('\n');
            return;
        }
        let tail = rest.split_off(break_at(&rest, room, quoted));
        quoted ^= rest.iter().filter(|&&character| character == '\'').count() % 2 == 1;
        begin.extend(rest);
        text.push_str(&format!("{begin:<LAST_TEXT_COLUMN$}X\n"));
        rest = tail;
        begin = " ".repeat(OPERAND_COLUMN - 1);
    }
}

/// Behind the last comma between operands that fits, unless that would leave most of the card empty. A quoted text is
/// cut where the card is full, because the blanks behind a comma within it would be lost.
fn break_at(rest: &[char], room: usize, mut quoted: bool) -> usize {
    let mut comma = 0;
    for (at, character) in rest.iter().take(room).enumerate() {
        match character {
            '\'' => quoted = !quoted,
            ',' if !quoted => comma = at + 1,
            _ => {}
        }
    }
    if comma > 0 { comma } else { room }
}

/// The operands of a statement, as its cards have them.
pub(super) fn write_statement(text: &mut String, label: &str, statement: &Statement) {
    write(text, label, statement.operation.name(), statement.operands());
}
