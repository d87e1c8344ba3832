//! Tables of a web page, as databases write them under the name `.xls`.
//!
//! In: a text. Out: each table's rows, as the text streams by; no document is built. A table inside a cell is a table of
//! its own, and the row around it is layout. A cell that spans rows counts in each of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::super::ReadError;
use super::frames::FrameWriter;
use super::walk::Place;
use super::{Row, Table};

/// Tables inside tables.
const DEEPEST: usize = 64;
/// Columns and rows that one cell may span.
const WIDEST: usize = 4096;

/// Reads every table of a page.
///
/// # Errors
/// When the text breaks off or a limit is passed.
pub fn read(mut text: Box<dyn Read + '_>, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    let page = Page {
        out,
        place: place.table(),
        longest_row: place.limits.row,
        tables: Vec::new(),
        count: 0,
        text: None,
        failed: None,
    };
    let tokenizer = Tokenizer::new(Sink(RefCell::new(page)), TokenizerOpts::default());
    let queue = BufferQueue::default();
    let (mut buffer, mut held) = (vec![0; 1 << 16], 0);
    loop {
        let room = buffer.get_mut(held..).unwrap_or_default();
        let read = text.read(room).map_err(ReadError::from_io)?;
        let filled = held + read;
        let whole = whole_letters(buffer.get(..filled).unwrap_or_default());
        if !whole.is_empty() {
            queue.push_back(StrTendril::from_slice(whole));
            let _ = tokenizer.feed(&queue);
        }
        let used = whole.len();
        buffer.copy_within(used..filled, 0);
        held = filled - used;
        if let Some(error) = tokenizer.sink.0.borrow_mut().failed.take() {
            return Err(error);
        }
        if read == 0 {
            break;
        }
    }
    tokenizer.end();
    let mut page = tokenizer.sink.0.borrow_mut();
    page.end_row();
    page.failed.take().map_or(Ok(()), Err)
}

/// The bytes up to the last whole letter.
fn whole_letters(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => bytes.get(..error.valid_up_to()).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or(""),
    }
}

struct Sink<'o>(RefCell<Page<'o>>);

struct Page<'o> {
    out: &'o mut FrameWriter,
    place: Table,
    longest_row: usize,
    tables: Vec<OpenTable>,
    count: u64,
    /// The text of the cell that is open.
    text: Option<String>,
    failed: Option<ReadError>,
}

