//! An entity of a watchlist as it is kept. In: the loader's work. Out: what finding and ownership read.
use super::share::{Kind, Share};
use crate::value::Identifier;
use std::sync::Arc;

#[derive(Debug, Default)]
pub(super) struct Entity {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) list: usize,
    pub(super) country: Option<&'static str>,
    pub(super) identifiers: Vec<Identifier>,
    pub(super) topics: Vec<Arc<str>>,
    pub(super) addresses: Vec<String>,
    pub(super) listed: Vec<Listing>,
    pub(super) parents: Vec<Parent>,
    pub(super) source: Option<String>,
    /// Entities of one group are one.
    pub(super) group: u32,
}

#[derive(Debug)]
pub(super) struct Listing {
    pub(super) programme: Arc<str>,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    pub(super) source: Option<Arc<str>>,
}

#[derive(Debug)]
pub(super) struct Parent {
    /// Any entity of the parent's group.
    pub(super) owner: u32,
    pub(super) share: Option<Share>,
    pub(super) kind: Kind,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    pub(super) source: Option<Arc<str>>,
}

impl Listing {
    /// `listed: eu-269-2014 from 2014-09-12 (Regulation (EU) No 959/2014)`.
    pub(super) fn words(&self) -> String {
        let part =
            |word: &str, day: &Option<String>| day.as_ref().map(|day| format!(" {word} {day}")).unwrap_or_default();
        let source = self.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
        format!("listed: {}{}{}{source}", self.programme, part("from", &self.from), part("until", &self.until))
    }
}
