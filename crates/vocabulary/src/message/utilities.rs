//! Messages of the utilities.

use super::messages;

messages! { UTILITIES;
    UTIL101I Information "{} OF DATABASE {}: {}";
    UTIL102I Information "{} OF DATABASE {} IS COMPLETE: {}";
    UTIL103E Error "{} OF DATABASE {} ENDED, AND ITS DATA SETS ARE AS THEY WERE: {}";
    UTIL104E Error "{} OF DATABASE {} ENDED EARLY, AND IT IS NOT OPENED UNTIL IT IS RELOADED OR RECOVERED: {}";
}
