//! What is asked of one party. In: a party of a cell with its watchlist hits, and its row. Out: whether all asks hold of
//! that same party, and the hit that is the witness. It never looks at another party.

use std::cell::OnceCell;
use std::sync::Arc;

use super::leaf::{self, Leaf};
use super::view::{Cells, View};
use crate::finding::Basis;
use crate::party::{self, Candidate, Standing};
use crate::record::{Field, Part, Role};
use crate::rules::{FieldRelation, Target};
use crate::text::{ScanText, name_keys};
use crate::value;
use crate::watchlist::{self, Addresses, Certainty, EntityId, Hit, Score, Seek, Under, Watchlists};

/// A party test bound to watchlists.
#[derive(Debug, Clone)]
pub(crate) struct BoundParty {
    pub(crate) only_intermediaries: bool,
    pub(crate) asks: Vec<Ask>,
    /// Names below this score are not the entity's for this test.
    pub(crate) least: Score,
}

/// One thing asked, its names resolved. Sets of entities are sorted.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Entity {
        entities: Arc<[EntityId]>,
        texts: Vec<String>,
    },
    OwnedBy(Arc<Under>),
    Listed(Arc<[EntityId]>),
    /// The entities, and the lists, topics and programmes that were asked for.
    ListedOnDate(Arc<[EntityId]>, Vec<String>),
    AddressOf(Arc<Addresses>),
    Country(Vec<String>),
    Cell(Part, Leaf),
    Related(Part, FieldRelation, Target),
    Any(Vec<Ask>),
    Not(Box<Ask>),
}

/// A candidate of a cell and who it is.
#[derive(Debug)]
pub(crate) struct Party {
    pub(crate) candidate: Candidate,
    pub(crate) hits: Vec<Hit>,
    keys: OnceCell<Vec<String>>,
}

/// The columns of a role, and the day.
pub(crate) struct RoleCells<'a> {
    view: &'a View<'a>,
    parts: [Cells<'a>; 4],
    day: Cells<'a>,
}

/// A role in a row.
pub(crate) struct RowOf<'a> {
    pub(crate) cells: &'a RoleCells<'a>,
    pub(crate) row: usize,
}

/// Why a party answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Witness {
    pub(crate) entity: EntityId,
    /// 100 is for an identifier, an address and the same name alone.
    pub(crate) score: u16,
    pub(crate) basis: Basis,
    /// The name of the entity that the party's name is like.
    pub(crate) alias: String,
    pub(crate) path: Vec<String>,
    pub(crate) certainty: Certainty,
}

/// Who the cells may mean, from a score on; the watchlists are asked once for each candidate.
pub(crate) fn resolve(
    row: &RowOf,
    (watchlists, least): (&Watchlists, Score),
    scratch: &mut watchlist::Scratch,
) -> Vec<Party> {
    let (name, id) = (row.name(), row.id());
    let country = row.part(Part::Country).and_then(value::country);
    scratch.begin_cell();
    let mut candidates = if name.is_empty() && id.is_empty() { Vec::new() } else { party::segment(name, id) };
    if candidates.is_empty() {
        candidates.push(Candidate { name: name.to_owned(), standing: Standing::Principal, identifiers: Vec::new() });
    }
    let look_up = |candidate: Candidate| {
        let nameless = candidate.name.is_empty() && candidate.identifiers.is_empty();
        let country = country.filter(|_| candidate.standing == Standing::Principal);
        let hits = if nameless { Vec::new() } else { watchlists.find(&candidate, Seek { least, country }, scratch) };
        Party { candidate, hits, keys: OnceCell::new() }
    };
    candidates.into_iter().map(look_up).collect()
}

impl Party {
    /// Keys of its name.
    pub(crate) fn keys(&self) -> &[String] {
        self.keys.get_or_init(|| party::keys(&self.candidate.name))
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let hits: usize = self.hits.iter().map(|hit| hit.why.len() + hit.pieces.len() * 80 + 120).sum();
        self.candidate.name.len() + self.candidate.identifiers.len() * 56 + hits + 160
    }
}

