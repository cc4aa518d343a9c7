//! The rows of the table on files, with their refusals.

use reqwest::Method;
use serde_json::{Value, json};

use crate::form::{bytes, one_file, part, send, stored, upload};
use crate::support::Server;
use crate::support::account::Account;

fn code((status, body): (u16, Value)) -> (u16, String) {
    assert_eq!(body["error"], body["message"], "{body}");
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_file_is_listed_and_read_by_those_in_its_project() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let bob = Account::register(&server, "bob").await;
    let (project, conversation) = ann.project("P").await;
    let path = format!("/projects/{project}/files");
    assert_eq!(ann.get(&path).await, (200, json!([])));
    let content = bytes(1, 70_000);
    let (status, answer) = send(&ann, project, one_file("a b.bin", "image/png", &content)).await;
    assert_eq!((status, &answer["message"]), (201, &json!("File uploaded successfully")));
    assert_eq!(answer["file"]["id"], 1);
    assert_eq!(answer["file"]["filename"], "a b.bin");
    assert_eq!(answer["file"].as_object().unwrap().len(), 3);
    assert_eq!(answer["file"]["uploaded_at"].as_str().unwrap().len(), 24);
    assert_eq!(ann.get(&path).await, (200, json!([answer["file"]])));

    assert_eq!(code(bob.get(&path).await), (403, "not_in_project".into()));
    assert_eq!(code(bob.get(&format!("{path}/1")).await), (403, "not_in_project".into()));
    let body = json!({"user_id": bob.id});
    let participants = format!("/conversations/{conversation}/participants");
    assert_eq!(ann.post(&participants, body).await.0, 200);
    let answer = bob.request(Method::GET, &format!("{path}/1")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(answer.bytes().await.unwrap(), content);

    for (path, wanted) in [
        ("/projects/99/files".to_owned(), "project_not_found"),
        ("/projects/x/files".to_owned(), "project_not_found"),
        ("/projects/99/files/1".to_owned(), "project_not_found"),
        (format!("{path}/2"), "file_not_found"),
        (format!("{path}/..%2f1"), "file_not_found"),
        (format!("{path}/-1"), "file_not_found"),
    ] {
        assert_eq!(code(ann.get(&path).await), (404, wanted.into()), "{path}");
    }
    let (other, _) = ann.project("Other").await;
    let path = format!("/projects/{other}/files/1");
    assert_eq!(code(ann.get(&path).await), (404, "file_not_found".into()), "of another project");
}

#[tokio::test]
async fn what_brings_no_file_is_refused() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let bob = Account::register(&server, "bob").await;
    let (project, _) = ann.project("P").await;
    let text =
        |code: &str| if code == "file_unnamed" { "No file selected" } else { "No file provided" };
    for (parts, wanted) in [
        (vec![], "file_required"),
        (vec![part("other", "; filename=\"a\"", "text/plain", b"x")], "file_required"),
        (vec![part("file", "", "text/plain", b"x")], "file_required"),
        (vec![part("file", "; filename=\"\"", "text/plain", b"")], "file_unnamed"),
    ] {
        let (status, answer) = send(&ann, project, crate::form::body(&parts)).await;
        assert_eq!((status, answer["message"].as_str().unwrap()), (400, text(wanted)));
        assert_eq!(code((status, answer)), (400, wanted.to_owned()));
    }
    let path = format!("/projects/{project}/files");
    assert_eq!(code(ann.post(&path, json!({"file": "x"})).await), (400, "file_required".into()));
    let body = || one_file("a", "text/plain", b"x");
    assert_eq!(code(send(&bob, project, body()).await), (403, "not_in_project".into()));
    assert_eq!(code(send(&ann, 99, body()).await), (404, "project_not_found".into()));
    let nobody = bob.with_token("x");
    let wanted = (401, "authentication_required".to_owned());
    assert_eq!(code(send(&nobody, project, body()).await), wanted);
    assert!(stored(server.home()).is_empty());
}

#[tokio::test]
async fn other_fields_beside_the_file_change_nothing() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let parts = [
        part("note", "", "text/plain", b"before"),
        part("file", "; filename=\"one\"", "text/plain", b"the file"),
        part("file", "; filename=\"two\"", "text/plain", b"another"),
        part("note", "", "text/plain", &bytes(2, 100_000)),
    ];
    let (status, answer) = send(&ann, project, crate::form::body(&parts)).await;
    assert_eq!((status, answer["file"]["filename"].as_str().unwrap()), (201, "one"));
    assert_eq!(stored(server.home()).len(), 1);
    assert_eq!(std::fs::read(&stored(server.home())[0]).unwrap(), b"the file");
}

#[tokio::test]
async fn a_file_is_deleted_by_its_uploader_or_by_who_began_the_project() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let bob = Account::register(&server, "bob").await;
    let cid = Account::register(&server, "cid").await;
    let (project, conversation) = ann.project("P").await;
    let body = json!({"participant_ids": [bob.id, cid.id]});
    assert_eq!(ann.post(&format!("/conversations/{conversation}/participants"), body).await.0, 200);
    let first = upload(&bob, project, "first", b"1").await;
    let second = upload(&bob, project, "second", b"2").await;
    let path = |file: u64| format!("/projects/{project}/files/{file}");
    assert_eq!(code(cid.delete(&path(first), json!({})).await), (403, "not_yours".into()));
    let done = (200, json!({"message": "File deleted successfully"}));
    assert_eq!(bob.delete(&path(first), json!({})).await, done);
    assert_eq!(code(bob.delete(&path(first), json!({})).await), (404, "file_not_found".into()));
    assert_eq!(code(bob.get(&path(first)).await), (404, "file_not_found".into()));
    assert_eq!(stored(server.home()).len(), 1);
    assert_eq!(ann.delete(&path(second), json!({})).await, done);
    assert!(stored(server.home()).is_empty());
    // Ids are not used again.
    assert_eq!(upload(&ann, project, "third", b"3").await, second + 1);
}

#[tokio::test]
async fn a_file_may_have_as_many_bytes_as_the_settings_say_and_no_more() {
    let server = Server::configured("[limits]\nupload_bytes = 100000\n");
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    upload(&ann, project, "just", &bytes(3, 100_000)).await;
    upload(&ann, project, "empty", b"").await;
    for size in [100_001, 300_000, 5_000_000, 40_000_000] {
        let answer = send(&ann, project, one_file("large", "text/plain", &vec![7; size])).await;
        assert_eq!(code(answer), (413, "file_too_large".into()), "{size}");
    }
    assert_eq!(stored(server.home()).len(), 2);
    let empty = ann.request(Method::GET, &format!("/projects/{project}/files/2"));
    let empty = empty.send().await.unwrap();
    assert_eq!((empty.status().as_u16(), empty.content_length()), (200, Some(0)));
}

#[tokio::test]
async fn a_server_that_keeps_nothing_leaves_no_files() {
    let mut server = Server::memory();
    let home = server.home().to_owned();
    assert!(!home.join("uploads").exists(), "no folder before the first file");
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    upload(&ann, project, "a", b"a").await;
    assert_eq!(stored(&home).len(), 1);
    assert!(server.terminate().0.success());
    assert!(!home.join("uploads").exists());
}
