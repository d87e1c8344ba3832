//! Ownership: who is under whom, on a day. In: owners, a mode, the stakes of all lists. Out: whether an entity is under
//! them, certainly or possibly, and the path in words. What is under the owners is walked once; each stretch of time in
//! which nothing changes is worked out once, when a record first asks for it. Cycles end by themselves.
//!
//! Mode `ofac50` follows the published answers of the US Office of Foreign Assets Control: FAQ 398 (ownership, not
//! control), 399 (shares of several blocked persons add up) and 401 (direct shares of 50 % or more, step by step; shares
//! are never multiplied).
use super::entity::Parent;
use super::share::{Kind, Share};
use super::{EntityId, Watchlists};
use crate::value::Decimal;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What makes an entity count as being under an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Any chain of stakes, of any kind and share.
    Any,
    /// The direct shares of owners and of what they own sum to 50 % or more, step by step.
    Ofac50,
    /// As `Ofac50`, and a stated control suffices.
    Control,
}

/// How sure it is that an entity is under an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// On what the lists state.
    Certain,
    /// It depends on a share that no list states.
    Possible,
}

/// What is under some owners in a mode.
#[derive(Debug)]
pub struct Under {
    mode: Mode,
    owners: FxHashSet<u32>,
    ties: Vec<Tie>,
    /// The groups that some tie leads to, on whatever day.
    reachable: FxHashSet<u32>,
    /// Where the set of valid ties changes, sorted; between two of them lies an epoch.
    boundaries: Vec<String>,
    closures: Mutex<FxHashMap<Epochs, Arc<Closure>>>,
}

type Closure = FxHashMap<u32, Certainty>;

/// The first and the last epoch that a record's date may lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Epochs {
    first: usize,
    last: usize,
}

/// One stated stake between two groups.
#[derive(Debug)]
struct Tie {
    owner: u32,
    asset: u32,
    valid: Epochs,
    share: Option<Share>,
    kind: Kind,
    /// The entity that states it, and which of its parents it is.
    stated: (u32, u32),
}

/// All that is stated of one owner's stake in one asset.
#[derive(Debug, Clone, Copy)]
struct Stake {
    owner: u32,
    share: Share,
    controls: bool,
}

/// The closures that are remembered before the memory is used anew.
const MOST_CLOSURES: usize = 512;

impl Watchlists {
    /// What is under the owners.
    pub fn under(&self, owners: &[EntityId], mode: Mode) -> Under {
        let owners: FxHashSet<u32> =
            owners.iter().filter_map(|owner| self.entity(*owner)).map(|one| one.group).collect();
        let mut reachable = owners.clone();
        let mut queue: VecDeque<u32> = owners.iter().copied().collect();
        let mut found = Vec::new();
        while let Some(owner) = queue.pop_front() {
            for stated in self.assets.get(&owner).into_iter().flatten() {
                let Some((asset, _)) = self.stated(*stated) else { continue };
                if asset != owner {
                    found.push((owner, asset, *stated));
                    if reachable.insert(asset) {
                        queue.push_back(asset);
                    }
                }
            }
        }
        let mut boundaries: Vec<String> =
            found.iter().filter_map(|(_, _, stated)| self.stated(*stated)).flat_map(|(_, one)| ends(one)).collect();
        boundaries.sort_unstable();
        boundaries.dedup();
        let tie = |(owner, asset, stated): (u32, u32, (u32, u32))| {
            let (_, parent) = self.stated(stated)?;
            let valid = validity(parent, &boundaries);
            Some(Tie { owner, asset, valid, share: parent.share, kind: parent.kind, stated })
        };
        let ties = found.into_iter().filter_map(tie).collect();
        Under { mode, owners, ties, reachable, boundaries, closures: Mutex::default() }
    }

    /// The asset's group and the stake that an entity states of one of its parents.
    fn stated(&self, (place, number): (u32, u32)) -> Option<(u32, &Parent)> {
        let entity = self.at(place)?;
        Some((entity.group, entity.parents.get(number as usize)?))
    }

    pub(super) fn step(&self, stated: (u32, u32)) -> Option<String> {
        let asset = self.at(stated.0)?;
        let (_, parent) = self.stated(stated)?;
        let source = parent.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
        let owner = self.at(parent.owner)?;
        Some(format!("{} —{}{source}→ {}", asset.name, parent.kind.words(parent.share), owner.name))
    }
}

/// The texts of days at which a stake begins or has ended; `~` sorts behind every digit and hyphen.
fn ends(parent: &Parent) -> impl Iterator<Item = String> {
    parent.from.clone().into_iter().chain(parent.until.as_ref().map(|until| format!("{until}~")))
}

fn validity(parent: &Parent, boundaries: &[String]) -> Epochs {
    let place = |text: &str| boundaries.partition_point(|known| known.as_str() < text);
    Epochs {
        first: parent.from.as_ref().map_or(0, |from| place(from) + 1),
        last: parent.until.as_ref().map_or(usize::MAX, |until| place(&format!("{until}~"))),
    }
}

