//! One table of names with a verdict each, which is the same over every transport.

use serde_json::{Value, json};

use crate::people::{PASSWORD, Person, protected, refusal};
use crate::sockets::Socket;
use crate::support::Server;

/// The accounts that are there.
const ACCOUNTS: &[&str] = &["Alice", "Zoë", "О’Нил", "root"];

/// A name, and `ok`, `taken` by one of [`ACCOUNTS`], or the code that it is refused with.
const NAMES: &[(&str, &str)] = &[
    ("bob", "ok"),
    ("Bob Lee", "ok"),
    ("b.o-b_2", "ok"),
    ("42", "ok"),
    ("null", "ok"),
    ("Иван", "ok"),
    ("山田太郎", "ok"),
    ("محمّد", "ok"),
    ("हिन्दी", "ok"),
    ("🚀", "ok"),
    ("Zoe", "ok"),
    ("A1ice", "ok"),
    ("r00t", "ok"),
    ("Alice2", "ok"),
    ("Alice B", "ok"),
    ("servers", "ok"),
    ("Roomy", "ok"),
    ("1234567890123456789012345678901234567890123456789012345678901234", "ok"),
    // Case.
    ("Alice", "taken"),
    ("alice", "taken"),
    ("ALICE", "taken"),
    ("aLiCe", "taken"),
    ("ROOT", "taken"),
    ("ZOË", "taken"),
    // Composed, decomposed, in other widths and alphabets of symbols.
    ("Zoë", "taken"),
    ("Zoe\u{308}", "taken"),
    ("zOE\u{308}", "taken"),
    ("Ａｌｉｃｅ", "taken"),
    ("𝐀𝐥𝐢𝐜𝐞", "taken"),
    ("𝒜lice", "taken"),
    ("Ⓐlice", "taken"),
    ("ｒｏｏｔ", "taken"),
    // Letters of other scripts that look the same.
    ("Аlice", "taken"),
    ("Alicе", "taken"),
    ("Alісe", "taken"),
    ("Αlice", "taken"),
    ("rооt", "taken"),
    ("rοοt", "taken"),
    ("O’Нил", "taken"),
    ("О'Нил", "name_markup"),
    // Zero-width, bidi, other format characters.
    ("Al\u{200b}ice", "name_control"),
    ("Alice\u{200c}", "name_control"),
    ("Al\u{200d}ice", "name_control"),
    ("\u{feff}Alice", "name_control"),
    ("Al\u{ad}ice", "name_control"),
    ("Al\u{2060}ice", "name_control"),
    ("\u{202e}ecilA", "name_control"),
    ("Alice\u{200e}", "name_control"),
    ("\u{2066}Alice\u{2069}", "name_control"),
    ("Al\u{61c}ice", "name_control"),
    ("Al\u{e0061}ice", "name_control"),
    // Control.
    ("Al\0ice", "name_control"),
    ("Al\nice", "name_control"),
    ("Al\tice", "name_control"),
    ("Al\u{7f}ice", "name_control"),
    ("Al\u{85}ice", "name_control"),
    ("Al\u{2028}ice", "name_control"),
    // Space.
    (" Alice", "name_space"),
    ("Alice ", "name_space"),
    ("Alice\u{a0}", "name_space"),
    ("\u{3000}Alice", "name_space"),
    (" ", "name_space"),
    ("\u{2800}", "name_space"),
    ("\u{3164}", "name_invisible"),
    ("\u{115f}\u{1160}", "name_invisible"),
    // Zalgo.
    ("A\u{301}\u{302}\u{303}\u{304}\u{305}lice", "name_marks"),
    ("Alice\u{489}\u{489}\u{489}\u{489}\u{489}", "name_marks"),
    // Reserved.
    ("server", "name_reserved"),
    ("SERVER", "name_reserved"),
    ("sеrvеr", "name_reserved"),
    ("ｓｅｒｖｅｒ", "name_reserved"),
    ("room_1", "name_room_prefix"),
    ("ROOM_x", "name_room_prefix"),
    ("rооm_1", "name_room_prefix"),
    ("Room 7", "name_room_prefix"),
    ("room x", "name_room_prefix"),
    // Markup, broken text, what nobody can read, length.
    ("<b>Alice</b>", "name_markup"),
    ("Alice&", "name_markup"),
    ("Al\"ice", "name_markup"),
    ("Al\\ice", "name_markup"),
    ("Al`ice", "name_markup"),
    ("Al\u{fffd}ice", "name_replacement"),
    ("Al\u{e000}ice", "name_unassigned"),
    ("Al\u{fffe}ice", "name_unassigned"),
    ("12345678901234567890123456789012345678901234567890123456789012345", "name_too_long"),
];

async fn accounts(server: &Server) {
    for name in ACCOUNTS {
        Person::new(&server.client(), name).await;
    }
}

/// The status and the code of an answer.
fn brief((status, body): (u16, Value)) -> (u16, Option<String>) {
    (status, body["code"].as_str().map(str::to_owned))
}

#[test]
fn the_table_is_as_long_as_it_should_be_and_names_nothing_twice() {
    let mut names: Vec<_> = NAMES.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), NAMES.len());
    assert!(NAMES.len() >= 60);
}

#[tokio::test]
async fn register_gives_each_name_its_verdict() {
    let server = Server::memory();
    let client = server.client();
    accounts(&server).await;
    for (name, verdict) in NAMES {
        let wanted = match *verdict {
            "ok" => (200, None),
            "taken" => brief(protected()),
            code => (400, Some(code.to_owned())),
        };
        let body = json!({ "username": name });
        assert_eq!(brief(client.post("/register", body).await), wanted, "{name:?}");
    }
}

#[tokio::test]
async fn auth_register_gives_each_name_its_verdict() {
    let server = Server::memory();
    let client = server.client();
    accounts(&server).await;
    for (name, verdict) in NAMES {
        let wanted = match *verdict {
            "ok" => (201, None),
            "taken" => brief(refusal(400, "username_taken", "")),
            code => (400, Some(code.to_owned())),
        };
        let body = json!({ "username": name, "password": PASSWORD });
        assert_eq!(brief(client.post("/auth/register", body).await), wanted, "{name:?}");
    }
}

#[tokio::test]
async fn a_socket_gives_each_name_its_verdict() {
    let server = Server::memory();
    let client = server.client();
    accounts(&server).await;
    for (name, verdict) in NAMES {
        let socket = Socket::connect(&client, &[], json!({ "username": name })).await;
        let given = socket.username == *name;
        assert_eq!(given, *verdict == "ok", "{name:?}: {}", socket.username);
        assert!(given || socket.username.starts_with("Guest"), "{name:?}: {}", socket.username);
    }
}
