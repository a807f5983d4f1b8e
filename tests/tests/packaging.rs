//! The unit, the package, the image and the compose file agree with each other and with the programs.

use end_to_end::packaging::{self, Asset};
use end_to_end::{Binaries, Cluster, Output, operator};
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use yaml_rust2::{Yaml, YamlLoader};

type Outcome = Result<(), Box<dyn Error>>;

/// The folder of configuration on a host, and the folder of data.
const CONFIGURATION: &str = "/etc/imsplex";
const DATA: &str = "/var/lib/imsplex";

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> std::io::Result<String> {
    fs::read_to_string(project().join(file))
}

/// What a line that begins with this key says, in a file of lines `key=value`.
fn setting<'a>(text: &'a str, key: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("there is no {key}"))
}

fn run(program: &Path, arguments: &[&str]) -> std::io::Result<Output> {
    let record = tempfile::tempdir()?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(std::process::Stdio::null());
    operator::run(command, &record.path().join("record"))
}

#[test]
fn the_package_has_every_file_that_it_names_and_the_page_about_installing_names_where_they_go() -> Outcome {
    let page = read("docs/operating/install.md")?;
    for Asset { source, target, is_tree, .. } in packaging::assets()? {
        let is_program = source.starts_with("target");
        assert!(is_program || project().join("crates/host").join(&source).exists(), "{}", source.display());
        let in_documentation = target.starts_with("/usr/share/doc/imsplex");
        assert!(is_tree || in_documentation || page.contains(&target.display().to_string()), "{target:?}");
    }
    Ok(())
}

#[test]
fn the_unit_starts_what_the_package_brings_as_the_user_that_it_makes() -> Outcome {
    let unit = read("packaging/systemd/ims@.service")?;
    let users = read("packaging/systemd/imsplex.sysusers")?;
    let postinst = read("packaging/debian/postinst")?;
    let targets: Vec<PathBuf> = packaging::assets()?.into_iter().map(|asset| asset.target).collect();

    let command: Vec<&str> = setting(&unit, "ExecStart").split_whitespace().collect();
    assert!(targets.contains(&PathBuf::from(command[0])), "{command:?}");
    assert_eq!(command[1..], ["member", "--config", &format!("{CONFIGURATION}/%i.toml")]);
    assert!(postinst.contains(&format!("-g imsplex {CONFIGURATION}")), "{postinst}");
    let page = Path::new(setting(&unit, "Documentation").trim_start_matches("file://"));
    assert!(targets.iter().any(|target| page.starts_with(target)), "{page:?}");

    assert!(users.starts_with("u imsplex "), "{users}");
    assert!(users.trim_end().ends_with(DATA), "{users}");
    assert_eq!((setting(&unit, "User"), setting(&unit, "Group")), ("imsplex", "imsplex"));
    assert_eq!(format!("/var/lib/{}", setting(&unit, "StateDirectory")), DATA);
    assert_eq!(setting(&unit, "WorkingDirectory"), DATA);
    Ok(())
}

/// As systemd reads it, on a machine that has systemd: with our program in the place of the installed one.
#[test]
#[allow(clippy::print_stderr, reason = "whoever reads the outcome has to know what was not tried")]
fn systemd_finds_nothing_wrong_with_the_unit() -> Outcome {
    let unit = read("packaging/systemd/ims@.service")?;
    let program = Binaries::for_stories().ims.display().to_string();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("ims@IMS1.service");
    fs::write(&file, unit.replace("ExecStart=/usr/bin/ims ", &format!("ExecStart={program} ")))?;
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output();
    match verified {
        Ok(said) => {
            let complaints = String::from_utf8_lossy(&said.stderr).into_owned();
            assert!(said.status.success() && !complaints.contains("ims@IMS1.service"), "{complaints}");
        }
        Err(error) => eprintln!("NO SYSTEMD: the unit was not verified: systemd-analyze: {error}"),
    }
    Ok(())
}

