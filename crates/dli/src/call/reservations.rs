//! Segments that command code Q reserves, until a DEQ call or the end of the unit of work.

use crate::lock::Resource;
use std::collections::BTreeMap;

/// The segments that a unit of work has reserved.
#[derive(Debug, Default)]
pub(crate) struct Reservations {
    /// By segment, the class that it was reserved in first.
    classes: BTreeMap<Resource, u8>,
    /// How many there can be (MAXQ=).
    most: usize,
}

impl Reservations {
    pub(crate) fn new(most: usize) -> Self {
        Self { classes: BTreeMap::new(), most }
    }

    /// Whether these can be reserved, too. Those that are reserved already take no more room.
    pub(crate) fn have_room_for(&self, segments: impl Iterator<Item = Resource>) -> bool {
        let more = segments.filter(|segment| !self.classes.contains_key(segment)).count();
        self.classes.len() + more <= self.most
    }

    /// Notes a segment that was reserved.
    pub(crate) fn note(&mut self, class: u8, segment: Resource) {
        self.classes.entry(segment).or_insert(class);
    }

    /// Gives up a class: its segments.
    pub(crate) fn take_class(&mut self, class: u8) -> Vec<Resource> {
        let of_class = self.classes.extract_if(.., |_, its| *its == class);
        of_class.map(|(segment, _)| segment).collect()
    }

    /// Forgets all of them: the unit of work has ended.
    pub(crate) fn clear(&mut self) {
        self.classes.clear();
    }
}
