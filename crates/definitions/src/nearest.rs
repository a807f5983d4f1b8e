//! The word that was probably meant.

/// How alike two words must be (Jaro-Winkler, 0 to 1) for one to be suggested for the other.
const LIKENESS_MIN: f64 = 0.75;

/// How many candidates are compared. A name is looked for among many only in sources that are made to be slow.
pub(crate) const CANDIDATES_MAX: usize = 1000;

/// The candidate most like `word`, if any is like it.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A word this long is no misspelling, and comparing it would cost the square of its length.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_ascii_uppercase();
    candidates
        .take(CANDIDATES_MAX)
        .map(|candidate| (strsim::jaro_winkler(&word, candidate), candidate))
        .filter(|&(likeness, _)| likeness >= LIKENESS_MIN)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}
