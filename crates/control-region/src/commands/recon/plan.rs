//! GENJCL.RECOV: what a data set is recovered from. Where IMS makes JCL of it, here it is told, with the command line that
//! carries it out.

use super::NoLines;
use csl::om::view::DbrcCommand;
use dbrc::{Recon, RecoveryPlan};
use vocabulary::{DataSetName, Moment};

/// What is read, in its order.
pub(super) fn lines(recon: &Recon, command: &DbrcCommand) -> Result<Vec<String>, NoLines> {
    let (dbd, ddn) = command.data_set()?;
    let plan = recon.recovery_plan((dbd, ddn), command.moment("RCVTIME")).map_err(NoLines::Plan)?;
    let RecoveryPlan { image: (run, dsn), accumulation, logs, to } = plan;
    let line = command_line(&dsn, accumulation.as_ref().map(|(_, dsn)| dsn), to);
    let to = to.map_or("THE END OF ITS LOGS".to_string(), |to| to.to_string());
    let mut lines =
        vec![format!("RECOV DBD={dbd} DDN={ddn} TO {to}"), format!("  IMAGE RUN={run} DSN={dsn}")];
    lines.extend(accumulation.map(|(run, dsn)| format!("  CA RUN={run} DSN={dsn}")));
    lines.extend(logs.iter().map(|(subsystem, dsn)| format!("  LOG SSID={subsystem} DSN={dsn}")));
    lines.push(line);
    Ok(lines)
}

/// What recovers the data set, where its database is: folder and definitions are whoever's who enters it.
fn command_line(image: &DataSetName, accumulation: Option<&DataSetName>, to: Option<Moment>) -> String {
    let mut line = format!("  ims recover --data FOLDER --dbd DBDLIB --image {image}");
    if let Some(dsn) = accumulation {
        line.push_str(&format!(" --accumulation {dsn}"));
    }
    if let Some(to) = to {
        line.push_str(&format!(" --to '{to}'"));
    }
    line
}
