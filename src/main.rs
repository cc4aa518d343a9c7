//! The command line.

use std::process::ExitCode;

use chatroom::config::{self, Flags, LogFormat, Settings};
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit code for what the one who starts the server can put right: settings, store, port.
const CANNOT_START: u8 = 2;

/// A chat server that any program can talk to with plain HTTP
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (the same as no command at all)
    Serve(Flags),
    /// Print every setting with its default and what it is for
    Settings,
    /// Make, disable, list accounts; end sessions; invite
    Admin(chatroom::admin::Line),
    /// Copy the store into one file, also while a server runs on it
    Backup(chatroom::store::BackupLine),
    /// Make a store of a backup
    Restore(chatroom::store::RestoreLine),
    /// Write what the store holds as lines of JSON, also while a server runs on it
    Export(chatroom::store::ExportLine),
    /// Make a store of exported lines
    Import(chatroom::store::ImportLine),
    /// Have a store go on in the servers of a cluster, or back in a file
    Move(chatroom::store::MoveLine),
    /// Look through the store of a stopped server, or a backup, and say whether it is sound
    Check(chatroom::store::CheckLine),
}

fn main() -> ExitCode {
    spare_memory();
    let line = Line::parse();
    match line.command.unwrap_or(Command::Serve(line.flags)) {
        Command::Settings => {
            print!("{}", config::DEFAULTS);
            ExitCode::SUCCESS
        }
        Command::Admin(line) => ExitCode::from(chatroom::admin::run(&line)),
        Command::Backup(line) => ExitCode::from(chatroom::store::backup(&line)),
        Command::Restore(line) => ExitCode::from(chatroom::store::restore(&line)),
        Command::Export(line) => ExitCode::from(chatroom::store::export(&line)),
        Command::Import(line) => ExitCode::from(chatroom::store::import(&line)),
        Command::Move(line) => ExitCode::from(chatroom::store::r#move(&line)),
        Command::Check(line) => ExitCode::from(chatroom::store::check(&line)),
        Command::Serve(flags) => match serve(&flags) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("chatroom: {error}");
                ExitCode::from(CANNOT_START)
            }
        },
    }
}

/// Has memory come in small pages.
///
/// A connection has buffers of which it hardly uses the beginning; in huge pages every byte of
/// them is resident, which makes a waiting poll half as large again, and nothing faster.
fn spare_memory() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

fn serve(flags: &Flags) -> Result<(), Box<dyn std::error::Error>> {
    let loaded = config::load_here(flags)?;
    log_to(&loaded.settings)?;
    for notice in &loaded.notices {
        tracing::warn!("{notice}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(chatroom::server::run(loaded.settings))?;
    Ok(())
}

/// Sends the log to standard error, or to the file of the setting `log_file`.
fn log_to(settings: &Settings) -> Result<(), String> {
    let writer = match &settings.log_file {
        None => BoxMakeWriter::new(std::io::stderr),
        Some(path) => {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|error| {
                format!("The log file {} cannot be opened: {error}.", path.display())
            })?;
            BoxMakeWriter::new(std::sync::Mutex::new(file))
        }
    };
    // What Rocket's macros say in our modules (their targets end so) is of no use to anybody: a
    // line for each request without a session.
    let own = filter_fn(|metadata| !metadata.target().ends_with("::_"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("off,chatroom={}", settings.log_level)))
        .with_writer(writer)
        .with_ansi(false)
        .with_target(false);
    match settings.log_format {
        LogFormat::Text => lines.finish().with(own).init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().with(own).init(),
    }
    Ok(())
}
