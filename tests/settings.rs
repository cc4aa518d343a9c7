//! The settings: which place wins, what is understood, and the sentence for what is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chatroom::config::{
    self, Access, ConfigError, CorsOrigins, DEFAULTS, Durability, Flags, Loaded, LogFormat,
    LogLevel, Mode, Problem, Rate, RateLimit, Registration, Settings, Store, Tls, Uploads,
};
use clap::Parser;
use figment::Figment;
use figment::providers::{Format, Toml};
use figment::value::{Dict, Value};

/// A working directory, an environment and flags.
#[derive(Default)]
struct Start {
    toml: &'static str,
    dotenv: &'static str,
    env: &'static [(&'static str, &'static str)],
    flags: &'static [&'static str],
}

#[derive(Parser)]
#[command(name = "chatroom")]
struct CommandLine {
    #[command(flatten)]
    flags: Flags,
}

fn flags(arguments: &[&str]) -> Result<Flags, clap::Error> {
    let arguments = std::iter::once("chatroom").chain(arguments.iter().copied());
    Ok(CommandLine::try_parse_from(arguments)?.flags)
}

fn load_in(dir: &Path, start: &Start) -> Result<Loaded, ConfigError> {
    if !start.toml.is_empty() {
        std::fs::write(dir.join("chatroom.toml"), start.toml).unwrap();
    }
    if !start.dotenv.is_empty() {
        std::fs::write(dir.join(".env"), start.dotenv).unwrap();
    }
    let env = start.env.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    config::load(&flags(start.flags).unwrap(), env, dir)
}

fn load(start: Start) -> Result<Loaded, ConfigError> {
    load_in(tempfile::tempdir().unwrap().path(), &start)
}

fn loaded(start: Start) -> Loaded {
    load(start).unwrap_or_else(|error| panic!("{error}"))
}

fn settings(start: Start) -> Settings {
    loaded(start).settings
}

fn sentence(start: Start) -> String {
    load(start).expect_err("the settings were taken").to_string()
}

fn origins(settings: &Settings) -> Vec<&str> {
    match &settings.cors_origins {
        CorsOrigins::Any => vec!["*"],
        CorsOrigins::List(origins) => origins.iter().map(|origin| origin.as_str()).collect(),
    }
}

/// Every value that is no table, under its dotted name.
fn leaves(dict: Dict) -> Vec<(String, Value)> {
    let nested = |(key, value): (String, Value)| match value {
        Value::Dict(_, inner) => {
            let inner = leaves(inner).into_iter();
            inner.map(|(name, value)| (format!("{key}.{name}"), value)).collect()
        }
        value => vec![(key, value)],
    };
    dict.into_iter().flat_map(nested).collect()
}

fn extract(leaves: impl IntoIterator<Item = (String, Value)>) -> Option<Settings> {
    let add = |figment: Figment, (name, value): (String, Value)| figment.merge((name, value));
    leaves.into_iter().fold(Figment::new(), add).extract().ok()
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let defaults = Settings::default();
    assert_eq!(defaults.host, IpAddr::from([0, 0, 0, 0]));
    assert_eq!(defaults.port, 5003);
    assert_eq!(defaults.store, Store::Sqlite("chatroom.db".into()));
    assert_eq!(defaults.durability, Durability::Full);
    assert_eq!(defaults.uploads, Uploads::Folder("uploads".into()));
    assert_eq!(defaults.mode, Mode::Lan);
    assert!(defaults.peers.is_empty() && defaults.proxies.is_empty());
    assert_eq!(defaults.cors_origins, CorsOrigins::Any);
    assert_eq!(defaults.access, Access::Open);
    assert_eq!(defaults.registration, Registration::Open);
    assert_eq!(defaults.rooms, ["General"]);
    assert!(defaults.rooms_open);
    assert_eq!(defaults.announcement, PathBuf::from("announcement.txt"));
    assert_eq!(defaults.log_level, LogLevel::Info);
    assert_eq!(defaults.log_format, LogFormat::Text);
    assert_eq!(defaults.log_file, None);
    assert_eq!(defaults.presence.timeout, Duration::from_secs(5 * 60));
    assert_eq!(defaults.guests.keep, Duration::from_secs(24 * 60 * 60));
    assert_eq!(defaults.sessions.keep, Duration::from_secs(30 * 24 * 60 * 60));
    assert_eq!(defaults.limits.message_bytes, 16 * 1024);
    assert_eq!(defaults.limits.body_bytes, 256 * 1024);
    assert_eq!(defaults.limits.upload_bytes, 16 << 20);
    assert_eq!(defaults.limits.upload_quota_bytes, 1 << 30);
    assert_eq!(defaults.limits.waiters_per_user, 8);
    assert_eq!(defaults.limits.page, 10_000);
    assert!(!defaults.compat.shared_names);
    assert_eq!(defaults.tls, None);
}

