//! What files are called: nothing escapes by its name.

use reqwest::Method;

use crate::form::{one_file, send, stored};
use crate::support::Server;
use crate::support::account::Account;

/// What is sent, what is listed.
const NAMES: &[(&str, &str)] = &[
    ("notes.txt", "notes.txt"),
    ("../../../etc/passwd", "passwd"),
    ("..\\..\\windows\\win.ini", "win.ini"),
    ("/etc/shadow", "shadow"),
    ("C:\\autoexec.bat", "autoexec.bat"),
    ("....//....//x", "x"),
    ("..", "file"),
    (".", "file"),
    ("a/..", "file"),
    ("CON", "_CON"),
    ("nul.txt", "_nul.txt"),
    ("COM1", "_COM1"),
    ("lpt9.log", "_lpt9.log"),
    ("aux.tar.gz", "_aux.tar.gz"),
    ("\u{202e}txt.exe", "txt.exe"),
    ("a\u{200f}\u{2066}b", "ab"),
    ("trailing. . ", "trailing"),
    (".htaccess", ".htaccess"),
    ("Ünï 👩‍🚀.pdf", "Ünï 👩‍🚀.pdf"),
    ("<img src=x onerror=alert(1)>.html", "<img src=x onerror=alert(1)>.html"),
    ("a%22b.txt", "a\"b.txt"),
    ("a;b=c.txt", "a;b=c.txt"),
    ("100% sure.txt", "100% sure.txt"),
];

#[tokio::test]
async fn a_name_is_data_and_leads_nowhere() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let long = (format!("{}.tar.gz", "é".repeat(400)), format!("{}.gz", "é".repeat(400)));
    let names = NAMES.iter().map(|(given, listed)| ((*given).to_owned(), (*listed).to_owned()));
    for (given, listed) in names.chain([long]) {
        let body = one_file(&given, "text/plain", given.as_bytes());
        let (status, answer) = send(&ann, project, body).await;
        assert_eq!(status, 201, "{given:?}: {answer}");
        let name = answer["file"]["filename"].as_str().unwrap();
        if given.len() > 255 {
            assert!((250..=255).contains(&name.len()) && name.ends_with("é.gz"), "{name}");
        } else {
            assert_eq!(name, listed, "{given:?}");
        }
        let path = format!("/projects/{project}/files/{}", answer["file"]["id"]);
        let answer = ann.request(Method::GET, &path).send().await.unwrap();
        let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(disposition.starts_with("attachment; filename=\""), "{disposition}");
        let (_, encoded) = disposition.split_once("filename*=UTF-8''").unwrap();
        let decoded = rocket::http::RawStr::new(encoded).percent_decode().unwrap().into_owned();
        assert_eq!(decoded, name, "{disposition}");
        assert_eq!(answer.bytes().await.unwrap(), given.as_bytes());
    }
    let stored = stored(server.home());
    assert_eq!(stored.len(), NAMES.len() + 1);
    for path in stored {
        let name = path.file_name().unwrap().to_str().unwrap();
        let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        assert!(name.len() == 26 && plain, "{name}");
    }
    let mut here: Vec<_> = std::fs::read_dir(server.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    here.sort();
    assert_eq!(here, ["announcement.txt", "uploads"]);
}

#[tokio::test]
async fn what_no_header_may_hold_is_refused() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    for name in ["a\u{0}.txt", "a\u{7f}.txt", "a\n.txt"] {
        let (status, answer) = send(&ann, project, one_file(name, "text/plain", b"x")).await;
        assert_eq!((status, answer["code"].as_str().unwrap()), (400, "invalid_body"), "{name:?}");
    }
    assert!(stored(server.home()).is_empty());
}
