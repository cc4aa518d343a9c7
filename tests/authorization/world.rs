//! The people of the matrix, and what they have.

use std::cell::Cell;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Client, Server, command};

pub(crate) const PASSWORD: &str = "correct horse";

const STORE: &[&str] = &["--store", "sqlite:chatroom.db", "--durability", "fast"];

/// Wrong passwords are part of the table.
const SETTINGS: &str = "[rate_limits]\nfailed_logins = \"1000/1m\"\n";

/// A file as a form sends it.
pub(crate) const UPLOAD: &str = "--edge\r\nContent-Disposition: form-data; name=\"file\"; \
    filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--edge--\r\n";

/// The type of that form.
pub(crate) const FORM: &str = "multipart/form-data; boundary=edge";

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) id: u64,
    pub(crate) token: String,
}

/// A server with people.
pub(crate) struct World {
    server: Server,
    /// Behind the server, so that it goes after it.
    _home: TempDir,
    client: Client,
    pub(crate) guest: (String, String),
    pub(crate) other: Person,
    pub(crate) member: Person,
    pub(crate) former: Person,
    pub(crate) creator: Person,
    pub(crate) admin: Person,
    /// A session of the creator's that has ended.
    pub(crate) revoked: String,
    count: Cell<u32>,
}

/// What they meet about, made anew for each cell.
pub(crate) struct Scene {
    pub(crate) project: u64,
    pub(crate) conversation: u64,
    pub(crate) file: u64,
}

impl World {
    pub(crate) async fn new() -> World {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("chatroom.toml"), SETTINGS).unwrap();
        let mut server = Server::start_in(home.path(), STORE);
        let client = server.client();
        let mut people = Vec::new();
        for name in ["other", "member", "former", "creator", "admin"] {
            people.push(register(&client, name).await);
        }
        let (_, guest) = client.post("/register", json!({ "username": "guest" })).await;
        server.terminate();
        promote(home.path(), &people[4].name);
        let server = Server::start_in(home.path(), STORE);
        let client = server.client();
        let [other, member, former, creator, admin] = people.try_into().unwrap();
        let guest = ("guest".to_owned(), guest["token"].as_str().unwrap().to_owned());
        let revoked = login(&client, &creator.name).await;
        let (_home, count) = (home, Cell::new(0));
        let world = World {
            server,
            _home,
            client,
            guest,
            other,
            member,
            former,
            creator,
            admin,
            revoked,
            count,
        };
        world.done(&world.revoked, Method::POST, "/auth/logout", Value::Null).await;
        world
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    pub(crate) fn home(&self) -> &Path {
        self.server.home()
    }

    /// A number that was not there before.
    pub(crate) fn next(&self) -> u32 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// A new account with this in its name.
    pub(crate) async fn stranger(&self, role: &str) -> Person {
        register(&self.client, &format!("{role}-{}", self.next())).await
    }

    /// A project with a conversation: the creator began both, the member is in it, the former
    /// member was.
    pub(crate) async fn scene(&self) -> Scene {
        let creator = &self.creator.token;
        let made = self.done(creator, Method::POST, "/projects", json!({ "name": "P" })).await;
        let (project, conversation) =
            (made["project_id"].as_u64().unwrap(), made["conversation_id"].as_u64().unwrap());
        let participants = format!("/conversations/{conversation}/participants");
        let two = json!({ "participant_ids": [self.member.id, self.former.id] });
        self.done(creator, Method::POST, &participants, two).await;
        let gone = json!({ "user_id": self.former.id });
        self.done(creator, Method::DELETE, &participants, gone).await;
        let file = self.upload(project).await;
        Scene { project, conversation, file }
    }

    /// A further session of the creator's: its token and its number.
    pub(crate) async fn session(&self) -> (String, u64) {
        let token = login(&self.client, &self.creator.name).await;
        let sessions = self.done(&token, Method::GET, "/auth/sessions", Value::Null).await;
        let sessions = sessions.as_array().unwrap();
        let session = sessions.iter().find(|session| session["current"] == true).unwrap();
        (token, session["id"].as_u64().unwrap())
    }

    async fn upload(&self, project: u64) -> u64 {
        let url = self.url(&format!("/projects/{project}/files"));
        let request = self.client.http().post(url).bearer_auth(&self.creator.token);
        let request = request.header("Content-Type", FORM).body(UPLOAD);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["file"]["id"].as_u64().unwrap_or_else(|| panic!("{answer}"))
    }

    async fn done(&self, token: &str, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.client.http().request(method, self.url(path)).bearer_auth(token);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }
}

async fn register(client: &Client, name: &str) -> Person {
    let account = json!({ "username": name, "password": PASSWORD });
    let (status, body) = client.post("/auth/register", account).await;
    assert_eq!(status, 201, "{body}");
    Person {
        name: name.to_owned(),
        id: body["user_id"].as_u64().unwrap(),
        token: body["token"].as_str().unwrap().to_owned(),
    }
}

async fn login(client: &Client, name: &str) -> String {
    let (status, body) =
        client.post("/auth/login", json!({ "username": name, "password": PASSWORD })).await;
    assert_eq!(status, 200, "{body}");
    body["token"].as_str().unwrap().to_owned()
}

/// Has the store of the stopped server in hand.
fn promote(home: &Path, name: &str) {
    let output = command(home).args(["admin", "promote", name]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
