//! Messages of databases: opening, scheduling, damage.

use super::messages;

messages! { DATABASE;
    DFS451E Error "DATABASE {} IS STOPPED: DATA SET {}, BLOCK {}: {}. THE DATA SET NEEDS RECOVERY; START THE DATABASE AFTERWARDS";
    DFS730E Error "DATABASE {} CAN'T BE OPENED: {}";
    DFS930E Error "PSB {} CAN'T BE SCHEDULED: {}";
}
