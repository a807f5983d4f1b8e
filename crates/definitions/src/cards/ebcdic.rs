//! The EBCDIC code pages that definition sources are kept in, and how to tell which one a file is in.
//!
//! The letters, digits and signs that statements are made of lie at the same places in all three pages; they differ
//! in brackets and umlauts, which occur in remarks.

/// An EBCDIC code page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodePage {
    /// Latin 1 / Open Systems, what most of IMS means by EBCDIC.
    Cp1047,
    /// USA and Canada.
    Cp037,
    /// Germany and Austria, with the euro.
    Cp1141,
}

impl CodePage {
    /// The page that makes most sense of the bytes; Cp1047 when nothing speaks for another.
    pub(crate) fn detect(bytes: &[u8]) -> Self {
        let brackets_037 = count(bytes, |byte| matches!(byte, 0xba | 0xbb));
        let brackets_1047 = count(bytes, |byte| matches!(byte, 0xad | 0xbd));
        let (umlauts_1047, umlauts_1141) = umlauts_within_words(bytes);
        if umlauts_1141 > umlauts_1047 {
            Self::Cp1141
        } else if brackets_037 > brackets_1047 {
            Self::Cp037
        } else {
            Self::Cp1047
        }
    }

    /// The character at every one of the 256 places.
    pub(crate) fn characters(self) -> [char; 256] {
        let mut characters = CP1047;
        let differences: &[(u8, char)] = match self {
            Self::Cp1047 => &[],
            Self::Cp037 => CP037_DIFFERS,
            Self::Cp1141 => CP1141_DIFFERS,
        };
        for &(byte, character) in differences {
            characters[usize::from(byte)] = character;
        }
        characters
    }
}

fn count(bytes: &[u8], wanted: fn(u8) -> bool) -> usize {
    bytes.iter().filter(|&&byte| wanted(byte)).count()
}

/// How many bytes next to a letter are umlauts in Cp1047, and how many in Cp1141.
fn umlauts_within_words(bytes: &[u8]) -> (usize, usize) {
    let mut votes = (0, 0);
    for window in bytes.windows(3) {
        let [before, byte, after] = window else { continue };
        if !letter(*after) && !letter(*before) {
            continue;
        }
        match byte {
            0x43 | 0x59 | 0x63 | 0xcc | 0xdc | 0xec | 0xfc => votes.0 += 1,
            // X'C0' after a dollar sign opens a placeholder such as ${name} in Cp1047.
            0xc0 if *before == 0x5b => {}
            0x4a | 0x6a | 0xa1 | 0xc0 | 0xe0 => votes.1 += 1,
            _ => {}
        }
    }
    votes
}

fn letter(byte: u8) -> bool {
    matches!(byte, 0x81..=0x89 | 0x91..=0x99 | 0xa2..=0xa9 | 0xc1..=0xc9 | 0xd1..=0xd9 | 0xe2..=0xe9)
}

#[rustfmt::skip]
const CP1047: [char; 256] = [
    '\u{0}', '\u{1}', '\u{2}', '\u{3}', '\u{9c}', '\u{9}', '\u{86}', '\u{7f}', '\u{97}', '\u{8d}', '\u{8e}', '\u{b}', '\u{c}', '\u{d}', '\u{e}', '\u{f}',
    '\u{10}', '\u{11}', '\u{12}', '\u{13}', '\u{9d}', '\u{85}', '\u{8}', '\u{87}', '\u{18}', '\u{19}', '\u{92}', '\u{8f}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{1f}',
    '\u{80}', '\u{81}', '\u{82}', '\u{83}', '\u{84}', '\u{a}', '\u{17}', '\u{1b}', '\u{88}', '\u{89}', '\u{8a}', '\u{8b}', '\u{8c}', '\u{5}', '\u{6}', '\u{7}',
    '\u{90}', '\u{91}', '\u{16}', '\u{93}', '\u{94}', '\u{95}', '\u{96}', '\u{4}', '\u{98}', '\u{99}', '\u{9a}', '\u{9b}', '\u{14}', '\u{15}', '\u{9e}', '\u{1a}',
    ' ', '\u{a0}', 'â', 'ä', 'à', 'á', 'ã', 'å', 'ç', 'ñ', '¢', '.', '<', '(', '+', '|',
    '&', 'é', 'ê', 'ë', 'è', 'í', 'î', 'ï', 'ì', 'ß', '!', '$', '*', ')', ';', '^',
    '-', '/', 'Â', 'Ä', 'À', 'Á', 'Ã', 'Å', 'Ç', 'Ñ', '¦', ',', '%', '_', '>', '?',
    'ø', 'É', 'Ê', 'Ë', 'È', 'Í', 'Î', 'Ï', 'Ì', '`', ':', '#', '@', '\'', '=', '"',
    'Ø', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', '«', '»', 'ð', 'ý', 'þ', '±',
    '°', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 'ª', 'º', 'æ', '¸', 'Æ', '¤',
    'µ', '~', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '¡', '¿', 'Ð', '[', 'Þ', '®',
    '¬', '£', '¥', '·', '©', '§', '¶', '¼', '½', '¾', 'Ý', '¨', '¯', ']', '´', '×',
    '{', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', '\u{ad}', 'ô', 'ö', 'ò', 'ó', 'õ',
    '}', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', '¹', 'û', 'ü', 'ù', 'ú', 'ÿ',
    '\\', '÷', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', '²', 'Ô', 'Ö', 'Ò', 'Ó', 'Õ',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '³', 'Û', 'Ü', 'Ù', 'Ú', '\u{9f}',
];

#[rustfmt::skip]
const CP037_DIFFERS: &[(u8, char)] = &[
    (0x5f, '¬'), (0xad, 'Ý'), (0xb0, '^'), (0xba, '['), (0xbb, ']'), (0xbd, '¨'),
];

#[rustfmt::skip]
const CP1141_DIFFERS: &[(u8, char)] = &[
    (0x43, '{'), (0x4a, 'Ä'), (0x4f, '!'), (0x59, '~'), (0x5a, 'Ü'), (0x63, '['),
    (0x6a, 'ö'), (0x7c, '§'), (0x9f, '€'), (0xa1, 'ß'), (0xad, 'Ý'), (0xb0, '¢'),
    (0xb5, '@'), (0xba, '¬'), (0xbb, '|'), (0xbd, '¨'), (0xc0, 'ä'), (0xcc, '¦'),
    (0xd0, 'ü'), (0xdc, '}'), (0xe0, 'Ö'), (0xec, '\\'), (0xfc, ']'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signs_of_a_statement_are_alike_in_every_page() {
        for page in [CodePage::Cp1047, CodePage::Cp037, CodePage::Cp1141] {
            let characters = page.characters();
            for sign in "ABCXYZ0189 =,()'*/.:#$&+-".chars() {
                let place = CP1047.iter().position(|&character| character == sign).unwrap();
                assert_eq!(characters[place], sign, "{page:?}");
            }
        }
    }

    #[test]
    fn umlauts_within_words_and_brackets_tell_the_pages_apart() {
        // "MÜLL" in both pages, and "A[1]" in the American one.
        assert_eq!(CodePage::detect(&[0xd4, 0xfc, 0xd3, 0xd3]), CodePage::Cp1047);
        assert_eq!(CodePage::detect(&[0x95, 0x6a, 0xa3, 0x89, 0x87]), CodePage::Cp1141);
        assert_eq!(CodePage::detect(&[0xc1, 0xba, 0xf1, 0xbb]), CodePage::Cp037);
        assert_eq!(CodePage::detect(b""), CodePage::Cp1047);
    }
}
