//! Members and operators that can't start, and what they are told.

use end_to_end::{Binaries, Cluster};
use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

/// What `ims member` says of a configuration with this change.
fn refusal(cluster: &mut Cluster, member: &str, from: &str, to: &str) -> io::Result<String> {
    let file = cluster.layout().config(member);
    let good = fs::read_to_string(&file)?;
    assert!(good.contains(from), "{good}");
    fs::write(&file, good.replace(from, to))?;
    let (status, said) = cluster.start_in_vain(member);
    fs::write(&file, good)?;
    assert_eq!(status, Some(8), "{said}");
    Ok(said)
}

#[test]
fn every_wrong_start_is_told_what_to_do_and_loses_nothing() {
    let mut cluster = Cluster::start(1);
    cluster.set_up_bank();
    let listed = cluster.rows(&["list", "--all"]);

    let (status, said) = cluster.start_in_vain("IMS1");
    assert_eq!(status, Some(8));
    assert!(said.contains("START303E") && said.contains("in use by IMS1, process"), "{said}");
    cluster.end("IMS1");

    let config = fs::read_to_string(cluster.layout().config("IMS1")).unwrap();
    let address = config.split('"').find(|text| text.starts_with("127.0.0.1:")).unwrap();
    let other = TcpListener::bind(address).unwrap();
    let (_, port_in_use) = cluster.start_in_vain("IMS1");
    assert!(port_in_use.contains("START304E"), "{port_in_use}");
    assert!(port_in_use.contains(&format!("{address} is in use by another program")), "{port_in_use}");
    drop(other);

    let typo = refusal(&mut cluster, "IMS1", "data = ", "dada = ").unwrap();
    assert!(typo.contains("START301E") && typo.contains("unknown field `dada`"), "{typo}");
    let twice = "[[members]]\nname = \"IMS1\"\naddress = \"127.0.0.1:1\"\n\n[[members]]";
    let twice = refusal(&mut cluster, "IMS1", "[[members]]", twice).unwrap();
    assert!(twice.contains("START301E") && twice.contains("IMS1 is named twice"), "{twice}");
    let foreign = refusal(&mut cluster, "IMS1", "data/IMS1", "certs").unwrap();
    assert!(foreign.contains("START303E") && foreign.contains("is not a data folder"), "{foreign}");
    let other_plex = refusal(&mut cluster, "IMS1", "plex = \"PLEX1\"", "plex = \"PLEX2\"").unwrap();
    assert!(other_plex.contains("START302E"), "{other_plex}");
    assert!(other_plex.contains("certificate is for member IMS1 of plex PLEX1"), "{other_plex}");
    let unshared = refusal(&mut cluster, "IMS1", "acbshr = \"Y\"", "acbshr = \"N\"").unwrap();
    assert!(unshared.contains("DFS4160E"), "{unshared}");
    let no_certificate = refusal(&mut cluster, "IMS1", "certs/IMS1.pem", "certs/nobody.pem").unwrap();
    assert!(no_certificate.contains("nobody.pem"), "{no_certificate}");

    let identity = cluster.layout().folder.join("data/IMS1/identity");
    let good = fs::read(&identity).unwrap();
    let mut newer = good.clone();
    newer[9] = 99;
    fs::write(&identity, newer).unwrap();
    let (_, said) = cluster.start_in_vain("IMS1");
    assert!(said.contains("START303E") && said.contains("format 99"), "{said}");
    fs::write(&identity, good).unwrap();

    cluster.restart("IMS1");
    assert_eq!(cluster.rows(&["list", "--all"]), listed);
    for error in ["START302E", "START303E", "START304E", "DFS4160E"] {
        cluster.expect_error(error);
    }
    cluster.finish();
}

#[test]
fn an_operator_of_another_plex_gets_nowhere() {
    let cluster = Cluster::start(1);
    let strangers = tempfile::tempdir().unwrap();
    let made = Command::new(&Binaries::for_stories().ims)
        .args(["certificates", "--plex", "PLEX1", "--operator", "operator", "--out"])
        .arg(strangers.path())
        .status();
    assert!(made.unwrap().success());
    let settings = fs::read_to_string(cluster.layout().operator_config()).unwrap();
    let certs = cluster.layout().folder.join("certs");
    let foreign = settings
        .replace("certs/ca.pem", &certs.join("ca.pem").display().to_string())
        .replace("certs/operator", &strangers.path().join("operator").display().to_string());
    let file = cluster.layout().folder.join("stranger.toml");
    fs::write(&file, foreign).unwrap();
    let output = cluster.spoc_as(&file, ["QUERY MEMBER TYPE(IMS)"]);
    assert!(matches!(output.status, Some(8 | 16)), "{output:?}");
    assert_eq!(output.stdout, "");
    assert!(output.stderr.contains("is not issued by the authority"), "{output:?}");
    cluster.finish();
}

/// What a program says of arguments that it does not take.
fn complaint(program: &Path, arguments: &[&str]) -> io::Result<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
    assert!(matches!(output.status.code(), Some(8 | 12)), "{arguments:?}: {output:?}");
    Ok([output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat())
}

/// The devices that matter never end; this one does, so that a program which reads it goes on and is found out.
#[test]
fn what_is_named_and_is_no_file_is_refused_wherever_it_is_named() -> io::Result<()> {
    const DEVICE: &str = "/dev/null";
    let Binaries { ims, spoc, .. } = Binaries::for_stories();
    for arguments in [&["member", "--config", DEVICE][..], &["acbgen", DEVICE]] {
        let said = complaint(ims, arguments)?;
        assert!(said.contains("/dev/null: it is a device, a pipe or a socket, and no file"), "{said}");
    }
    let batch = ["batch", DEVICE];
    let (populate, ddl) = (["populate", "--mode", "stage", DEVICE], ["ddl", DEVICE]);
    for arguments in [&["--config", DEVICE, "QUERY MEMBER TYPE(IMS)"][..], &batch, &populate, &ddl] {
        let said = complaint(spoc, arguments)?;
        assert!(said.contains("it is a device, a pipe or a socket, and no file"), "{said}");
        assert!(said.contains(DEVICE), "{said}");
    }
    Ok(())
}
