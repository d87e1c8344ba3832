//! Who a party is. In: a candidate of a cell. Out: the entities that it may be, with what speaks for and against. An
//! identifier is enough by itself; an identifier of the same kind that is another one speaks against a name.
use super::names::{Found as Likely, Piece, PieceKind, Scratch};
use super::{DEFAULT_MIN_SCORE, EntityId, Hit, Score, Seek, Watchlists};
use crate::party::{Candidate, segment};
use crate::value::Identifier;
use std::cmp::Reverse;

/// What is left of a score when an identifier contradicts.
const CONTRADICTED: f32 = 0.5;
/// What is left of a score when both countries are known and differ.
const ABROAD: f32 = 0.94;
/// Hits of a name that are told; a name that is like more entities says nothing of any of them.
const MOST_HITS: usize = 50;

impl Default for Seek<'_> {
    fn default() -> Self {
        Seek { least: DEFAULT_MIN_SCORE, country: None }
    }
}

impl Watchlists {
    /// Who a candidate is, the surest first, with all entities that are the same as they.
    pub fn find(&self, candidate: &Candidate, seek: Seek, scratch: &mut Scratch) -> Vec<Hit> {
        let mut hits = Vec::new();
        self.find_by_identifier(candidate, &mut hits);
        if !hits.is_empty() {
            return hits;
        }
        let mut found: Vec<(Score, Likely)> = Vec::new();
        for one in self.found_by.search(&candidate.name, seek.least.fraction() as f32, scratch) {
            let score = score(one.score * self.against(one.entity, candidate, seek).1);
            if score >= seek.least {
                found.push((score, one));
            }
        }
        found.sort_by_key(|(score, one)| (Reverse(*score), one.entity));
        found.truncate(MOST_HITS);
        for (score, one) in found {
            self.add_named(&mut hits, (score, one), (candidate, seek), scratch);
        }
        hits
    }

    /// Who the parties of a cell are, the surest first; of several parts that are one entity, the likest.
    pub fn find_in_cell(&self, cell: &str, seek: Seek, scratch: &mut Scratch) -> Vec<super::Found> {
        let mut all: Vec<super::Found> = Vec::new();
        scratch.begin_cell();
        for candidate in segment(cell, "") {
            for hit in self.find(&candidate, seek, scratch) {
                let found = super::Found { hit, matched: candidate.name.clone(), standing: candidate.standing };
                match all.iter_mut().find(|known| known.hit.entity == found.hit.entity) {
                    Some(known) if known.hit.score >= found.hit.score => {}
                    Some(known) => *known = found,
                    None => all.push(found),
                }
            }
        }
        all.sort_by_key(|found| (Reverse(found.hit.score), found.hit.entity));
        all
    }

    fn find_by_identifier(&self, candidate: &Candidate, hits: &mut Vec<Hit>) {
        for identifier in &candidate.identifiers {
            for place in self.by_identifier.get(identifier).into_iter().flatten() {
                let name = self.at(*place).map_or("", |entity| &entity.name);
                let kind = identifier.kind.to_uppercase();
                let why = format!("{kind} {} is {name}'s", identifier.text);
                let said = format!("{kind} {}", identifier.text);
                let piece =
                    Piece { kind: PieceKind::Identifier, left: said.clone(), right: said, score: 1.0, weight: 1.0 };
                let hit = Hit {
                    entity: EntityId(*place),
                    score: Score(10_000),
                    alias: String::new(),
                    pieces: vec![piece],
                    why,
                };
                self.add_group(hits, &hit);
            }
        }
    }

    fn add_named(
        &self,
        hits: &mut Vec<Hit>,
        (score, one): (Score, Likely),
        (candidate, seek): (&Candidate, Seek),
        scratch: &mut Scratch,
    ) {
        let Some(entity) = self.at(one.entity) else { return };
        if hits.iter().any(|hit| hit.entity == EntityId(one.entity)) {
            return;
        }
        let alias = match usize::from(one.alias).checked_sub(1) {
            Some(nth) => entity.aliases.get(nth).unwrap_or(&entity.name),
            None => &entity.name,
        };
        let (_, mut pieces) = self.found_by.explain(&candidate.name, alias, scratch);
        pieces.extend(self.against(one.entity, candidate, seek).0);
        let why = match *alias == entity.name {
            true => format!("‘{}’ is written like {}", candidate.name, entity.name),
            false => format!("‘{}’ is written like ‘{alias}’, which is {}", candidate.name, entity.name),
        };
        self.add_group(hits, &Hit { entity: EntityId(one.entity), score, alias: alias.clone(), pieces, why });
    }

    fn add_group(&self, hits: &mut Vec<Hit>, hit: &Hit) {
        for entity in self.whole_groups(&[hit.entity.0]) {
            if !hits.iter().any(|known| known.entity == entity) {
                hits.push(Hit { entity, ..hit.clone() });
            }
        }
    }

    /// What speaks against a name's being the entity's, and what is left of the score.
    fn against(&self, place: u32, candidate: &Candidate, seek: Seek) -> (Vec<Piece>, f32) {
        let (mut pieces, mut left) = (Vec::new(), 1.0);
        let Some(entity) = self.at(place) else { return (pieces, left) };
        let members = self.groups.get(entity.group as usize).into_iter().flatten().filter_map(|place| self.at(*place));
        let known: Vec<&Identifier> = members.flat_map(|entity| &entity.identifiers).collect();
        // A branch has a KPP of its own.
        for one in candidate.identifiers.iter().filter(|one| one.kind != "kpp" && !known.contains(one)) {
            let Some(other) = known.iter().find(|other| other.kind == one.kind) else { continue };
            let words = |one: &Identifier| format!("{} {}", one.kind.to_uppercase(), one.text);
            let (ours, theirs) = (words(one), words(other));
            pieces.push(Piece { kind: PieceKind::Identifier, left: ours, right: theirs, score: 0.0, weight: 1.0 });
            left = CONTRADICTED;
        }
        if let (Some(ours), Some(theirs)) = (seek.country, self.country(EntityId(place)))
            && ours != theirs
        {
            let (ours, theirs) = (ours.to_owned(), theirs.to_owned());
            pieces.push(Piece { kind: PieceKind::Country, left: ours, right: theirs, score: 0.0, weight: 0.06 });
            left *= ABROAD;
        }
        (pieces, left)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a score lies between 0 and 1")]
fn score(fraction: f32) -> Score {
    Score((fraction.clamp(0.0, 1.0) * 10_000.0).round() as u16)
}