impl<'a> RoleCells<'a> {
    pub(crate) fn new(view: &'a View<'a>, role: Role) -> RoleCells<'a> {
        let parts = Part::ALL.map(|part| view.field(Field::Party(role, part)));
        RoleCells { view, parts, day: view.field(Field::DeclarationDate) }
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.parts.iter().all(Cells::is_absent)
    }
}

impl RowOf<'_> {
    fn part(&self, part: Part) -> Option<&str> {
        self.cells.parts.get(part as usize)?.get(self.row)
    }

    pub(crate) fn name(&self) -> &str {
        self.part(Part::Name).unwrap_or("")
    }

    pub(crate) fn id(&self) -> &str {
        self.part(Part::Id).unwrap_or("")
    }

    pub(crate) fn country(&self) -> &str {
        self.part(Part::Country).unwrap_or("")
    }

    /// Whether nothing is known of the party.
    pub(crate) fn is_missing(&self) -> bool {
        Part::ALL.into_iter().all(|part| self.part(part).is_none())
    }
}

/// What an ask is judged by; `row` is not there yet while a name is judged for all rows that carry it.
struct Judge<'j> {
    party: &'j Party,
    id: &'j str,
    watchlists: &'j Watchlists,
    row: Option<&'j RowOf<'j>>,
    least: Score,
}

impl BoundParty {
    /// Texts that must be the party's when no watchlist knows it; `None` when it may hold of parties that none knows.
    pub(crate) fn needs_hit(&self) -> Option<Vec<String>> {
        self.asks.iter().find_map(|ask| match ask {
            Ask::Entity { texts, .. } => Some(texts.clone()),
            Ask::OwnedBy(_) | Ask::Listed(_) | Ask::ListedOnDate(..) => Some(Vec::new()),
            Ask::AddressOf(_) | Ask::Country(_) | Ask::Cell(..) | Ask::Related(..) | Ask::Any(_) | Ask::Not(_) => None,
        })
    }

    /// Folded names that a party may have instead of being known.
    pub(crate) fn asked_names(&self) -> Vec<String> {
        let of = |ask: &Ask| if let Ask::Entity { texts, .. } = ask { texts.clone() } else { Vec::new() };
        self.asks.iter().flat_map(of).collect()
    }

    fn speaks_of(&self, party: &Party) -> bool {
        !self.only_intermediaries || party.candidate.standing == Standing::Intermediary
    }

    /// Whether it holds whatever the rest of the row says; `None` when that depends.
    pub(crate) fn before_row(
        &self,
        parties: &[Party],
        (id, watchlists): (&str, &Watchlists),
        scan: &mut ScanText,
    ) -> Option<bool> {
        let judged = parties.iter().filter(|party| self.speaks_of(party)).map(|party| {
            let judge = Judge { party, id, watchlists, row: None, least: self.least };
            every(&self.asks, &judge, scan)
        });
        any_of(judged)
    }

    /// Whether it holds in this row.
    pub(crate) fn in_row(
        &self,
        parties: &[Party],
        (row, watchlists): (&RowOf, &Watchlists),
        scan: &mut ScanText,
    ) -> bool {
        parties.iter().any(|party| self.holds_of(party, (row, watchlists), scan))
    }

    pub(crate) fn holds_of(
        &self,
        party: &Party,
        (row, watchlists): (&RowOf, &Watchlists),
        scan: &mut ScanText,
    ) -> bool {
        let judge = Judge { party, id: row.id(), watchlists, row: Some(row), least: self.least };
        self.speaks_of(party) && every(&self.asks, &judge, scan) == Some(true)
    }

