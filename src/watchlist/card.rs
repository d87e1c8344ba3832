//! Cards: all that the lists say of an entity, for people and for comparing two versions of a list. In: an entity. Out: its
//! card, in words where there are words for it.
use super::{EntityId, Watchlists};
use serde::Serialize;

/// What the lists say of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntityCard {
    /// The list's own id.
    pub id: String,
    /// The list that it stands in.
    pub list: String,
    /// Primary name.
    pub name: String,
    /// Further names, weak ones last.
    pub aliases: Vec<String>,
    /// Alpha-2, when known.
    pub country: Option<&'static str>,
    /// `INN 7703695246`.
    pub identifiers: Vec<String>,
    /// As the list writes them.
    pub topics: Vec<String>,
    /// As the list writes them.
    pub addresses: Vec<String>,
    /// `listed: eu-269-2014 from 2014-09-12 (…)`.
    pub listed: Vec<String>,
    /// `AO KRET —subsidiary, share unknown (…)→ Rostec`.
    pub parents: Vec<String>,
    /// Entities of other lists that are the same, as `list/id`.
    pub same_as: Vec<String>,
    /// Where the facts come from.
    pub source: Option<String>,
}

impl Watchlists {
    /// The entities that stand in a list themselves.
    pub fn members(&self, list: &str) -> Vec<EntityId> {
        let Some(number) = self.lists.iter().position(|known| known == list) else { return Vec::new() };
        self.chosen(|entity| entity.list == number).into_iter().map(EntityId).collect()
    }

    /// Each list with the number of its entities.
    pub fn sizes(&self) -> Vec<(&str, usize)> {
        let mut sizes: Vec<(&str, usize)> = self.lists.iter().map(|list| (list.as_str(), 0)).collect();
        for entity in &self.entities {
            if let Some((_, size)) = sizes.get_mut(entity.list) {
                *size += 1;
            }
        }
        sizes
    }

    /// The id that the list gives an entity.
    pub fn id_of(&self, entity: EntityId) -> &str {
        self.entity(entity).map_or("", |entity| &entity.id)
    }

    /// What the lists say of an entity.
    pub fn card(&self, id: EntityId) -> Option<EntityCard> {
        let entity = self.entity(id)?;
        let same = self.groups.get(entity.group as usize).into_iter().flatten().filter(|place| **place != id.0);
        let named = |place: &u32| {
            let other = EntityId(*place);
            format!("{}/{}", self.list_of(other), self.id_of(other))
        };
        Some(EntityCard {
            id: entity.id.clone(),
            list: self.list_of(id).to_owned(),
            name: entity.name.clone(),
            aliases: entity.aliases.clone(),
            country: entity.country,
            identifiers: entity
                .identifiers
                .iter()
                .map(|one| format!("{} {}", one.kind.to_uppercase(), one.text))
                .collect(),
            topics: entity.topics.iter().map(ToString::to_string).collect(),
            addresses: entity.addresses.clone(),
            listed: entity.listed.iter().map(super::Listing::words).collect(),
            parents: (0u32..).zip(&entity.parents).filter_map(|(number, _)| self.step((id.0, number))).collect(),
            same_as: same.map(named).collect(),
            source: entity.source.clone(),
        })
    }
}
