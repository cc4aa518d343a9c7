//! The page that shows the document needs nothing from any other host.

use crate::programs::{need, need_node_modules, output};
use crate::spec::Spec;
use crate::support::Server;

#[tokio::test]
async fn the_page_holds_no_script_of_its_own_and_names_no_other_host() {
    let server = Server::memory();
    let http = reqwest::Client::new();
    let response = http.get(server.url("/docs/")).send().await.unwrap();
    assert_eq!(response.url().path(), "/docs/index.html");
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src"));
    assert_eq!(scripts.unwrap().trim(), "script-src 'self'");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("http"), "{policy}");

    let page = response.text().await.unwrap();
    assert!(!page.contains("://"), "{page}");
    let scripts: Vec<_> = page.split("<script").skip(1).collect();
    assert!(!scripts.is_empty());
    for script in scripts {
        let (tag, rest) = script.split_once('>').unwrap();
        assert!(tag.contains("src="), "{script}");
        assert!(rest.split("</script>").next().unwrap().trim().is_empty(), "{script}");
    }
    let named = |attribute| page.split(attribute).skip(1).map(|rest| rest.split('"').next());
    for file in named("src=\"").chain(named("href=\"")) {
        let url = server.url(&format!("/docs/{}", file.unwrap().trim_start_matches("./")));
        let response = http.get(&url).send().await.unwrap();
        assert_eq!(response.status(), 200, "{url}");
    }
    let start = http.get(server.url("/docs/swagger-initializer.js")).send().await.unwrap();
    let start = start.text().await.unwrap();
    assert!(start.contains(r#""url": "../openapi.json""#), "{start}");
    // Its own choice would be a service of another host.
    assert!(start.contains(r#""validatorUrl": "none""#), "{start}");
}

#[tokio::test]
async fn the_page_renders_in_a_browser_and_asks_no_other_host() {
    need(&["chromium"]);
    need_node_modules();
    let server = Server::memory();
    let operations = Spec::of(&server).await.operations().len();
    let line = format!("node tests/clients/docs.mjs {}", server.url(""));
    let printed = tokio::task::spawn_blocking(move || output(&line, 180)).await.unwrap();
    assert_eq!(printed, format!("{operations} operations\nregistered ann\n"));
}
