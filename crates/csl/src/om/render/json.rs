//! An answer as one JSON object with stable names:
//!
//! - `command`, `master` (null where there is none), `started`, `stopped` (as OM writes moments)
//! - `rc`, `rsn` (eight hex digits), `meaning`, `reason_text`, `exit_status`
//! - `columns`: an array of `short`, `long`, `scope`, `sort`, `key`, `scroll`, `len`, `dtype`, `align`, `skipb`
//! - `rows`: an array of objects with a member for every column, named by its long label. Numbers are numbers;
//!   completion codes are hex in a string, as `"0"` or `"B1"`; a value that a row lacks is null.
//! - `messages`: an array of `member` (null where OM says it), `number` and `severity` (null for a line of text),
//!   `text`
//! - `member_errors`: an array of `member`, `type`, `subtype`, `rc`, `rsn`, `text`

use crate::om::answer::{Answer, MemberError, MemberMessage, MessageBody, Row, Value as RowValue};
use crate::om::code::meaning;
use crate::om::column::{Align, Column, DataType, Scope, Sort};
use serde_json::{Map, Value, json};
use vocabulary::Severity;

/// The answer as indented JSON, with a line end.
pub fn render(answer: &Answer) -> String {
    format!("{:#}\n", value(answer))
}

/// The answer as a JSON value.
pub fn value(answer: &Answer) -> Value {
    json!({
        "command": answer.command,
        "master": answer.master.map(|member| member.to_string()),
        "started": answer.started.to_string(),
        "stopped": answer.stopped.to_string(),
        "rc": answer.rc.to_string(),
        "rsn": answer.rsn.to_string(),
        "meaning": meaning(answer.rc, answer.rsn),
        "reason_text": answer.reason_text,
        "exit_status": answer.exit_status(),
        "columns": answer.columns.iter().map(column).collect::<Vec<_>>(),
        "rows": answer.rows.iter().map(|cells| row(&answer.columns, cells)).collect::<Vec<_>>(),
        "messages": answer.messages.iter().map(message).collect::<Vec<_>>(),
        "member_errors": answer.member_errors.iter().map(member_error).collect::<Vec<_>>(),
    })
}

fn column(column: &Column) -> Value {
    json!({
        "short": column.short,
        "long": column.long,
        "scope": match column.scope { Scope::Local => "LCL", Scope::Global => "GBL" },
        "sort": match column.sort { Sort::Ascending => "A", Sort::Descending => "D", Sort::None => "N" },
        "key": column.key,
        "scroll": column.scroll,
        "len": column.len,
        "dtype": match column.dtype { DataType::Char => "CHAR", DataType::Int => "INT" },
        "align": match column.align { Align::Left => "left", Align::Right => "right" },
        "skipb": column.skipb,
    })
}

fn row(columns: &[Column], row: &Row) -> Value {
    let cell = |column: &Column| match row.get(&column.short) {
        Some(RowValue::Text(text)) => json!(text),
        Some(RowValue::Number(number)) => json!(number),
        Some(RowValue::Completion(code)) => json!(code.to_string()),
        None => Value::Null,
    };
    Value::Object(columns.iter().map(|column| (column.long.clone(), cell(column))).collect::<Map<_, _>>())
}

fn message(message: &MemberMessage) -> Value {
    let member = message.member.map(|member| member.to_string());
    match &message.body {
        MessageBody::Line(text) => {
            json!({ "member": member, "number": null, "severity": null, "text": text })
        }
        MessageBody::Message(message) => json!({
            "member": member,
            "number": message.number(),
            "severity": severity(message.severity()),
            "text": message.text(),
        }),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Information => "information",
        Severity::Warning => "warning",
        Severity::Error => "error",
        Severity::Action => "action",
    }
}

fn member_error(error: &MemberError) -> Value {
    json!({
        "member": error.member.to_string(),
        "type": error.member_type,
        "subtype": error.subtype,
        "rc": error.rc.to_string(),
        "rsn": error.rsn.to_string(),
        "text": error.text,
    })
}