#[test]
fn nothing_set_anywhere_gives_the_defaults_without_a_notice() {
    let expected = Loaded { settings: Settings::default(), notices: Vec::new() };
    assert_eq!(loaded(Start::default()), expected);
}

#[test]
fn the_defaults_file_names_every_setting_and_no_other() {
    let known = leaves(Toml::from_str(DEFAULTS).unwrap());
    assert_eq!(extract(known.clone()).unwrap(), Settings::default());
    for (index, (name, _)) in known.iter().enumerate() {
        let mut fewer = known.clone();
        fewer.remove(index);
        assert!(extract(fewer).is_none(), "nobody would miss {name} in the defaults file");

        let mut more = known.clone();
        more.push((format!("{name}_too"), Value::from(1)));
        assert!(extract(more).is_none(), "{name}_too would be taken for a setting");
    }
}

#[test]
fn every_setting_in_the_defaults_file_is_explained() {
    let lines: Vec<&str> = DEFAULTS.lines().collect();
    let mut explained = 0;
    for (index, line) in lines.iter().enumerate() {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(lines[index - 1].starts_with('#'), "no comment above: {line}");
            explained += 1;
        }
    }
    assert_eq!(explained, leaves(Toml::from_str(DEFAULTS).unwrap()).len());
}

#[test]
fn the_defaults_file_can_be_used_as_a_settings_file() {
    assert_eq!(settings(Start { toml: DEFAULTS, ..Start::default() }), Settings::default());
}

#[test]
fn every_setting_can_be_set_by_its_variable() {
    for (name, value) in leaves(Toml::from_str(DEFAULTS).unwrap()) {
        let text = match &value {
            Value::String(..) if name == "cluster.address" => "10.0.0.4:5003".to_owned(),
            Value::String(_, text) if text.is_empty() => "a.pem".to_owned(),
            Value::String(_, text) => text.clone(),
            Value::Bool(_, yes) => yes.to_string(),
            Value::Array(..) => match name.as_str() {
                "peers" | "proxies" => "10.0.0.0/8".to_owned(),
                "hosts" => "chat.example.org".to_owned(),
                "frame_ancestors" => "https://www.example.org".to_owned(),
                "history.room_keep" => "General: 30d".to_owned(),
                _ => "General".to_owned(),
            },
            number => number.to_i128().expect("a number").to_string(),
        };
        let variable = format!("CHATROOM_{}", name.replace('.', "_").to_uppercase());
        let mut env = vec![(variable, text)];
        match name.as_str() {
            "tls.certs" => env.push(("CHATROOM_TLS_KEY".into(), "k.pem".into())),
            "tls.key" => env.push(("CHATROOM_TLS_CERTS".into(), "c.pem".into())),
            _ => {}
        }
        let dir = tempfile::tempdir().unwrap();
        let loaded = config::load(&Flags::default(), env, dir.path());
        assert!(loaded.is_ok_and(|loaded| loaded.notices.is_empty()), "{name}");
    }
}

#[test]
fn a_later_place_wins_over_an_earlier_one() {
    let mut start = Start { toml: "port = 1", ..Start::default() };
    let mut ports = vec![];
    let mut now = |start: &Start| {
        ports.push(load_in(tempfile::tempdir().unwrap().path(), start).unwrap().settings.port)
    };
    now(&start);
    start.dotenv = "PORT=2";
    now(&start);
    start.dotenv = "CHATROOM_PORT=3\nPORT=2";
    now(&start);
    start.env = &[("PORT", "4")];
    now(&start);
    start.env = &[("CHATROOM_PORT", "5"), ("PORT", "4")];
    now(&start);
    start.flags = &["--port", "6"];
    now(&start);
    assert_eq!(ports, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn one_setting_of_a_table_leaves_the_others_as_they_were() {
    let start = Start {
        toml: "[limits]\npage = 7",
        env: &[("CHATROOM_LIMITS_MESSAGE_BYTES", "99")],
        ..Start::default()
    };
    let limits = settings(start).limits;
    assert_eq!((limits.page, limits.message_bytes, limits.waiters_per_user), (7, 99, 8));
}

#[test]
fn a_list_replaces_the_list_of_an_earlier_place() {
    let start = Start {
        toml: "rooms = [\"One\", \"Two, and a half\"]",
        env: &[("CHATROOM_ROOMS", "Three, Four")],
        ..Start::default()
    };
    assert_eq!(settings(start).rooms, ["Three", "Four"]);
    let toml = "rooms = [\"One\", \"Two, and a half\"]";
    assert_eq!(settings(Start { toml, ..Start::default() }).rooms, ["One", "Two, and a half"]);
}

#[test]
fn the_file_of_the_config_flag_is_read_in_place_of_chatroom_toml() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("other.toml"), "port = 7").unwrap();
    let start = Start { toml: "prot = 1", flags: &["--config", "other.toml"], ..Start::default() };
    assert_eq!(load_in(dir.path(), &start).unwrap().settings.port, 7);
}

