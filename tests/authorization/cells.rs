//! One cell: one role asks one thing.

use serde_json::{Value, json};

use crate::split;
use crate::table::Row;
use crate::world::{FORM, PASSWORD, Person, Scene, UPLOAD, World};

/// Who asks: the name, and the token that is shown for it.
struct Asker {
    name: String,
    token: Option<String>,
}

/// What ends the account or session of whoever may do it: those need one of their own.
const ENDING: [&str; 6] = [
    "POST /auth/logout",
    "POST /auth/password",
    "DELETE /auth/account",
    "DELETE /auth/sessions",
    "POST /logout",
    "POST /auth/register",
];

async fn asker(world: &World, role: &str, row: &Row) -> Asker {
    let person =
        |person: &Person| Asker { name: person.name.clone(), token: Some(person.token.clone()) };
    let own = ENDING.contains(&&*row.name) && row.body.contains("{me}") || is_own(row);
    match role {
        "nobody" => Asker { name: format!("nobody-{}", world.next()), token: None },
        "revoked" => Asker { name: world.creator.name.clone(), token: Some(world.revoked.clone()) },
        "guest" if own => {
            let name = format!("guest-{}", world.next());
            let (_, body) = world.client().post("/register", json!({ "username": name })).await;
            Asker { name, token: Some(body["token"].as_str().unwrap().to_owned()) }
        }
        "guest" => Asker { name: world.guest.0.clone(), token: Some(world.guest.1.clone()) },
        _ if own => person(&world.stranger(role).await),
        "other" => person(&world.other),
        "member" => person(&world.member),
        "former" => person(&world.former),
        "creator" if row.name == "POST /logout" => {
            Asker { name: world.creator.name.clone(), token: Some(world.session().await.0) }
        }
        "creator" => person(&world.creator),
        "admin" => person(&world.admin),
        role => panic!("no such role: {role}"),
    }
}

/// Whether the row ends what is the asker's own without naming it.
fn is_own(row: &Row) -> bool {
    ["POST /auth/logout", "POST /auth/password", "DELETE /auth/account", "DELETE /auth/sessions"]
        .contains(&&*row.name)
}

fn fill(text: &str, world: &World, scene: &Scene, asker: &Asker) -> String {
    let mut text =
        text.replace("{me}", &asker.name).replace("{free}", &format!("f{}", world.next()));
    for (key, value) in [
        ("{id}", scene.conversation.to_string()),
        ("{conversation}", scene.conversation.to_string()),
        ("{project}", scene.project.to_string()),
        ("{file_id}", scene.file.to_string()),
        ("{file}", "swagger-ui.css".to_owned()),
        ("{password}", PASSWORD.to_owned()),
        ("{creator}", world.creator.name.clone()),
        ("{other}", world.other.name.clone()),
        ("{other_id}", world.other.id.to_string()),
        ("{member_id}", world.member.id.to_string()),
        ("{former_id}", world.former.id.to_string()),
    ] {
        text = text.replace(key, &value);
    }
    text
}

/// The status of the answer to `role`.
pub(crate) async fn ask(world: &World, role: &str, row: &Row) -> String {
    let scene = world.scene().await;
    let asker = asker(world, role, row).await;
    let (method, path) = split(&row.name);
    let path = match path {
        path if path.starts_with("/projects/") => path.replacen("{id}", "{project}", 1),
        path if path.starts_with("/auth/sessions/") => {
            path.replacen("{id}", &world.session().await.1.to_string(), 1)
        }
        path => path.to_owned(),
    };
    let path = fill(&format!("{path}{}", row.query), world, &scene, &asker);
    let mut request = world.client().http().request(method, world.url(&path));
    if let Some(token) = &asker.token {
        request = request.bearer_auth(token);
    }
    if row.name == "POST /projects/{id}/files" {
        request = request.header("Content-Type", FORM).body(UPLOAD);
    } else if !row.body.is_empty() {
        let mut body = fill(&row.body, world, &scene, &asker);
        if body.contains("{target}") {
            body = body.replace("{target}", &world.stranger("target").await.name);
        }
        request = request.header("Content-Type", "application/json").body(body);
    }
    request.send().await.unwrap().status().as_u16().to_string()
}

/// What the Socket.IO client is to do for `role`.
pub(crate) async fn event(world: &World, role: &str, row: &Row) -> Value {
    let scene = world.scene().await;
    let asker = asker(world, role, row).await;
    let data: Value = match &*row.body {
        "" => Value::Null,
        body => serde_json::from_str(&fill(body, world, &scene, &asker)).unwrap(),
    };
    json!({ "token": asker.token, "event": row.name, "data": data })
}
