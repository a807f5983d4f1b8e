//! `cargo xtask up`: from nothing to a plex that has activated a change.

use super::noted;
use super::operator::{Operator, OperatorError, typed};
use super::running::RunningPlex;
use super::{MEMBERS, PLEX};
use crate::printer::say;
use end_to_end::binaries::BuildError;
use end_to_end::layout::LayoutError;
use end_to_end::member::StartError;
use end_to_end::{Binaries, Layout};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The plex did not come up; nothing of it is left running.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpError {
    /// Ctrl-C can't be heard.
    #[error("signals can't be handled: {0}")]
    Signals(#[source] io::Error),
    /// The programs are not there.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// `run/` could not be prepared.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Members of an earlier `up` are there.
    #[error("running already: {0}. `cargo xtask down` stops them")]
    RunningAlready(String),
    /// A member did not come up.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A command failed.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// The user has changed their mind.
    #[error("interrupted")]
    Interrupted,
}

/// Starts the plex, and stays with it until Ctrl-C unless it is to be left running.
pub(crate) fn up(root: &Path, detach: bool, release: bool) -> Result<(), UpError> {
    let interrupted = interrupts().map_err(UpError::Signals)?;
    let interrupted = || interrupted.load(Ordering::Relaxed);
    let binaries = Binaries::build(release)?;
    let layout = Layout::copy(&root.join("cluster-config/three-members"), &root.join("run"), PLEX, &MEMBERS)?;
    let running = noted::running(&layout);
    if !running.is_empty() {
        return Err(UpError::RunningAlready(noted::names(&running)));
    }
    layout.make_certificates(&binaries)?;
    let mut plex = RunningPlex::start(&binaries, &layout, interrupted)?;
    let shown = fill_and_show(&Operator { root, binaries: &binaries, layout: &layout });
    if interrupted() {
        return Err(UpError::Interrupted);
    }
    shown?;
    say(guide(root, &binaries, &layout, detach));
    if detach {
        plex.leave_running();
    } else {
        plex.watch(interrupted);
    }
    Ok(())
}

fn interrupts() -> io::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    Ok(interrupted)
}

fn fill_and_show(operator: &Operator<'_>) -> Result<(), OperatorError> {
    if operator.row_count(&["list", "--all"])? > 0 {
        say("\nThe plex has data already and goes on with it. To begin anew, stop it and remove run/.");
    } else {
        // The change lies inside the sample's folder, so the two parts of the sample are named.
        let sample = ["cluster-config/sample/dbd", "cluster-config/sample/psb"];
        operator.show(&["populate", "--mode", "setup", sample[0], sample[1]])?;
        operator.show(&["populate", "--mode", "stage", "cluster-config/sample/change"])?;
        operator.show(&["IMPORT DEFN SOURCE(CATALOG)"])?;
    }
    operator.show(&["QUERY MEMBER TYPE(IMS) SHOW(ALL)"])
}

fn guide(root: &Path, binaries: &Binaries, layout: &Layout, detach: bool) -> String {
    let short = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
    let spoc = format!("{} --config {}", short(&binaries.spoc), short(&layout.operator_config()));
    let ims = format!("{} member --config {}", short(&binaries.ims), short(&layout.config("IMS1")));
    let stop = if detach { "`cargo xtask down` stops the members." } else { "Ctrl-C stops the members." };
    format!(
        "\nThe plex is up; its logs are in run/logs. Issue commands of your own:\n\n    {spoc} {}\n    {spoc} {}\n\n\
         Take a member away, and bring it back:\n\n    kill -9 $(cat {})\n    {ims}\n\n{stop}",
        typed(&["list", "--active"]),
        typed(&["QUERY DB SHOW(ALL)"]),
        short(&layout.pid_file("IMS1")),
    )
}