#[test]
fn every_flag_is_taken() {
    let place = ["--host", "::1", "--port", "0", "--store", "memory:"];
    let how = ["--durability", "fast", "--log-format", "json"];
    let arguments: &[_] = [place.as_slice(), &how].concat().leak();
    let settings = settings(Start { flags: arguments, ..Start::default() });
    assert_eq!(settings.host, "::1".parse::<IpAddr>().unwrap());
    assert_eq!(settings.port, 0);
    assert_eq!(settings.store, Store::Memory);
    assert_eq!(settings.durability, Durability::Fast);
    assert_eq!(settings.log_format, LogFormat::Json);
}

#[test]
fn a_wrong_flag_is_answered_with_what_is_possible() {
    for (arguments, part) in [
        (["--host", "chat.example.org"], "must be an IP address"),
        (["--port", "65536"], "65536"),
        (["--store", "redis:"], "must be \"sqlite:\" and a path"),
        (["--log-format", "xml"], "must be \"text\" or \"json\", not \"xml\""),
        (["--durability", "half"], "must be \"full\" or \"fast\", not \"half\""),
    ] {
        let error = flags(&arguments).expect_err("the flag was taken").to_string();
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
}

#[test]
fn the_help_states_the_defaults() {
    let help = flags(&["--help"]).expect_err("help is printed").to_string();
    let defaults = Settings::default();
    for default in [
        format!("[default: {}", defaults.host),
        format!("[default: {}]", defaults.port),
        format!("[default: {}]", defaults.store),
        format!("[default: {}]", defaults.durability),
        format!("[default: {}]", defaults.log_format),
        "`chatroom settings`".into(),
    ] {
        assert!(help.contains(&default), "no {default} in\n{help}");
    }
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let start = Start {
        toml: "port = 8\nlog_file = \"chat.log\"",
        dotenv: "PORT=\nSECRET_KEY=\nCHATROOM_STORE=\"\"",
        env: &[("CHATROOM_PORT", ""), ("HOST", " "), ("CHATROOM_NONSENSE", ""), ("DEBUG", "")],
        ..Start::default()
    };
    let loaded = loaded(start);
    assert_eq!((loaded.settings.port, loaded.notices), (8, vec![]));
}

#[test]
fn times_are_seconds_or_carry_a_unit() {
    for (text, seconds) in [
        ("1", 1),
        ("300", 300),
        ("\"300\"", 300),
        ("\"90s\"", 90),
        ("\"5m\"", 300),
        ("\"5 m\"", 300),
        ("\"24h\"", 86_400),
        ("\"7d\"", 604_800),
    ] {
        let toml: &'static str = format!("[guests]\nkeep = {text}").leak();
        let keep = settings(Start { toml, ..Start::default() }).guests.keep;
        assert_eq!(keep, Duration::from_secs(seconds), "{text}");
    }
}

#[test]
fn values_are_understood_as_people_write_them() {
    type Check = fn(&Settings) -> bool;
    let table: &[(&'static str, Check)] = &[
        ("host = \"localhost\"", |s| s.host == IpAddr::from([127, 0, 0, 1])),
        ("port = \"8080\"", |s| s.port == 8080),
        ("store = \"memory:\"", |s| s.store == Store::Memory),
        ("store = \"sqlite:/var/lib/c.db\"", |s| s.store == Store::Sqlite("/var/lib/c.db".into())),
        ("uploads = \"/srv/up\"", |s| s.uploads == Uploads::Folder("/srv/up".into())),
        ("uploads = \"s3://b/p\"", |s| s.uploads == Uploads::S3("s3://b/p".into())),
        ("durability = \"FAST\"", |s| s.durability == Durability::Fast),
        ("log_level = \"trace\"", |s| s.log_level == LogLevel::Trace),
        ("log_level = \"WARNING\"", |s| s.log_level == LogLevel::Warn),
        ("log_level = \"warn\"", |s| s.log_level == LogLevel::Warn),
        ("log_level = \"Critical\"", |s| s.log_level == LogLevel::Error),
        ("log_level = \"ERROR\"", |s| s.log_level == LogLevel::Error),
        ("log_level = \"Debug\"", |s| s.log_level == LogLevel::Debug),
        ("log_format = \"JSON\"", |s| s.log_format == LogFormat::Json),
        ("log_file = \"c.log\"", |s| s.log_file == Some("c.log".into())),
        ("rooms = []", |s| s.rooms.is_empty()),
        ("rooms = \"One\"", |s| s.rooms == ["One"]),
        ("[compat]\nshared_names = true", |s| s.compat.shared_names),
        ("[compat]\nshared_names = \"yes\"", |s| s.compat.shared_names),
        ("[limits]", |s| *s == Settings::default()),
        ("[tls]\ncerts = \"c\"\nkey = \"k\"", |s| {
            s.tls == Some(Tls { certs: "c".into(), key: "k".into() })
        }),
        ("\u{feff}port = 9", |s| s.port == 9),
    ];
    for (toml, check) in table {
        assert!(check(&settings(Start { toml, ..Start::default() })), "{toml}");
    }
}

#[test]
fn origins_are_taken_one_or_many_and_brought_to_the_form_that_browsers_send() {
    for (value, expected) in [
        ("\"*\"", vec!["*"]),
        ("[\"*\"]", vec!["*"]),
        ("\"http://a, *\"", vec!["*"]),
        ("[]", vec![]),
        ("\"null\"", vec!["null"]),
        ("\"https://chat.example.org\"", vec!["https://chat.example.org"]),
        ("\"http://a,http://b:81\"", vec!["http://a", "http://b:81"]),
        ("[\"http://a\", \"null\"]", vec!["http://a", "null"]),
        ("'[\"http://a\", \"http://b\"]'", vec!["http://a", "http://b"]),
        ("\"HTTP://LocalHost:3000/\"", vec!["http://localhost:3000"]),
        (
            "\"http://a:80, https://b:443, https://c:80\"",
            vec!["http://a", "https://b", "https://c:80"],
        ),
        ("\"http://[::1]:3000, http://[::1]\"", vec!["http://[::1]:3000", "http://[::1]"]),
        ("\"chrome-extension://abc\"", vec!["chrome-extension://abc"]),
    ] {
        let toml: &'static str = format!("cors_origins = {value}").leak();
        let settings = settings(Start { toml, ..Start::default() });
        assert_eq!(origins(&settings), expected, "{value}");
    }
}

#[test]
fn what_is_no_origin_is_refused() {
    for item in [
        "localhost",
        "http://",
        "http:///",
        "http://a/path",
        "http://a?b",
        "http://a:",
        "http://a:x",
        "http://a:70000",
        "http://[::1",
        "http://u@a",
        "http://*.a",
        "1p://a",
        "://a",
        "http://a b",
    ] {
        let toml: &'static str = format!("cors_origins = [\"{item}\"]").leak();
        let sentence = sentence(Start { toml, ..Start::default() });
        assert!(sentence.starts_with("chatroom.toml: cors_origins must be \"*\""), "{sentence}");
        assert!(sentence.ends_with(&format!(", not {item:?}")), "{sentence}");
    }
}

#[test]
fn variables_of_older_servers_set_the_settings_that_they_mean() {
    type Check = fn(&Settings) -> bool;
    let sqlite = |path: &str| Store::Sqlite(path.into());
    let stores = [
        ("DATABASE_PATH", "old/chat.db", sqlite("old/chat.db")),
        ("DATABASE_PATH", "/srv/chat.db", sqlite("/srv/chat.db")),
        ("DATABASE_PATH", "//srv/chat.db", sqlite("/srv/chat.db")),
        ("DATABASE_PATH", ":memory:", Store::Memory),
        ("DATABASE_URL", "sqlite:///rel.db", sqlite("rel.db")),
        ("DATABASE_URL", "sqlite:////abs.db", sqlite("/abs.db")),
        ("DATABASE_URL", "sqlite:////srv/abs.db?timeout=5", sqlite("/srv/abs.db")),
        ("DATABASE_URL", "sqlite+pysqlite:///rel.db", sqlite("rel.db")),
        ("DATABASE_URL", "sqlite:rel.db", sqlite("rel.db")),
        ("DATABASE_URL", "sqlite://", Store::Memory),
        ("DATABASE_URL", "sqlite:///:memory:", Store::Memory),
    ];
    let others: &[(&str, &str, Check)] = &[
        ("HOST", "127.0.0.1", |s| s.host == IpAddr::from([127, 0, 0, 1])),
        ("HOST", "localhost", |s| s.host == IpAddr::from([127, 0, 0, 1])),
        ("PORT", "8080", |s| s.port == 8080),
        ("CORS_ORIGINS", "http://a,http://b", |s| origins(s) == ["http://a", "http://b"]),
        ("CORS_ORIGINS", "*", |s| origins(s) == ["*"]),
        ("SOCKETIO_CORS_ORIGIN", "http://a", |s| origins(s) == ["http://a"]),
        ("UPLOAD_FOLDER", "up/here", |s| s.uploads == Uploads::Folder("up/here".into())),
        ("LOG_LEVEL", "WARNING", |s| s.log_level == LogLevel::Warn),
        ("LOG_FILE", "logs/chat.log", |s| s.log_file == Some("logs/chat.log".into())),
    ];
    let mut taken = 0;
    let mut both_places = |name: &str, value: &str, check: &dyn Fn(&Settings) -> bool| {
        let dir = tempfile::tempdir().unwrap();
        let from_env = [(name.to_owned(), value.to_owned())];
        let from_env = config::load(&Flags::default(), from_env, dir.path()).unwrap();
        std::fs::write(dir.path().join(".env"), format!("{name}={value}\n")).unwrap();
        let from_file = config::load(&Flags::default(), [], dir.path()).unwrap();
        assert!(check(&from_env.settings), "{name}={value}: {:?}", from_env.settings);
        assert_eq!(from_env, from_file, "{name}={value}");
        assert!(from_env.notices.is_empty(), "{name}={value}: {:?}", from_env.notices);
        taken += 1;
    };
    for (name, value, store) in &stores {
        both_places(name, value, &|settings| settings.store == *store);
    }
    for (name, value, check) in others {
        both_places(name, value, check);
    }
    assert_eq!(taken, stores.len() + others.len());
}

#[test]
fn networks_may_be_single_addresses_of_either_kind() {
    let toml = "proxies = \"127.0.0.1, 10.0.0.0/8,::ffff:192.0.2.1, fd00::/8, 172.16.5.4/12\"";
    let proxies = settings(Start { toml, ..Start::default() }).proxies;
    for (address, inside) in [
        ("127.0.0.1", true),
        ("127.0.0.2", false),
        ("10.255.0.1", true),
        ("::ffff:10.0.0.1", true),
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("fd12::1", true),
        ("fe80::1", false),
        ("172.31.0.1", true),
    ] {
        assert_eq!(proxies.contain(address.parse().unwrap()), inside, "{address}");
    }
}

#[test]
fn a_rate_is_read_as_one_would_say_it() {
    let rate = |text: &'static str| {
        let toml = format!("[rate_limits]\nsend_per_user = \"{text}\"\n");
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("chatroom.toml"), toml).unwrap();
        let loaded = config::load(&Flags::default(), [], dir.path()).unwrap();
        loaded.settings.rate_limits.send_per_user
    };
    let of = |count: u32, seconds| {
        RateLimit::Of(Rate { count: count.try_into().unwrap(), time: Duration::from_secs(seconds) })
    };
    assert_eq!(rate("100/30s"), of(100, 30));
    assert_eq!(rate("5 / 10m"), of(5, 600));
    assert_eq!(rate("60/m"), of(60, 60));
    assert_eq!(rate("1/h"), of(1, 3600));
    assert_eq!(rate("OFF"), RateLimit::Off);
    assert_eq!(rate("auto"), RateLimit::Auto);
}

