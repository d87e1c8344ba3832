//! Electronic copies of Russian customs declarations: relational DBF tables in one archive, joined to one row a good.
//!
//! In: the tables DCLHEAD, DCLTOVAR, DCLTOVG and DCLDINFO. Out: one table with the columns of the declaration (DCLHEAD)
//! and of the good (DCLTOVAR); the parts of a good (DCLTOVG) are joined by `; `, and a description goes on in DCLDINFO.
//! The keys are the declaration's office, date and number (G071 where it is there, G072, G073) and the good's number
//! (G32). Source: the structure of the Federal Customs Service's electronic declaration copies. `ND` is the declaration
//! number as it is printed, made of the keys where the tables do not have it.

use std::collections::{HashMap, HashSet};
use std::fs::File;

use super::super::ReadError;
use super::dbf::Dbf;
use super::frames::FrameWriter;
use super::walk::Place;
use super::{Row, Table};

/// A table of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// DCLHEAD: one a declaration.
    Declarations,
    /// DCLTOVAR: one a good.
    Goods,
    /// DCLTOVG: parts of a good: maker, brand, article.
    GoodsParts,
    /// DCLDINFO: texts that did not fit.
    Texts,
}

const NAMES: [(&str, Part); 4] = [
    ("DCLHEAD", Part::Declarations),
    ("DCLTOVAR", Part::Goods),
    ("DCLTOVG", Part::GoodsParts),
    ("DCLDINFO", Part::Texts),
];
/// Columns that hold a table together and are not the good's own.
const BOOKKEEPING: [&str; 8] = ["G071", "G072", "G073", "G32", "G32G", "NUMREC", "NZP", "P_EDOC_ID"];
const DESCRIPTION: &str = "G31_1";

/// The tables of the set among the names of an archive, when declarations and goods are both there.
pub fn parts<'n>(names: impl Iterator<Item = &'n str>) -> Option<Vec<(Part, usize)>> {
    let mut found: Vec<(Part, usize)> = Vec::new();
    for (index, name) in names.enumerate() {
        let last = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_uppercase();
        let part = NAMES.iter().find(|(stem, _)| last.strip_suffix(".DBF") == Some(*stem));
        if let Some((_, part)) = part {
            // Two sets in one archive are read table by table.
            if found.iter().any(|(other, _)| other == part) {
                return None;
            }
            found.push((*part, index));
        }
    }
    let has = |part: Part| found.iter().any(|(other, _)| *other == part);
    (has(Part::Declarations) && has(Part::Goods)).then_some(found)
}

/// Reads the set.
///
/// # Errors
/// When a table is broken or cut short.
pub fn read(files: Vec<(Part, File)>, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    let mut tables: HashMap<Part, Dbf> = HashMap::new();
    for (part, file) in files {
        tables.insert(part, Dbf::open(file, place.encoding)?);
    }
    let (Some(mut heads), Some(mut goods)) = (tables.remove(&Part::Declarations), tables.remove(&Part::Goods)) else {
        return Err(ReadError::new("malformed", "the set has no declarations or no goods"));
    };
    let declarations = Declarations::read(&mut heads)?;
    let parts = tables.remove(&Part::GoodsParts).map(|mut table| Parts::read(&mut table)).transpose()?;
    let texts = tables.remove(&Part::Texts).map(|mut table| texts(&mut table)).transpose()?;
    let join = Join::new(declarations, parts.unwrap_or_default(), texts.unwrap_or_default(), &goods);
    join.write(&mut goods, place, out)
}

/// Column and text of the cells that say something.
type Cells = Box<[(u16, Box<str>)]>;
/// A declaration's key and the number of a good in it.
type Good = (String, String);
/// Texts of a good with their order.
type Texts = HashMap<Good, Vec<(u32, Box<str>)>>;

/// Where the keys stand in a table.
struct Keys {
    declaration: [Option<usize>; 3],
    good: Option<usize>,
}

impl Keys {
    fn of(table: &Dbf) -> Keys {
        let at = |name: &str| position(table, name);
        Keys { declaration: [at("G071"), at("G072"), at("G073")], good: at("G32") }
    }

