//! Who may see how the server is doing: whoever is near, and who may administer.

use crate::Ask;
use crate::support::Server;
use crate::support::account::Account;

const PLACES: [&str; 2] = ["/metrics", "/api/status/details"];

/// The status of the answer at both places.
fn status(server: &Server, headers: &[(&str, &str)]) -> u16 {
    let [one, other] = PLACES.map(|path| Ask::get(path, headers).of(server).status);
    assert_eq!(one, other, "{headers:?}");
    one
}

#[test]
fn whoever_is_near_sees_the_figures_but_no_proxy_and_no_page_of_another_site() {
    let server = Server::memory();
    assert_eq!(status(&server, &[]), 200);
    let own = format!("http://127.0.0.1:{}", server.port());
    assert_eq!(status(&server, &[("Origin", &own)]), 200);
    for header in [
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Forwarded-For", ""),
        ("Forwarded", "for=10.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Real-IP", "127.0.0.1"),
        ("Origin", "https://elsewhere.example"),
        ("Origin", "null"),
    ] {
        assert_eq!(status(&server, &[header]), 401, "{header:?}");
    }
    let listed = Server::configured("cors_origins = [\"https://elsewhere.example\"]\n");
    assert_eq!(status(&listed, &[("Origin", "https://elsewhere.example")]), 401);
    let behind = Server::configured("proxies = [\"127.0.0.1\"]\n");
    assert_eq!(status(&behind, &[]), 200);
    assert_eq!(status(&behind, &[("X-Forwarded-For", "10.0.0.1")]), 401);
}

#[tokio::test]
async fn elsewhere_it_takes_an_account_that_may_administer() {
    let (mut server, admin) = Server::with_root();
    let ann = Account::register(&server, "ann").await;
    let far = ("X-Forwarded-For", "10.0.0.1");
    let asks = |server: &Server, first: &[(&str, &str)]| {
        let bearer = |token: &str| {
            let proof = format!("Bearer {token}");
            status(server, &[first, &[("Authorization", &proof)]].concat())
        };
        let cookie = format!("chatroom_session={admin}");
        let cookie = status(server, &[first, &[("Cookie", &cookie)]].concat());
        [status(server, first), bearer("none"), bearer(&ann.token), bearer(&admin), cookie]
    };
    assert_eq!(asks(&server, &[far]), [401, 401, 403, 200, 200]);
    server.kill();
    let settings = "mode = \"internet\"\naccess = \"token\"\nproxies = [\"127.0.0.1\"]\n";
    std::fs::write(server.home().join("chatroom.toml"), settings).unwrap();
    let server = Server::start_in(server.home(), &[]);
    assert_eq!(asks(&server, &[]), [401, 401, 403, 200, 200]);
    assert_eq!(asks(&server, &[far]), [401, 401, 403, 200, 200]);
}
