//! How long a sync of the disk takes.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::compare::quantile;

/// A file that is written and synced to see how long that takes.
pub(crate) struct Disk {
    file: File,
    /// In seconds.
    times: Vec<f64>,
}

impl Disk {
    /// A new file in `folder`.
    pub(crate) fn new(folder: &Path) -> io::Result<Disk> {
        Ok(Disk { file: File::create(folder.join("sync-time"))?, times: Vec::new() })
    }

    /// Writes 4 KiB at the end of the file, then `fdatasync`, so many times.
    pub(crate) fn sync(&mut self, times: usize) -> io::Result<()> {
        for _ in 0..times {
            let begin = Instant::now();
            self.file.write_all(&[0x5a; 4096])?;
            self.file.sync_data()?;
            self.times.push(begin.elapsed().as_secs_f64());
        }
        Ok(())
    }

    /// The median of all times so far.
    pub(crate) fn median(&mut self) -> Duration {
        Duration::from_secs_f64(quantile(&mut self.times, 0.5))
    }
}