#[test]
fn the_internet_is_let_in_only_where_everything_for_it_is_set() {
    let needs = |toml: &'static str| sentence(Start { toml, ..Start::default() });
    assert_eq!(
        needs("mode = \"internet\""),
        "chatroom.toml: mode can only be \"internet\" together with HTTPS, either its own \
         (tls.certs, tls.key) or that of a proxy in front (proxies), and with access = \"token\", \
         so that nobody speaks in another's name"
    );
    assert!(needs("mode = \"internet\"\naccess = \"token\"").contains("HTTPS"));
    let complete = [
        "mode = \"internet\"\naccess = \"token\"\nproxies = [\"127.0.0.1\"]",
        "mode = \"internet\"\naccess = \"token\"\n[tls]\ncerts = \"c.pem\"\nkey = \"k.pem\"",
    ];
    for toml in complete {
        assert_eq!(settings(Start { toml, ..Start::default() }).mode, Mode::Internet);
    }
}

#[test]
fn what_is_not_used_is_answered_with_one_line_that_says_what_stands_in_for_it() {
    for (name, value, line) in [
        ("SECRET_KEY", "hush", "tokens are random and stored hashed, so no key is needed"),
        ("REDIS_URL", "redis://h", "one process serves everybody, and the setting store keeps it"),
        ("DEBUG", "1", "log_level = \"debug\" (CHATROOM_LOG_LEVEL) stands in for it"),
        ("DEBUG_MODE", "True", "log_level = \"debug\" (CHATROOM_LOG_LEVEL) stands in for it"),
        ("FLASK_DEBUG", "1", "log_level = \"debug\" (CHATROOM_LOG_LEVEL) stands in for it"),
        ("FLASK_RUN_HOST", "::", "the setting host (CHATROOM_HOST) stands in for it"),
        ("FLASK_RUN_PORT", "1", "the setting port (CHATROOM_PORT) stands in for it"),
        ("FLASK_APP", "a", "there is no Flask here; `chatroom settings` lists what can be set"),
        (
            "DATABASE_URL",
            "postgresql://u:hush@h/d",
            "the log is kept in SQLite, not postgresql; see setting store",
        ),
        ("DATABASE_URL", "hush", "the log is kept in SQLite, not this; see setting store"),
        ("HOST", "my-laptop", "it is no IP address; CHATROOM_HOST is the name of ours"),
        ("CHATROOM_PORT", "tcp://10.0.0.1:5003", "Kubernetes sets it for a service of this name"),
        ("CHATROOM_SERVICE_HOST", "10.0.0.1", "Kubernetes sets it for a service of this name"),
        ("CHATROOM_PORT_5003_TCP_ADDR", "h", "Kubernetes sets it for a service of this name"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let env = [(name.to_owned(), value.to_owned())];
        let loaded = config::load(&Flags::default(), env, dir.path()).unwrap();
        assert_eq!(loaded.settings, Settings::default(), "{name}");
        assert_eq!(loaded.notices, [format!("environment: {name} is not used: {line}")]);
    }
}

#[test]
fn of_two_old_variables_for_one_setting_the_weaker_is_told_off() {
    let start = Start {
        dotenv: "CORS_ORIGINS=http://a\nSOCKETIO_CORS_ORIGIN=*",
        env: &[("DATABASE_PATH", "one.db"), ("DATABASE_URL", "sqlite:///two.db")],
        ..Start::default()
    };
    let loaded = loaded(start);
    assert_eq!(origins(&loaded.settings), ["http://a"]);
    assert_eq!(loaded.settings.store, Store::Sqlite("one.db".into()));
    assert_eq!(
        loaded.notices,
        [
            ".env: SOCKETIO_CORS_ORIGIN is not used: CORS_ORIGINS beside it sets cors_origins, for all",
            "environment: DATABASE_URL is not used: DATABASE_PATH beside it sets store, for all",
        ]
    );
}

#[test]
fn variables_of_others_and_of_the_projects_tests_are_left_alone() {
    let start = Start {
        dotenv: "MAIL_SERVER=x\nexport PATH=/bin",
        env: &[("CHATROOM_SLOW", "1"), ("CHATROOM_BENCH_SECONDS", "3"), ("chatroom_port", "1")],
        ..Start::default()
    };
    assert_eq!(loaded(start).notices, Vec::<String>::new());
}

#[test]
fn dotenv_is_read_as_people_write_it() {
    let dotenv = "\u{feff}# old server\nexport PORT = 8080 # the port\n\nCORS_ORIGINS=\"http://a, http://b\"\nLOG_FILE='my chat.log'\nPORT=8081\n";
    let settings = settings(Start { dotenv, ..Start::default() });
    assert_eq!(settings.port, 8081);
    assert_eq!(origins(&settings), ["http://a", "http://b"]);
    assert_eq!(settings.log_file, Some("my chat.log".into()));
}

#[test]
fn a_line_of_dotenv_that_cannot_be_read_matters_only_if_it_is_for_us() {
    let start = Start { dotenv: "PORT=1\nMAIL_NAME=Our chat: hush\n", ..Start::default() };
    let notice = ".env: line 2 cannot be read and is passed over";
    assert_eq!(loaded(start).notices, [notice]);
    let start = Start { dotenv: "PORT=1\nCORS_ORIGINS=http://a, http://b\n", ..Start::default() };
    let expected =
        ".env: line 2: CORS_ORIGINS cannot be read; a value with spaces needs quotes around it";
    assert_eq!(sentence(start), expected);
}

#[test]
fn a_directory_called_dotenv_is_none_of_ours() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".env")).unwrap();
    assert!(load_in(dir.path(), &Start::default()).is_ok());
}

