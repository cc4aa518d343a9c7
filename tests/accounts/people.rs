//! People who have accounts, and what they ask.

use reqwest::Method;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};

use crate::support::Client;

/// A password that is long enough.
pub(crate) const PASSWORD: &str = "correct horse";

/// Somebody with an account, and one session of it.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) id: u64,
    pub(crate) token: String,
}

impl Person {
    /// Makes an account.
    pub(crate) async fn new(client: &Client, name: &str) -> Person {
        let body = json!({ "username": name, "password": PASSWORD });
        let (status, answer) = client.post("/auth/register", body).await;
        assert_eq!(status, 201, "{answer}");
        Person::of(client, &answer)
    }

    /// Makes an account of a registration, by the token of that.
    pub(crate) async fn of_guest(client: &Client, name: &str, token: &str) -> Person {
        let body = json!({ "username": name, "password": PASSWORD, "token": token });
        let (status, answer) = client.post("/auth/register", body).await;
        assert_eq!(status, 201, "{answer}");
        Person::of(client, &answer)
    }

    /// Logs in once more.
    pub(crate) async fn log_in(client: &Client, name: &str, password: &str) -> Person {
        let body = json!({ "username": name, "password": password });
        let (status, answer) = client.post("/auth/login", body).await;
        assert_eq!(status, 200, "{answer}");
        Person::of(client, &answer)
    }

    fn of(client: &Client, answer: &Value) -> Person {
        let token = answer["token"].as_str().unwrap().to_owned();
        Person { client: client.clone(), id: answer["user_id"].as_u64().unwrap(), token }
    }

    /// Asks with the token of the session in a header.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let authorization = format!("Bearer {}", self.token);
        ask(&self.client, method, path, ("Authorization", &authorization), body).await
    }

    /// Asks as a browser does that has the session's cookie.
    pub(crate) async fn browse(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let cookie = format!("theme=dark; chatroom_session={}", self.token);
        ask(&self.client, method, path, (COOKIE.as_str(), &cookie), body).await
    }

    /// Whether the session is one.
    pub(crate) async fn is_in(&self) -> bool {
        let (status, body) = self.ask("GET", "/auth/check", Value::Null).await;
        assert_eq!(body["authenticated"], json!(status == 200), "{body}");
        status == 200
    }
}

/// Registers a name; gives the token that proves it.
pub(crate) async fn guest(client: &Client, name: &str) -> String {
    let (status, answer) = client.post("/register", json!({ "username": name })).await;
    assert_eq!(status, 200, "{answer}");
    answer["token"].as_str().unwrap().to_owned()
}

/// Asks with one header more.
pub(crate) async fn ask(
    client: &Client,
    method: &str,
    path: &str,
    (header, value): (&str, &str),
    body: Value,
) -> (u16, Value) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client.http().request(method, client.url(path)).header(header, value);
    if !body.is_null() {
        request = request.body(body.to_string());
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

/// The cookies that an answer sets, each with its attributes.
pub(crate) fn cookies(response: &reqwest::Response) -> Vec<String> {
    let set = response.headers().get_all(SET_COOKIE).into_iter();
    set.map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

/// How an answer under `/auth` refuses.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> (u16, Value) {
    let body = json!({ "status": "fail", "message": message, "error": message, "code": code });
    (status, body)
}

/// How a protected name is refused.
pub(crate) fn protected() -> (u16, Value) {
    let says = "This name is protected: log in, or present its token.";
    refusal(401, "authentication_required", says)
}
