//! Layouts: a source's headings → canonical fields, chosen whole.
//!
//! In: layout texts; the first rows of a file. Out: which row is the header and which column is which field.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::container::Row;
use super::{LayoutChoice, Rates, ReadError};
use crate::problem::{Problem, SourceText, did_you_mean};
use crate::record::{Field, FieldKind, FieldSet, Part};
use crate::text::heading_key;
use crate::value::{DateOrder, DecimalMark};
use crate::yaml::{self, Node};

/// Rows at the top of a file among which the header is looked for.
pub const HEADER_WITHIN: usize = 20;

/// Encodings that exports come in, as a layout names them; every name of the WHATWG standard is taken.
const ENCODINGS: [&str; 9] =
    ["utf-8", "utf-16le", "utf-16be", "windows-1251", "ibm866", "koi8-r", "gb18030", "windows-1252", "windows-1254"];

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
    fields: Vec<(Field, Vec<String>)>,
    /// Values that every record of such a file has.
    pub constants: Vec<(Field, String)>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LayoutFile {
    layout: String,
    #[serde(rename = "title")]
    _title: Option<String>,
    #[serde(rename = "source")]
    _source: Option<String>,
    encoding: Option<String>,
    date_order: Option<OrderWord>,
    decimal: Option<MarkWord>,
    fields: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    constants: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum OrderWord {
    Dmy,
    Mdy,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum MarkWord {
    Comma,
    Point,
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
            let (layout, found) = read(source);
            problems.extend(found);
            let Some(layout) = layout else { continue };
            if layouts.iter().any(|other| other.name == layout.name) {
                let message = format!("the layout `{}` is there twice", layout.name);
                problems.push(Problem::error("duplicate-layout", source, place(source, &layout.name), message));
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
}

/// The place of a word in a text, for problems about parsed values.
fn place(source: &SourceText, word: &str) -> std::ops::Range<usize> {
    let start = source.text.find(word).unwrap_or(0);
    start..(start + word.len()).min(source.text.len())
}

/// The file as written, and everything that is wrong with its shape.
fn written(source: &Arc<SourceText>) -> (Option<(LayoutFile, Node)>, Vec<Problem>) {
    let (mut documents, mut problems) = yaml::parse(source, yaml::Limits::default());
    if problems.iter().any(Problem::is_error) {
        return (None, problems);
    }
    if documents.len() != 1 {
        problems.push(Problem::error("bad-layout", source, 0..0, "a layout is one document"));
        return (None, problems);
    }
    let Some(node) = documents.pop() else { return (None, problems) };
    let (value, found) = yaml::shape::read(&node, &schemars::schema_for!(LayoutFile).into(), source);
    problems.extend(found);
    match serde_json::from_value(value) {
        Ok(file) => (Some((file, node)), problems),
        Err(error) => {
            if !problems.iter().any(Problem::is_error) {
                problems.push(Problem::error("bad-layout", source, 0..0, error.to_string()));
            }
            (None, problems)
        }
    }
}

/// The key's own place.
fn key_place(node: &Node, under: &str, name: &str) -> std::ops::Range<usize> {
    let yaml::Value::Map(entries) = &node.at(&[under]).value else { return 0..0 };
    entries.iter().find(|entry| entry.0.text() == Some(name)).map_or(0..0, |entry| entry.0.span.clone())
}

fn read(source: &Arc<SourceText>) -> (Option<Layout>, Vec<Problem>) {
    let (written, mut problems) = written(source);
    let Some((file, node)) = written else { return (None, problems) };
    let mut field = |under: &str, name: &str| {
        let found = Field::from_name(name);
        if found.is_none() {
            let span = key_place(&node, under, name);
            let problem = Problem::error("unknown-field", source, span, format!("unknown field `{name}`"));
            let names: Vec<String> = Field::all().map(Field::name).collect();
            problems.push(match did_you_mean(name, names.iter().map(String::as_str)) {
                Some(guess) => problem.with_hint(format!("did you mean `{guess}`?")),
                None => problem.with_hint("docs/fields.md lists the fields"),
            });
        }
        found
    };
    let fields = file.fields.iter().filter_map(|(name, headings)| {
        let keys = headings.iter().map(|heading| heading_key(heading)).collect();
        field("fields", name).map(|field| (field, keys))
    });
    let fields: Vec<(Field, Vec<String>)> = fields.collect();
    let constants =
        file.constants.iter().filter_map(|(name, value)| field("constants", name).map(|field| (field, value.clone())));
    let constants = constants.collect();
    if let Some(name) = file.encoding.as_ref().filter(|name| !super::container::is_encoding(name)) {
        let span = node.at(&["encoding"]).span.clone();
        let problem =
            Problem::error("unknown-encoding", source, span, format!("`{name}` is no encoding that is known"));
        problems.push(match did_you_mean(name, ENCODINGS) {
            Some(guess) => problem.with_hint(format!("did you mean `{guess}`?")),
            None => problem.with_hint(format!("write one of {}", ENCODINGS.join(", "))),
        });
        return (None, problems);
    }
    let layout = Layout {
        name: file.layout,
        encoding: file.encoding,
        date_order: file.date_order.map(|word| match word {
            OrderWord::Dmy => DateOrder::DayFirst,
            OrderWord::Mdy => DateOrder::MonthFirst,
        }),
        decimal: file.decimal.map(|word| match word {
            MarkWord::Comma => DecimalMark::Comma,
            MarkWord::Point => DecimalMark::Point,
        }),
        fields,
        constants,
    };
    (Some(layout), problems)
}

/// A layout at work on one file.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The layout.
    pub layout: Arc<Layout>,
    /// Index of the header among the first rows.
    pub header: usize,
    /// Column of each field that the file has.
    pub columns: Vec<(Field, usize)>,
}

impl Layout {
    /// Columns of the fields in a row of headings. The first heading of a field's list that is there wins.
    fn columns(&self, headings: &[String]) -> Vec<(Field, usize)> {
        let column =
            |keys: &Vec<String>| keys.iter().find_map(|key| headings.iter().position(|heading| heading == key));
        self.fields.iter().filter_map(|(field, keys)| column(keys).map(|index| (*field, index))).collect()
    }
}

/// Whether a field says what was shipped or by whom: without one, a table is no export.
fn is_telling(field: Field) -> bool {
    matches!(field, Field::Description | Field::HsCode | Field::HsDescription | Field::Party(_, Part::Name | Part::Id))
        || field.kind() == FieldKind::Hs
}

/// Finds header row and layout among the first rows.
///
/// # Errors
/// When no layout fits, or the named one is not there.
pub fn fit(rows: &[Row], layouts: &Layouts, choice: &LayoutChoice) -> Result<Fit, ReadError> {
    let (candidates, least) = match choice {
        LayoutChoice::Auto => (layouts.layouts.clone(), 2),
        LayoutChoice::Named(name) => {
            let found = layouts.get(name).ok_or_else(|| {
                let message = format!("there is no layout `{name}`");
                ReadError::new("no-layout", message)
                    .hint("rules/layouts holds the layouts; the source's `layout:` names one")
            })?;
            (vec![found], 1)
        }
    };
    let mut best: Option<Fit> = None;
    for (header, row) in rows.iter().take(HEADER_WITHIN).enumerate() {
        let headings: Vec<String> = row.iter().map(heading_key).collect();
        for layout in &candidates {
            let columns = layout.columns(&headings);
            let enough = columns.len() >= least && columns.iter().any(|(field, _)| is_telling(*field));
            let fit = Fit { layout: layout.clone(), header, columns };
            if enough && best.as_ref().is_none_or(|best| rank(&fit) > rank(best)) {
                best = Some(fit);
            }
        }
    }
    best.ok_or_else(|| no_layout(rows))
}

/// More fields first; among equals the layout that asks for fewer fields, then the name.
fn rank(fit: &Fit) -> (usize, std::cmp::Reverse<usize>, std::cmp::Reverse<&str>) {
    (fit.columns.len(), std::cmp::Reverse(fit.layout.fields.len()), std::cmp::Reverse(fit.layout.name.as_str()))
}

fn no_layout(rows: &[Row]) -> ReadError {
    let widest = rows.iter().max_by_key(|row| row.iter().filter(|cell| !cell.trim().is_empty()).count());
    let headings: Vec<&str> = widest.map(|row| row.iter().take(30).collect()).unwrap_or_default();
    let mut excerpt: String = headings.join(" | ");
    excerpt = excerpt.chars().take(120).collect();
    let message = format!("no layout knows these headings: {excerpt}");
    ReadError { excerpt: Some(excerpt), row: Some(1), ..ReadError::new("no-layout", message) }
        .hint("add the headings to a file in rules/layouts, or name the layout in the source's `layout:`")
}