#[test]
fn a_wrong_value_is_one_sentence_with_its_place_and_what_is_possible() {
    let table = [
        ("port = \"x\"", "port must be a whole number from 0 to 65535, not \"x\""),
        ("port = 65536", "port must be a whole number from 0 to 65535, not 65536"),
        ("port = -1", "port must be a whole number from 0 to 65535, not -1"),
        ("port = 1.5", "port must be a whole number from 0 to 65535, not 1.5"),
        ("port = true", "port must be a whole number from 0 to 65535, not true"),
        ("port = [1]", "port must be a whole number from 0 to 65535, not this list"),
        ("[port]\nx = 1", "port must be a whole number from 0 to 65535, not a table"),
        ("[port]", "port must be a whole number from 0 to 65535, not a table"),
        (
            "host = \"chat\"",
            "host must be an IP address such as 127.0.0.1 or 0.0.0.0, or localhost, not \"chat\"",
        ),
        ("durability = \"half\"", "durability must be \"full\" or \"fast\", not \"half\""),
        (
            "log_level = \"loud\"",
            "log_level must be \"error\", \"warn\", \"info\", \"debug\" or \"trace\", not \"loud\"",
        ),
        (
            "uploads = \"gs://bucket\"",
            "uploads must be a path, such as \"uploads\", or \"s3://\" and a bucket, such as \"s3://bucket/chatroom\", not \"gs://bucket\"",
        ),
        ("announcement = \"\"", "announcement must be a path, not \"\""),
        ("log_file = []", "log_file must be a path, not an empty list"),
        ("rooms = 3", "rooms must be a list of names, none of them empty, not 3"),
        ("rooms = [\"\"]", "rooms must be a list of names, none of them empty, not this list"),
        (
            "rooms = [\"a\", \"a\"]",
            "rooms must be a list that names each room once, not \"a\" twice",
        ),
        ("limits = 5", "limits must be a table, [limits], not 5"),
        ("[limits]\npage = 0", "limits.page must be a whole number from 1 to 1000000, not 0"),
        (
            "[limits]\nmessage_bytes = 300000",
            "limits.message_bytes must be at most limits.body_bytes (262144), not 300000: a message comes in a body",
        ),
        ("mode = \"wan\"", "mode must be \"lan\" or \"internet\", not \"wan\""),
        (
            "proxies = [\"10.0.0.0/33\"]",
            "proxies must be a list of addresses or networks such as [\"192.0.2.7\", \"10.0.0.0/8\"], not \"10.0.0.0/33\"",
        ),
        (
            "peers = \"nginx\"",
            "peers must be a list of addresses or networks such as [\"192.0.2.7\", \"10.0.0.0/8\"], not \"nginx\"",
        ),
        (
            "proxy_header = \"X-Real-IP\"",
            "proxy_header must be \"X-Forwarded-For\" or \"Forwarded\", not \"X-Real-IP\"",
        ),
        (
            "hosts = [\"https://a.example\"]",
            "hosts must be a list of host names such as [\"chat.example.org\"] (no scheme, no port), not \"https://a.example\"",
        ),
        (
            "frame_ancestors = [\"null\"]",
            "frame_ancestors must be a list of origins such as [\"https://www.example.org\"], or \"self\" for pages of this server, or \"*\" for all, not \"null\"",
        ),
        (
            "[rate_limits]\nsend_per_user = 5",
            "rate_limits.send_per_user must be \"auto\", \"off\", or a number and a time such as \"100/30s\", not 5",
        ),
        (
            "[rate_limits]\nsend_per_user = \"0/1m\"",
            "rate_limits.send_per_user must be \"auto\", \"off\", or a number and a time such as \"100/30s\", not \"0/1m\"",
        ),
        (
            "[rate_limits]\nfailed_logins = \"off\"",
            "rate_limits.failed_logins must be a number and a time such as \"8/10m\", not \"off\"",
        ),
        ("[compat]\nshared_names = 2", "compat.shared_names must be true or false, not 2"),
        ("[tls]\ncerts = \"c\"", "tls.certs needs tls.key beside it"),
        ("[tls]\ncerts = \"\"\nkey = \"k\"", "tls.key needs tls.certs beside it"),
    ];
    for (toml, expected) in table {
        let expected = format!("chatroom.toml: {expected}");
        assert_eq!(sentence(Start { toml, ..Start::default() }), expected, "{toml}");
    }
    for text in
        ["0", "-5", "1.5", "\"\"", "\"5 weeks\"", "\"m\"", "\"9999999999999999999d\"", "\"3651d\""]
    {
        let toml: &'static str = format!("[presence]\ntimeout = {text}").leak();
        let possible = "a time from 1s to 3650d: seconds, or \"90s\", \"5m\", \"24h\", \"7d\"";
        let expected = format!("chatroom.toml: presence.timeout must be {possible}, not {text}");
        assert_eq!(sentence(Start { toml, ..Start::default() }), expected);
    }
    for text in ["redis:", "memory", "sqlite:", "sqlite:///c.db", "c.db", ""] {
        let toml: &'static str = format!("store = \"{text}\"").leak();
        let possible = "\"sqlite:\" and a path, such as \"sqlite:chatroom.db\", \"nats://\" and \
                        servers, such as \"nats://10.0.0.1,10.0.0.2,10.0.0.3\", or \"memory:\"";
        let expected = format!("chatroom.toml: store must be {possible}, not {text:?}");
        assert_eq!(sentence(Start { toml, ..Start::default() }), expected);
    }
}

