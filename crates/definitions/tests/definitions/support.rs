//! Sources in EBCDIC, for the tests.

/// The characters of statements from X'40' on, in Cp1047. A control character stands for what no source has.
const FROM_40: &str = " \x01\x01\x01\x01\x01\x01\x01\x01\x01\x01.<(+|&\x01\x01\x01\x01\x01\x01\x01\x01\x01!$*);^\
                       -/\x01\x01\x01\x01\x01\x01\x01\x01\x01,%_>?\x01\x01\x01\x01\x01\x01\x01\x01\x01`:#@'=\"\
                       \x01abcdefghi\x01\x01\x01\x01\x01\x01\x01jklmnopqr\x01\x01\x01\x01\x01\x01\x01~stuvwxyz\x01\x01\
                       \x01[\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01]\x01\x01{ABCDEFGHI\x01\x01\x01\
                       \x01\x01\x01}JKLMNOPQR\x01\x01\x01\x01\x01\x01\\\x01STUVWXYZ\x01\x01\x01\x01\x01\x010123456789";

/// One line in Cp1047.
pub(crate) fn ebcdic(line: &str) -> Vec<u8> {
    let place = |character| FROM_40.chars().position(|other| other == character);
    line.chars().map(|character| place(character).map_or(0x6f, |place| 0x40 + place as u8)).collect()
}

/// Lines with X'15' after each.
pub(crate) fn ebcdic_lines<T: AsRef<str>>(lines: &[T]) -> Vec<u8> {
    lines.iter().flat_map(|line| [ebcdic(line.as_ref()), vec![0x15]].concat()).collect()
}

/// Lines as card images: 80 bytes each, and no line ends.
pub(crate) fn ebcdic_cards<T: AsRef<str>>(lines: &[T]) -> Vec<u8> {
    lines.iter().flat_map(|line| ebcdic(&format!("{:<80}", line.as_ref()))).collect()
}

/// A statement on as many cards as it needs: operands that don't fit are cut at column 71 and go on in column 16.
pub(crate) fn cards(operation: &str, operands: &[String]) -> Vec<String> {
    let mut rest = format!("         {operation:<8} {}", operands.join(","));
    let mut cards = Vec::new();
    while rest.len() > 71 {
        let tail = rest.split_off(71);
        cards.push(format!("{rest}X"));
        rest = format!("{:15}{tail}", "");
    }
    cards.push(rest);
    cards
}
