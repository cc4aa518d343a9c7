//! What pages of other sites have a browser ask for is not done with its user's cookies.
//!
//! Every way of asking is tried with everything that a request can say of where it comes from.
//! A browser sends the cookie along in all of them here, which `SameSite` mostly prevents.

use serde_json::{Value, json};

use crate::Ask;
use crate::sockets::{polled, streamed};
use crate::support::Server;

/// A way to act as the one whose cookie it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// `fetch` with JSON.
    Json,
    /// JSON that says it is plain text, for which no browser asks permission.
    PlainText,
    /// JSON without a content type.
    NoType,
    /// A form.
    Form,
    /// A form that asks to be taken for another method.
    Override,
    /// A change of the password.
    Password,
    /// A request that has no body.
    Logout,
    /// A look at who one is.
    Check,
    /// A look at what is private.
    Sessions,
    Polling,
    WebSocket,
}

const WAYS: [Way; 11] = [
    Way::Json,
    Way::PlainText,
    Way::NoType,
    Way::Form,
    Way::Override,
    Way::Password,
    Way::Logout,
    Way::Check,
    Way::Sessions,
    Way::Polling,
    Way::WebSocket,
];

impl Way {
    fn acts(self) -> bool {
        !matches!(self, Way::Check | Way::Sessions)
    }
}

type Signs = &'static [(&'static str, &'static str)];