#[test]
fn a_wrong_variable_is_named_as_it_was_written() {
    let port = "must be a whole number from 0 to 65535, not \"x\"";
    let env = Start { env: &[("CHATROOM_PORT", "x")], ..Start::default() };
    assert_eq!(sentence(env), format!("environment: CHATROOM_PORT {port}"));
    let env = Start { env: &[("PORT", "x")], ..Start::default() };
    assert_eq!(sentence(env), format!("environment: PORT {port}"));
    let file = Start { dotenv: "PORT=x", ..Start::default() };
    assert_eq!(sentence(file), format!(".env: PORT {port}"));
    let host = "must be an IP address such as 127.0.0.1 or 0.0.0.0, or localhost, not \"chat\"";
    let file = Start { dotenv: "HOST=chat", ..Start::default() };
    assert_eq!(sentence(file), format!(".env: HOST {host}"));
    let key =
        Start { toml: "[limits]\npage = 3", env: &[("CHATROOM_TLS_KEY", "k")], ..Start::default() };
    assert_eq!(sentence(key), "environment: CHATROOM_TLS_KEY needs tls.certs beside it");
}

#[test]
fn an_unknown_name_of_ours_is_answered_with_the_nearest_known_one() {
    for (toml, expected) in [
        ("prot = 1", "unknown setting \"prot\"; did you mean \"port\"?"),
        ("cors-origins = 1", "unknown setting \"cors-origins\"; did you mean \"cors_origins\"?"),
        ("[limits]\nport = 1", "unknown setting \"limits.port\"; did you mean \"port\"?"),
        ("page = 1", "unknown setting \"page\"; did you mean \"limits.page\"?"),
        ("[limit]\npage = 1", "unknown setting \"limit.page\"; did you mean \"limits.page\"?"),
        (
            "[limits]\nmesage_bytes = 1",
            "unknown setting \"limits.mesage_bytes\"; did you mean \"limits.message_bytes\"?",
        ),
        ("zzz = 1", "unknown setting \"zzz\"; `chatroom settings` lists all of them"),
    ] {
        let expected = format!("chatroom.toml: {expected}");
        assert_eq!(sentence(Start { toml, ..Start::default() }), expected, "{toml}");
    }
    let expected = "unknown variable CHATROOM_PROT; did you mean CHATROOM_PORT?";
    let env = Start { env: &[("CHATROOM_PROT", "1")], ..Start::default() };
    assert_eq!(sentence(env), format!("environment: {expected}"));
    let file = Start { dotenv: "CHATROOM_PROT=1", ..Start::default() };
    assert_eq!(sentence(file), format!(".env: {expected}"));
    let env = Start { env: &[("CHATROOM_MESSAGE_BYTES", "1")], ..Start::default() };
    let expected = "did you mean CHATROOM_LIMITS_MESSAGE_BYTES?";
    assert!(sentence(env).ends_with(expected));
}

