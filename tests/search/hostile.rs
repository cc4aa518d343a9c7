//! Questions that are meant to break something.

use super::support::Server;
use super::{found, say};

#[tokio::test]
async fn no_question_is_answered_with_anything_but_hits_or_a_sentence() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "eve"]).await;
    say(&client, "ann", "ann", "the secret of ann").await;
    let pieces = [
        "\"",
        "*",
        "OR",
        "AND",
        "NOT",
        "NEAR(",
        ")",
        "(",
        "{",
        "}",
        ":",
        "^",
        "+",
        "-",
        "'",
        ";",
        "--",
        "lines",
        "rowid",
        "secret",
        "sec*",
        "\0",
        "\u{e000}1",
        "\u{fdfa}",
        "\u{10ffff}",
        "%",
        "\\",
        "\n",
        "東*",
        "\"a b",
        "u1",
        "words:",
    ];
    let mut questions: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
    for first in pieces {
        for second in pieces {
            questions.push(format!("{first}{second}"));
            questions.push(format!("secret {first} {second} secret"));
        }
    }
    for long in ["a", "\"", "* ", "東", "\u{301}", "(", "a b"] {
        questions.push(long.repeat(255 / long.chars().count()));
        questions.push(long.repeat(10_000 / long.len()));
    }
    for question in questions {
        for order in ["newest", "rank"] {
            let query = [("username", "eve"), ("q", &*question), ("order", order)];
            let (status, body) = client.query("/search", &query).await;
            match status {
                200 => assert_eq!(body["hits"], serde_json::json!([]), "{question:?}"),
                400 => {
                    let codes = ["query_empty", "query_too_long", "prefix_too_short"];
                    let code = body["code"].as_str().unwrap();
                    assert!(codes.contains(&code), "{question:?}: {body}");
                }
                _ => panic!("{question:?}: {status} {body}"),
            }
        }
    }
    assert_eq!(found(&client, "ann", "secret").await.len(), 1);
}

#[tokio::test]
async fn parameters_that_mean_nothing_are_refused_or_ignored() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    say(&client, "ann", "ann", "word").await;
    for (name, value, code) in [
        ("before", "yesterday", "invalid_time"),
        ("after", "2026-99-99", "invalid_time"),
        ("after", "-1", "invalid_time"),
        ("before", "2026-01-01' OR 1=1", "invalid_time"),
        ("order", "best", ""),
        ("order", "rank; DROP", ""),
        ("with", "<>", "none"),
        ("with", "room_", "room_not_found"),
        ("with", "room_0", "room_not_found"),
        ("limit", "NaN", ""),
    ] {
        let query = [("username", "ann"), ("q", "word"), (name, value)];
        let (status, body) = client.query("/search", &query).await;
        match code {
            "" | "none" => {
                let hits = body["hits"].as_array().unwrap().len();
                assert_eq!((status, hits), (200, usize::from(code.is_empty())), "{name}={value}");
            }
            _ => assert_eq!((status, &body["code"]), (400, &code.into()), "{name}={value}"),
        }
    }
}
