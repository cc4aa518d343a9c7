//! One packet for one or many sockets, encoded once.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::data::Data;

/// An event with its data.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    /// The event's name.
    pub(super) event: &'static str,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Json(Arc<RawValue>),
    /// What a client sent, with its binary parts, which only the engine can take apart.
    Mixed(Arc<Data>),
}

impl Payload {
    /// An event with data of our own.
    pub(super) fn new(event: &'static str, data: &impl Serialize) -> Payload {
        // What is sent has string keys only, so it always serialises.
        let data =
            serde_json::value::to_raw_value(data).unwrap_or_else(|_| RawValue::NULL.to_owned());
        Payload { event, content: Content::Json(data.into()) }
    }

    /// An event with data that came from a client.
    pub(super) fn mixed(event: &'static str, data: Data) -> Payload {
        Payload { event, content: Content::Mixed(data.into()) }
    }

    /// About how many bytes it takes on its way.
    pub(super) fn len(&self) -> usize {
        let content = match &self.content {
            Content::Json(data) => data.get().len(),
            Content::Mixed(data) => data.len(),
        };
        self.event.len() + content + 10
    }
}

/// The data alone.
impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.content {
            Content::Json(data) => data.serialize(serializer),
            Content::Mixed(data) => data.serialize(serializer),
        }
    }
}
