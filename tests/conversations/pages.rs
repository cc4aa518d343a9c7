//! A conversation, page by page.

use serde_json::json;

use crate::support::Server;
use crate::support::account::Account;

#[tokio::test]
async fn pages_go_from_the_newest_message_to_the_oldest() {
    let server = Server::memory();
    let ann = Account::register(&server, "ann").await;
    let conversation = ann.converse(&[]).await;
    let path = format!("/conversations/{conversation}/messages");
    let empty = json!({"messages": [], "total": 0, "pages": 0, "current_page": 1});
    assert_eq!(ann.get(&path).await, (200, empty));
    for number in 1..=123 {
        let (status, _) = ann.post(&path, json!({"content": number})).await;
        assert_eq!(status, 201);
    }
    let page = async |query: &str| {
        let (status, page) = ann.get(&format!("{path}{query}")).await;
        assert_eq!((status, &page["total"]), (200, &json!(123)), "{query}");
        let content = |message: &serde_json::Value| {
            message["content"].as_str().unwrap().parse::<u64>().unwrap()
        };
        let messages: Vec<_> = page["messages"].as_array().unwrap().iter().map(content).collect();
        assert!(messages.is_sorted_by(|one, next| *one == *next + 1), "{query}: {messages:?}");
        let ends = messages.first().copied().zip(messages.last().copied());
        (ends, page["pages"].as_u64().unwrap(), page["current_page"].as_u64().unwrap())
    };
    for (query, ends, pages, current) in [
        ("", Some((123, 74)), 3, 1),
        ("?page=2", Some((73, 24)), 3, 2),
        ("?page=3", Some((23, 1)), 3, 3),
        ("?page=4", None, 3, 4),
        ("?page=18446744073709551615", None, 3, u64::MAX),
        ("?page=0", Some((123, 74)), 3, 1),
        ("?page=-1&per_page=x", Some((123, 74)), 3, 1),
        ("?per_page=1", Some((123, 123)), 123, 1),
        ("?page=123&per_page=1", Some((1, 1)), 123, 123),
        ("?per_page=100&page=2", Some((23, 1)), 2, 2),
        ("?per_page=1000", Some((123, 24)), 2, 1),
    ] {
        assert_eq!(page(query).await, (ends, pages, current), "{query}");
    }
}
