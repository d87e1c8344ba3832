//! Layouts: a source's headings → canonical fields, chosen whole.
//!
//! In: layout texts; the first rows of a file. Out: which row is the header and which column is which field. It reads no
//! value: what a cell means is decided column by column, later.

mod fit;
mod guess;
mod written;

use std::sync::Arc;

pub use fit::{Contradiction, Fit, Mapped, RunnerUp, fit, probable_header};
pub use guess::{Guess, guess};
pub use written::UNITS;

use super::Rates;
use crate::problem::{Problem, SourceText};
use crate::record::{Field, FieldSet};
use crate::value::{DateOrder, Decimal, DecimalMark};

/// A layout: headings to fields, and how its values are written.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Its name; the shipped ones are named like their files.
    pub name: String,
    /// Overrides detection.
    pub encoding: Option<String>,
    /// Overrides the per-column decision.
    pub date_order: Option<DateOrder>,
    /// Overrides the per-column decision.
    pub decimal: Option<DecimalMark>,
    /// Each field with where it may come from.
    pub fields: Vec<(Field, Vec<Origin>)>,
    /// Values that every record of such a file has.
    pub constants: Vec<(Field, String)>,
}

/// Where the cells of a field come from; of several origins the first that a file has is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The heading; several are joined, as far as they are there.
    pub headings: Vec<Heading>,
    /// What stands between joined cells.
    pub between: String,
    /// What a number is multiplied with.
    pub times: Option<Decimal>,
}

/// A heading as it is written and as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// In the layout's spelling.
    pub text: String,
    /// Folded: case, spaces, underscores and punctuation do not count.
    pub key: String,
}

/// All layouts.
#[derive(Debug, Clone, Default)]
pub struct Layouts {
    /// In the order of their files.
    pub layouts: Vec<Arc<Layout>>,
    /// For amounts in other currencies; none until a desk has a list of them.
    pub rates: Arc<Rates>,
}

impl Layouts {
    /// Reads layout texts; one bad text never stops the others.
    pub fn load(sources: &[Arc<SourceText>]) -> (Layouts, Vec<Problem>) {
        let (mut layouts, mut problems) = (Vec::<Arc<Layout>>::new(), Vec::new());
        for source in sources {
            let (layout, found) = written::read(source);
            problems.extend(found);
            let Some((layout, span)) = layout else { continue };
            if layouts.iter().any(|other| other.name == layout.name) {
                let message = format!("the layout `{}` is there twice", layout.name);
                problems.push(Problem::error("duplicate-layout", source, span, message));
            } else {
                layouts.push(Arc::new(layout));
            }
        }
        (Layouts { layouts, rates: Arc::default() }, problems)
    }

    /// Every field that some layout supplies; `None` when there are no layouts.
    pub fn supplied(&self) -> Option<FieldSet> {
        let fields = self.layouts.iter().flat_map(|layout| {
            let mapped = layout.fields.iter().map(|(field, _)| *field);
            mapped.chain(layout.constants.iter().map(|(field, _)| *field))
        });
        (!self.layouts.is_empty()).then(|| {
            fields.fold(FieldSet::default(), |mut all, field| {
                all.insert(field);
                all
            })
        })
    }

    /// By name.
    pub fn get(&self, name: &str) -> Option<Arc<Layout>> {
        self.layouts.iter().find(|layout| layout.name == name).cloned()
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.layouts.iter().map(|layout| layout.name.as_str())
    }
}
