//! Where one is logged in: the list, and how a session ends.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::people::{PASSWORD, Person, refusal};
use crate::support::Server;

fn missing() -> (u16, Value) {
    refusal(404, "session_not_found", "There is no such session.")
}

#[tokio::test]
async fn the_list_says_where_one_is_logged_in() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    Person::new(&client, "bob").await;
    let login = client.http().post(client.url("/auth/login"));
    let login = login.header("User-Agent", format!("phone\t{}", "x".repeat(500)));
    let body = json!({ "username": "ann", "password": PASSWORD });
    assert_eq!(login.json(&body).send().await.unwrap().status(), 200);
    let (status, list) = ann.ask("GET", "/auth/sessions", Value::Null).await;
    assert_eq!((status, list.as_array().unwrap().len()), (200, 2), "{list}");
    let (own, phone) = (&list[0], &list[1]);
    assert_eq!(own["current"], json!(true));
    assert!(own["last_used_at"].as_str() >= own["created_at"].as_str(), "{own}");
    assert_eq!((&phone["current"], &phone["last_used_at"]), (&json!(false), &Value::Null));
    assert_eq!(phone["agent"], format!("phone{}", "x".repeat(195)));
    for session in [own, phone] {
        let mut keys: Vec<_> = session.as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["agent", "created_at", "current", "id", "last_used_at"]);
    }
}

#[tokio::test]
async fn one_ends_ones_own_sessions_and_nobody_elses() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    let bob = Person::new(&client, "bob").await;
    let others: Vec<Person> = vec![
        Person::log_in(&client, "ann", PASSWORD).await,
        Person::log_in(&client, "ann", PASSWORD).await,
    ];
    let ids = |list: &Value| -> Vec<u64> {
        list.as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()).collect()
    };
    let (_, list) = ann.ask("GET", "/auth/sessions", Value::Null).await;
    let first = format!("/auth/sessions/{}", ids(&list)[1]);
    assert_eq!(bob.ask("DELETE", &first, Value::Null).await, missing());
    for path in ["/auth/sessions/0", "/auth/sessions/999", "/auth/sessions/x"] {
        assert_eq!(ann.ask("DELETE", path, Value::Null).await, missing(), "{path}");
    }
    let wanted = (200, json!({ "message": "Session ended successfully" }));
    assert_eq!(ann.ask("DELETE", &first, Value::Null).await, wanted);
    assert_eq!(ann.ask("DELETE", &first, Value::Null).await, missing());
    assert!(!others[0].is_in().await && others[1].is_in().await);
    let wanted = (200, json!({ "message": "Other sessions ended successfully" }));
    assert_eq!(ann.ask("DELETE", "/auth/sessions", Value::Null).await, wanted);
    assert!(!others[1].is_in().await);
    assert!(ann.is_in().await && bob.is_in().await);
    let own = ids(&ann.ask("GET", "/auth/sessions", Value::Null).await.1);
    assert_eq!(own.len(), 1);
    assert_eq!(ann.ask("DELETE", &format!("/auth/sessions/{}", own[0]), Value::Null).await.0, 200);
    assert!(!ann.is_in().await);
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends_by_itself() {
    let server = Server::configured("[sessions]\nkeep = \"1s\"\n");
    let client = server.client();
    let unused = Person::new(&client, "ann").await;
    let used = Person::log_in(&client, "ann", PASSWORD).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (status, list) = used.ask("GET", "/auth/sessions", Value::Null).await;
        assert_eq!(status, 200, "the used one goes on: {list}");
        if list.as_array().unwrap().len() == 1 {
            assert_eq!(list[0]["current"], json!(true));
            break;
        }
        assert!(Instant::now() < deadline, "it did not end: {list}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!unused.is_in().await);
}
