//! Judges a trace of system calls: what the server says, it has synced before.
//!
//! Lines of a trace are in the order of what happened: a call that another one overtakes has two,
//! one for its beginning and one for its end.

use std::collections::{HashMap, HashSet};

/// What to trace: everything that writes to a file or a socket, and everything that syncs.
pub(crate) const CALLS: &str = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,\
                                sendfile,fsync,fdatasync,sync_file_range,msync";

/// What a reply to `/send` says.
const SENT: &str = "Message sent successfully.";

/// The needle of each message, by the id that its sender was told.
pub(crate) type Told = HashMap<u64, usize>;

/// Something that was said too early.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// The reply with this id went out before the sync that follows the write of its message.
    Acknowledged(u64),
    /// The message with this needle was shown before.
    Shown(usize),
}

/// What a trace shows.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) faults: Vec<Fault>,
    /// Replies that told an id.
    pub(crate) replies: usize,
    /// Messages that readers were shown.
    pub(crate) shown: usize,
    /// Syncs of the log's file.
    pub(crate) syncs: usize,
}

/// A text that is found again in a trace. It is there twice, so that the end of a page of the
/// log's file cannot cut both.
pub(crate) fn text_of(needle: usize) -> String {
    format!("needle-{needle}. needle-{needle}.")
}

/// Reads a trace from the beginning to the end.
pub(crate) fn judge(trace: &str, told: &Told) -> Verdict {
    let mut judge = Judge::new(told);
    let mut begun: HashMap<&str, &str> = HashMap::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if call.starts_with("<... ") {
            let failed = call.contains(" = -1 ");
            if let Some(call) = begun.remove(thread) {
                judge.end(thread, call, failed);
            }
        } else if let Some(call) = call.strip_suffix("<unfinished ...>") {
            judge.begin(thread, call);
            begun.insert(thread, call);
        } else {
            judge.begin(thread, call);
            judge.end(thread, call, call.contains(") = -1 "));
        }
    }
    judge.verdict
}

struct Judge<'t> {
    told: &'t Told,
    /// In the log's file, but perhaps only in the system's memory.
    written: HashSet<usize>,
    synced: HashSet<usize>,
    /// What the sync that a thread has begun will cover.
    covered: HashMap<String, HashSet<usize>>,
    verdict: Verdict,
}

impl<'t> Judge<'t> {
    fn new(told: &'t Told) -> Judge<'t> {
        Judge {
            told,
            written: HashSet::new(),
            synced: HashSet::new(),
            covered: HashMap::new(),
            verdict: Verdict::default(),
        }
    }

    fn begin(&mut self, thread: &str, call: &str) {
        if is_sync(call) {
            self.covered.insert(thread.to_owned(), self.written.clone());
        } else if is_socket(call) {
            self.say(call);
        }
    }

    fn end(&mut self, thread: &str, call: &str, failed: bool) {
        if failed {
            return;
        }
        if is_sync(call) {
            self.synced.extend(self.covered.remove(thread).unwrap_or_default());
            self.verdict.syncs += 1;
        } else if is_log(call) {
            self.written.extend(needles(call));
        }
    }

    /// Something goes out to a client.
    fn say(&mut self, call: &str) {
        let shown: HashSet<usize> = needles(call).collect();
        self.verdict.shown += shown.len();
        let early = shown.iter().filter(|needle| !self.synced.contains(needle));
        self.verdict.faults.extend(early.map(|&needle| Fault::Shown(needle)));
        // A stream shows ids too, and the end of a chunk may part them from their messages.
        if !call.contains(SENT) {
            return;
        }
        for id in numbers(call, r#"\"id\":"#) {
            self.verdict.replies += 1;
            let synced = self.told.get(&id).is_some_and(|needle| self.synced.contains(needle));
            if !synced {
                self.verdict.faults.push(Fault::Acknowledged(id));
            }
        }
    }
}

fn is_sync(call: &str) -> bool {
    (call.starts_with("fsync(") || call.starts_with("fdatasync(")) && is_log(call)
}

/// Whether the call's file is the log that SQLite writes ahead.
fn is_log(call: &str) -> bool {
    file(call).is_some_and(|file| file.ends_with("-wal"))
}

fn is_socket(call: &str) -> bool {
    file(call).is_some_and(|file| file.starts_with("socket:") || file.starts_with("TCP"))
}

/// The file of a call's first argument: `fsync(9</a/b-wal>)`.
fn file(call: &str) -> Option<&str> {
    let (_, arguments) = call.split_once('(')?;
    let descriptor = arguments.trim_start_matches(|c: char| c.is_ascii_digit());
    descriptor.strip_prefix('<')?.split('>').next()
}

/// The needles in a call's data, the whole ones only.
fn needles(call: &str) -> impl Iterator<Item = usize> {
    let parts = call.split("needle-").skip(1);
    parts.filter_map(|part| part.split_once('.')?.0.parse().ok())
}

/// The numbers right behind each `mark`.
fn numbers<'c>(call: &'c str, mark: &'c str) -> impl Iterator<Item = u64> + 'c {
    call.split(mark).skip(1).filter_map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse().ok()
    })
}