/// What a request may say of where it comes from. OWN is the origin of the server.
const FOREIGN: &[Signs] = &[
    &[("Origin", "https://evil.example")],
    &[("Origin", "null")],
    &[("Origin", "")],
    &[("Origin", "file://")],
    &[("Origin", "http://localhost:PORT")],
    &[("Origin", "http://127.0.0.1")],
    &[("Origin", "http://127.0.0.1:1")],
    &[("Origin", "http://127.0.0.2:PORT")],
    &[("Origin", "http://127.0.0.1:PORT.evil.example")],
    &[("Origin", "http://127.0.0.1.evil.example:PORT")],
    &[("Origin", "http://evil.example@127.0.0.1:PORT")],
    &[("Origin", "http://evil.example/http://127.0.0.1:PORT")],
    &[("Origin", "ftp://127.0.0.1:PORT")],
    &[("Origin", "127.0.0.1:PORT")],
    &[("Origin", "chrome-extension://abcdefghijklmnop")],
    &[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")],
    &[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")],
    &[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "none")],
    &[("Origin", "null"), ("Sec-Fetch-Site", "same-origin")],
    &[("Origin", "OWN"), ("Sec-Fetch-Site", "cross-site")],
    &[("Origin", "OWN"), ("Sec-Fetch-Site", "same-site")],
    &[("Origin", "OWN"), ("Origin", "https://evil.example")],
    &[("Origin", "https://evil.example"), ("Origin", "OWN")],
    &[("Origin", "OWN, https://evil.example")],
    &[("Sec-Fetch-Site", "cross-site")],
    &[("Sec-Fetch-Site", "same-site")],
    &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")],
    &[("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "cors")],
    &[
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "iframe"),
    ],
    &[("Sec-Fetch-Site", "SAME-ORIGIN")],
    &[("Sec-Fetch-Site", "same-origin, cross-site")],
    &[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
    &[("Sec-Fetch-Site", "")],
    &[("Origin", "https://evil.example"), ("X-Forwarded-Host", "evil.example")],
    &[("Origin", "https://evil.example"), ("Forwarded", "host=evil.example;proto=https")],
    &[("Origin", "https://evil.example"), ("X-Forwarded-For", "127.0.0.1")],
    &[("Origin", "https://evil.example"), ("X-Forwarded-Proto", "https")],
    &[("Origin", "https://evil.example"), ("X-Original-Host", "evil.example")],
    &[("Origin", "https://evil.example"), ("X-HTTP-Method-Override", "GET")],
    &[("Origin", "https://evil.example"), ("Referer", "OWN/")],
];

/// What only matters where something is done: to look at it, links are followed.
const FOREIGN_TO_ACTS: &[Signs] = &[
    &[("Referer", "https://evil.example/page")],
    &[("Referer", "http://127.0.0.1:1/")],
    &[("Referer", "about:blank")],
    &[("Referer", "https://evil.example/?OWN/")],
    &[
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "document"),
    ],
];

/// What comes from the user, or from a program.
const OWN: &[Signs] = &[
    &[],
    &[("Origin", "OWN")],
    &[("Origin", "OWN"), ("Sec-Fetch-Site", "same-origin")],
    &[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")],
    &[("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")],
    &[("Referer", "OWN/page?to=https://evil.example")],
    &[("Origin", "OWN"), ("X-Forwarded-Host", "evil.example")],
];

/// A server with ann's account, logged in to with a cookie.
struct Victim {
    server: Server,
    cookie: String,
    token: String,
}

const PASSWORD: &str = "correct horse battery";

impl Victim {
    fn new(settings: &str) -> Victim {
        let server = Server::configured(settings);
        let body = json!({ "username": "ann", "password": PASSWORD }).to_string();
        let answered = Ask::post("/auth/register", &[], &body).of(&server);
        assert_eq!(answered.status, 201);
        let cookie = answered.header("set-cookie").unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let body: Value = serde_json::from_slice(&answered.body).unwrap();
        let token = body["token"].as_str().unwrap().to_owned();
        assert_eq!(Ask::post("/register", &[], r#"{"username": "bob"}"#).of(&server).status, 200);
        Victim { server, cookie, token }
    }

    /// Whether the server takes a request that says this for one of ann's.
    fn is_taken_in(&self, way: Way, signs: &[(&str, &str)]) -> bool {
        let cookie = [("Cookie", &*self.cookie)];
        self.is_taken_in_by(way, signs, &cookie)
    }

    fn is_taken_in_by(&self, way: Way, signs: &[(&str, &str)], proof: &[(&str, &str)]) -> bool {
        let port = self.server.port().to_string();
        let own = format!("http://127.0.0.1:{port}");
        let fill = |text: &str| text.replace("PORT", &port).replace("OWN", &own);
        let signs: Vec<_> = signs.iter().map(|(name, value)| (*name, fill(value))).collect();
        let signs = signs.iter().map(|(name, value)| (*name, &**value));
        let headers: Vec<_> = proof.iter().copied().chain(signs).collect();
        let typed = |kind| [&headers[..], &[("Content-Type", kind)]].concat();
        let said = json!({ "sender": "ann", "recipient": "bob", "message": "I owe you" });
        let said = said.to_string();
        let form = "sender=ann&recipient=bob&message=I+owe+you";
        let ask = match way {
            Way::Json => Ask::post("/send", &typed("application/json"), &said),
            Way::PlainText => Ask::post("/send", &typed("text/plain"), &said),
            Way::NoType => Ask::post("/send", &headers, &said),
            Way::Form => Ask::post("/send", &typed("application/x-www-form-urlencoded"), form),
            Way::Override => {
                let headers = typed("application/x-www-form-urlencoded");
                let form = "_method=GET&sender=ann&recipient=bob&message=I+owe+you";
                let ask = Ask { method: "POST", ..Ask::get("/send", &headers) };
                return Ask { body: form, ..ask }.of(&self.server).status == 200;
            }
            Way::Password => {
                let body = json!({ "old_password": PASSWORD, "new_password": PASSWORD });
                let body = body.to_string();
                return Ask::post("/auth/password", &headers, &body).of(&self.server).status == 200;
            }
            // It would end the session: that it is refused is enough to know.
            Way::Logout => return self.logs_out(&headers),
            Way::Check => Ask::get("/auth/check", &headers),
            Way::Sessions => Ask::get("/auth/sessions", &headers),
            Way::Polling => return polled(&self.server, &headers) == "ann",
            Way::WebSocket => return streamed(&self.server, &headers) == "ann",
        };
        let status = ask.of(&self.server).status;
        assert!(status == 200 || status == 401, "{way:?} {headers:?}: {status}");
        status == 200
    }

    /// Whether a session that is there for this would have been ended.
    fn logs_out(&self, headers: &[(&str, &str)]) -> bool {
        let body = json!({ "username": "ann", "password": PASSWORD }).to_string();
        let answered = Ask::post("/auth/login", &[], &body).of(&self.server);
        let cookie = answered.header("set-cookie").unwrap();
        let cookie = cookie.split(';').next().unwrap();
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| if *name == "Cookie" { (*name, cookie) } else { (*name, *value) })
            .collect();
        Ask::post("/auth/logout", &headers, "").of(&self.server).status == 200
    }
}

#[test]
fn no_page_of_another_site_acts_with_the_cookie() {
    let victim = Victim::new("");
    let mut cases = 0;
    for way in WAYS {
        let more = if way.acts() { FOREIGN_TO_ACTS } else { &[] };
        for signs in FOREIGN.iter().chain(more) {
            assert!(!victim.is_taken_in(way, signs), "{way:?} {signs:?}");
            cases += 1;
        }
    }
    assert!(cases >= 60, "{cases}");
    let inbox = Ask::get("/messages?username=bob", &[]).json(&victim.server);
    assert_eq!(inbox.1["messages"], json!([]), "nothing was said in her name");
}

#[test]
fn the_user_and_programs_act_with_the_cookie() {
    let victim = Victim::new("");
    for way in WAYS {
        for signs in OWN {
            assert!(victim.is_taken_in(way, signs), "{way:?} {signs:?}");
        }
    }
}

#[test]
fn a_link_from_elsewhere_is_followed_as_oneself() {
    let victim = Victim::new("");
    for signs in FOREIGN_TO_ACTS {
        assert!(victim.is_taken_in(Way::Check, signs), "{signs:?}");
    }
}

#[test]
fn pages_elsewhere_may_act_with_a_token_that_they_were_given() {
    let victim = Victim::new("");
    let bearer = format!("Bearer {}", victim.token);
    let proof = [("Authorization", &*bearer)];
    for way in [Way::Json, Way::PlainText, Way::Form, Way::Check, Way::Sessions] {
        for signs in [FOREIGN[0], FOREIGN[1], FOREIGN[24]] {
            assert!(victim.is_taken_in_by(way, signs, &proof), "{way:?} {signs:?}");
        }
    }
}

#[test]
fn pages_of_listed_sites_act_with_the_cookie_but_never_those_without_an_origin() {
    let victim = Victim::new("cors_origins = [\"https://app.example.org\", \"null\"]\n");
    for way in WAYS {
        let listed = [("Origin", "https://app.example.org"), ("Sec-Fetch-Site", "cross-site")];
        assert!(victim.is_taken_in(way, &listed), "{way:?}");
        assert!(!victim.is_taken_in(way, &[("Origin", "null")]), "{way:?}");
    }
}

#[test]
fn pages_under_the_server_s_listed_name_are_its_own_whatever_a_proxy_calls_it() {
    let victim = Victim::new("hosts = [\"chat.example.org\"]\n");
    for way in WAYS {
        for origin in ["https://chat.example.org", "http://chat.example.org"] {
            assert!(victim.is_taken_in(way, &[("Origin", origin)]), "{way:?} {origin}");
        }
        for origin in ["https://chat.example.org:8443", "https://x.chat.example.org"] {
            assert!(!victim.is_taken_in(way, &[("Origin", origin)]), "{way:?} {origin}");
        }
    }
}

#[test]
fn where_https_is_spoken_a_page_in_clear_text_is_not_our_own() {
    let victim = Victim::new("proxies = [\"127.0.0.1\"]\n");
    for way in WAYS {
        for (origin, taken) in [("https://127.0.0.1:PORT", true), ("http://127.0.0.1:PORT", false)]
        {
            let signs = [("Origin", origin), ("X-Forwarded-Proto", "https")];
            assert_eq!(victim.is_taken_in(way, &signs), taken, "{way:?} {origin}");
        }
    }
}

#[test]
fn no_page_of_another_site_is_given_a_cookie() {
    let victim = Victim::new("");
    let body = json!({ "username": "ann", "password": PASSWORD }).to_string();
    for signs in FOREIGN.iter().filter(|signs| !format!("{signs:?}").contains("OWN")) {
        let port = victim.server.port().to_string();
        let signs: Vec<_> =
            signs.iter().map(|(name, value)| (*name, value.replace("PORT", &port))).collect();
        let signs: Vec<_> = signs.iter().map(|(name, value)| (*name, &**value)).collect();
        let login = Ask::post("/auth/login", &signs, &body).of(&victim.server);
        assert_eq!((login.status, login.header("set-cookie")), (200, None), "{signs:?}");
        let socket = Ask::get("/socket.io/?EIO=4&transport=polling", &signs).of(&victim.server);
        assert_eq!((socket.status, socket.header("set-cookie")), (200, None), "{signs:?}");
    }
}

#[test]
fn a_guest_s_cookie_is_not_believed_either() {
    let server = Server::memory();
    let opened = Ask::get("/socket.io/?EIO=4&transport=polling", &[]).of(&server);
    let cookie = opened.header("set-cookie").unwrap();
    let token = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
    let body = json!({ "username": "Guest at home", "token": token }).to_string();
    let registered = Ask::post("/register", &[], &body).json(&server);
    let token = registered.1["token"].as_str().unwrap();
    let cookie = format!("chatroom_guest={token}");
    for (origin, known) in [("https://evil.example", false), ("null", false), ("OWN", true)] {
        let own = server.url("");
        let headers = [("Cookie", &*cookie), ("Origin", if known { &own } else { origin })];
        assert_eq!(polled(&server, &headers) == "Guest at home", known, "{origin}");
        assert_eq!(streamed(&server, &headers) == "Guest at home", known, "{origin}");
    }
}