/// A table that is open, from the outermost inwards.
#[derive(Default)]
struct OpenTable {
    /// Its table frame was written, and no other since.
    announced: bool,
    number: u64,
    rows: u64,
    cells: Option<Vec<String>>,
    bytes: usize,
    /// Columns and rows of the cell that is open.
    span: (usize, usize),
    /// Column → text and rows that it still counts in.
    carried: BTreeMap<usize, (String, usize)>,
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        if page.failed.is_some() {
            return TokenSinkResult::Continue;
        }
        match token {
            Token::CharacterTokens(text) => page.letters(&text),
            Token::TagToken(tag) => return page.tag(&tag),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

impl Page<'_> {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        match (tag.kind, tag.name.as_ref()) {
            (TagKind::StartTag, "table") => self.begin_table(),
            (TagKind::EndTag, "table") => {
                self.end_row();
                self.tables.pop();
            }
            (TagKind::StartTag, "tr") => self.begin_row(),
            (TagKind::EndTag, "tr") => self.end_row(),
            (TagKind::StartTag, "td" | "th") => self.begin_cell(tag),
            (TagKind::EndTag, "td" | "th") => self.end_cell(),
            (TagKind::StartTag, "br" | "p" | "div" | "li") => self.letters(" "),
            (TagKind::StartTag, "script") => return TokenSinkResult::RawData(RawKind::ScriptData),
            (TagKind::StartTag, "style" | "xml" | "noscript") => return TokenSinkResult::RawData(RawKind::Rawtext),
            (TagKind::StartTag, "title" | "textarea") => return TokenSinkResult::RawData(RawKind::Rcdata),
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn begin_table(&mut self) {
        if self.tables.len() >= DEEPEST {
            self.failed = Some(ReadError::new("malformed", "the page has tables inside tables without end"));
            return;
        }
        // The row around it was layout.
        if let Some(around) = self.tables.last_mut() {
            around.cells = None;
            around.announced = false;
        }
        self.text = None;
        self.count += 1;
        self.tables.push(OpenTable { number: self.count, span: (1, 1), ..OpenTable::default() });
    }

    fn begin_row(&mut self) {
        self.end_row();
        // Some exports leave `<table>` out.
        if self.tables.is_empty() {
            self.begin_table();
        }
        if let Some(table) = self.tables.last_mut() {
            table.cells = Some(Vec::new());
            table.bytes = 0;
        }
    }

    fn begin_cell(&mut self, tag: &Tag) {
        self.end_cell();
        let span = |name: &str| {
            let written = tag.attrs.iter().find(|attribute| &*attribute.name.local == name);
            written.and_then(|attribute| attribute.value.trim().parse().ok()).unwrap_or(1usize).clamp(1, WIDEST)
        };
        if self.tables.last().is_none_or(|table| table.cells.is_none()) {
            self.begin_row();
        }
        if let Some(table) = self.tables.last_mut() {
            table.span = (span("colspan"), span("rowspan"));
            self.text = Some(String::new());
        }
    }

    fn letters(&mut self, letters: &str) {
        let Some(text) = &mut self.text else { return };
        for letter in letters.chars() {
            let blank = letter.is_whitespace();
            if !blank {
                text.push(letter);
            } else if !text.is_empty() && !text.ends_with(' ') {
                text.push(' ');
            }
        }
        if text.len() > self.longest_row {
            self.failed = Some(ReadError::row_too_long(self.longest_row));
        }
    }

    fn end_cell(&mut self) {
        let Some(text) = self.text.take() else { return };
        let Some(table) = self.tables.last_mut() else { return };
        let Some(cells) = &mut table.cells else { return };
        carry(&mut table.carried, cells);
        let text = text.trim_end().to_owned();
        if table.span.1 > 1 {
            table.carried.insert(cells.len(), (text.clone(), table.span.1));
        }
        table.bytes += text.len();
        cells.push(text);
        cells.extend((1..table.span.0).map(|_| String::new()));
        if table.bytes > self.longest_row {
            self.failed = Some(ReadError::row_too_long(self.longest_row));
        } else if cells.len() > 2 * WIDEST {
            self.failed = Some(ReadError::too_many_columns(cells.len(), WIDEST));
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        let Some(table) = self.tables.last_mut() else { return };
        let Some(mut cells) = table.cells.take() else { return };
        table.rows += 1;
        let own = cells.iter().any(|cell| !cell.is_empty());
        carry(&mut table.carried, &mut cells);
        table.carried.retain(|_, (_, rows)| {
            *rows -= 1;
            *rows > 0
        });
        if !own {
            return;
        }
        let mut row = Row { number: table.rows, ..Row::default() };
        cells.iter().for_each(|cell| row.cells.push_field(cell.as_bytes()));
        let announced = std::mem::replace(&mut table.announced, true);
        let sheet = (table.number > 1).then(|| format!("table {}", table.number));
        let begun = if announced { Ok(()) } else { self.out.table(&Table { sheet, ..self.place.clone() }) };
        if let Err(error) = begun.and_then(|()| self.out.row(&row)) {
            self.failed = Some(error);
        }
    }
}

/// Puts texts that come down from rows above where this row has reached their columns.
fn carry(carried: &mut BTreeMap<usize, (String, usize)>, cells: &mut Vec<String>) {
    while let Some((text, _)) = carried.get(&cells.len()) {
        cells.push(text.clone());
    }
}
