//! Values: countries, numbers, dates, tariff codes, identifiers, as they are written and as they are meant.
pub use rust_decimal::Decimal;
/// ISO alpha-2 of a country in any spelling (alpha-2/3, numeric, English, Russian, Chinese, Turkish, Ukrainian, `840 США`).
pub fn country(_written: &str) -> Option<&'static str> {
    unimplemented!()
}
/// English short name of an alpha-2 code.
pub fn country_name(_alpha2: &str) -> Option<&'static str> {
    unimplemented!()
}
/// The decimal mark of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub enum DecimalMark {
    Point,
    Comma,
}
/// A number as a cell writes it: separators, NBSP, currency signs; `None` for words.
pub fn number(_written: &str, _mark: DecimalMark) -> Option<Decimal> {
    unimplemented!()
}
/// A number as a rule writes it: `1,500.00`, `1 500,00`, `1.2M`, `1e5` is text and refused.
pub fn rule_number(_written: &str) -> Option<Decimal> {
    unimplemented!()
}
/// Order of day and month in `01.02.2023`-like dates of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub enum DateOrder {
    DayFirst,
    MonthFirst,
}
/// A date in canonical text (`2022-10-24` or `2022-10`), from any spelling of the intake specification.
pub fn date(_written: &str, _order: DateOrder) -> Option<String> {
    unimplemented!()
}
/// Which order a cell proves: `31.12.2022` day first, `12/31/2022` month first, `None` when it proves nothing.
pub fn date_order_shown(_written: &str) -> Option<DateOrder> {
    unimplemented!()
}
/// Which decimal mark a cell proves, `None` when it proves nothing (`1,500` or `12`).
pub fn decimal_mark_shown(_written: &str) -> Option<DecimalMark> {
    unimplemented!()
}
/// Digits of a tariff code, `None` when there are none or fewer than two.
pub fn hs_digits(_written: &str) -> Option<String> {
    unimplemented!()
}
/// Whether the cell means "nothing": empty, `NULL`, `N/A`, `-`, …
pub fn is_missing(_written: &str) -> bool {
    unimplemented!()
}
/// A company identifier found in text, with its kind, valid by checksum.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier {
    /// `inn ogrn ogrnip kpp lei imo uscc`
    pub kind: &'static str,
    /// Digits and capitals only.
    pub text: String,
}
/// Every identifier with a right checksum in a free text.
pub fn identifiers(_text: &str) -> Vec<Identifier> {
    unimplemented!()
}