    fn declaration(&self, row: &Row) -> String {
        let part = |place: &Option<usize>| place.map_or("", |place| row.cell(place));
        let [office, date, number] = &self.declaration;
        format!("{}/{}/{}", part(office), part(date), part(number))
    }

    fn good(&self, row: &Row) -> Good {
        let number = self.good.map_or("", |place| row.cell(place));
        (self.declaration(row), number.trim_start_matches('0').to_owned())
    }
}

fn position(table: &Dbf, name: &str) -> Option<usize> {
    table.fields.iter().position(|field| field.name.eq_ignore_ascii_case(name))
}

/// Declarations by key, only the cells that say something: a table of 370 columns is mostly empty.
struct Declarations {
    names: Vec<String>,
    by_key: HashMap<String, Cells>,
}

impl Declarations {
    fn read(table: &mut Dbf) -> Result<Declarations, ReadError> {
        let keys = Keys::of(table);
        let mut by_key = HashMap::new();
        let mut row = Row::default();
        while table.next(&mut row)? {
            let cells = row.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
            let cells = cells.filter_map(|(place, cell)| Some((u16::try_from(place).ok()?, cell.into())));
            by_key.insert(keys.declaration(&row), cells.collect());
        }
        Ok(Declarations { names: table.fields.iter().map(|field| field.name.clone()).collect(), by_key })
    }
}

/// The parts of each good: column → different values in their order.
#[derive(Default)]
struct Parts {
    names: Vec<String>,
    by_good: HashMap<Good, Vec<(u16, Box<str>)>>,
}

impl Parts {
    fn read(table: &mut Dbf) -> Result<Parts, ReadError> {
        let keys = Keys::of(table);
        let names: Vec<String> = table.fields.iter().map(|field| field.name.clone()).collect();
        let own: Vec<bool> = names.iter().map(|name| !BOOKKEEPING.contains(&name.as_str())).collect();
        let mut by_good: HashMap<Good, Vec<(u16, Box<str>)>> = HashMap::new();
        let mut row = Row::default();
        while table.next(&mut row)? {
            let known = by_good.entry(keys.good(&row)).or_default();
            for (place, cell) in
                row.iter().enumerate().filter(|(place, cell)| own.get(*place) == Some(&true) && !cell.is_empty())
            {
                let Ok(place) = u16::try_from(place) else { continue };
                if !known.iter().any(|(other, text)| *other == place && &**text == cell) {
                    known.push((place, cell.into()));
                }
            }
        }
        Ok(Parts { names, by_good })
    }
}

/// Texts of box 31 that go on where DCLTOVAR's field ends, in the order of their numbers.
fn texts(table: &mut Dbf) -> Result<Texts, ReadError> {
    let keys = Keys::of(table);
    let at = |name: &str| position(table, name);
    let (Some(text), box_number, order, part) = (at("TEXT1"), at("NGR"), at("NUMREC"), at("G32G")) else {
        return Ok(HashMap::new());
    };
    let mut by_good: Texts = HashMap::new();
    let mut row = Row::default();
    while table.next(&mut row)? {
        let cell = |place: Option<usize>| place.map_or("", |place| row.cell(place));
        let of_the_good = matches!(cell(part), "" | "0");
        if of_the_good && cell(box_number).starts_with("31") && !row.cell(text).is_empty() {
            let number = cell(order).parse().unwrap_or(0);
            by_good.entry(keys.good(&row)).or_default().push((number, row.cell(text).into()));
        }
    }
    by_good.values_mut().for_each(|texts| texts.sort_by_key(|(number, _)| *number));
    Ok(by_good)
}

struct Join {
    declarations: Declarations,
    parts: Parts,
    texts: Texts,
    keys: Keys,
    /// Columns of the joined table.
    names: Vec<String>,
    /// Column of each field of DCLHEAD, DCLTOVAR and DCLTOVG in it.
    of_declaration: Vec<usize>,
    of_good: Vec<usize>,
    of_part: Vec<usize>,
    description: Option<usize>,
    number: Option<usize>,
    description_width: usize,
}

