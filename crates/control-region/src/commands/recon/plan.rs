//! GENJCL.RECOV: what a data set is recovered from. Where IMS makes JCL of it, here it is told, with the command line that
//! carries it out.

use super::NoLines;
use csl::om::view::DbrcCommand;
use dbrc::{Recon, RecoveryPlan};
use std::collections::BTreeSet;
use vocabulary::{DataSetName, MemberName, Moment};

/// What is read, in its order.
pub(super) fn lines(recon: &Recon, command: &DbrcCommand) -> Result<Vec<String>, NoLines> {
    let (dbd, ddn) = command.data_set()?;
    let plan = recon.recovery_plan((dbd, ddn), command.moment("RCVTIME")).map_err(NoLines::Plan)?;
    let RecoveryPlan { image: (run, dsn), accumulation, logs, online, to } = plan;
    let subsystems: BTreeSet<MemberName> =
        logs.iter().chain(&online).map(|(subsystem, _)| *subsystem).collect();
    let line = match subsystems.len() {
        0 | 1 => command_line(&dsn, accumulation.as_ref().map(|(_, dsn)| dsn), !online.is_empty(), to),
        // The changes of one log are not told in the other.
        _ => "  THE LOGS OF SEVERAL SUBSYSTEMS ARE NEEDED, AND IMS RECOVER READS ONE. WHERE A DATABASE PASSES FROM ONE TO ANOTHER, COPY IT".to_string(),
    };
    let to = to.map_or("THE END OF ITS LOGS".to_string(), |to| to.to_string());
    let mut lines =
        vec![format!("RECOV DBD={dbd} DDN={ddn} TO {to}"), format!("  IMAGE RUN={run} DSN={dsn}")];
    lines.extend(accumulation.map(|(run, dsn)| format!("  CA RUN={run} DSN={dsn}")));
    lines.extend(logs.iter().map(|(subsystem, dsn)| format!("  LOG SSID={subsystem} DSN={dsn}")));
    lines.extend(online.iter().map(|(subsystem, dsn)| format!("  OLDS SSID={subsystem} DSN={dsn}")));
    lines.push(line);
    Ok(lines)
}

/// What recovers the data set, where its database is: folder and definitions are whoever's who enters it.
fn command_line(
    image: &DataSetName,
    accumulation: Option<&DataSetName>,
    is_online: bool,
    to: Option<Moment>,
) -> String {
    let log = if is_online { " --log LOG" } else { "" };
    let mut line = format!("  ims recover --data FOLDER{log} --dbd DBDLIB --image {image}");
    if let Some(dsn) = accumulation {
        line.push_str(&format!(" --accumulation {dsn}"));
    }
    if let Some(to) = to {
        line.push_str(&format!(" --to '{to}'"));
    }
    line
}
