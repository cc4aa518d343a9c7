//! The page at `/`, in real browsers against the real server.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod programs;
mod support;

use std::collections::BTreeSet;

use programs::{Program, need, need_node_modules, output};
use reqwest::header::{ACCEPT_ENCODING, IF_NONE_MATCH};
use serde_json::json;
use support::{Client, Server, command};
use tokio::sync::{Mutex, MutexGuard};

/// One browser at a time: several would be slow, and be taken for a slow page.
static BROWSER: Mutex<()> = Mutex::const_new(());

fn one_browser() -> MutexGuard<'static, ()> {
    need_browser();
    BROWSER.blocking_lock()
}

fn need_browser() {
    need(&["chromium"]);
    need_node_modules();
}

/// The command that runs a story of `tests/web/`.
fn line(story: &str, server: &Server) -> String {
    format!("node tests/web/{story}.mjs {} $(command -v chromium)", server.url(""))
}

/// Runs a story against a new server.
fn tell(story: &str) {
    let _one = one_browser();
    let server = Server::memory();
    assert_eq!(output(&line(story, &server), 300).trim(), "well");
}

#[test]
fn two_people_come_in_and_talk_in_rooms_and_directly() {
    tell("walk");
}

#[test]
fn accounts_keep_names_and_share_projects_with_files() {
    tell("accounts");
}

#[test]
fn a_tab_that_slept_or_was_away_misses_nothing() {
    tell("asleep");
}

#[test]
fn notices_come_for_what_is_said_to_one_while_one_looks_elsewhere() {
    tell("notices");
}

#[test]
fn two_tabs_of_one_person_share_one_stream() {
    tell("tabs");
}

#[test]
fn without_streams_the_page_chats_by_long_polls() {
    tell("polls");
}

#[test]
fn everything_is_done_with_the_keyboard_alone() {
    tell("keyboard");
}

/// With `CHATROOM_BLESS=1` the pictures in `docs/screenshots/` are taken anew.
#[test]
fn every_screen_is_accessible_in_both_sizes_and_themes() {
    let _one = one_browser();
    let bless = std::env::var_os("CHATROOM_BLESS").is_some();
    let folder = if bless { "docs/screenshots" } else { "" };
    for shape in ["390x844", "1440x900"] {
        for theme in ["light", "dark"] {
            let server = Server::memory();
            let line = format!("{} {shape} {theme} {folder}", line("looks", &server));
            assert_eq!(output(&line, 120).trim(), "well", "{shape} {theme}");
        }
    }
}

#[test]
fn how_the_server_is_doing_is_shown_to_whom_it_may_be() {
    let _one = one_browser();
    let (server, _) = Server::with_root();
    assert_eq!(output(&line("status", &server), 120).trim(), "well");
}

#[test]
fn an_invitation_opens_the_way_to_an_account() {
    let _one = one_browser();
    let (mut before, token) = Server::with_root();
    before.kill();
    let settings = "registration = \"invite\"\n";
    std::fs::write(before.home().join("chatroom.toml"), settings).unwrap();
    let server = Server::start_in(before.home(), &[]);
    let invite = || {
        let mut invite = command(server.home());
        invite.args(["admin", "invite", "--url", &server.url("")]);
        let output = invite.env("CHATROOM_ADMIN_TOKEN", &token).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let link = printed.lines().next().unwrap().strip_prefix(&server.url("/")).unwrap();
        format!("'{link}'")
    };
    let links = [invite(), invite()].join(" ");
    assert_eq!(output(&format!("{} {links}", line("invited", &server)), 120).trim(), "well");
}

#[test]
fn no_text_becomes_markup_or_code() {
    let _one = one_browser();
    let home = tempfile::tempdir().unwrap();
    let payloads = include_str!("web/payloads.txt");
    std::fs::write(home.path().join("announcement.txt"), payloads).unwrap();
    let settings = r#"rooms = ["General", "javascript:alert(1)", "${alert(1)}", "{{alert(1)}}"]"#;
    std::fs::write(home.path().join("chatroom.toml"), settings).unwrap();
    let server = Server::start_in(home.path(), &["--store", "memory:"]);
    assert_eq!(output(&line("hostile", &server), 300).trim(), "well");
}

#[test]
fn no_uploaded_file_runs_whichever_way_it_is_opened() {
    tell("uploads");
}

