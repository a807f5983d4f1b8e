//! Messages of what keeps a plex safe: who may do what, who did what, certificates, limits.

use super::messages;

messages! { SAFETY;
    AUTH301E Error "{} AT {} IS NOT AUTHORIZED: THE COMMAND TAKES THE ROLE {}, AND THE CERTIFICATE SAYS {}: {}";
}
