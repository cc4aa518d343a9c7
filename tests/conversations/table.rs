//! Every row of the table, with its refusals.

use serde_json::{Value, json};

use crate::support::Server;
use crate::support::account::Account;

/// A refusal, whole.
fn refused(status: u16, code: &str, sentence: &str) -> (u16, Value) {
    let body = json!({"status": "fail", "error": sentence, "message": sentence, "code": code});
    (status, body)
}

/// The value, with `<time>` in the place of every moment.
fn without_times(mut value: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(walk),
            Value::Object(fields) => {
                for (key, value) in fields {
                    if key.ends_with("_at") {
                        let time = value.as_str().unwrap();
                        assert_eq!((time.len(), &time[10..11], &time[23..]), (24, "T", "Z"));
                        *value = json!("<time>");
                    } else {
                        walk(value);
                    }
                }
            }
            _ => {}
        }
    }
    walk(&mut value);
    value
}

#[tokio::test]
async fn a_project_comes_with_a_conversation_and_shows_to_those_in_it() {
    let server = Server::memory();
    let (ann, bob) =
        (Account::register(&server, "ann").await, Account::register(&server, "bob").await);
    assert_eq!(ann.get("/projects").await, (200, json!([])));
    let body = json!({"name": " Zero to Knowing ", "language_model": "small"});
    let created = json!({
        "message": "Project created successfully", "project_id": 1, "conversation_id": 1,
    });
    assert_eq!(ann.post("/projects", body).await, (201, created));
    let body = json!({"name": "Plain", "language_model": null});
    assert_eq!(ann.post("/projects/", body).await.0, 201);
    let shown = |id: u64, name: &str, model: &str| {
        json!({
            "id": id, "name": name, "language_model": model, "creator_id": ann.id,
            "created_at": "<time>",
        })
    };
    let both = json!([shown(1, "Zero to Knowing", "small"), shown(2, "Plain", "none")]);
    assert_eq!(without_times(ann.get("/projects").await.1), both);
    assert_eq!(bob.get("/projects").await, (200, json!([])));
    let body = json!({"participant_ids": [bob.id], "project_id": 2});
    assert_eq!(ann.post("/conversations", body).await.0, 201);
    assert_eq!(without_times(bob.get("/projects").await.1), json!([shown(2, "Plain", "none")]));
}

#[tokio::test]
async fn a_project_needs_a_name_on_one_line() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let missing = refused(400, "field_required", "Project name is required");
    for body in [json!({}), json!({"name": null}), json!({"name": ""})] {
        assert_eq!(ann.post("/projects", body).await, missing);
    }
    for (name, code) in [
        (json!("  "), "label_empty"),
        (json!("a\nb"), "label_control"),
        (json!("x".repeat(201)), "label_too_long"),
        (json!(["a"]), "invalid_type"),
    ] {
        let (status, body) = ann.post("/projects", json!({ "name": name })).await;
        assert_eq!((status, body["code"].as_str().unwrap()), (400, code), "{name}");
        assert_eq!(body["error"], body["message"]);
    }
    assert_eq!(ann.get("/projects").await, (200, json!([])));
}

#[tokio::test]
async fn a_conversation_has_its_creator_in_it_and_whom_they_name() {
    let server = Server::memory();
    let (ann, bob) =
        (Account::register(&server, "ann").await, Account::register(&server, "bob").await);
    assert_eq!(ann.get("/conversations").await, (200, json!([])));
    let created = |id: u64, project: Value| {
        let message = "Conversation created successfully";
        (201, json!({"message": message, "conversation_id": id, "project_id": project}))
    };
    assert_eq!(ann.post("/conversations", json!({})).await, created(1, Value::Null));
    let body = json!({"participant_ids": [bob.id, bob.id, ann.id], "project_id": null});
    assert_eq!(ann.post("/conversations", body).await, created(2, Value::Null));
    let (project, _) = ann.project("P").await;
    let body = json!({"participant_ids": [], "project_id": project});
    assert_eq!(ann.post("/conversations", body).await, created(4, json!(project)));

    let who = |account: &Account| json!({"user_id": account.id, "joined_at": "<time>"});
    let shown = |id: u64, project: Value, participants: Value| {
        json!({
            "id": id, "project_id": project, "creator_id": ann.id, "created_at": "<time>",
            "participants": participants,
        })
    };
    let second = shown(2, Value::Null, json!([who(&ann), who(&bob)]));
    assert_eq!(without_times(bob.get("/conversations").await.1), json!([second]));
    let all = json!([
        shown(1, Value::Null, json!([who(&ann)])),
        second,
        shown(3, json!(project), json!([who(&ann)])),
        shown(4, json!(project), json!([who(&ann)])),
    ]);
    assert_eq!(without_times(ann.get("/conversations").await.1), all);

    let unauthorized = refused(403, "not_in_project", "Unauthorized");
    assert_eq!(bob.post("/conversations", json!({"project_id": project})).await, unauthorized);
    let unknown = refused(404, "project_not_found", "Project not found");
    assert_eq!(ann.post("/conversations", json!({"project_id": 99})).await, unknown);
    let nobody = refused(404, "user_not_found", "User not found");
    assert_eq!(ann.post("/conversations", json!({"participant_ids": [99]})).await, nobody);
    let wrong = ann.post("/conversations", json!({"participant_ids": "all"})).await;
    assert_eq!((wrong.0, &wrong.1["code"]), (400, &json!("invalid_type")));
}

