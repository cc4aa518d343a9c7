//! Forwarded addresses are believed from listed proxies only, the nearest hop that is not ours.

use std::net::IpAddr;

use serde_json::json;

use crate::Ask;
use crate::support::Server;

/// A server that registers one name from each address, so that the next answer tells which
/// address it was counted for.
fn once_each(settings: &str) -> Server {
    let limits = "[rate_limits]\nregister_per_address = \"1/1h\"\n";
    Server::configured(&format!("peers = [\"0.0.0.0/0\"]\n{settings}\n{limits}"))
}

/// Whether a request with these headers is counted for the same address as one that names
/// `address` as plainly as can be.
fn counts_for(settings: &str, headers: &[(&str, &str)], name: &str, address: &str) -> bool {
    let server = once_each(settings);
    let first = Ask::post("/register", headers, r#"{"username": "first"}"#).json(&server);
    assert_eq!(first.0, 200, "{headers:?}: {}", first.1);
    let plain = [(name, address)];
    let second = Ask::post("/register", &plain, r#"{"username": "second"}"#).json(&server);
    assert!(second.0 == 429 || second.0 == 200, "{}", second.1);
    second.0 == 429
}

const ONE: &str = "proxies = [\"127.0.0.1\"]";
const SEVERAL: &str = "proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]";

#[test]
fn the_rightmost_address_that_is_no_proxy_of_ours_counts() {
    const XFF: &str = "X-Forwarded-For";
    for (settings, headers, address) in [
        (ONE, vec![(XFF, "192.0.2.1")], "192.0.2.1"),
        (ONE, vec![(XFF, "198.51.100.9, 192.0.2.1")], "192.0.2.1"),
        (ONE, vec![(XFF, "198.51.100.9"), (XFF, "192.0.2.1")], "192.0.2.1"),
        (ONE, vec![(XFF, "127.0.0.1, 192.0.2.1")], "192.0.2.1"),
        (ONE, vec![(XFF, "192.0.2.1, 127.0.0.1")], "192.0.2.1"),
        (ONE, vec![(XFF, "192.0.2.1:4711")], "192.0.2.1"),
        (SEVERAL, vec![(XFF, "198.51.100.9, 192.0.2.1, 10.1.1.1,10.2.2.2")], "192.0.2.1"),
        (SEVERAL, vec![(XFF, "10.9.9.9, 10.1.1.1")], "10.9.9.9"),
        (ONE, vec![(XFF, "192.0.2.1"), ("Forwarded", "for=198.51.100.9")], "192.0.2.1"),
        (ONE, vec![(XFF, "192.0.2.1"), ("X-Real-IP", "198.51.100.9")], "192.0.2.1"),
        (ONE, vec![(XFF, "192.0.2.1"), ("True-Client-IP", "198.51.100.9")], "192.0.2.1"),
    ] {
        assert!(counts_for(settings, &headers, XFF, address), "{headers:?} is not {address}");
        assert!(!counts_for(settings, &headers, XFF, "198.51.100.9"), "{headers:?}");
    }
}

#[test]
fn the_standard_header_is_read_where_the_settings_name_it() {
    const FWD: &str = "Forwarded";
    let settings = format!("{SEVERAL}\nproxy_header = \"Forwarded\"");
    for headers in [
        vec![(FWD, "for=192.0.2.1")],
        vec![(FWD, "For=\"192.0.2.1:4711\";proto=https")],
        vec![(FWD, "for=198.51.100.9, for=192.0.2.1;by=10.1.1.1, for=10.1.1.1")],
        vec![(FWD, "for=198.51.100.9"), (FWD, "proto=http;for=192.0.2.1")],
        vec![(FWD, "for=192.0.2.1"), ("X-Forwarded-For", "198.51.100.9")],
    ] {
        assert!(counts_for(&settings, &headers, FWD, "for=192.0.2.1"), "{headers:?}");
        assert!(!counts_for(&settings, &headers, FWD, "for=198.51.100.9"), "{headers:?}");
    }
    let peers = "peers = [\"2001:db8::/32\"]";
    let limits = "[rate_limits]\nregister_per_address = \"1/1h\"";
    let server = Server::configured(&format!("{settings}\n{peers}\n{limits}\n"));
    let v6 = [(FWD, "for=\"[2001:db8:1:2::1]:4711\"")];
    let same = [(FWD, "for=\"[2001:db8:1:2:ffff::9]\"")];
    let other = [(FWD, "for=\"[2001:db8:1:3::1]\"")];
    for (headers, name, status) in [(v6, "a", 200), (same, "b", 429), (other, "c", 200)] {
        let body = json!({ "username": name }).to_string();
        assert_eq!(Ask::post("/register", &headers, &body).json(&server).0, status, "{headers:?}");
    }
}

#[test]
fn what_others_forward_is_ignored() {
    let server = Server::configured("[rate_limits]\nregister_per_address = \"3/1h\"\n");
    let mut through = 0;
    for number in 0..20_u8 {
        let forged = format!("192.0.2.{number}");
        let forwarded = format!("for={forged}");
        let headers = [
            ("X-Forwarded-For", &*forged),
            ("Forwarded", &*forwarded),
            ("X-Real-IP", &*forged),
            ("X-Client-IP", &*forged),
            ("Client-IP", &*forged),
        ];
        let body = json!({ "username": format!("u{number}") }).to_string();
        through += u32::from(Ask::post("/register", &headers, &body).json(&server).0 == 200);
    }
    assert_eq!(through, 3);
}

#[tokio::test]
async fn a_proxy_is_told_by_its_address_not_by_what_it_says() {
    let server = Server::configured("proxies = [\"127.0.0.7\"]\n");
    let ask = async |source: &str, claimed: &str| {
        let source: IpAddr = source.parse().unwrap();
        let client = reqwest::Client::builder().local_address(source).build().unwrap();
        let request = client.get(server.url("/online")).header("X-Forwarded-For", claimed);
        request.send().await.unwrap().status().as_u16()
    };
    // The proxy is believed that somebody is far; anybody else is near whatever he says.
    assert_eq!(ask("127.0.0.7", "203.0.113.7").await, 403);
    assert_eq!(ask("127.0.0.8", "203.0.113.7").await, 200);
    assert_eq!(ask("127.0.0.7", "10.0.0.1").await, 200);
}
