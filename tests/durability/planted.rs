//! The judge of traces finds every kind of early word that is planted.

use std::collections::HashMap;

use crate::trace::{Fault, Verdict, judge};

const WRITE: &str =
    r#"7 pwrite64(9</d/chatroom.db-wal>, "\0\1needle-3. needle-3.\0", 4096, 56) = 4096"#;
const SYNC: &str = "7 fdatasync(9</d/chatroom.db-wal>) = 0";
const SYNC_BEGINS: &str = "7 fdatasync(9</d/chatroom.db-wal> <unfinished ...>";
const SYNC_ENDS: &str = "7 <... fdatasync resumed>) = 0";
const SYNC_FAILS: &str = "7 fdatasync(9</d/chatroom.db-wal>) = -1 EIO (Input/output error)";
const SYNC_ELSEWHERE: &str = "7 fdatasync(8</d/chatroom.db>) = 0";
const REPLY: &str = r#"8 sendto(12<socket:[55]>, "HTTP/1.1 200 OK\r\n\r\n{\"status\":\"success\",\"message\":\"Message sent successfully.\",\"id\":40,\"epoch\":\"e\"}", 200, MSG_NOSIGNAL, NULL, 0) = 200"#;
const SHOWN: &str = r#"8 writev(13<socket:[56]>, [{iov_base="data: {\"id\":40,\"message\":\"needle-3. needle-3.\"}", iov_len=60}], 1) = 60"#;

fn verdict(lines: &[&str]) -> Verdict {
    judge(&lines.join("\n"), &HashMap::from([(40, 3)]))
}

#[test]
fn a_word_after_the_sync_of_its_write_is_right() {
    let verdict = verdict(&[WRITE, SYNC, REPLY, SHOWN]);
    assert_eq!(verdict, Verdict { faults: vec![], replies: 1, shown: 1, syncs: 1 });
}

#[test]
fn a_reply_before_the_sync_is_found() {
    assert_eq!(verdict(&[WRITE, REPLY, SYNC]).faults, [Fault::Acknowledged(40)]);
    assert_eq!(verdict(&[SYNC, WRITE, REPLY]).faults, [Fault::Acknowledged(40)]);
    assert_eq!(verdict(&[REPLY, WRITE, SYNC]).faults, [Fault::Acknowledged(40)]);
}

#[test]
fn a_message_that_is_shown_before_the_sync_is_found() {
    assert_eq!(verdict(&[WRITE, SHOWN, SYNC, REPLY]).faults, [Fault::Shown(3)]);
}

#[test]
fn a_reply_while_the_sync_goes_on_is_found() {
    let early = verdict(&[WRITE, SYNC_BEGINS, REPLY, SYNC_ENDS]);
    assert_eq!(early.faults, [Fault::Acknowledged(40)]);
    assert_eq!(verdict(&[WRITE, SYNC_BEGINS, SYNC_ENDS, REPLY]).faults, []);
}

#[test]
fn a_sync_that_began_before_the_write_does_not_count() {
    let write = WRITE.replacen('7', "6", 1);
    let verdict = verdict(&[SYNC_BEGINS, &write, SYNC_ENDS, REPLY]);
    assert_eq!(verdict.faults, [Fault::Acknowledged(40)]);
}

#[test]
fn a_failed_sync_and_one_of_another_file_do_not_count() {
    assert_eq!(verdict(&[WRITE, SYNC_FAILS, REPLY]).faults, [Fault::Acknowledged(40)]);
    assert_eq!(verdict(&[WRITE, SYNC_ELSEWHERE, REPLY]).faults, [Fault::Acknowledged(40)]);
}

#[test]
fn a_needle_that_a_page_cuts_is_found_in_its_other_copy() {
    let cut = r#"7 pwrite64(9</d/chatroom.db-wal>, "needle-3. need", 4096, 56) = 4096"#;
    assert_eq!(verdict(&[cut, SYNC, REPLY]).faults, []);
}
