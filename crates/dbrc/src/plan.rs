//! What a data set is recovered from: an image copy, then the changes from logs.

use crate::change::DataSetKey;
use crate::record::{Allocation, DataSet, DataSetName, Image};
use crate::{Recon, RecordName};
use std::collections::BTreeSet;
use vocabulary::{MemberName, Moment};

/// What a data set is recovered from, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryPlan {
    /// The image copy that it begins with: its run time and where it is.
    pub image: (Moment, DataSetName),
    /// The change accumulation that comes next.
    pub accumulation: Option<(Moment, DataSetName)>,
    /// The archived logs that are read then, each with whose it is, in the order of their first moments.
    pub logs: Vec<(MemberName, DataSetName)>,
    /// The online log data sets that are read after them: what is in them is not archived yet.
    pub online: Vec<(MemberName, DataSetName)>,
    /// The moment that it ends at; the end of all logs where it is `None`.
    pub to: Option<Moment>,
}

/// Why a data set can't be recovered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlan {
    /// It is not registered.
    #[error("there is no {0} in RECON")]
    NoSuch(RecordName),
    /// No image copy is of use.
    #[error(
        "no image copy of {} can be used: {}. Make one with an image copy utility", RecordName::DataSet(.key.0, .key.1), .why
    )]
    NoImage {
        /// Which data set.
        key: DataSetKey,
        /// Why not.
        why: &'static str,
    },
    /// A log with changes is still written.
    #[error("{} is still written, and has changes of it. Archive it and close it, with NOTIFY.PRILOG where nothing else tells of it", RecordName::Log(*.0, *.1))]
    LogOpen(MemberName, Moment),
    /// A log with changes is not there.
    #[error("{} has changes of it, and is not archived whole. NOTIFY.PRILOG tells of an archived part, CHANGE.PRILOG whether it can be read", RecordName::Log(*.0, *.1))]
    LogNotArchived(MemberName, Moment),
    /// Somebody changed the data set at that moment.
    #[error(
        "{subsystem} had it allocated at {to}, so that a unit of work could be cut in two. A moment without an allocation is needed"
    )]
    InUseThen {
        /// Who.
        subsystem: MemberName,
        /// When.
        to: Moment,
    },
}

impl Recon {
    /// What a data set is recovered from, to a moment or to the end of its logs.
    pub fn recovery_plan(&self, key: DataSetKey, to: Option<Moment>) -> Result<RecoveryPlan, NoPlan> {
        let data_set = self.data_set(&key).ok_or(NoPlan::NoSuch(RecordName::DataSet(key.0, key.1)))?;
        if let Some(to) = to {
            self.refuse_allocated(data_set, to)?;
        }
        let image = newest_image(data_set, to).map_err(|why| NoPlan::NoImage { key, why })?;
        let accumulation = self.accumulation_after(&key, image.0, to);
        let from = accumulation.as_ref().map_or(image.0, |(stop, _, _)| *stop);
        let (logs, online) = self.logs_between(data_set, from, to)?;
        let accumulation = accumulation.map(|(_, run, dsn)| (run, dsn));
        Ok(RecoveryPlan { image, accumulation, logs, online, to })
    }

    /// A data set that somebody could change at that moment would end with half a unit of work.
    fn refuse_allocated(&self, data_set: &DataSet, to: Moment) -> Result<(), NoPlan> {
        let spans = |at: Moment, allocation: &Allocation| {
            at < to && self.end_of(allocation).is_none_or(|end| end > to)
        };
        let then = data_set.allocations.iter().find(|(at, allocation)| spans(**at, allocation));
        then.map_or(Ok(()), |(_, allocation)| Err(NoPlan::InUseThen { subsystem: allocation.subsystem, to }))
    }

    /// The last accumulation of its group that has changes from after the image copy, and none from after the end.
    fn accumulation_after(
        &self,
        key: &DataSetKey,
        image: Moment,
        to: Option<Moment>,
    ) -> Option<(Moment, Moment, DataSetName)> {
        let group = self.ca_groups.get(&self.ca_group_of(key)?)?;
        let last = group.runs.iter().rev().find(|(_, ca)| to.is_none_or(|to| ca.stop <= to))?;
        let (run, ca) = last;
        (ca.stop > image).then(|| (ca.stop, *run, ca.dsn.clone()))
    }

