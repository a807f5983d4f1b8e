//! Messages of DBRC. The letter of their numbers is not their severity: DBRC gives most of its messages an I.

use super::messages;

messages! { RECON;
    DSP0203I Information "{} IS COMPLETE WITH RETURN CODE 00";
    DSP0209I Error "{} IS ENDED WITH CONDITION CODE 12, AND RECON IS AS IT WAS: {}";
}
