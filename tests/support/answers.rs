//! The answers of the contract: status with whole body.

use serde_json::{Value, json};

/// What a client gets: the status and the body, every key of it.
pub type Answer = (u16, Value);

/// 200 with `status: success` beside these fields.
pub fn success(fields: Value) -> Answer {
    let mut body = fields;
    body["status"] = json!("success");
    (200, body)
}

/// 200 with `status: success` and this sentence.
pub fn done(message: &str) -> Answer {
    success(json!({ "message": message }))
}

/// 400 with this code and sentence.
pub fn refused(code: &str, message: &str) -> Answer {
    fault(400, code, message)
}

/// Any other status with this code and sentence.
pub fn fault(status: u16, code: &str, message: &str) -> Answer {
    (status, json!({ "status": "fail", "message": message, "code": code }))
}

/// Checks that an answer is an error with this status and code, and a sentence beside them.
#[track_caller]
pub fn assert_fault(answer: &Answer, status: u16, code: &str) {
    let message = answer.1["message"].as_str().unwrap_or_default();
    assert_eq!(*answer, fault(status, code, message));
    assert!(message.ends_with(['.', '?']), "not a sentence: {message:?}");
}

/// One message as readers get it.
pub fn message(id: u64, sender: &str, recipient: &str, text: &str) -> Value {
    json!({ "id": id, "sender": sender, "recipient": recipient, "message": text })
}