#[tokio::test]
async fn saying_something_gives_what_was_said() {
    let server = Server::memory();
    let (ann, eve) =
        (Account::register(&server, "ann").await, Account::register(&server, "eve").await);
    let conversation = ann.converse(&[]).await;
    let path = format!("/conversations/{conversation}/messages");
    let (status, body) = ann.post(&path, json!({"content": "Ça va? 👋"})).await;
    let said = json!({
        "message": "Message sent successfully", "message_id": 1, "content": "Ça va? 👋",
        "user_id": ann.id, "username": "ann", "created_at": "<time>",
    });
    assert_eq!((status, without_times(body.clone())), (201, said));
    let (status, page) = ann.get(&path).await;
    let shown = json!({
        "messages": [{
            "id": 1, "content": "Ça va? 👋", "user_id": ann.id, "username": "ann",
            "created_at": body["created_at"],
        }],
        "total": 1, "pages": 1, "current_page": 1,
    });
    assert_eq!((status, page), (200, shown));

    let missing = refused(400, "field_required", "Message content is required");
    for body in [json!({}), json!({"content": ""}), json!({"content": null})] {
        assert_eq!(ann.post(&path, body).await, missing);
    }
    let (status, body) = ann.post(&path, json!({"content": "x".repeat(16_385)})).await;
    assert_eq!((status, &body["code"]), (413, &json!("message_too_long")));
    let outside = refused(403, "not_in_conversation", "Unauthorized");
    assert_eq!(eve.post(&path, json!({"content": "hi"})).await, outside);
    assert_eq!(eve.post(&path, json!({})).await, outside, "outsiders learn nothing else");
    assert_eq!(eve.get(&path).await, outside);
    let unknown = refused(404, "conversation_not_found", "Conversation not found");
    for id in ["99", "0", "x", "-1", "18446744073709551616", "room_1"] {
        let path = format!("/conversations/{id}/messages");
        assert_eq!(ann.get(&path).await, unknown, "{id}");
        assert_eq!(ann.post(&path, json!({"content": "hi"})).await, unknown, "{id}");
    }
}

#[tokio::test]
async fn people_are_found_by_a_part_of_their_name() {
    let server = Server::memory();
    let ann = Account::register(&server, "Ann Ämmer").await;
    for number in 0..12 {
        Account::register(&server, &format!("person {number}")).await;
    }
    server.client().register(&["guest of ann"]).await;
    let only = json!([{"id": ann.id, "username": "Ann Ämmer"}]);
    for part in ["ann", "ANN", "äMM", "n Ä"] {
        let found = ann.get(&format!("/conversations/users?search={part}")).await;
        assert_eq!(found, (200, only.clone()), "{part}");
    }
    assert_eq!(ann.get("/conversations/users?search=nobody").await, (200, json!([])));
    for query in ["?search=PERSON", "?search=", ""] {
        let (status, found) = ann.get(&format!("/conversations/users{query}")).await;
        assert_eq!((status, found.as_array().unwrap().len()), (200, 10), "{query}");
    }
}

#[tokio::test]
async fn nobody_who_is_not_logged_in_gets_anything() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let (project, conversation) = ann.project("P").await;
    let client = server.client();
    client.register(&["guest"]).await;
    let nobody = refused(401, "authentication_required", "Authentication required");
    for path in [
        "/projects".to_owned(),
        format!("/projects/{project}/files"),
        format!("/projects/{project}/files/1"),
        "/conversations".to_owned(),
        "/conversations/users?search=a".to_owned(),
        format!("/conversations/{conversation}/messages"),
        format!("/conversations/{conversation}/messages?username=ann"),
        "/projects/99/files".to_owned(),
    ] {
        assert_eq!(client.get(&path).await, nobody, "{path}");
    }
    for path in [
        "/projects".to_owned(),
        format!("/projects/{project}/files"),
        "/conversations".to_owned(),
        format!("/conversations/{conversation}/messages"),
        format!("/conversations/{conversation}/participants"),
    ] {
        let body = json!({"name": "P", "content": "hi", "user_id": 1, "username": "ann"});
        assert_eq!(client.post(&path, body).await, nobody, "{path}");
    }
    let stale = ann.with_token("not a token");
    assert_eq!(stale.get("/projects").await, nobody);
    assert_eq!(ann.post("/auth/logout", json!({})).await.0, 200);
    assert_eq!(ann.get("/projects").await, nobody);
}