    /// The surest hit that the asks rest on, for a party of which they hold.
    pub(crate) fn witness(&self, party: &Party, row: &RowOf, watchlists: &Watchlists) -> Option<Witness> {
        let judge = Judge { party, id: row.id(), watchlists, row: Some(row), least: self.least };
        self.asks.iter().find_map(|ask| ask.witness(&judge))
    }
}

fn every(asks: &[Ask], judge: &Judge, scan: &mut ScanText) -> Option<bool> {
    let mut all = Some(true);
    for ask in asks {
        match ask.holds(judge, scan) {
            Some(false) => return Some(false),
            None => all = None,
            Some(true) => {}
        }
    }
    all
}

fn any_of(judged: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut any = Some(false);
    for held in judged {
        match held {
            Some(true) => return Some(true),
            None => any = None,
            Some(false) => {}
        }
    }
    any
}

impl Judge<'_> {
    fn is_principal(&self) -> bool {
        self.party.candidate.standing == Standing::Principal
    }

    fn is_one_of(&self, entities: &[EntityId]) -> bool {
        self.hits().any(|hit| entities.binary_search(&hit.entity).is_ok())
    }

    /// The hits that are sure enough for the test.
    fn hits(&self) -> impl Iterator<Item = &Hit> {
        self.party.hits.iter().filter(|hit| hit.score >= self.least)
    }

    fn is_called(&self, texts: &[String]) -> bool {
        let called = |text: &String| self.party.keys().contains(text) || (self.is_principal() && text == self.id);
        !texts.is_empty() && texts.iter().any(called)
    }

    /// The party's own country: of its column, else of the entity that it is.
    fn is_from(&self, codes: &[String]) -> Option<bool> {
        let of_entity = || {
            let countries = self.hits().filter_map(|hit| self.watchlists.country(hit.entity));
            countries.into_iter().any(|code| codes.iter().any(|asked| asked == code))
        };
        if !self.is_principal() {
            return Some(of_entity());
        }
        let row = self.row?;
        Some(row.part(Part::Country).map_or_else(of_entity, |cell| leaf::country(codes, cell)))
    }

    fn day(&self) -> Option<&str> {
        self.row.and_then(|row| row.cells.day.get(row.row))
    }

    fn is_under(&self, under: &Under) -> Option<bool> {
        if !self.hits().any(|hit| under.may_hold(self.watchlists, hit.entity)) {
            return Some(false);
        }
        if self.row.is_none() && !under.is_timeless() {
            return None;
        }
        Some(self.hits().any(|hit| under.holds(self.watchlists, hit.entity, self.day()).is_some()))
    }

    /// The surest of the hits that were listed on the record's date, and by what.
    fn listed_on_date(&self, entities: &[EntityId], names: &[String]) -> Option<(&Hit, Vec<String>)> {
        let among = self.sure().into_iter().filter(|hit| entities.binary_search(&hit.entity).is_ok());
        among.into_iter().find_map(|hit| {
            let listings = self.watchlists.listings_on(hit.entity, names, self.day());
            (!listings.is_empty()).then_some((hit, listings))
        })
    }

    fn sure(&self) -> Vec<&Hit> {
        let mut hits: Vec<&Hit> = self.hits().collect();
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.score));
        hits
    }

    /// By what a hit was found. A name of the same sounds that is spelt otherwise is only like it, however high its score.
    fn basis(&self, hit: &Hit) -> Basis {
        if hit.alias.is_empty() {
            return Basis::Identifier;
        }
        let is_the_same = hit.score.hundredths() == 100
            && name_keys(&hit.alias).iter().any(|key| name_keys(&self.party.candidate.name).contains(key));
        if is_the_same { Basis::Name } else { Basis::Likeness }
    }

    /// The entity whose address stands in the party's address cell, or behind its name.
    fn address_of(&self, addresses: &Addresses) -> Option<(EntityId, String)> {
        let row = self.row.filter(|_| self.is_principal())?;
        [Part::Address, Part::Name].into_iter().filter_map(|part| row.part(part)).find_map(|cell| addresses.find(cell))
    }

    fn cell(&self, part: Part) -> Option<Option<&str>> {
        let own = Some(self.party.candidate.name.as_str()).filter(|name| !name.is_empty());
        match part {
            Part::Name => Some(own),
            _ if !self.is_principal() => Some(None),
            Part::Id => Some(Some(self.id).filter(|id| !id.is_empty())),
            Part::Address | Part::Country => self.row.map(|row| row.part(part)),
        }
    }
}

