//! Messages of a member that can't start, or that ends because a part of it broke.

use super::messages;

messages! { START;
    START301E Error "THE CONFIGURATION CAN'T BE USED: {}";
    START302E Error "{} CAN'T START WITH THESE CERTIFICATES: {}";
    START303E Error "{} CAN'T START ON THIS DATA FOLDER: {}";
    START304E Error "{} CAN'T LISTEN: {}";
    START305E Error "{} CAN'T START WITH WHAT IT KEPT OF ITS STOPS: {}";
    START306E Error "{} CAN'T START, BECAUSE THE SYSTEM REFUSES: {}";
    START307E Error "{} HAS STOPPED, BECAUSE A PART OF IT BROKE: {}. NOTHING ACCEPTED IS LOST. START IT AGAIN, AND REPORT THIS";
}
