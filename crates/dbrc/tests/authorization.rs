//! Who may have a database, and who may not.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

use dbrc::change::{Change, DatabaseChange, Delete, SubsystemChange};
use dbrc::record::SubsystemKind;
use dbrc::{Access, Recon, ReconChange, Refusal, ShareLevel};
use vocabulary::{DbdName, Epoch, MemberName, Moment};

fn dbd() -> DbdName {
    DbdName::new("ACCTDB").unwrap()
}

fn member(name: &str) -> MemberName {
    MemberName::new(name).unwrap()
}

fn recon(level: ShareLevel) -> Recon {
    let mut recon = Recon::new();
    assert!(recon.register(dbd(), level));
    recon
}

fn change(recon: &mut Recon, to: DatabaseChange) {
    recon.apply(ReconChange::Change(Change::Database { dbd: dbd(), to })).unwrap();
}

#[test]
fn what_goes_together_depends_on_the_share_level() {
    use Access::{Exclusive, Read, ReadOnly, Update};
    let all = [ReadOnly, Read, Update, Exclusive];
    let allowed = |level| {
        let pairs = all.into_iter().flat_map(|held| all.into_iter().map(move |wanted| (held, wanted)));
        pairs
            .filter(|&(held, wanted)| {
                let mut recon = recon(level);
                recon.authorize(member("IMS1"), dbd(), held).unwrap();
                recon.authorize(member("IMS2"), dbd(), wanted).is_ok()
            })
            .count()
    };
    assert_eq!(allowed(ShareLevel::One), 0, "one subsystem alone");
    // RO with RO, RD and UP both ways round, and RD with RD.
    assert_eq!(allowed(ShareLevel::Database), 6);
    for level in [ShareLevel::BlockInHost, ShareLevel::Block] {
        assert_eq!(allowed(level), 6, "two that update would need a lock manager that they share");
    }
}

#[test]
fn a_flag_comes_before_the_share_level() {
    let mut recon = recon(ShareLevel::Block);
    change(&mut recon, DatabaseChange { read_only: Some(true), ..DatabaseChange::default() });
    let refused = recon.authorize(member("IMS1"), dbd(), Access::Update);
    assert_eq!(refused, Err(Refusal::ReadOnly(dbd())));
    assert!(recon.authorize(member("IMS1"), dbd(), Access::Read).is_ok());
    change(&mut recon, DatabaseChange { prohibited: Some(true), ..DatabaseChange::default() });
    let refused = recon.authorize(member("IMS2"), dbd(), Access::Read);
    assert_eq!(refused, Err(Refusal::Prohibited(dbd())));
    let unknown = DbdName::new("OTHERDB").unwrap();
    assert_eq!(recon.authorize(member("IMS1"), unknown, Access::Read), Err(Refusal::NotRegistered(unknown)));
}

#[test]
fn a_takeover_passes_on_what_was_held_in_a_later_epoch() {
    let mut recon = recon(ShareLevel::One);
    let first = recon.authorize(member("IMS1"), dbd(), Access::Update).unwrap();
    recon.take_over(&member("IMS1"), member("IMS2"));
    assert!(recon.authorize(member("IMS1"), dbd(), Access::Update).is_err(), "the old one lost it");
    let second = recon.authorize(member("IMS2"), dbd(), Access::Update).unwrap();
    assert_eq!((first.epoch(), second.epoch()), (Epoch(0), Epoch(1)));
    assert!(!recon.register(dbd(), ShareLevel::Block), "a share level does not change under its users");
    recon.release(&member("IMS2"), &dbd());
    assert!(recon.register(dbd(), ShareLevel::Block));
}

/// Whoever is said to have been recovered may be there all the same, and write.
#[test]
fn what_an_operator_takes_away_is_had_next_in_a_later_epoch() {
    let (mut recon, name) = (recon(ShareLevel::One), member("IMS1"));
    recon.apply(ReconChange::SignOn { subsystem: name, kind: SubsystemKind::Online, at: Moment(1) }).unwrap();
    recon.authorize(name, dbd(), Access::Update).unwrap();
    for to in [SubsystemChange::Abnormal, SubsystemChange::RecoveryEnded] {
        recon.apply(ReconChange::Change(Change::Subsystem { subsystem: name, to })).unwrap();
    }
    let next = recon.authorize(member("IMS2"), dbd(), Access::Update).unwrap();
    assert_eq!(next.epoch(), Epoch(1));
}

#[test]
fn a_database_that_is_registered_again_goes_on_in_its_epoch() {
    let mut recon = recon(ShareLevel::One);
    recon.authorize(member("IMS1"), dbd(), Access::Update).unwrap();
    recon.take_over(&member("IMS1"), member("IMS2"));
    recon.release(&member("IMS2"), &dbd());
    recon.apply(ReconChange::Delete(Delete::Database(dbd()))).unwrap();
    let unregistered = recon.proof_unregistered(member("IMS1"), dbd(), Access::Update).unwrap();
    assert_eq!(unregistered.epoch(), Epoch(1), "its data sets take nothing from before");
    recon.register(dbd(), ShareLevel::One);
    assert_eq!(recon.authorize(member("IMS1"), dbd(), Access::Update).unwrap().epoch(), Epoch(1));
    assert_eq!(recon.proof_unregistered(member("IMS1"), dbd(), Access::Update), None);
}

/// The second keeps the stronger access of the two, in an epoch that the first does not have.
#[test]
fn a_takeover_weakens_nobody() {
    for (from, to) in [(Access::ReadOnly, Access::Update), (Access::Update, Access::ReadOnly)] {
        let mut recon = recon(ShareLevel::Database);
        recon.authorize(member("IMS1"), dbd(), from).unwrap();
        recon.authorize(member("IMS2"), dbd(), to).unwrap();
        recon.take_over(&member("IMS1"), member("IMS2"));
        let proof = recon.proof(member("IMS2"), dbd()).unwrap();
        assert_eq!((proof.access(), proof.epoch()), (Access::Update, Epoch(1)));
    }
}

#[test]
fn who_takes_over_from_itself_stays_as_it_is() {
    let mut recon = recon(ShareLevel::Block);
    let sign_on =
        ReconChange::SignOn { subsystem: member("IMS1"), kind: SubsystemKind::Online, at: Moment(1) };
    recon.apply(sign_on).unwrap();
    recon.authorize(member("IMS1"), dbd(), Access::Update).unwrap();
    let before = recon.clone();
    recon.take_over(&member("IMS1"), member("IMS1"));
    assert_eq!(recon, before);
}
