//! An account as a program holds it: its id, with the token of a session.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Client, Server, answer};

/// Somebody who is logged in.
#[derive(Clone)]
pub struct Account {
    /// The `user_id`.
    pub id: u64,
    /// The token of its session.
    pub token: String,
    client: Client,
}

impl Account {
    /// Makes an account; panics unless the name is free.
    pub async fn register(server: &Server, name: &str) -> Account {
        let client = server.client();
        let body = json!({"username": name, "password": format!("{name} and a secret")});
        let (status, body) = client.post("/auth/register", body).await;
        assert_eq!(status, 201, "{body}");
        let token = body["token"].as_str().unwrap().to_owned();
        Account { id: body["user_id"].as_u64().unwrap(), token, client }
    }

    /// The same with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Account {
        Account { token: token.to_owned(), ..self.clone() }
    }

    /// The same on a server that was started again, over new connections.
    #[must_use]
    pub fn again(&self, server: &Server) -> Account {
        Account { client: server.client(), ..self.clone() }
    }

    /// A request in its behalf.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.http().request(method, self.client.url(path)).bearer_auth(&self.token)
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path)).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    /// `DELETE path` with a JSON body.
    pub async fn delete(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::DELETE, path).json(&body)).await
    }

    /// Begins a project with this name: its id, and that of its first conversation.
    pub async fn project(&self, name: &str) -> (u64, u64) {
        let (status, body) = self.post("/projects", json!({ "name": name })).await;
        assert_eq!(status, 201, "{body}");
        (body["project_id"].as_u64().unwrap(), body["conversation_id"].as_u64().unwrap())
    }

    /// Begins a conversation with others; gives its id.
    pub async fn converse(&self, with: &[&Account]) -> u64 {
        let ids: Vec<_> = with.iter().map(|other| other.id).collect();
        let (status, body) = self.post("/conversations", json!({ "participant_ids": ids })).await;
        assert_eq!(status, 201, "{body}");
        body["conversation_id"].as_u64().unwrap()
    }
}
