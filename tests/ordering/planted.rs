//! The checker finds every kind of fault that is planted.

use crate::support::checker::{Fault, Seen, Sent, faults};

fn sent(id: u64) -> Sent {
    // Every other sender was not told its id.
    Sent { id: (id % 2 == 1).then_some(id), what: format!("message {id}") }
}

fn seen(id: u64) -> Seen {
    Seen { id, what: format!("message {id}") }
}

fn judge(ids: &[u64]) -> Vec<Fault> {
    let sent: Vec<Sent> = (1..=4).map(sent).collect();
    let seen: Vec<Seen> = ids.iter().copied().map(seen).collect();
    faults(&sent, &seen)
}

#[test]
fn the_checker_finds_nothing_wrong_with_the_right_messages() {
    assert_eq!(judge(&[1, 2, 3, 4]), []);
}

#[test]
fn the_checker_finds_a_lost_message_wherever_it_is() {
    for lost in 1..=4 {
        let ids: Vec<u64> = (1..=4).filter(|&id| id != lost).collect();
        assert_eq!(judge(&ids), [Fault::Lost(format!("message {lost}"))]);
    }
}

#[test]
fn the_checker_finds_a_doubled_message() {
    let fault = [Fault::Doubled("message 2".into())];
    assert_eq!(judge(&[1, 2, 2, 3, 4]), fault);
    assert_eq!(judge(&[1, 2, 3, 4, 2]), fault);
}

#[test]
fn the_checker_finds_a_message_doubled_under_another_id() {
    let again = Seen { id: 9, what: "message 2".into() };
    let seen: Vec<Seen> = (1..=4).map(seen).chain([again]).collect();
    let sent: Vec<Sent> = (1..=4).map(sent).collect();
    assert_eq!(faults(&sent, &seen), [Fault::Doubled("message 2".into())]);
}

#[test]
fn the_checker_finds_an_early_id() {
    assert_eq!(judge(&[1, 3, 2, 4]), [Fault::Early { early: 3, late: 2 }]);
}

#[test]
fn the_checker_finds_a_foreign_message() {
    assert_eq!(judge(&[1, 2, 3, 4, 5]), [Fault::Foreign("message 5".into())]);
}

#[test]
fn the_checker_finds_a_message_under_another_id_than_its_sender_was_told() {
    let mut seen: Vec<Seen> = (1..=4).map(seen).collect();
    seen[2].id = 30;
    seen[3].id = 40;
    let sent: Vec<Sent> = (1..=4).map(sent).collect();
    let fault = Fault::Renumbered { what: "message 3".into(), told: 3, seen: 30 };
    assert_eq!(faults(&sent, &seen), [fault]);
}

#[test]
fn the_checker_finds_an_id_that_is_used_twice() {
    let mut seen: Vec<Seen> = (1..=4).map(seen).collect();
    seen[3].id = 3;
    let sent: Vec<Sent> = (1..=4).map(sent).collect();
    assert_eq!(faults(&sent, &seen), [Fault::Reused(3)]);
}
