//! How a file comes out: in parts, with its name, never to be run.

use reqwest::{Method, Response};
use serde_json::json;

use crate::form::{bytes, one_file, send, upload};
use crate::support::Server;
use crate::support::account::Account;

async fn get(account: &Account, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = account.request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_part_of_a_file_is_read_by_its_range() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let content = bytes(5, 200_000);
    let id = upload(&ann, project, "a.bin", &content).await;
    let path = format!("/projects/{project}/files/{id}");
    let whole = get(&ann, &path, &[]).await;
    assert_eq!(whole.status(), 200);
    assert_eq!(header(&whole, "accept-ranges"), "bytes");
    assert_eq!(whole.content_length(), Some(200_000));
    let tag = header(&whole, "etag").to_owned();
    assert_eq!(tag.len(), 66);
    assert_eq!(whole.bytes().await.unwrap(), content);
    for (range, part) in [
        ("bytes=0-0", 0..1),
        ("bytes=100-199", 100..200),
        ("bytes=65535-131072", 65_535..131_073),
        ("bytes=199999-", 199_999..200_000),
        ("bytes=-7", 199_993..200_000),
        ("bytes=199990-999999999999", 199_990..200_000),
    ] {
        let answer = get(&ann, &path, &[("Range", range)]).await;
        assert_eq!(answer.status(), 206, "{range}");
        let wanted = format!("bytes {}-{}/200000", part.start, part.end - 1);
        assert_eq!(header(&answer, "content-range"), wanted);
        assert_eq!(answer.content_length(), Some(part.len() as u64));
        assert_eq!(answer.bytes().await.unwrap(), content[part]);
        let same = get(&ann, &path, &[("Range", range), ("If-Range", &tag)]).await;
        assert_eq!(same.status(), 206, "{range}");
        let other = get(&ann, &path, &[("Range", range), ("If-Range", "\"other\"")]).await;
        assert_eq!((other.status().as_u16(), other.content_length()), (200, Some(200_000)));
    }
    for range in ["bytes=200000-", "bytes=-0", "bytes=999999-1000000"] {
        let answer = get(&ann, &path, &[("Range", range)]).await;
        assert_eq!(answer.status(), 416, "{range}");
        assert_eq!(header(&answer, "content-range"), "bytes */200000");
        let body: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(body["code"], "range_not_satisfiable");
    }
    for range in ["bytes=5-2", "bytes=0-1,3-4", "items=0-1", "nonsense"] {
        let answer = get(&ann, &path, &[("Range", range)]).await;
        assert_eq!((answer.status().as_u16(), answer.content_length()), (200, Some(200_000)));
    }
    for known in [tag.as_str(), "*", &format!("\"a\", W/{tag}")] {
        let answer = get(&ann, &path, &[("If-None-Match", known)]).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "etag")), (304, &*tag), "{known}");
        assert!(answer.bytes().await.unwrap().is_empty());
    }
    let head = ann.request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, "200000"));
}

#[tokio::test]
async fn a_browser_is_given_nothing_to_run() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let script = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    for (kind, served) in [
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("application/xhtml+xml", "application/octet-stream"),
        ("text/javascript", "application/octet-stream"),
        ("text/xml; charset=utf-8", "application/octet-stream"),
        ("application/x-shockwave-flash", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("text/plain; charset=utf-7", "text/plain; charset=utf-8"),
        ("image/png", "image/png"),
        ("application/pdf", "application/pdf"),
    ] {
        let (status, body) = send(&ann, project, one_file("x.html", kind, script)).await;
        assert_eq!(status, 201, "{body}");
        let path = format!("/projects/{project}/files/{}", body["file"]["id"]);
        let answer = get(&ann, &path, &[]).await;
        assert_eq!(header(&answer, "content-type"), served, "{kind}");
        assert!(header(&answer, "content-disposition").starts_with("attachment; "));
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
        assert!(header(&answer, "content-security-policy").contains("sandbox"));
        assert!(header(&answer, "cache-control").contains("private"));
        assert_eq!(answer.bytes().await.unwrap(), &script[..]);
    }
}

#[tokio::test]
async fn what_is_stored_survives_a_restart_and_what_nobody_knows_does_not() {
    let mut server = Server::start(&[]);
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let id = upload(&ann, project, "kept", b"kept").await;
    let home = server.home().to_owned();
    let folder = crate::form::stored(&home)[0].parent().unwrap().to_owned();
    server.kill();
    // What uploads leave that were killed: a whole file that was not listed, and a part of one.
    for left in ["2222222222222222222222222a", "2222222222222222222222222b#1"] {
        std::fs::write(folder.join(left), b"left").unwrap();
    }
    // Somebody else's, in the same place.
    for other in ["README.txt", "../another/2222222222222222222222222a"] {
        let path = folder.join(other);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"other").unwrap();
    }
    let port = server.port().to_string();
    let mut again = crate::support::command(&home);
    let again = Server::launch(&home, again.args(["serve", "--port", &port]));
    let ann = ann.again(&again);
    let left: Vec<_> = crate::form::stored(&home);
    assert_eq!(left.len(), 3, "{left:?}");
    let answer = get(&ann, &format!("/projects/{project}/files/{id}"), &[]).await;
    assert_eq!(answer.bytes().await.unwrap(), "kept");
    assert_eq!(ann.delete(&format!("/projects/{project}/files/{id}"), json!({})).await.0, 200);
}
