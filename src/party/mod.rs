//! Party cells: one cell as written → candidate names (the party and its intermediaries), identifiers, address. Pure.
//!
//! It never decides who a candidate is; that needs a watchlist.
mod forms;
mod name;
mod segment;
mod sound;
mod symbols;

pub use forms::{Family, Form};
pub use name::{Name, Word, keys, readings};
pub use segment::segment;
pub use symbols::Kind;

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
