//! The flags of the command line.

use std::net::IpAddr;
use std::path::PathBuf;

use super::durability::Durability;
use super::findings::Findings;
use super::log_format::LogFormat;
use super::store::Store;
use super::value::from_text;

/// The flags of `chatroom serve`. They win over every other place.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
#[command(after_long_help = PLACES)]
pub struct Flags {
    /// Address to listen on [default: 0.0.0.0, every interface]
    ///
    /// 127.0.0.1 or localhost lets only programs on this machine in.
    #[arg(long, value_name = "ADDRESS", value_parser = from_text::<IpAddr>)]
    pub host: Option<IpAddr>,

    /// TCP port to listen on; 0 takes a free one [default: 5003]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,

    /// Where everything is kept: sqlite:PATH or memory: [default: sqlite:chatroom.db]
    ///
    /// sqlite:PATH is an SQLite database, made if it is not there. memory: keeps nothing beyond
    /// the process, for trying out and for tests.
    #[arg(long, value_name = "STORE", value_parser = from_text::<Store>)]
    pub store: Option<Store>,

    /// What a reply waits for: full or fast [default: full]
    ///
    /// full: the disk has it, so it survives a power cut. fast: the system has it, so it survives
    /// a killed process, and replies come sooner.
    #[arg(long, value_name = "DURABILITY", value_parser = from_text::<Durability>)]
    pub durability: Option<Durability>,

    /// Form of the log lines: text or json [default: text]
    ///
    /// json: one object a line, for programs.
    #[arg(long, value_name = "FORMAT", value_parser = from_text::<LogFormat>)]
    pub log_format: Option<LogFormat>,

    /// Settings file [default: chatroom.toml in the working directory, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

const PLACES: &str = "\
Every setting can also stand in chatroom.toml, in .env, or in the environment (CHATROOM_PORT=8080);
flags win over the environment, that over .env, that over the file.
`chatroom settings` prints all settings with their defaults and what they mean.";

/// Takes the flags that were given.
pub(super) fn take(flags: &Flags, findings: &mut Findings) {
    let given = [
        ("host", flags.host.map(|host| host.to_string())),
        ("port", flags.port.map(|port| port.to_string())),
        ("store", flags.store.as_ref().map(Store::to_string)),
        ("durability", flags.durability.map(|durability| durability.to_string())),
        ("log_format", flags.log_format.map(|format| format.to_string())),
    ];
    for (setting, value) in given {
        if let Some(value) = value {
            findings.give(format!("--{}", setting.replace('_', "-")), setting, value);
        }
    }
}