    /// The logs that have the changes of a span of time: those that are archived, and those that are online.
    fn logs_between(
        &self,
        data_set: &DataSet,
        from: Moment,
        to: Option<Moment>,
    ) -> Result<(Names, Names), NoPlan> {
        let (mut archived, mut online) = (BTreeSet::new(), BTreeSet::new());
        for (at, allocation) in &data_set.allocations {
            let (subsystem, log_start) = (allocation.subsystem, allocation.log_start);
            let end = self.end_of(allocation);
            if end.is_some_and(|end| end <= from) || to.is_some_and(|to| *at >= to) {
                continue;
            }
            let missing = NoPlan::LogNotArchived(subsystem, log_start);
            let log = self.logs.get(&(subsystem, log_start)).ok_or(missing.clone())?;
            let end = match (end, to) {
                (Some(end), to) => to.map_or(end, |to| to.min(end)),
                (None, Some(to)) => to,
                (None, None) => Moment(u64::MAX),
            };
            // Before it was allocated nothing of it was changed.
            let begin = from.max(*at).max(log_start);
            // A log that is closed is archived as it is told.
            let own = if log.stop.is_none() { self.online_from(subsystem) } else { None };
            if own.is_none() && end == Moment(u64::MAX) {
                return Err(NoPlan::LogOpen(subsystem, log_start));
            }
            let archived_to = own.map_or(end, |own| own.min(end));
            if begin < archived_to {
                let found = log.readable_parts((begin, archived_to)).ok_or(missing)?;
                archived.extend(found.into_iter().map(|part| (part.start, subsystem, part.dsn.clone())));
            }
            if own.is_some_and(|own| end > own) {
                online.extend(self.online_of(subsystem, begin, end));
            }
        }
        let named = |(_, subsystem, dsn)| (subsystem, dsn);
        Ok((archived.into_iter().map(named).collect(), online.into_iter().map(named).collect()))
    }

    /// From when on a subsystem's log is online.
    fn online_from(&self, subsystem: MemberName) -> Option<Moment> {
        let own = self.olds.iter().filter(|((of, _), _)| *of == subsystem);
        own.filter_map(|(_, olds)| olds.status.span()).map(|(start, _)| start).min()
    }

    /// The online log data sets with what was logged in a span of time, by their first moments.
    fn online_of(
        &self,
        subsystem: MemberName,
        from: Moment,
        to: Moment,
    ) -> impl Iterator<Item = (Moment, MemberName, DataSetName)> {
        let own = self.olds.iter().filter(move |((of, _), _)| *of == subsystem);
        own.filter_map(move |(_, olds)| {
            let (start, stop) = olds.status.span()?;
            let overlaps = start < to && stop.is_none_or(|stop| stop > from);
            overlaps.then(|| (start, subsystem, olds.dsn.clone()))
        })
    }
}

/// Data sets of logs, each with whose it is.
type Names = Vec<(MemberName, DataSetName)>;

fn newest_image(data_set: &DataSet, to: Option<Moment>) -> Result<(Moment, DataSetName), &'static str> {
    let end = to.unwrap_or(Moment(u64::MAX));
    // What was changed while it was made is in it up to its stop.
    let is_of_use = |image: &Image| !image.invalid && image.stop.is_none_or(|stop| stop <= end);
    let mut before = data_set.images.range(..=end).rev().filter(|(_, image)| is_of_use(image)).peekable();
    if before.peek().is_none() {
        return Err("there is none from before that moment, or it is marked invalid");
    }
    let barrier = data_set.barrier(end);
    let usable = before.find(|(run, _)| barrier.is_none_or(|barrier| **run > barrier));
    let found = usable.map(|(run, image)| (*run, image.dsn.clone()));
    found.ok_or("the data set was reorganized, or recovered to an earlier moment, since the last one")
}
