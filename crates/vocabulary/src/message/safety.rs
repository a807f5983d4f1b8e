//! Messages of what keeps a plex safe: who may do what, who did what, certificates, limits.

use super::messages;

messages! { SAFETY;
    AUTH301E Error "{} AT {} IS NOT AUTHORIZED: THE COMMAND TAKES THE ROLE {}, AND THE CERTIFICATE SAYS {}: {}";
    AUDT311W Warning "THE OLDEST COMMANDS THAT {} HAS YET TO HAND TO THE AUDIT RECORD ARE DROPPED, BECAUSE {} ARE WAITING AND NO MASTER TAKES THEM. ITS LOG HAS THEM";
    AUDT312I Information "{} COMMANDS OF {} ARE NOT IN THE AUDIT RECORD. ITS LOG HAS THEM";
}
