//! A bot that answers `!time` or `!echo TEXT`, read by long polling; Ctrl-C logs it out.
//! Run: cargo run --example bot -- http://127.0.0.1:5003
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result {
    let server = std::env::args().nth(1).ok_or("Give the server's address.")?;
    post(&server, "/register", json!({"username": "bot"})).await?;
    println!("The bot is there.");
    tokio::select! {
        ended = answer_for_ever(&server) => ended?,
        pressed = tokio::signal::ctrl_c() => pressed?,
    }
    post(&server, "/logout", json!({"username": "bot"})).await
}

async fn answer_for_ever(server: &str) -> Result {
    let mut page = json!({"last_id": 0});
    loop {
        let url = format!("{server}/messages?username=bot&wait=25&last_id={}", page["last_id"]);
        page = reqwest::get(url).await?.error_for_status()?.json().await?;
        for new in page["messages"].as_array().into_iter().flatten() {
            let said = new["message"].as_str().unwrap_or_default();
            let time = (said == "!time").then(|| OffsetDateTime::now_utc().format(&Rfc3339));
            if let Some(text) = time.transpose()?.as_deref().or(said.strip_prefix("!echo ")) {
                let body = json!({"sender": "bot", "recipient": new["sender"], "message": text});
                post(server, "/send", body).await.unwrap_or_else(|error| println!("{error}"));
            }
        }
    }
}

async fn post(server: &str, path: &str, body: Value) -> Result {
    let request = reqwest::Client::new().post(server.to_owned() + path).json(&body);
    Ok(request.send().await?.error_for_status().map(drop)?)
}
