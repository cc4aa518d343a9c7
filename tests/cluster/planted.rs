//! The judge of histories is judged: histories that are sound, and ones with a violation planted.

use porcupine_rs::{CheckResult, Operation};

use crate::history::{self, History};
use crate::model::{Answer, Ask, Chat, Op};
use crate::support::Server;

fn step(client: u32, times: (i64, i64), ask: Ask, answer: Option<Answer>) -> Operation<Chat> {
    let op = Op { ask, answer };
    Operation {
        client_id: Some(client),
        call_time: times.0,
        return_time: times.1,
        op,
        metadata: None,
    }
}

fn done(client: u32, times: (i64, i64), ask: Ask) -> Operation<Chat> {
    step(client, times, ask, Some(Answer::Done))
}

fn judge(history: &[Operation<Chat>], expected: CheckResult) {
    assert_eq!(history::verdict(history), expected, "{history:#?}");
}

#[test]
fn two_who_hold_one_name_are_found() {
    let both = |second| [done(0, (0, 10), Ask::Register(1)), done(1, second, Ask::Register(1))];
    judge(&both((5, 15)), CheckResult::Illegal);
    judge(&both((20, 30)), CheckResult::Illegal);
    let mut between = both((20, 30)).to_vec();
    between.push(done(2, (12, 14), Ask::Logout(1)));
    judge(&between, CheckResult::Ok);
}

#[test]
fn a_refusal_from_a_state_that_is_past_is_found() {
    let refused = |from, until| {
        let refused = Some(Answer::Refused("recipient_not_online"));
        vec![
            done(0, (0, 10), Ask::Register(1)),
            done(0, (20, 30), Ask::Register(2)),
            step(1, (from, until), Ask::Tell(1, 2), refused),
        ]
    };
    judge(&refused(25, 35), CheckResult::Ok);
    // A node that had not caught up would say so.
    judge(&refused(31, 35), CheckResult::Illegal);
}

#[test]
fn ids_that_are_doubled_or_left_out_are_found() {
    let sent = |first, second| {
        vec![
            done(0, (0, 10), Ask::Register(1)),
            step(1, (20, 40), Ask::Tell(1, 1), Some(Answer::Sent(first))),
            step(2, (30, 50), Ask::Tell(1, 1), Some(Answer::Sent(second))),
        ]
    };
    judge(&sent(1, 2), CheckResult::Ok);
    judge(&sent(2, 1), CheckResult::Ok);
    judge(&sent(1, 1), CheckResult::Illegal);
    judge(&sent(1, 3), CheckResult::Illegal);
}

#[test]
fn what_nobody_answered_may_have_happened_later_or_not_at_all() {
    let unanswered = |known: Option<Operation<Chat>>| {
        let mut history = vec![
            done(0, (0, 10), Ask::Register(1)),
            step(1, (20, i64::MAX), Ask::Tell(1, 1), None),
        ];
        history.extend(known);
        history
    };
    judge(&unanswered(None), CheckResult::Ok);
    let next = |id| Some(step(0, (100, 110), Ask::Tell(1, 1), Some(Answer::Sent(id))));
    judge(&unanswered(next(1)), CheckResult::Ok);
    judge(&unanswered(next(2)), CheckResult::Ok);
    judge(&unanswered(next(3)), CheckResult::Illegal);
}

/// Changes one answer in the second half of a history.
fn spoil(history: &mut History, change: impl Fn(&mut Op) -> bool) {
    history.sort_by_key(|operation| operation.call_time);
    let half = history.len() / 2;
    let mut rest = history[half..].iter_mut();
    assert!(rest.any(|operation| change(&mut operation.op)), "there is something to spoil");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_answer_of_a_real_history_is_found() {
    let server = Server::memory();
    let sound = history::record(server.port(), 1000).await;
    assert_eq!(history::unanswered(&sound), 0);
    judge(&sound, CheckResult::Ok);
    // Each is wrong in whichever order the operations of the same time were carried out.
    let changes: [fn(&mut Op) -> bool; 4] = [
        |op| match &mut op.answer {
            Some(Answer::Sent(id)) => {
                *id = 1;
                true
            }
            _ => false,
        },
        |op| match &mut op.answer {
            Some(Answer::Opened(room)) => {
                *room -= 1;
                true
            }
            _ => false,
        },
        // Something was carried out, and the client was told it was not.
        |op| {
            let took = matches!((&op.ask, &op.answer), (Ask::Create(..), Some(Answer::Opened(_))));
            if took {
                op.answer = Some(Answer::Refused("not_registered"));
            }
            took
        },
        // Something was not carried out, and the client was told it was.
        |op| {
            let refused =
                matches!((&op.ask, &op.answer), (Ask::Create(..), Some(Answer::Refused(_))));
            if refused {
                op.answer = Some(Answer::Opened(1));
            }
            refused
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut history = sound.clone();
        spoil(&mut history, change);
        assert_eq!(history::verdict(&history), CheckResult::Illegal, "change {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_history_of_which_some_answers_are_lost_is_still_judged() {
    let server = Server::memory();
    let mut history = history::record(server.port(), 2000).await;
    history.sort_by_key(|operation| operation.call_time);
    for operation in history.iter_mut().step_by(250) {
        operation.op.answer = None;
        operation.return_time = i64::MAX;
    }
    assert_eq!(history::unanswered(&history), 8);
    assert_eq!(history::verdict(&history), CheckResult::Ok);
}
