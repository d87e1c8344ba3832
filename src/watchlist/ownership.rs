//! Ownership, mode `any`: from an entity up over its owners. In: an entity, owners, a day. Out: the path in words.
//! Shares that are unknown count; edges that are not valid on the day do not; cycles end by themselves.
use super::load::{Entity, Parent};
use super::{EntityId, Watchlists};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;

impl Watchlists {
    /// Path from the entity up to one of the owners (mode `any`), on a day (`2022-10-24` or `2022-10`, `None` = any day): the steps in
    /// words (`AO KRET —subsidiary, share unknown (EU 269/2014)→ Rostec`); empty when it is itself an owner; `None` when not under them.
    pub fn owned_by(&self, entity: EntityId, owners: &[EntityId], day: Option<&str>) -> Option<Vec<String>> {
        let wanted: FxHashSet<u32> =
            owners.iter().filter_map(|owner| self.entity(*owner)).map(|one| one.group).collect();
        let start = self.entity(entity)?.group;
        let mut came: FxHashMap<u32, (u32, String)> = FxHashMap::default();
        let mut queue = VecDeque::from([start]);
        while let Some(group) = queue.pop_front() {
            if wanted.contains(&group) {
                return Some(path(&came, start, group));
            }
            for (asset, parent) in
                self.edges(group).filter(|(_, parent)| valid_on(parent.from.as_deref(), parent.until.as_deref(), day))
            {
                let Some(owner) = self.at(parent.owner) else { continue };
                if owner.group != start && !came.contains_key(&owner.group) {
                    came.insert(owner.group, (group, step(asset, parent, owner)));
                    queue.push_back(owner.group);
                }
            }
        }
        None
    }

    fn edges(&self, group: u32) -> impl Iterator<Item = (&Entity, &Parent)> {
        let members = self.groups.get(group as usize).into_iter().flatten().filter_map(|place| self.at(*place));
        members.flat_map(|entity| entity.parents.iter().map(move |parent| (entity, parent)))
    }
}

fn path(came: &FxHashMap<u32, (u32, String)>, start: u32, end: u32) -> Vec<String> {
    let mut steps = Vec::new();
    let mut at = end;
    while at != start {
        let Some((before, step)) = came.get(&at) else { break };
        steps.push(step.clone());
        at = *before;
    }
    steps.reverse();
    steps
}

fn step(asset: &Entity, parent: &Parent, owner: &Entity) -> String {
    let share = match parent.percent {
        Some(percent) => format!("{} %", percent.normalize()),
        None => "share unknown".to_owned(),
    };
    let word = |kind: &str| if kind == "own" { "subsidiary".to_owned() } else { kind.to_owned() };
    let kind = parent.kind.as_deref().map(|kind| format!("{}, ", word(kind))).unwrap_or_default();
    let source = parent.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
    format!("{} —{kind}{share}{source}→ {}", asset.name, owner.name)
}

/// Whether a stretch of time may hold the day; each may be a day, a month or a year, compared as far as both go.
pub(super) fn valid_on(from: Option<&str>, until: Option<&str>, day: Option<&str>) -> bool {
    let Some(day) = day else { return true };
    let not_after = |a: &str, b: &str| {
        let length = a.len().min(b.len());
        a.get(..length) <= b.get(..length)
    };
    from.is_none_or(|from| not_after(from, day)) && until.is_none_or(|until| not_after(day, until))
}
