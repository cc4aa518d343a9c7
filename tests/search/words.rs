//! Which words are found, and how they are shown.

use serde_json::json;

use super::support::Server;
use super::{found, ids, say, search};

#[tokio::test]
async fn a_hit_says_where_it_stands_and_marks_what_was_found() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let id = client.send("ann", "bob", "Hello <b>Bob</b>,\nhello \"all\"!", "k1").await;
    let body = search(&client, "bob", &[("q", "HELLO")]).await;
    let read = client.get("/messages?username=bob&view=full").await.1;
    let wanted = json!({
        "status": "success",
        "hits": [{
            "id": id, "sender": "ann", "recipient": "bob", "kind": "direct",
            "created_at": read["messages"][0]["created_at"],
            "snippet": [
                { "text": "Hello", "hit": true },
                { "text": " <b>Bob</b>, ", "hit": false },
                { "text": "hello", "hit": true },
                { "text": " \"all\"!", "hit": false },
            ],
        }],
        "next": null,
    });
    assert_eq!(body, wanted);
}

#[tokio::test]
async fn of_a_long_message_a_part_is_shown() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    let far = "東京タワー ".repeat(300);
    say(&client, "ann", "ann", &format!("{far}needle {far}")).await;
    let shown = found(&client, "ann", "needle").await.remove(0);
    assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
    assert!(shown.contains("東京タワー [needle] 東京タワー"), "{shown}");
    assert!(shown.chars().count() < 170, "{shown}");
}

#[tokio::test]
async fn words_phrases_beginnings_are_found_in_any_script() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    let texts = [
        "The quick brown fox",
        "a brown, quick fox",
        "Die Straße nach İstanbul",
        "私は東京に住んでいます",
        "京都の東",
        "明天的会议室",
        "ฉันกินข้าวที่บ้าน",
        "학교에 간다",
        "un cafe\u{301} s'il vous plaît 👩🏽\u{200d}🚀",
        "nothing",
    ];
    for text in texts {
        say(&client, "ann", "ann", text).await;
    }
    for (words, wanted) in [
        ("quick", &["a brown, [quick] fox", "The [quick] brown fox"][..]),
        ("fox QUICK", &["a brown, [quick] [fox]", "The [quick] brown [fox]"]),
        ("\"quick brown\"", &["The [quick brown] fox"]),
        ("\"brown quick", &["a [brown, quick] fox"]),
        ("qui* bro*", &["a [brown], [quick] fox", "The [quick] [brown] fox"]),
        ("uick*", &[]),
        ("strasse ISTANBUL", &["Die [Straße] nach [İstanbul]"]),
        ("東京", &["私は[東京]に住んでいます"]),
        ("東", &["京都の[東]", "私は[東]京に住んでいます"]),
        ("会议", &["明天的[会议]室"]),
        ("กิน", &["ฉัน[กิน]ข้าวที่บ้าน"]),
        ("학교*", &["[학교에] 간다"]),
        ("café", &["un [cafe\u{301}] s'il vous plaît 👩🏽\u{200d}🚀"]),
        ("s'il", &["un cafe\u{301} [s'il] vous plaît 👩🏽\u{200d}🚀"]),
        ("🚀", &["un cafe\u{301} s'il vous plaît [👩🏽\u{200d}🚀]"]),
        ("fox -quick", &["a brown, [quick] [fox]", "The [quick] brown [fox]"]),
        ("fox OR nothing", &[]),
    ] {
        assert_eq!(found(&client, "ann", words).await, wanted, "{words}");
    }
}

#[tokio::test]
async fn what_is_asked_beside_the_words_narrows_it_down() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid"]).await;
    let mut ids_of = Vec::new();
    for (place, (from, to)) in
        [("bob", "ann"), ("ann", "bob"), ("cid", "ann"), ("ann", "cid")].into_iter().enumerate()
    {
        ids_of.push(client.send(from, to, "a word", &place.to_string()).await);
    }
    super::create_room(&client, "ann", &["bob"]).await;
    let room = client.send("bob", "room_1", "a word", "room").await;
    let [first, second, third, fourth] = ids_of[..] else { panic!("four messages") };
    let moment =
        client.get("/messages?username=ann&view=full").await.1["messages"][1]["created_at"]
            .as_str()
            .unwrap()
            .to_owned();
    let (before, after) = (third.to_string(), second.to_string());
    for (more, wanted) in [
        (&[][..], &[room, fourth, third, second, first][..]),
        (&[("with", "bob")], &[second, first]),
        (&[("with", "room_1")], &[room]),
        (&[("with", "nobody")], &[]),
        (&[("from", "Bob")], &[room, first]),
        (&[("from", "nobody")], &[]),
        (&[("from", "<>")], &[]),
        (&[("from", "server")], &[]),
        (&[("from", "bob"), ("with", "bob")], &[first]),
        (&[("before", &before)], &[second, first]),
        (&[("after", &after)], &[room, fourth, third]),
        (&[("before", &before), ("after", "1")], &[second]),
        (&[("before", "99999999999999999999")], &[room, fourth, third, second, first]),
        (&[("after", "2000-01-01")], &[room, fourth, third, second, first]),
        (&[("before", "2000-01-01T00:00:00+01:00")], &[]),
        (&[("after", "9999-01-01")], &[]),
        (
            &[("with", ""), ("from", ""), ("before", ""), ("limit", "x")],
            &[room, fourth, third, second, first],
        ),
        (&[("limit", "2")], &[room, fourth]),
    ] {
        let mut query = vec![("q", "word")];
        query.extend(more);
        assert_eq!(ids(&search(&client, "ann", &query).await), wanted, "{more:?}");
    }
    // A moment splits what there is: what was stored in it comes after.
    let early = search(&client, "ann", &[("q", "word"), ("before", &moment)]).await;
    let late = search(&client, "ann", &[("q", "word"), ("after", &moment)]).await;
    let mut both = ids(&late);
    assert!(both.contains(&third));
    both.extend(ids(&early));
    assert_eq!(both, [room, fourth, third, second, first]);
    let notices = search(&client, "ann", &[("q", "participant"), ("from", "server")]).await;
    assert_eq!(ids(&notices).len(), 1);
}