impl Epochs {
    const ALL: Epochs = Epochs { first: 0, last: usize::MAX };

    fn meets(self, other: Epochs) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// Whether it holds in every epoch of the window in which the other does.
    fn covers(self, other: Epochs, window: Epochs) -> bool {
        self.first <= other.first.max(window.first) && self.last >= other.last.min(window.last)
    }
}

impl Under {
    /// Whether the day of a record makes no difference.
    pub fn is_timeless(&self) -> bool {
        self.boundaries.is_empty()
    }

    /// Whether the entity is under the owners on some day, as far as chains go.
    pub fn may_hold(&self, lists: &Watchlists, entity: EntityId) -> bool {
        lists.entity(entity).is_some_and(|entity| self.reachable.contains(&entity.group))
    }

    /// Whether the entity is an owner or under them on a day (`2022-10-24`, `2022-10` or `2022`; `None` = any day).
    pub fn holds(&self, lists: &Watchlists, entity: EntityId, day: Option<&str>) -> Option<Certainty> {
        let group = lists.entity(entity).map(|one| one.group).filter(|group| self.reachable.contains(group))?;
        self.closure(self.epochs(day)).get(&group).copied()
    }

    /// The steps from the entity up to the owners in words (`AO KRET —subsidiary, share unknown (EU 269/2014)→ Rostec`),
    /// empty when it is itself an owner; `None` when it is not under them on the day.
    pub fn path(&self, lists: &Watchlists, entity: EntityId, day: Option<&str>) -> Option<Vec<String>> {
        let epochs = self.epochs(day);
        let closure = self.closure(epochs);
        let start = lists.entity(entity)?.group;
        let certainty = *closure.get(&start)?;
        let steps = match self.mode {
            Mode::Any => self.shortest(start, epochs),
            Mode::Ofac50 | Mode::Control => self.contributing((start, certainty), &closure, epochs),
        };
        Some(steps.into_iter().filter_map(|tie| lists.step(tie.stated)).collect())
    }

    fn epochs(&self, day: Option<&str>) -> Epochs {
        let Some(day) = day else { return Epochs::ALL };
        let before = |text: &str| self.boundaries.partition_point(|known| known.as_str() <= text);
        let first = match day.len() {
            4 => before(&format!("{day}-01-01")),
            7 => before(&format!("{day}-01")),
            _ => before(day),
        };
        let last = if day.len() < 10 { before(&format!("{day}~")) } else { first };
        Epochs { first, last }
    }

    fn closure(&self, epochs: Epochs) -> Arc<Closure> {
        let mut known = self.closures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(closure) = known.get(&epochs) {
            return closure.clone();
        }
        if known.len() >= MOST_CLOSURES {
            known.clear();
        }
        let closure = Arc::new(self.work_out(epochs));
        known.insert(epochs, closure.clone());
        closure
    }

    fn valid(&self, epochs: Epochs) -> impl Iterator<Item = &Tie> {
        self.ties.iter().filter(move |tie| tie.valid.meets(epochs))
    }

    fn work_out(&self, epochs: Epochs) -> Closure {
        if self.mode == Mode::Any {
            let mut assets: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
            self.valid(epochs).for_each(|tie| assets.entry(tie.owner).or_default().push(tie.asset));
            let suffices = |_: u32, _: &FxHashSet<u32>| true;
            return self.grow(&assets, suffices).into_iter().map(|group| (group, Certainty::Certain)).collect();
        }
        let stakes = self.stakes(epochs);
        let mut assets: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (asset, held) in &stakes {
            held.iter().for_each(|stake| assets.entry(stake.owner).or_default().push(*asset));
        }
        let held_by = |asset: u32, owned: &FxHashSet<u32>| -> Vec<Stake> {
            let held = stakes.get(&asset).into_iter().flatten();
            held.filter(|stake| owned.contains(&stake.owner)).copied().collect()
        };
        let possible = self.grow(&assets, |asset, owned| self.may_suffice(&held_by(asset, owned)));
        let certain = self.grow(&assets, |asset, owned| self.suffices(&held_by(asset, owned)));
        let certainty = |group| if certain.contains(&group) { Certainty::Certain } else { Certainty::Possible };
        possible.into_iter().map(|group| (group, certainty(group))).collect()
    }

    /// The least set that holds the owners and whatever suffices by what is in it already.
    fn grow(
        &self,
        assets: &FxHashMap<u32, Vec<u32>>,
        suffices: impl Fn(u32, &FxHashSet<u32>) -> bool,
    ) -> FxHashSet<u32> {
        let mut owned = self.owners.clone();
        let mut queue: VecDeque<u32> = owned.iter().copied().collect();
        while let Some(owner) = queue.pop_front() {
            for asset in assets.get(&owner).into_iter().flatten() {
                if !owned.contains(asset) && suffices(*asset, &owned) {
                    owned.insert(*asset);
                    queue.push_back(*asset);
                }
            }
        }
        owned
    }

