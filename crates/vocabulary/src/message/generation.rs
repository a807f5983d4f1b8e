//! Messages of DBDGEN, PSBGEN and ACBGEN. Their numbers keep the form that each generator has, so the letter at
//! the end says nothing about severity here; the severity that counts is declared.

use super::messages;

messages! { GENERATION;
    DFS0586I Error "{} IS NOT AMONG THE DEFINITIONS GIVEN";
}
