//! A stream that no node is on: begun from elsewhere, read to its end, left.

use std::time::Duration;

use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::Info;
use tokio::runtime::Handle;

use super::connection::{Connection, Unfit, never_made, wanted};
use crate::command::Entry;
use crate::config::{Cluster, Nats};
use crate::log::{Damage, moved};

/// How long servers that were just asked to delete something are given.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which stream somebody wants who is no node.
#[derive(Clone, Copy, Debug)]
pub struct Vacant<'a> {
    /// Where.
    pub nats: &'a Nats,
    /// How the servers are reached.
    pub cluster: &'a Cluster,
}

impl Vacant<'_> {
    /// Makes the stream, whose first message will be the one behind `position`; its snapshots are in
    /// the stream of that name. No node starts on it before [`Connection::is_whole`]. What an attempt
    /// that broke off has left is taken away.
    ///
    /// # Errors
    /// There is such a stream, or snapshots of one, or the servers are unfit.
    pub async fn begin(
        &self,
        fresh: &str,
        position: u64,
        snapshots: &str,
        from: &str,
    ) -> Result<Connection, Unfit> {
        let Vacant { nats, cluster } = self;
        let (reached, doubts) = Connection::reach(nats, cluster).await?;
        let taken = |what: &str| {
            Unfit::new(format!("{what} of {nats} is there already. Name a stream that is not."))
        };
        let failed = |error: &dyn std::fmt::Display| {
            Unfit::new(format!("The stream of {nats} cannot be made: {error}."))
        };
        match find(&reached, &nats.stream).await.map_err(|error| failed(&error))? {
            Some(info) if !info.config.metadata.contains_key(moved::FILLING) => {
                return Err(taken("The stream"));
            }
            // The one with the mark goes last, so that what is left always has it.
            Some(_) => {
                for name in [snapshots, nats.stream.as_str()] {
                    let _ = reached.delete_stream(name).await;
                }
            }
            None => {}
        }
        let left = find(&reached, snapshots).await.map_err(|error| failed(&error))?;
        if left.is_some_and(|info| info.state.messages > 0) {
            return Err(taken("The stream of the snapshots"));
        }
        let mut config = wanted(nats, cluster, fresh);
        config.first_sequence = Some(position + 1);
        config.metadata.insert(moved::FILLING.to_owned(), from.to_owned());
        let begun = std::time::Instant::now();
        let info = loop {
            match reached.create_stream(config.clone()).await {
                Ok(stream) => break stream.cached_info().clone(),
                Err(error) => {
                    if let Some(unfit) = never_made(nats, cluster, &error.kind()) {
                        return Err(unfit);
                    }
                    if begun.elapsed() > PATIENCE {
                        return Err(failed(&error));
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        };
        Connection::of(nats, cluster, reached, &info, doubts)
    }

    /// Finds the stream, which must be whole, and not have been left.
    ///
    /// # Errors
    /// There is none, or it cannot be used.
    pub async fn find(&self) -> Result<Connection, Unfit> {
        let Vacant { nats, cluster } = self;
        let (reached, doubts) = Connection::reach(nats, cluster).await?;
        let info = find(&reached, &nats.stream).await;
        let info = info
            .map_err(|error| {
                Unfit::new(format!("The stream of {nats} cannot be opened: {error}."))
            })?
            .ok_or_else(|| Unfit::new(format!("There is no stream of {nats}.")))?;
        moved::check_stream(&nats.stream, &info.config.metadata)
            .map_err(|Damage(why)| Unfit::new(why))?;
        Connection::of(nats, cluster, reached, &info, doubts)
    }
}

impl Connection {
    /// From now on nodes start on it.
    ///
    /// # Errors
    /// A phrase: the servers do not answer.
    pub async fn is_whole(&self) -> Result<(), String> {
        self.amend(|metadata| metadata.remove(moved::FILLING)).await
    }

    /// From now on no node starts on it: it goes on there.
    ///
    /// # Errors
    /// A phrase: the servers do not answer.
    pub async fn moved_to(&self, place: &str) -> Result<(), String> {
        self.amend(|metadata| metadata.insert(moved::MOVED.to_owned(), place.to_owned())).await
    }

    async fn amend(
        &self,
        change: impl Fn(&mut std::collections::HashMap<String, String>) -> Option<String>,
    ) -> Result<(), String> {
        let found = find(&self.context, self.stream()).await?;
        let mut config = found.ok_or_else(|| "it is not there any more".to_owned())?.config;
        change(&mut config.metadata);
        let amended = self.context.update_stream(config).await;
        amended.map(|_| ()).map_err(|error| error.to_string())
    }

    /// Gives the entries of the batches from `from` to `through` to `each`. Blocks its thread, which
    /// must not be one of the runtime's.
    ///
    /// # Errors
    /// They cannot be read as they were written.
    pub fn entries(
        &self,
        runtime: &Handle,
        from: u64,
        through: u64,
        each: &mut dyn FnMut(Entry),
    ) -> Result<(), Damage> {
        super::read(self, runtime, from, through, each)
    }
}

/// What there is of this name, if there is a stream of it.
async fn find(
    context: &async_nats::jetstream::Context,
    name: &str,
) -> Result<Option<Info>, String> {
    use async_nats::jetstream::ErrorCode;
    match context.get_stream(name).await {
        Ok(stream) => Ok(Some(stream.cached_info().clone())),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(why)
                if why.error_code() == ErrorCode::STREAM_NOT_FOUND =>
            {
                Ok(None)
            }
            _ => Err(error.to_string()),
        },
    }
}