#[test]
fn a_member_that_can_never_start_ends_with_the_status_after_which_the_unit_does_not_try_again() -> Outcome {
    let unit = read("packaging/systemd/ims@.service")?;
    let refused = run(&Binaries::for_stories().ims, &["member", "--config", "/nowhere/IMS1.toml"])?;
    let status = refused.status.map(|status| status.to_string()).unwrap_or_default();
    assert_eq!(setting(&unit, "RestartPreventExitStatus"), status, "{refused:?}");
    Ok(())
}

#[test]
fn every_configuration_that_is_given_away_is_taken() -> Outcome {
    let binaries = Binaries::for_stories();
    for folder in ["packaging/docker", "cluster-config/three-members", "cluster-config/single"] {
        for entry in fs::read_dir(project().join(folder))? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let file = path.display().to_string();
            let refused = match path.file_stem().is_some_and(|name| name == "spoc") {
                true => run(&binaries.spoc, &["--config", &file, "QUERY MEMBER TYPE(IMS)"])?,
                false => run(&binaries.ims, &["member", "--config", &file])?,
            };
            // Nothing is wrong with it but that the certificates are not there.
            let said = refused.stdout + &refused.stderr;
            assert!(said.contains("certs/ca.pem can't be read"), "{file}: {said}");
        }
    }
    Ok(())
}

