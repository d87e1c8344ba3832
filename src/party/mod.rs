//! Party cells: one cell as written → candidate names (the party and its intermediaries), identifiers, address. Pure.
use crate::value::Identifier;
/// How a candidate stands in the cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// The party of the column.
    Principal,
    /// Named as acting for, or being the way to, another ("ON BEHALF OF", "THROUGH", "ЧЕРЕЗ").
    Intermediary,
}
/// One name that the cell may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The name as it stands in the cell, legal form included, address and identifiers off.
    pub name: String,
    /// Its standing.
    pub standing: Standing,
    /// Identifiers that belong to it.
    pub identifiers: Vec<Identifier>,
}
/// Splits a name cell (with the cell of the party's id column, when there is one) into candidates; the whole cell is always one.
pub fn segment(_name_cell: &str, _id_cell: &str) -> Vec<Candidate> {
    unimplemented!()
}
/// A name's keys for exact folded comparison: with legal form tagged by class and without; a legal form alone gives none.
pub fn keys(_name: &str) -> Vec<String> {
    unimplemented!()
}