    fn suffices(&self, held: &[Stake]) -> bool {
        let sum: Decimal = held.iter().map(|stake| stake.share.least).sum();
        sum >= Decimal::from(50) || (self.mode == Mode::Control && held.iter().any(|stake| stake.controls))
    }

    fn may_suffice(&self, held: &[Stake]) -> bool {
        let sum: Decimal = held.iter().map(|stake| stake.share.most).sum();
        let half = Decimal::from(50);
        let reached = sum > half || (sum == half && !held.iter().any(|stake| stake.share.below));
        reached || self.suffices(held)
    }

    /// Each owner's stake in each asset, out of all that the lists state of it.
    fn stakes(&self, epochs: Epochs) -> FxHashMap<u32, Vec<Stake>> {
        let mut pairs: FxHashMap<(u32, u32), Vec<&Tie>> = FxHashMap::default();
        self.valid(epochs).for_each(|tie| pairs.entry((tie.asset, tie.owner)).or_default().push(tie));
        let mut stakes: FxHashMap<u32, Vec<Stake>> = FxHashMap::default();
        for ((asset, owner), ties) in pairs {
            stakes.entry(asset).or_default().push(stake(owner, &ties, epochs));
        }
        stakes
    }

    /// The shortest chain up to an owner.
    fn shortest(&self, start: u32, epochs: Epochs) -> Vec<&Tie> {
        let mut above: FxHashMap<u32, Vec<&Tie>> = FxHashMap::default();
        self.valid(epochs).for_each(|tie| above.entry(tie.asset).or_default().push(tie));
        let mut came: FxHashMap<u32, &Tie> = FxHashMap::default();
        let mut queue = VecDeque::from([start]);
        while let Some(group) = queue.pop_front() {
            if self.owners.contains(&group) {
                return chain(&came, start, group);
            }
            for tie in above.get(&group).into_iter().flatten() {
                if tie.owner != start && !came.contains_key(&tie.owner) {
                    came.insert(tie.owner, tie);
                    queue.push_back(tie.owner);
                }
            }
        }
        Vec::new()
    }

    /// Every stake that makes the sum, from the entity up.
    fn contributing(&self, (start, certainty): (u32, Certainty), closure: &Closure, epochs: Epochs) -> Vec<&Tie> {
        let counts = |owner: u32| match (closure.get(&owner), certainty) {
            (Some(Certainty::Certain), _) | (Some(Certainty::Possible), Certainty::Possible) => true,
            (Some(Certainty::Possible), Certainty::Certain) | (None, _) => false,
        };
        let counted = |tie: &&Tie| counts(tie.owner) && (self.mode == Mode::Control || tie.kind != Kind::Control);
        let mut steps = Vec::new();
        let mut seen = FxHashSet::from_iter([start]);
        let mut queue = VecDeque::from([start]);
        while let Some(group) = queue.pop_front().filter(|group| !self.owners.contains(group)) {
            let mut told: FxHashSet<u32> = FxHashSet::default();
            let mut ties: Vec<&Tie> = self.valid(epochs).filter(|tie| tie.asset == group).filter(counted).collect();
            ties.sort_by_key(|tie| tie.share.is_none());
            for tie in ties {
                if told.insert(tie.owner) {
                    steps.push(tie);
                }
                if seen.insert(tie.owner) && !self.owners.contains(&tie.owner) {
                    queue.push_back(tie.owner);
                }
            }
        }
        steps
    }
}

/// One owner's stake: statements that differ span an interval; one that names no share gives way to one that does, on the
/// days on which both hold.
fn stake(owner: u32, ties: &[&Tie], epochs: Epochs) -> Stake {
    let controls = ties.iter().any(|tie| tie.kind == Kind::Control);
    let counting = || ties.iter().filter(|tie| tie.kind != Kind::Control);
    let known = || counting().filter_map(|tie| tie.share.map(|share| (tie.valid, share)));
    let unknown = counting()
        .filter(|tie| tie.share.is_none())
        .any(|tie| !known().any(|(valid, _)| valid.covers(tie.valid, epochs)));
    let mut shares: Vec<Share> = known().map(|(_, share)| share).collect();
    if unknown {
        shares.push(Share::between(None, None));
    }
    let least = shares.iter().map(|share| share.least).min();
    let most = shares.iter().map(|share| share.most).max().unwrap_or(Decimal::ZERO);
    let below = shares.iter().filter(|share| share.most == most).all(|share| share.below) && !shares.is_empty();
    Stake { owner, share: Share { least: least.unwrap_or(Decimal::ZERO), most, below }, controls }
}

fn chain<'t>(came: &FxHashMap<u32, &'t Tie>, start: u32, end: u32) -> Vec<&'t Tie> {
    let mut steps = Vec::new();
    let mut at = end;
    while at != start {
        let Some(tie) = came.get(&at) else { break };
        steps.push(*tie);
        at = tie.asset;
    }
    steps.reverse();
    steps
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
