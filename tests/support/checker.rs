//! Judges what one reader saw by what was sent to it.

use std::collections::{HashMap, HashSet};

/// A message that was acknowledged.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its id, where the acknowledgement said it.
    pub id: Option<u64>,
    /// Sender, recipient and text, different from every other message's.
    pub what: String,
}

/// A message as a reader got it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its id.
    pub id: u64,
    /// Sender, recipient and text.
    pub what: String,
}

/// Something a reader must never see.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// A message was sent and not seen.
    Lost(String),
    /// A message was seen again.
    Doubled(String),
    /// `early` was seen before `late`, which has a lower id.
    Early { early: u64, late: u64 },
    /// A message was seen that was not sent to this reader.
    Foreign(String),
    /// A message has another id than its sender was told.
    Renumbered { what: String, told: u64, seen: u64 },
    /// Two messages have the same id.
    Reused(u64),
}

/// Everything that is wrong with what a reader saw, in the order in which it shows.
pub fn faults(sent: &[Sent], seen: &[Seen]) -> Vec<Fault> {
    let told: HashMap<&str, Option<u64>> =
        sent.iter().map(|sent| (sent.what.as_str(), sent.id)).collect();
    assert_eq!(told.len(), sent.len(), "every message that is sent differs from the others");
    let mut faults = Vec::new();
    let mut known = HashSet::new();
    let mut ids = HashSet::new();
    let mut highest = 0;
    for Seen { id, what } in seen {
        if !known.insert(what.as_str()) {
            faults.push(Fault::Doubled(what.clone()));
            continue;
        }
        match told.get(what.as_str()) {
            None => faults.push(Fault::Foreign(what.clone())),
            Some(Some(told)) if told != id => {
                let what = what.clone();
                faults.push(Fault::Renumbered { what, told: *told, seen: *id });
            }
            Some(_) => {}
        }
        if !ids.insert(*id) {
            faults.push(Fault::Reused(*id));
        } else if *id < highest {
            faults.push(Fault::Early { early: highest, late: *id });
        }
        highest = highest.max(*id);
    }
    let lost = sent.iter().filter(|sent| !known.contains(sent.what.as_str()));
    faults.extend(lost.map(|sent| Fault::Lost(sent.what.clone())));
    faults
}