#[test]
fn a_file_that_is_not_toml_is_answered_with_the_line() {
    let start = Start { toml: "port = 1\nhost 0.0.0.0\n", ..Start::default() };
    assert_eq!(sentence(start), "chatroom.toml: line 2: expected `.`, `=`");
    let twice = sentence(Start { toml: "port = 1\n\nport = 2\n", ..Start::default() });
    assert!(twice.starts_with("chatroom.toml: line 3: duplicate key `port`"), "{twice}");
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let sentence = sentence(Start { flags: &["--config", "none.toml"], ..Start::default() });
    assert!(sentence.starts_with("none.toml: cannot be read: "), "{sentence}");
}

#[test]
fn all_problems_are_reported_together() {
    let start = Start {
        toml: "prot = 1\nport = \"x\"\n[limits]\npage = 0",
        dotenv: "CHATROOM_HSOT=1",
        env: &[("LOG_LEVEL", "loud"), ("CHATROOM_STOER", "memory:")],
        ..Start::default()
    };
    let error = load(start).expect_err("the settings were taken");
    assert_eq!(error.to_string().lines().count(), 6, "{error}");
    let unknown = |problem: &&Problem| matches!(problem, Problem::Unknown { .. });
    assert_eq!(error.problems().iter().filter(unknown).count(), 3);
    for part in ["\"port\"", "CHATROOM_HOST", "CHATROOM_STORE", ": port must", "limits.page must"] {
        assert!(error.to_string().contains(part), "no {part} in\n{error}");
    }
}

#[test]
fn a_wrong_value_that_a_later_place_replaces_does_no_harm() {
    let start = Start { env: &[("PORT", "x")], flags: &["--port", "9"], ..Start::default() };
    assert_eq!(settings(start).port, 9);
}
