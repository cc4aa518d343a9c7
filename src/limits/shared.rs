//! Wrong passwords count for all nodes, whichever they were told to.

use std::sync::Arc;

use super::Limits;
use crate::cluster::{Cluster, Says};

/// Tells the other nodes of logins, and counts what they tell.
///
/// Must be called inside a Tokio runtime.
pub fn share(limits: &Arc<Limits>, cluster: &Arc<Cluster>) {
    let _ = limits.logins.others.set(cluster.clone());
    let (limits, mut heard) = (limits.clone(), cluster.hear());
    tokio::spawn(async move {
        while let Some(message) = heard.recv().await {
            match &message.says {
                Says::WrongLogin { name, from } => limits.logins.failed_elsewhere(name, *from),
                Says::RightLogin { name, from } => limits.logins.succeeded_elsewhere(name, *from),
                _ => {}
            }
        }
    });
}
