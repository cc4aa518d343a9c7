//! Who is live, how far each is, who is here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chatroom::cluster::LEASE;
use chatroom::id::{SessionId, UserId};

use super::members::{AWAY, Member, id};
use super::nats::{Nats, until};

const ANN: UserId = UserId(1);
const BOB: UserId = UserId(2);

fn three(nats: &Nats) -> [Member; 3] {
    [1, 2, 3].map(|number| Member::join(nats, number))
}

#[test]
fn nodes_know_each_other_when_they_have_joined_and_the_lowest_leads() {
    let nats = Nats::start();
    let [mut one, mut two, three] = three(&nats);
    for member in [&one, &two, &three] {
        assert_eq!(member.cluster.peers().count(), 2, "whoever has joined is known");
    }
    assert_eq!(one.cluster.peers().address(&id(3)).as_deref(), Some("127.0.0.1:3"));
    assert_eq!([&one, &two, &three].map(|member| member.cluster.is_eldest()), [true, false, false]);
    assert_eq!([&one, &two, &three].map(|member| member.cluster.leads()), [true, false, false]);
    let left = Instant::now();
    one.leave();
    until("the next one leads", || two.cluster.leads());
    assert!(left.elapsed() < LEASE / 2, "nobody waits for who has said goodbye");
    let killed = Instant::now();
    two.kill();
    until("the last one leads", || three.cluster.leads());
    assert!(killed.elapsed() > LEASE / 2, "whoever is silent may come back");
    assert!(killed.elapsed() < LEASE * 2);
    assert_eq!(three.cluster.peers().count(), 0);
}

#[test]
fn what_every_node_has_applied_is_known_to_all_and_a_dead_one_is_not_waited_for() {
    let nats = Nats::start();
    let [one, two, mut three] = three(&nats);
    let woken = Arc::new(AtomicBool::new(false));
    let waker = woken.clone();
    one.cluster.peers().on_change(move || waker.store(true, Ordering::Release));
    one.cluster.applied(7);
    two.cluster.applied(7);
    until("the second has told", || two_has(&one, 7));
    assert!(!one.cluster.peers().applied_by_all(7), "the third has not applied it");
    woken.store(false, Ordering::Release);
    three.cluster.applied(7);
    until("all have told", || one.cluster.peers().applied_by_all(7));
    until("who waits is woken", || woken.load(Ordering::Acquire));
    one.cluster.applied(8);
    two.cluster.applied(8);
    three.kill();
    until("the third is dead", || one.cluster.peers().applied_by_all(8));
}

fn two_has(one: &Member, seq: u64) -> bool {
    one.cluster.peers().live()[&id(2)].applied == seq
}

#[test]
fn who_is_here_on_one_node_is_here_on_all_until_that_node_dies() {
    let nats = Nats::start();
    let [one, two, mut three] = three(&nats);
    let here = |member: &Member, user| member.cluster.presence().is_here(user, AWAY);
    three.cluster.presence().heard(ANN);
    until("all know", || here(&one, ANN) && here(&two, ANN));
    let late = Member::join(&nats, 4);
    until("who came later knows too", || here(&late, ANN));
    let open = three.cluster.presence().open(BOB);
    until("it is told at once", || here(&one, BOB) && here(&two, BOB));
    three.kill();
    until("their node is dead", || !here(&one, ANN) && !here(&one, BOB));
    assert!(one.cluster.presence().was_here(ANN, AWAY), "its name is not given away");
    drop(open);
}

#[test]
fn who_leaves_one_node_has_left_all_where_nothing_of_it_is_open() {
    let nats = Nats::start();
    let [one, two, three] = three(&nats);
    let here = |member: &Member, user| member.cluster.presence().is_here(user, AWAY);
    one.cluster.presence().heard(ANN);
    two.cluster.presence().heard(ANN);
    one.cluster.presence().heard(BOB);
    let open = two.cluster.presence().open(BOB);
    until("all know", || here(&three, ANN) && here(&one, BOB));
    let now = chatroom::clock::now().after(std::time::Duration::from_millis(1));
    for user in [ANN, BOB] {
        assert!(one.cluster.presence().leave(user, now));
    }
    until("she has left", || [&one, &two, &three].iter().all(|member| !here(member, ANN)));
    until("he has not", || [&one, &two, &three].iter().all(|member| here(member, BOB)));
    drop(open);
}

#[test]
fn a_session_that_is_used_on_one_node_is_in_use_on_all() {
    let nats = Nats::start();
    let [one, two, three] = three(&nats);
    let session = SessionId(5);
    let used = |member: &Member| member.cluster.presence().session_last_used(session);
    one.cluster.presence().session_used(session);
    until("all know", || used(&two).is_some() && used(&two) == used(&three));
    let before = used(&two);
    let open = one.cluster.presence().open_session(session);
    until("they hear more while it is open", || used(&two) > before);
    drop(open);
}

#[test]
fn of_three_nodes_the_one_whose_state_differs_is_told_to_stop() {
    let nats = Nats::start();
    let [one, two, three] = three(&nats);
    one.cluster.reached(1000, "right");
    two.cluster.reached(1000, "wrong");
    three.cluster.reached(1000, "right");
    let found = two.within(two.cluster.differs());
    assert_eq!((found.position, found.agree, found.of), (1000, 1, 3));
    assert!(found.to_string().starts_with("The state of this node differs"), "{found}");
    one.within(async {
        // All that was said up to here has been heard when the next is.
        let mut heard = one.cluster.hear();
        two.cluster.reached(2000, "wrong");
        heard.recv().await.unwrap();
        let differs = tokio::time::timeout(LEASE, one.cluster.differs()).await;
        assert!(differs.is_err(), "the majority goes on");
    });
}
