//! Ends the programs of a test process with it, however it ends.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

/// Waits for the end of its input, which is that of this process. A shell of another group then
/// ends the keeper's own group, and removes the folder and the network namespaces.
const SCRIPT: &str = r#"
cat >/dev/null
exec setsid sh -c '
  kill -s KILL -- "-$1"
  rm -rf -- "$2"
  for space in $(ip netns list 2>/dev/null | cut -d " " -f 1 | grep "^$3-"); do
    ip netns del "$space"
  done
' sh "$$" "$1" "$2"
"#;

static KEEPER: LazyLock<Keeper> = LazyLock::new(Keeper::start);

struct Keeper {
    /// Never waited for: it outlives this process by a moment. Holds the input open.
    child: Child,
    folder: PathBuf,
}

impl Keeper {
    fn start() -> Keeper {
        let folder = tempfile::Builder::new().prefix("chatroom-").tempdir().unwrap().keep();
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]).arg(&folder).arg(namespaces());
        // The tests' own output would not end before the keeper does.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Keeper { child: command.process_group(0).spawn().unwrap(), folder }
    }
}

/// What the names of this process's network namespaces begin with.
pub(super) fn namespaces() -> String {
    format!("chatroom-{}", std::process::id())
}

/// A new folder, which is removed at the latest when this process ends.
pub(super) fn folder() -> TempDir {
    tempfile::tempdir_in(&KEEPER.folder).unwrap()
}

/// Starts a program that is ended at the latest when this process ends.
pub(super) fn spawn(command: &mut Command) -> Child {
    command.process_group(KEEPER.child.id().cast_signed()).spawn().unwrap_or_else(|error| {
        panic!("{}: {error} (script/setup installs it)", command.get_program().display())
    })
}