impl Join {
    fn new(declarations: Declarations, parts: Parts, texts: Texts, goods: &Dbf) -> Join {
        let mut names: Vec<String> = Vec::new();
        let mut place = |name: &String| match names.iter().position(|known| known == name) {
            Some(place) => place,
            None => {
                names.push(name.clone());
                names.len() - 1
            }
        };
        let own: Vec<String> = goods.fields.iter().map(|field| field.name.clone()).collect();
        let of_good: Vec<usize> = own.iter().map(&mut place).collect();
        let of_part = parts.names.iter().map(&mut place).collect();
        let of_declaration = declarations.names.iter().map(&mut place).collect();
        let number = (!names.iter().any(|name| name == "ND")).then(|| {
            names.push("ND".to_owned());
            names.len() - 1
        });
        let description = names.iter().position(|name| name == DESCRIPTION);
        let description_width = goods.width(DESCRIPTION);
        let keys = Keys::of(goods);
        Join {
            declarations,
            parts,
            texts,
            keys,
            names,
            of_declaration,
            of_good,
            of_part,
            description,
            number,
            description_width,
        }
    }

    fn write(&self, goods: &mut Dbf, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
        out.table(&place.table())?;
        let mut row = Row::default();
        self.names.iter().for_each(|name| row.cells.push_field(name.as_bytes()));
        out.row(&row)?;
        let (mut good, mut orphans) = (Row::default(), HashSet::new());
        while goods.next(&mut good)? {
            let cells = self.cells(&good, &mut orphans);
            row.number = good.number;
            row.cells.clear();
            cells.iter().for_each(|cell| row.cells.push_field(cell.as_bytes()));
            out.row(&row)?;
        }
        if orphans.is_empty() {
            return Ok(());
        }
        let unread = format!("goods of {} declarations stand in DCLTOVAR without a row in DCLHEAD", orphans.len());
        out.table(&Table { unread: Some(unread), ..place.table() })
    }

    fn cells(&self, good: &Row, orphans: &mut HashSet<String>) -> Vec<String> {
        let mut cells = vec![String::new(); self.names.len()];
        let mut put = |place: Option<&usize>, text: &str| {
            if let Some(cell) = place.and_then(|place| cells.get_mut(*place)).filter(|cell| cell.is_empty()) {
                cell.push_str(text);
            }
        };
        good.iter().enumerate().for_each(|(index, text)| put(self.of_good.get(index), text));
        let declaration = self.keys.declaration(good);
        match self.declarations.by_key.get(&declaration) {
            Some(head) => {
                head.iter().for_each(|(index, text)| put(self.of_declaration.get(usize::from(*index)), text));
            }
            None => {
                orphans.insert(declaration);
            }
        }
        let key = self.keys.good(good);
        for (index, text) in self.parts.by_good.get(&key).into_iter().flatten() {
            let cell = self.of_part.get(usize::from(*index)).and_then(|place| cells.get_mut(*place));
            if let Some(cell) = cell.filter(|cell| !cell.split("; ").any(|known| known == &**text)) {
                if !cell.is_empty() {
                    cell.push_str("; ");
                }
                cell.push_str(text);
            }
        }
        if let Some(cell) = self.description.and_then(|place| cells.get_mut(place)) {
            for (_, text) in self.texts.get(&key).into_iter().flatten() {
                // A field filled to its last letter goes on inside a word.
                let full = self.description_width > 0 && cell.chars().count() % self.description_width == 0;
                if !full {
                    cell.push(' ');
                }
                cell.push_str(text);
            }
        }
        if let Some(cell) = self.number.and_then(|place| cells.get_mut(place)) {
            cell.push_str(&printed_number(&self.keys, good));
        }
        cells
    }
}

/// `10702070/241022/0012345`, without the office where the tables leave it to the folder's name.
fn printed_number(keys: &Keys, good: &Row) -> String {
    let [office, date, number] = keys.declaration.map(|place| place.map_or("", |place| good.cell(place)));
    let mut date_parts = date.split('-');
    let (year, month, day) = (date_parts.next(), date_parts.next(), date_parts.next());
    let date = match (year.and_then(|year| year.get(2..4)), month, day) {
        (Some(year), Some(month), Some(day)) => format!("{day}{month}{year}"),
        _ => date.to_owned(),
    };
    [office, date.as_str(), number].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}