/// What each line of the Dockerfile that begins with this word says, lines that go on in the next put together.
fn instructions(dockerfile: &str, word: &str) -> Vec<String> {
    let joined = dockerfile.replace("\\\n", " ");
    let lines = joined.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_image_is_built_with_the_least_toolchain_that_we_take_and_has_the_programs_that_it_starts() -> Outcome {
    let dockerfile = read("packaging/docker/Dockerfile")?;
    let workspace: toml::Table = toml::from_str(&read("Cargo.toml")?)?;
    let version = workspace["workspace"]["package"]["rust-version"].as_str().ok_or("no version")?;
    let stages = instructions(&dockerfile, "FROM");
    // What is built against one release of the C library need not run with an older one.
    assert_eq!(stages, [format!("rust:{version}-bookworm AS build"), "debian:bookworm-slim".to_string()]);

    let copied = instructions(&dockerfile, "COPY");
    let programs: Vec<&str> = copied[1].split(' ').filter(|word| word.starts_with("/src")).collect();
    assert_eq!(programs, ["/src/target/release/ims", "/src/target/release/spoc"]);
    assert!(copied[1].ends_with(" /usr/bin/"), "{copied:?}");
    assert_eq!(instructions(&dockerfile, "ENTRYPOINT"), ["[\"/usr/bin/ims\"]"]);
    let compose = compose()?;
    assert_eq!(words(&compose["services"]["spoc"]["entrypoint"])[0], "/usr/bin/spoc");

    let user = &instructions(&dockerfile, "USER")[0];
    let made = &instructions(&dockerfile, "RUN")[1];
    assert!(made.contains(&format!("--home-dir {DATA} --create-home {user} ")), "{made}");
    assert_eq!(instructions(&dockerfile, "VOLUME"), [DATA]);
    Ok(())
}

#[test]
fn the_image_asks_a_member_whether_it_lives_where_its_configuration_says() -> Outcome {
    let compose = compose()?;
    let check = words(&compose["x-member"]["healthcheck"]["test"]);
    let ["CMD", program, arguments @ ..] = &check[..] else { return Err("no check".into()) };
    let (_, port) = arguments[1].split_once("/dev/tcp/127.0.0.1/").ok_or("it asks elsewhere")?;
    let port = &port[..4];
    for member in ["ims1", "ims2", "ims3"] {
        let address = &configuration(member)?["monitoring"]["address"];
        assert_eq!(address.as_str(), Some(&*format!("0.0.0.0:{port}")));
    }

    let (mut cluster, ports) = Cluster::start_monitored(1, "");
    let (_, really) = ports.address("IMS1").split_once(':').ok_or("no port")?;
    let asked = arguments[1].replace(port, really);
    let lives = || Command::new(program).args([arguments[0], &asked]).output();
    let said = lives()?;
    assert!(said.status.success(), "{said:?}");
    cluster.end("IMS1");
    assert!(!lives()?.status.success(), "nobody answers");
    cluster.finish();
    Ok(())
}

/// The words of a list in the compose file.
fn words(list: &Yaml) -> Vec<&str> {
    list.as_vec().into_iter().flatten().filter_map(Yaml::as_str).collect()
}

fn compose() -> Result<Yaml, Box<dyn Error>> {
    let documents = YamlLoader::load_from_str(&read("packaging/docker/compose.yaml")?)?;
    Ok(documents.into_iter().next().ok_or("the compose file is empty")?)
}

/// The configuration that a service of the compose file has, as a table.
fn configuration(service: &str) -> Result<toml::Table, Box<dyn Error>> {
    let name = if service == "spoc" { service.to_string() } else { service.to_uppercase() };
    Ok(toml::from_str(&read(&format!("packaging/docker/{name}.toml"))?)?)
}

#[test]
fn each_member_of_the_compose_file_listens_where_the_others_and_the_operator_look_for_it() -> Outcome {
    let compose = compose()?;
    let services = compose["services"].as_hash().ok_or("there are no services")?;
    let members: BTreeSet<_> =
        services.keys().filter_map(Yaml::as_str).filter(|name| name.starts_with("ims")).collect();
    assert_eq!(members.len(), 3);
    let port = read("packaging/docker/Dockerfile")?;
    let port = port.lines().find_map(|line| line.strip_prefix("EXPOSE ")).ok_or("no port")?.to_string();
    let founders = &configuration("spoc")?["members"];
    for member in members {
        let own = configuration(member)?;
        assert_eq!(own["listen"]["address"].as_str(), Some(&*format!("{member}:{port}")));
        assert_eq!(&own["members"], founders, "{member}");
        assert_eq!(own["data"].as_str(), Some(&*format!("{DATA}/{}", member.to_uppercase())));
        let command = words(&compose["services"][member]["command"]);
        assert_eq!(
            command,
            ["member", "--config", &format!("{CONFIGURATION}/{}.toml", member.to_uppercase())]
        );
    }
    Ok(())
}

#[test]
fn every_volume_of_the_compose_file_is_declared_and_every_file_that_it_mounts_is_there() -> Outcome {
    let compose = compose()?;
    for (name, service) in compose["services"].as_hash().ok_or("there are no services")? {
        let mounts = words(&service["volumes"]);
        let used = [words(&service["command"]), words(&service["entrypoint"])].concat();
        for file in used.iter().filter(|word| word.starts_with(CONFIGURATION)) {
            assert!(mounts.iter().any(|mount| mount.contains(&format!(":{file}"))), "{name:?} lacks {file}");
        }
        for mount in mounts {
            let (source, _) = mount.split_once(':').ok_or("a mount has a source and a target")?;
            let there = match source.strip_prefix("./") {
                Some(file) => project().join("packaging/docker").join(file).exists(),
                None => !compose["volumes"][source].is_badvalue(),
            };
            assert!(there, "{name:?} mounts {mount}");
        }
    }
    Ok(())
}

#[test]
fn the_certificates_that_the_compose_file_makes_are_those_that_its_configuration_names() -> Outcome {
    let compose = compose()?;
    let folder = tempfile::tempdir()?;
    let out = folder.path().display().to_string();
    let mut command = words(&compose["services"]["certificates"]["command"]);
    let place =
        command.iter().position(|word| *word == format!("{CONFIGURATION}/certs")).ok_or("no folder")?;
    command[place] = &out;
    let made = run(&Binaries::for_stories().ims, &command)?;
    assert_eq!(made.status, Some(0), "{made:?}");
    for service in ["ims1", "ims2", "ims3", "spoc"] {
        let tls = configuration(service)?["tls"].clone();
        for key in ["authority", "certificate", "key"] {
            let file =
                tls[key].as_str().and_then(|file| file.strip_prefix("certs/")).ok_or("not in certs")?;
            assert!(folder.path().join(file).exists(), "{service}: {key} = {file}");
        }
    }
    Ok(())
}