#[test]
fn a_server_that_is_killed_in_mid_conversation_loses_and_doubles_nothing() {
    let _one = one_browser();
    let mut server = Server::start(&[]);
    let mut people = Program::start(&line("restart", &server));
    people.shows("stop");
    server.signal("STOP");
    people.types("stopped");
    people.shows("continue");
    server.signal("CONT");
    people.types("continued");
    people.shows("kill");
    server.kill();
    people.types("killed");
    people.shows("restart");
    let (home, port) = (server.home().to_owned(), server.port().to_string());
    let mut again = command(&home);
    let _again = Server::launch(&home, again.args(["serve", "--port", &port]));
    people.types("restarted");
    people.shows("well");
    people.ends();
}

#[tokio::test]
async fn ten_thousand_messages_are_read_up_to_the_first() {
    need_browser();
    let server = Server::memory();
    fill(&server.client(), 10_000).await;
    let _one = BROWSER.lock().await;
    assert_eq!(output(&line("history", &server), 300).trim(), "well");
}

/// Says so many things in the room General.
async fn fill(client: &Client, count: usize) {
    client.register(&["Historian"]).await;
    let body = json!({ "username": "Historian", "room_id": "room_General" });
    assert_eq!(client.post("/join_room", body).await.0, 200);
    for number in 0..count {
        let message = format!("number {number}");
        let body =
            json!({ "sender": "Historian", "recipient": "room_General", "message": message });
        assert_eq!(client.post("/send", body).await.0, 200);
    }
}

#[tokio::test]
async fn what_a_browser_has_is_not_sent_again() {
    let server = Server::memory();
    let client = server.client();
    let get = |path: &str| client.http().get(client.url(path));
    let page = get("/").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-cache");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(!policy.contains("unsafe") && policy.contains("script-src 'self'"), "{policy}");
    let tag = page.headers()["etag"].to_str().unwrap().to_owned();
    let again = get("/").header(IF_NONE_MATCH, format!("\"other\", W/{tag}")).send().await.unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(again.headers()["etag"], tag.as_str());
    assert_eq!(again.text().await.unwrap(), "");
    let other = get("/").header(IF_NONE_MATCH, "\"other\"").send().await.unwrap();
    assert_eq!(other.status(), 200);

    let page = page.text().await.unwrap();
    let assets = assets(&page);
    assert!(assets.len() > 10, "{assets:?}");
    for path in &assets {
        let asset = get(path).send().await.unwrap();
        assert_eq!(asset.status(), 200, "{path}");
        assert_eq!(asset.headers()["cache-control"], "public, max-age=31536000, immutable");
    }
    let path = assets.iter().find(|path| path.ends_with("app.js")).unwrap();
    let old = path.replace("assets/", "assets/0");
    assert_eq!(get(&old).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_page_and_all_it_loads_is_under_sixty_kilobytes() {
    let server = Server::memory();
    let client = server.client();
    let page = client.http().get(client.url("/")).send().await.unwrap().text().await.unwrap();
    let mut bytes = 0;
    for path in assets(&page).into_iter().chain(["/".to_owned()]) {
        let request = client.http().get(client.url(&path)).header(ACCEPT_ENCODING, "br, gzip");
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-encoding"], "gzip", "{path}");
        let vary: Vec<_> = response.headers().get_all("vary").iter().collect();
        assert!(vary.iter().any(|value| *value == "Accept-Encoding"), "{vary:?}");
        bytes += response.bytes().await.unwrap().len();
    }
    assert!((10_000..60_000).contains(&bytes), "{bytes} bytes");
}

#[tokio::test]
async fn older_pages_lead_here() {
    let server = Server::memory();
    for (path, wanted) in
        [("/login.html", "/"), ("/index.html", "/"), ("/project_management.html", "/#projects")]
    {
        let policy = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().redirect(policy).build().unwrap();
        let response = client.get(server.url(path)).send().await.unwrap();
        assert_eq!(response.status(), 308, "{path}");
        assert_eq!(response.headers()["location"], wanted, "{path}");
    }
}

/// The addresses that the page names, as paths.
fn assets(page: &str) -> BTreeSet<String> {
    let named = page.split('"').filter(|text| text.starts_with("assets/"));
    named.map(|text| format!("/{text}")).collect()
}
