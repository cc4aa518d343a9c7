//! Pages: in their order, nothing twice, nothing left out.

use serde_json::Value;

use super::support::{Client, Server};
use super::{ids, say, search};

/// All pages of so many hits; `between` is said before every next one.
async fn pages(client: &Client, order: &str, limit: &str, between: &str) -> Vec<Vec<u64>> {
    let mut cursor = String::new();
    let mut pages = Vec::new();
    loop {
        let query = [("q", "word"), ("order", order), ("limit", limit), ("cursor", &*cursor)];
        let body = search(client, "ann", &query).await;
        pages.push(ids(&body));
        match &body["next"] {
            Value::Null => return pages,
            next => next.as_str().unwrap().clone_into(&mut cursor),
        }
        say(client, "ann", "ann", between).await;
    }
}

#[tokio::test]
async fn pages_have_every_hit_once_in_both_orders_while_more_is_said() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    for number in 0..50 {
        let text = ["word", "one word more", "nothing", "word, word and words"][number % 4];
        say(&client, "ann", "ann", text).await;
    }
    let newest = pages(&client, "newest", "100", "").await.concat();
    assert_eq!(newest.len(), 38);
    assert!(newest.is_sorted_by(|a, b| a > b));
    let best = pages(&client, "rank", "100", "").await.concat();
    let text = |id: u64| {
        ["word", "one word more", "nothing", "word, word and words"][(id as usize - 1) % 4]
    };
    let order = best.iter().map(|id| {
        ["word, word and words", "word", "one word more"]
            .iter()
            .position(|t| *t == text(*id))
            .unwrap()
    });
    assert!(order.is_sorted(), "{best:?}");
    for limit in ["1", "7", "19", "38", "50"] {
        let size: usize = limit.parse().unwrap();
        for (order, wanted) in [("newest", &newest), ("rank", &best)] {
            let pages = pages(&client, order, limit, "no such thing").await;
            assert!(pages[..pages.len() - 1].iter().all(|page| page.len() == size));
            assert_eq!(&pages.concat(), wanted, "{order} {limit}");
        }
        // What is said meanwhile is newer than where the pages began, or as good as any.
        assert_eq!(pages(&client, "newest", limit, "nothing").await.concat(), newest);
    }
    assert_eq!(pages(&client, "newest", "7", "one more word").await.concat(), newest);
}

#[tokio::test]
async fn a_cursor_of_another_order_is_refused() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    for (order, cursor) in [
        ("newest", "1.2"),
        ("newest", "x"),
        ("newest", "-1"),
        ("rank", "7"),
        ("rank", "1.2.3"),
        ("rank", "99999999999.1"),
    ] {
        let query = [("username", "ann"), ("q", "word"), ("order", order), ("cursor", cursor)];
        let (status, body) = client.query("/search", &query).await;
        assert_eq!((status, &body["code"]), (400, &"invalid_cursor".into()), "{order} {cursor}");
    }
}

#[tokio::test]
async fn the_most_of_a_page_is_a_hundred_and_twenty_is_usual() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    for _ in 0..120 {
        say(&client, "ann", "ann", "word").await;
    }
    for (limit, wanted) in
        [("", 20), ("0", 20), ("-3", 20), ("99", 99), ("100", 100), ("9999999999999999999999", 100)]
    {
        let body = search(&client, "ann", &[("q", "word"), ("limit", limit)]).await;
        assert_eq!(ids(&body).len(), wanted, "{limit}");
    }
}
