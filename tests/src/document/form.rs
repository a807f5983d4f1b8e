//! What a page says and what was printed, compared: moments, stamps and tokens by their form.

/// Whether what was printed is what was said, moments and the like apart.
pub(super) fn is_as_said(said: &[String], really: &[String]) -> bool {
    match said.split_first() {
        None => really.is_empty(),
        Some((line, rest)) if line == "..." => {
            (0..=really.len()).any(|skipped| is_as_said(rest, &really[skipped..]))
        }
        Some((line, rest)) => really
            .split_first()
            .is_some_and(|(first, others)| form(line) == form(first) && is_as_said(rest, others)),
    }
}

/// A line with every moment, stamp and token replaced by its form.
fn form(line: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || ".:-".contains(letter);
    let mut form = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let part = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        form.push_str(&form_of_word(&rest[..part]));
        let next = rest[part..].find(is_part).map_or(rest.len(), |at| part + at);
        form.push_str(&rest[part..next]);
        rest = &rest[next..];
    }
    form
}

const STAMP: &str = "0000000000000";
const DATE: &str = "0000.000";
const TIME: &str = "00:00:00.000000";
const MOMENT: &str = "0000-00-00T00:00:00.000000Z";
/// The end of the name of an image copy.
const COPY: &str = ".D0000000.T000000";
const TOKEN_DIGITS: usize = 16;

fn form_of_word(with_end: &str) -> String {
    // A full stop or a colon behind a moment belongs to the sentence.
    let word = with_end.trim_end_matches(['.', ':']);
    let end = &with_end[word.len()..];
    let digits: String = word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let is_token =
        word.len() == TOKEN_DIGITS && word.bytes().all(|c| c.is_ascii_digit() || (b'A'..=b'F').contains(&c));
    let form = match digits.as_str() {
        STAMP | DATE | TIME | MOMENT => digits,
        _ if is_token => "token".to_string(),
        _ if digits.ends_with(COPY) => word[..word.len() - COPY.len()].to_string() + COPY,
        _ => word.to_string(),
    };
    form + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_stamps_and_tokens_are_compared_by_their_form() {
        let said = "IMS1 2632511265726 2026.325 11:26:57.340213 TOKEN=0C8CF744A821F8AE";
        let same = "IMS1 2632511999999 2026.326 01:02:03.000000 TOKEN=1111111111111111";
        assert_eq!(form(said), form(same));
        assert_ne!(form(said), form(&same.replace("IMS1", "IMS2")));
        assert_eq!(form("SHOPDB.SHOPDD.D2026325.T112657"), form("SHOPDB.SHOPDD.D2026326.T010203"));
        assert_ne!(form("SHOPDB.SHOPDD.D2026325.T112657"), form("SHOPDB.OTHERDD.D2026325.T112657"));
        assert_eq!(form("it ended at 11:26:57.340213."), form("it ended at 01:02:03.000000."));
        assert_ne!(form("it ended at 11:26:57.340213."), form("it ended at 11:26:57.340213"));
    }

    #[test]
    fn three_dots_stand_for_any_lines() {
        let lines = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
        assert!(is_as_said(&lines("a ... d"), &lines("a b c d")));
        assert!(is_as_said(&lines("a ..."), &lines("a")));
        assert!(!is_as_said(&lines("a ... d"), &lines("a b c")));
    }
}
