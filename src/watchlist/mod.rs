//! Watchlists: entities with names, identifiers and owners. Loads our own YAML; finds a party; follows ownership.
use crate::party::Candidate;
use crate::problem::{Problem, SourceText};
use std::sync::Arc;
/// Index of an entity in [`Watchlists`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(pub u32);
/// How a party was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Who.
    pub entity: EntityId,
    /// In hundredths; 100 for identifiers and exact folded names.
    pub score: u16,
    /// In words: `INN 7703695246 is AO KRET's`, `‘АО КРЭТ’ is written like AO KRET`.
    pub why: String,
}
/// All watchlists, bound together by shared identifiers and `same_as`.
#[derive(Debug, Default)]
pub struct Watchlists {}
impl Watchlists {
    /// Reads the texts of watchlist files; value plus problems.
    pub fn load(_sources: &[Arc<SourceText>]) -> (Watchlists, Vec<Problem>) {
        unimplemented!()
    }
    /// Entities of that id or name (folded) in any list; empty when unknown. `Err` when it is ambiguous (conflicting identifiers): a sentence.
    pub fn named(&self, _name: &str) -> Result<Vec<EntityId>, String> {
        unimplemented!()
    }
    /// All ids and names, for "did you mean".
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }
    /// Entities of a list (file stem), of `topic:X` or of `programme:X`; `None` when there is no such list, topic or programme.
    pub fn listed(&self, _what: &str) -> Option<Vec<EntityId>> {
        unimplemented!()
    }
    /// Who a candidate is: identifiers first, then exact folded names.
    pub fn find(&self, _candidate: &Candidate) -> Vec<Hit> {
        unimplemented!()
    }
    /// Primary name.
    pub fn name(&self, _entity: EntityId) -> &str {
        unimplemented!()
    }
    /// Alpha-2 country, when known.
    pub fn country(&self, _entity: EntityId) -> Option<&str> {
        unimplemented!()
    }
    /// Path from the entity up to one of the owners (mode `any`), on a day (`2022-10-24` or `2022-10`, `None` = any day): the steps in
    /// words (`AO KRET —subsidiary, share unknown (EU 269/2014)→ Rostec`); empty when it is itself an owner; `None` when not under them.
    pub fn owned_by(&self, _entity: EntityId, _owners: &[EntityId], _day: Option<&str>) -> Option<Vec<String>> {
        unimplemented!()
    }
}
