//! Messages of databases: opening, scheduling, damage.

use super::messages;

messages! { DATABASE;
    DFS047A Action "DATABASE {} IS NOT AUTHORIZED FOR ACCESS {}, REASON CODE {}: {}";
    DFS0488I Information "DATABASE {} IS CLOSED ON {}, AND GIVEN BACK TO RECON WHERE IT IS REGISTERED";
    DFS451E Error "DATABASE {} IS STOPPED: DATA SET {}, BLOCK {}: {}. THE DATA SET NEEDS RECOVERY; START THE DATABASE AFTERWARDS";
    DFS730E Error "DATABASE {} CAN'T BE OPENED: {}";
    DFS930E Error "PSB {} CAN'T BE SCHEDULED: {}";
}