impl Ask {
    fn holds(&self, judge: &Judge, scan: &mut ScanText) -> Option<bool> {
        match self {
            Ask::Entity { entities, texts } => Some(judge.is_one_of(entities) || judge.is_called(texts)),
            Ask::Listed(entities) => Some(judge.is_one_of(entities)),
            Ask::OwnedBy(under) => judge.is_under(under),
            Ask::ListedOnDate(entities, names) => match judge.row {
                Some(_) => Some(judge.listed_on_date(entities, names).is_some()),
                None => (!judge.is_one_of(entities)).then_some(false),
            },
            Ask::AddressOf(addresses) => judge.row.map(|_| judge.address_of(addresses).is_some()),
            Ask::Country(codes) => judge.is_from(codes),
            Ask::Cell(part, leaf) => judge.cell(*part).map(|cell| leaf.answer(cell, scan)),
            Ask::Related(part, relation, target) => {
                let row = judge.row?;
                let other = row.cells.view.cells(target);
                Some(leaf::related(*relation, judge.cell(*part)?, other.get(row.row)))
            }
            Ask::Any(asks) => any_of(asks.iter().map(|ask| ask.holds(judge, scan))),
            Ask::Not(ask) => ask.holds(judge, scan).map(|held| !held),
        }
    }

    fn witness(&self, judge: &Judge) -> Option<Witness> {
        let hits = judge.sure();
        let told = |hit: &Hit, steps: Vec<String>, certainty: Certainty| {
            let path = std::iter::once(hit.why.clone()).chain(steps).collect();
            let basis = judge.basis(hit);
            let most = if basis == Basis::Likeness { 99 } else { 100 };
            let score = hit.score.hundredths().min(most);
            Witness { entity: hit.entity, score, basis, alias: hit.alias.clone(), path, certainty }
        };
        let among = |entities: &[EntityId]| {
            let hit = hits.iter().find(|hit| entities.binary_search(&hit.entity).is_ok())?;
            Some(told(hit, Vec::new(), Certainty::Certain))
        };
        match self {
            Ask::Entity { entities, .. } | Ask::Listed(entities) => among(entities),
            Ask::OwnedBy(under) => {
                let certainty = |hit: &Hit| under.holds(judge.watchlists, hit.entity, judge.day());
                let held = |wanted| hits.iter().find(|hit| certainty(hit) == Some(wanted)).map(|hit| (hit, wanted));
                let (hit, certainty) = held(Certainty::Certain).or_else(|| held(Certainty::Possible))?;
                Some(told(hit, under.path(judge.watchlists, hit.entity, judge.day())?, certainty))
            }
            Ask::ListedOnDate(entities, names) => {
                let (hit, listings) = judge.listed_on_date(entities, names)?;
                Some(told(hit, listings, Certainty::Certain))
            }
            Ask::AddressOf(addresses) => {
                let (entity, address) = judge.address_of(addresses)?;
                let name = judge.watchlists.name(entity);
                let path = vec![format!("the address is {name}'s: {address}")];
                let (basis, alias, certainty) = (Basis::Address, String::new(), Certainty::Certain);
                Some(Witness { entity, score: 100, basis, alias, path, certainty })
            }
            Ask::Any(asks) => asks.iter().find_map(|ask| ask.witness(judge)),
            Ask::Country(_) | Ask::Cell(..) | Ask::Related(..) | Ask::Not(_) => None,
        }
    }
}
