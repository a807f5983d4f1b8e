//! GENJCL.RECOV: what a data set is recovered from. Where IMS makes JCL of it, here it is told.

use super::NoLines;
use csl::om::view::DbrcCommand;
use dbrc::{Recon, RecoveryPlan};

/// What is read, in its order.
pub(super) fn lines(recon: &Recon, command: &DbrcCommand) -> Result<Vec<String>, NoLines> {
    let (dbd, ddn) = command.data_set()?;
    let plan = recon.recovery_plan((dbd, ddn), command.moment("RCVTIME")).map_err(NoLines::Plan)?;
    let RecoveryPlan { image: (run, dsn), accumulation, logs, to } = plan;
    let to = to.map_or("THE END OF ITS LOGS".to_string(), |to| to.to_string());
    let mut lines =
        vec![format!("RECOV DBD={dbd} DDN={ddn} TO {to}"), format!("  IMAGE RUN={run} DSN={dsn}")];
    lines.extend(accumulation.map(|(run, dsn)| format!("  CA RUN={run} DSN={dsn}")));
    lines.extend(logs.iter().map(|(subsystem, dsn)| format!("  LOG SSID={subsystem} DSN={dsn}")));
    Ok(lines)
}
