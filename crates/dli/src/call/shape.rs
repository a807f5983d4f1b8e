//! The shape of search arguments: their texts without the values in them.
//!
//! A program keeps its arguments and moves the values that it wants into them. What was read of them holds as long as nothing
//! else changed.

use std::ops::Range;

/// The texts that were read last.
#[derive(Default)]
pub(super) struct Shape {
    /// All of them, one behind the other; none when they could not be read.
    texts: Option<Vec<u8>>,
    /// How long each is.
    lengths: Vec<usize>,
    /// What is no value: of which text, where in it, and where that is in `texts`.
    fixed: Vec<(usize, Range<usize>, usize)>,
}

impl Shape {
    /// Whether arguments differ from those that were read last in nothing but values.
    pub(super) fn fits(&self, inputs: &[&[u8]]) -> bool {
        let Some(texts) = &self.texts else { return false };
        let are_as_long = self.lengths.iter().zip(inputs).all(|(length, input)| *length == input.len());
        let is_fixed = |(of, here, there): &(usize, Range<usize>, usize)| {
            inputs[*of].get(here.clone()) == texts.get(*there..*there + here.len())
        };
        self.lengths.len() == inputs.len() && are_as_long && self.fixed.iter().all(is_fixed)
    }

    /// Nothing was read.
    pub(super) fn forget(&mut self) {
        self.texts = None;
    }

    /// Notes what was read, and where the values are: in which text, and where in it, from left to right.
    pub(super) fn note(&mut self, inputs: &[&[u8]], values: impl Iterator<Item = (usize, Range<usize>)>) {
        let mut values = values.peekable();
        let mut texts = self.texts.take().unwrap_or_default();
        texts.clear();
        self.lengths.clear();
        self.fixed.clear();
        for (of, input) in inputs.iter().enumerate() {
            let (begin, mut from) = (texts.len(), 0);
            while let Some((_, value)) = values.next_if(|(at, _)| *at == of) {
                self.fixed.push((of, from..value.start, begin + from));
                from = value.end;
            }
            self.fixed.push((of, from..input.len(), begin + from));
            self.lengths.push(input.len());
            texts.extend_from_slice(input);
        }
        self.texts = Some(texts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_values_fit_and_nothing_else_does() {
        let mut shape = Shape::default();
        assert!(!shape.fits(&[]), "nothing was read");
        shape.note(&[b"A(K =11)", b"B "], std::iter::once((0, 5..7)));
        assert!(shape.fits(&[b"A(K =22)", b"B "]));
        for other in [&b"A(K >11)"[..], b"A(K =11+", b"A(K =11) ", b"A(K =1)"] {
            assert!(!shape.fits(&[other, b"B "]));
        }
        assert!(!shape.fits(&[b"A(K =11)"]) && !shape.fits(&[b"A(K =11)", b"B ", b"C "]));
        shape.forget();
        assert!(!shape.fits(&[b"A(K =11)", b"B "]));
    }
}
