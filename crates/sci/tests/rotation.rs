//! Certificates and authorities that change under a listener.

#![allow(clippy::unwrap_used, reason = "a test that fails to set the scene fails")]

mod common;

use common::{Certificates, dial_as};
use sci::certificates::{Authority, AuthorityError, holder, retire_others};
use sci::{DialError, Identity, IdentityFiles, Lane, Limits, Role};
use std::path::Path;

fn issue(folder: &Path, role: Role, name: &str) -> Identity {
    Authority::load(folder).unwrap().issue(role, name, &[]).unwrap().write(folder, name).unwrap();
    Identity::load(&IdentityFiles::in_folder(folder, name)).unwrap()
}

#[tokio::test]
async fn a_listener_takes_another_authority_while_connections_stand() {
    let certificates = Certificates::new();
    let folder = certificates.folder.path();
    let mut listener = certificates.listener("IMS1", Limits::default()).await;
    let address = listener.address();
    let old = certificates.identity(Role::ADMINISTRATOR, "old");
    let (standing, accepted) = tokio::join!(dial_as(&old, address, Lane::Operator), listener.accept());
    let (mut standing, mut accepted) = (standing.unwrap(), accepted.connection);

    Authority::create("PLEX1".parse().unwrap()).unwrap().succeed(folder).unwrap();
    let both = Identity::load(&IdentityFiles::in_folder(folder, "IMS1")).unwrap();
    assert_eq!(both.authorities(), 2);
    listener.renew(&both).unwrap();
    let new = issue(folder, Role::ADMINISTRATOR, "new");
    for identity in [&old, &new] {
        let (dialed, _) = tokio::join!(dial_as(identity, address, Lane::Operator), listener.accept());
        // Whoever still knows the old authority only trusts the member's certificate of the old one.
        dialed.unwrap();
    }

    let both_known = IdentityFiles { ca: folder.join("both.pem"), ..IdentityFiles::in_folder(folder, "old") };
    std::fs::copy(folder.join("ca.pem"), &both_known.ca).unwrap();
    let old = Identity::load(&both_known).unwrap();
    let renewed = issue(folder, Role::Member, "IMS1");
    retire_others(folder).unwrap();
    let only_new = Identity::load(&IdentityFiles::in_folder(folder, "IMS1")).unwrap();
    assert_eq!((only_new.authorities(), renewed.authorities()), (1, 2));
    listener.renew(&only_new).unwrap();
    let (dialed, _) = tokio::join!(dial_as(&new, address, Lane::Operator), listener.accept());
    dialed.unwrap();
    let refused = tokio::select! {
        dialed = dial_as(&old, address, Lane::Operator) => dialed.unwrap_err(),
        _ = listener.accept() => panic!("a certificate of the old authority was let in"),
    };
    assert!(matches!(refused, DialError::NotAccepted { .. }), "{refused}");

    standing.send("still here".into()).await.unwrap();
    assert_eq!(accepted.recv().await.unwrap().unwrap(), "still here");
}

#[test]
fn an_authority_that_lost_its_key_to_another_issues_nothing() {
    let certificates = Certificates::new();
    let folder = certificates.folder.path();
    let before = std::fs::read(folder.join("ca-key.pem")).unwrap();
    Authority::create("PLEX1".parse().unwrap()).unwrap().succeed(folder).unwrap();
    Authority::load(folder).unwrap();
    std::fs::write(folder.join("ca-key.pem"), before).unwrap();
    assert!(matches!(Authority::load(folder), Err(AuthorityError::NotAnAuthority { .. })));
}

/// From its end on, none of the file is taken.
#[test]
fn of_several_authorities_the_one_that_ends_first_is_told() {
    let certificates = Certificates::new();
    let folder = certificates.folder.path();
    let alone = certificates.identity(Role::ADMINISTRATOR, "jane").ends()[1].at_s;
    for years in [5, 20] {
        let other = common::authority_for(years);
        let bundle = std::fs::read_to_string(folder.join("ca.pem")).unwrap() + &other;
        std::fs::write(folder.join("ca.pem"), bundle).unwrap();
        let jane = Identity::load(&IdentityFiles::in_folder(folder, "jane")).unwrap();
        assert!(jane.ends()[1].at_s < alone, "with one for {years} years beside it");
    }
}

#[test]
fn a_certificate_tells_its_holder_and_its_end() {
    let certificates = Certificates::new();
    let folder = certificates.folder.path();
    let jane = certificates.identity(Role::ADMINISTRATOR, "jane");
    assert_eq!(&holder(&folder.join("jane.pem")).unwrap(), jane.peer());
    let [own, authority] = jane.ends() else { panic!("{:?}", jane.ends()) };
    assert!(own.path.ends_with("jane.pem") && authority.path.ends_with("ca.pem"));
    assert!(own.at_s < authority.at_s, "the authority outlives what it issues");
}
