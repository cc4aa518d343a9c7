//! Who a socket is when names are somebody's own, over plain Engine.IO polling.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::people::{PASSWORD, Person, guest};
use crate::support::{Client, Server};

/// How long a packet may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connected socket.
pub(crate) struct Socket {
    client: Client,
    path: String,
    /// Who the server says it is.
    pub(crate) username: String,
}

impl Socket {
    /// Connects with these headers and this `auth`.
    pub(crate) async fn connect(client: &Client, headers: &[(&str, &str)], auth: Value) -> Socket {
        let path = "/socket.io/?EIO=4&transport=polling".to_owned();
        let mut request = client.http().get(client.url(&path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let opened = request.send().await.unwrap().text().await.unwrap();
        let handshake: Value = serde_json::from_str(&opened[1..]).unwrap();
        let path = format!("{path}&sid={}", handshake["sid"].as_str().unwrap());
        let mut socket = Socket { client: client.clone(), path, username: String::new() };
        socket.push(format!("40{auth}")).await;
        let greeting = socket.event("connection_response").await;
        socket.username = greeting["username"].as_str().unwrap().to_owned();
        socket
    }

    /// Sends an event.
    async fn emit(&self, name: &str, data: Value) {
        self.push(format!("42{}", json!([name, data]))).await;
    }

    /// Says something in the room that everybody may join; gives what the room hears.
    async fn say(&self, text: &str) -> Value {
        self.emit("join", json!({ "room": "General" })).await;
        self.emit("message", json!({ "room": "General", "msg": text })).await;
        self.event("message").await
    }

    /// The data of the next event of this name; others are passed over.
    async fn event(&self, name: &str) -> Value {
        let head = format!("42[\"{name}\"");
        let packet = self.packet(&head).await;
        serde_json::from_str::<Value>(&packet[2..]).unwrap()[1].take()
    }

    /// The next packet that begins like this.
    async fn packet(&self, head: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < until, "{head} did not come");
            for packet in self.poll().await {
                if packet.starts_with(head) {
                    return packet;
                }
                assert!(!packet.starts_with("41"), "disconnected before {head}");
                if packet == "2" {
                    self.push("3".to_owned()).await;
                }
            }
        }
    }

    async fn poll(&self) -> Vec<String> {
        let response = self.client.http().get(self.client.url(&self.path)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.text().await.unwrap().split('\u{1e}').map(str::to_owned).collect()
    }

    async fn push(&self, packet: String) {
        let request = self.client.http().post(self.client.url(&self.path)).body(packet);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
}

fn assert_guest(socket: &Socket) {
    let digits = socket.username.strip_prefix("Guest").unwrap_or_else(|| panic!("not a guest"));
    assert!(digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
}

#[tokio::test]
async fn a_socket_is_the_account_of_its_token_or_cookie() {
    let server = Server::memory();
    let client = server.client();
    let guest = guest(&client, "ann").await;
    let ann = Person::of_guest(&client, "ann", &guest).await;
    let cookie = format!("chatroom_session={}", ann.token);
    let cookie = ("Cookie", cookie.as_str());
    let host = client.url("");
    let (own, foreign) = (("Origin", host.as_str()), ("Origin", "http://evil.example"));
    let (near, far) = (("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site"));
    for (headers, auth) in [
        (vec![], json!({ "token": ann.token })),
        (vec![], json!({ "token": guest })),
        (vec![], json!({ "token": ann.token, "username": "bob" })),
        (vec![cookie], json!({})),
        (vec![cookie, own], json!({})),
        (vec![cookie, near, own], json!({})),
        (vec![foreign, far], json!({ "token": ann.token })),
    ] {
        let socket = Socket::connect(&client, &headers, auth.clone()).await;
        assert_eq!(socket.username, "ann", "{headers:?} {auth}");
        assert_eq!(socket.say("hi").await["username"], "ann");
    }
    for headers in [vec![cookie, foreign], vec![cookie, ("Origin", "null")], vec![cookie, far]] {
        assert_guest(&Socket::connect(&client, &headers, json!({})).await);
    }
}

#[tokio::test]
async fn no_socket_gets_a_protected_name_by_asking_for_it() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "Ann").await;
    for auth in [
        json!({ "username": "Ann" }),
        json!({ "username": "ann" }),
        json!({ "username": "Аnn" }),
        json!({ "username": "ann", "token": "x" }),
        json!({ "token": "x" }),
    ] {
        assert_guest(&Socket::connect(&client, &[], auth).await);
    }
    assert_eq!(ann.ask("POST", "/auth/logout", Value::Null).await.0, 200);
    assert_guest(&Socket::connect(&client, &[], json!({ "token": ann.token })).await);
    let socket = Socket::connect(&client, &[], json!({ "username": "bob" })).await;
    assert_eq!(socket.username, "bob");
    let sent = json!({ "room": "General", "message": "hi", "username": "Ann" });
    socket.emit("join_room", json!({ "room": "General" })).await;
    socket.emit("send_message", sent).await;
    assert_eq!(socket.event("new_message").await["username"], "bob", "nor is it shown under it");
}

#[tokio::test]
async fn the_sockets_of_a_session_end_with_it_and_others_do_not() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    let other = Person::log_in(&client, "ann", PASSWORD).await;
    let ending = Socket::connect(&client, &[], json!({ "token": ann.token })).await;
    let going_on = Socket::connect(&client, &[], json!({ "token": other.token })).await;
    let started = Instant::now();
    assert_eq!(ann.ask("POST", "/auth/logout", Value::Null).await.0, 200);
    ending.packet("41").await;
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(going_on.say("still there").await["msg"], "still there");
    let body = json!({ "password": PASSWORD });
    assert_eq!(other.ask("DELETE", "/auth/account", body).await.0, 200);
    going_on.packet("41").await;
}

#[tokio::test]
async fn the_socket_of_a_guest_goes_on_when_its_name_becomes_an_account() {
    let server = Server::memory();
    let client = server.client();
    let token = guest(&client, "ann").await;
    let socket = Socket::connect(&client, &[], json!({ "token": token })).await;
    assert_eq!(socket.username, "ann");
    Person::of_guest(&client, "ann", &token).await;
    assert_eq!(socket.say("hi").await["username"], "ann");
}
