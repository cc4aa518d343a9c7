//! Who comes, who goes, and what that opens and closes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Server;
use crate::support::account::Account;
use crate::support::streams::Events;

/// A removed participant must have lost everything after this long.
const AT_ONCE: Duration = Duration::from_secs(1);

fn code((status, body): (u16, Value)) -> (u16, String) {
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

/// Reads events up to the one whose data holds `part`.
async fn until(events: &mut Events, part: &str) {
    while !events.next().await.unwrap().expect("the stream goes on").data.contains(part) {}
}

#[tokio::test]
async fn participants_are_added_by_anybody_in_it_and_removed_by_who_began_it() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let bob = Account::register(&server, "bob").await;
    let cid = Account::register(&server, "cid").await;
    let conversation = ann.converse(&[&bob]).await;
    let path = format!("/conversations/{conversation}/participants");
    let ids = |body: &Value| -> Vec<u64> {
        let participants = body["participants"].as_array().unwrap().iter();
        participants.map(|participant| participant["user_id"].as_u64().unwrap()).collect()
    };

    assert_eq!(
        code(cid.post(&path, json!({"user_id": cid.id})).await),
        (403, "not_in_conversation".into())
    );
    let (status, body) = bob.post(&path, json!({"user_id": cid.id})).await;
    assert_eq!(
        (status, body["message"].as_str().unwrap()),
        (200, "Participants added successfully")
    );
    assert_eq!(ids(&body), [ann.id, bob.id, cid.id]);
    // Once more changes nothing.
    let (status, again) = bob.post(&path, json!({"participant_ids": [cid.id, ann.id]})).await;
    assert_eq!((status, again), (200, body));

    assert_eq!(
        code(bob.delete(&path, json!({"user_id": cid.id})).await),
        (403, "not_yours".into())
    );
    assert_eq!(
        code(ann.delete(&path, json!({"user_id": 99})).await),
        (404, "user_not_found".into())
    );
    assert_eq!(code(ann.delete(&path, json!({})).await), (400, "field_required".into()));
    assert_eq!(code(ann.post(&path, json!({"user_id": "x"})).await), (400, "invalid_type".into()));
    let missing = "/conversations/99/participants";
    let unknown = (404, "conversation_not_found".to_owned());
    assert_eq!(code(ann.post(missing, json!({"user_id": 1})).await), unknown);

    let (status, body) = ann.delete(&path, json!({"participant_ids": [cid.id]})).await;
    assert_eq!(
        (status, body["message"].as_str().unwrap()),
        (200, "Participants removed successfully")
    );
    assert_eq!(ids(&body), [ann.id, bob.id]);
    // Everybody may go; the conversation stays when nobody is left.
    for one in [&bob, &ann] {
        let (status, body) = one.delete(&path, json!({"user_id": one.id})).await;
        assert_eq!((status, ids(&body)), (200, vec![]));
        let gone = code(one.get(&format!("/conversations/{conversation}/messages")).await);
        assert_eq!(gone, (403, "not_in_conversation".into()));
    }
    assert_eq!(ann.get("/conversations").await, (200, json!([])));
}

#[tokio::test]
async fn who_began_the_project_may_remove_others_from_its_conversations() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let bob = Account::register(&server, "bob").await;
    let (project, first) = ann.project("P").await;
    let path = format!("/conversations/{first}/participants");
    assert_eq!(ann.post(&path, json!({"user_id": bob.id})).await.0, 200);
    let body = json!({"participant_ids": [ann.id], "project_id": project});
    let second = bob.post("/conversations", body).await.1["conversation_id"].as_u64().unwrap();
    let path = format!("/conversations/{second}/participants");
    assert_eq!(ann.delete(&path, json!({"user_id": bob.id})).await.0, 200);
    assert_eq!(bob.get(&format!("/projects/{project}/files")).await.0, 200, "by the first one");
    let path = format!("/conversations/{first}/participants");
    assert_eq!(ann.delete(&path, json!({"user_id": bob.id})).await.0, 200);
    let outside = code(bob.get(&format!("/projects/{project}/files")).await);
    assert_eq!(outside, (403, "not_in_project".into()));
}

#[tokio::test]
async fn a_removed_participant_loses_open_streams_and_polls_at_once() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let bob = Account::register(&server, "bob").await;
    let conversation = ann.converse(&[&bob]).await;
    let said = format!("/conversations/{conversation}/messages");
    assert_eq!(ann.post(&said, json!({"content": "before"})).await.0, 201);
    let room = format!("room_{conversation}");
    let target = format!("username=bob&token={}", bob.token);

    let stream = format!("/events?{target}&last_id=0&with={room}");
    let mut only = Events::open(server.port(), &stream, None).await.unwrap();
    until(&mut only, "before").await;
    let stream = format!("/events?{target}&last_id=0");
    let mut all = Events::open(server.port(), &stream, None).await.unwrap();
    until(&mut all, "before").await;
    let waiting = format!("/messages?{target}&last_id=1&wait=50&with={room}");
    let poll = bob.get(&waiting);
    let remove = async {
        let path = format!("/conversations/{conversation}/participants");
        let (status, body) = ann.delete(&path, json!({"user_id": bob.id})).await;
        assert_eq!(status, 200, "{body}");
        Instant::now()
    };
    let (polled, removed) = tokio::join!(poll, remove);
    assert_eq!(code(polled), (400, "not_participant".into()));
    loop {
        let event = only.next().await.unwrap().expect("it says good-bye first");
        if event.name == "bye" {
            let bye: Value = serde_json::from_str(&event.data).unwrap();
            assert_eq!(bye, json!({"reason": "removed", "reconnect": false}));
            break;
        }
    }
    assert!(removed.elapsed() < AT_ONCE, "{:?}", removed.elapsed());

    // The stream of all messages goes on, without those of the conversation.
    assert_eq!(ann.post(&said, json!({"content": "behind their back"})).await.0, 201);
    let client = server.client();
    client.register(&["guest"]).await;
    client.send("guest", "bob", "to bob", "1").await;
    loop {
        let event = all.next().await.unwrap().unwrap();
        assert!(!event.data.contains("behind"), "{event:?}");
        if event.data.contains("to bob") {
            break;
        }
    }
    let (_, body) = bob.get(&format!("/messages?{target}&last_id=0")).await;
    assert!(!body.to_string().contains("before"), "{body}");
    assert_eq!(code(bob.get(&said).await), (403, "not_in_conversation".into()));
    let send =
        json!({"sender": "bob", "recipient": room, "message": "let me in", "token": bob.token});
    assert_eq!(code(bob.post("/send", send).await), (400, "not_participant".into()));
}
