//! Field names in rules → the cells or parties that they mean. Knows aliases and groups; knows no modifier.

use super::Target;
use super::report::Report;
use crate::record::{Field, FieldKind, Part, Role};
use crate::text::heading_key;
use std::ops::Range;

/// Other words for roles and fields.
pub(super) const ALIASES: [(&str, &str); 12] = [
    ("shipper", "consignor"),
    ("exporter", "consignor"),
    ("sender", "consignor"),
    ("supplier", "consignor"),
    ("recipient", "consignee"),
    ("importer", "consignee"),
    ("purchaser", "buyer"),
    ("contract_holder", "buyer"),
    ("goods", "description"),
    ("product", "description"),
    ("tnved", "hs_code"),
    ("commodity_code", "hs_code"),
];

const SENDERS: [Role; 3] = [Role::Consignor, Role::Seller, Role::Manufacturer];
const RECIPIENTS: [Role; 3] = [Role::Consignee, Role::Buyer, Role::NotifyParty];
const SOURCE_PARTS: [&str; 6] = ["name", "file", "member", "sheet", "row", "sha256"];
const PART_ALIASES: [(&str, Part); 5] =
    [("inn", Part::Id), ("ogrn", Part::Id), ("kpp", Part::Id), ("tin", Part::Id), ("lei", Part::Id)];

/// Whose parties a name means.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Who {
    pub(super) roles: Vec<Role>,
    pub(super) only_intermediaries: bool,
}

impl Who {
    /// Whether more than one party may answer.
    pub(super) fn is_group(&self) -> bool {
        self.only_intermediaries || self.roles.len() > 1
    }

    /// A part's cell of each role.
    pub(super) fn targets(&self, part: Part) -> Vec<Target> {
        self.roles.iter().map(|role| Target::Field(Field::Party(*role, part))).collect()
    }
}

/// What a field name means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    /// Cells of one kind; several for a group's part. `None` as kind: texts compared Sigma's way.
    Cells(Vec<Target>, Option<FieldKind>),
    /// The first digits of the tariff code.
    HsDigits(usize),
    /// Parties.
    Party(Who),
}

/// The meaning of a name, `None` when there is none.
pub(super) fn resolve(name: &str) -> Option<Place> {
    if let Some(heading) = name.strip_prefix("raw.") {
        let key = heading_key(heading);
        return (!key.is_empty()).then(|| Place::Cells(vec![Target::Raw(key)], None));
    }
    if let Some(part) = name.strip_prefix("source.") {
        let known = SOURCE_PARTS.contains(&part);
        return known.then(|| Place::Cells(vec![Target::Source(part.to_owned())], None));
    }
    if let Some(digits) = [("hs2", 2), ("hs4", 4), ("hs6", 6)].into_iter().find(|entry| entry.0 == name) {
        return Some(Place::HsDigits(digits.1));
    }
    if name == "usd_per_kg" {
        return Some(Place::Cells(vec![Target::UsdPerKg], Some(FieldKind::Number)));
    }
    if let Some(who) = who(name) {
        return Some(Place::Party(who));
    }
    if let Some((head, tail)) = name.split_once('.') {
        let who = who(head).filter(|who| !who.only_intermediaries)?;
        let part = part(tail)?;
        let kind = Field::Party(Role::Consignee, part).kind();
        return Some(Place::Cells(who.targets(part), Some(kind)));
    }
    let field = Field::from_name(unalias(name))?;
    Some(Place::Cells(vec![Target::Field(field)], Some(field.kind())))
}

/// The part of a party by its name or by the kind of identifier.
pub(super) fn part(name: &str) -> Option<Part> {
    let named = Part::ALL.into_iter().find(|part| part.name() == name);
    named.or_else(|| PART_ALIASES.into_iter().find(|entry| entry.0 == name).map(|entry| entry.1))
}

/// A single field: a bare role is its name cell.
pub(super) fn single_field(name: &str) -> Option<Field> {
    match resolve(name)? {
        Place::Cells(targets, Some(_)) => match targets.as_slice() {
            [Target::Field(field)] => Some(*field),
            _ => None,
        },
        Place::Party(who) if !who.is_group() => who.roles.first().map(|role| Field::Party(*role, Part::Name)),
        Place::Cells(..) | Place::HsDigits(_) | Place::Party(_) => None,
    }
}

/// The canonical spelling of a field, `raw.` heading or role for a rule's card.
pub(super) fn shown(name: &str) -> Option<String> {
    match resolve(name)? {
        Place::Party(who) if !who.is_group() => who.roles.first().map(|role| role.name().to_owned()),
        Place::Party(_) => None,
        Place::HsDigits(_) => Some(name.to_owned()),
        Place::Cells(targets, Some(_)) => match targets.as_slice() {
            [Target::Field(field)] => Some(field.name()),
            _ => None,
        },
        Place::Cells(..) => Some(name.to_owned()),
    }
}

/// The problem that a name means no field here.
pub(super) fn tell_unknown(name: &str, span: &Range<usize>, report: &mut Report<'_>) {
    if matches!(resolve(name), Some(Place::Cells(ref targets, _)) if targets.contains(&Target::UsdPerKg)) {
        report.error("unknown-field", span, format!("`{name}` is reckoned, not a cell of the record"));
        report.hint("name `value_usd` and `net_mass_kg`");
        return;
    }
    if matches!(resolve(name), Some(Place::Party(_) | Place::HsDigits(_) | Place::Cells(..))) {
        report.error("unknown-field", span, format!("`{name}` is no single field of a record"));
        report.hint("name one field, such as `consignee.name` or `hs_code`");
        return;
    }
    report.error("unknown-field", span, format!("unknown field `{name}`"));
    if name.starts_with("source.") {
        report.hint(format!("after `source.` stands one of {}", SOURCE_PARTS.join(", ")));
    }
    let known = all();
    report.guess(name, known.iter().map(String::as_str));
}

/// Every name that a rule may write, for "did you mean".
pub(super) fn all() -> Vec<String> {
    let fixed = ["hs2", "hs4", "hs6", "usd_per_kg", "any_party", "any_sender", "any_recipient", "intermediary"];
    let roles = Role::ALL.into_iter().map(Role::name);
    let aliases = ALIASES.into_iter().map(|entry| entry.0);
    let words = fixed.into_iter().chain(roles).chain(aliases).map(str::to_owned);
    let source = SOURCE_PARTS.into_iter().map(|part| format!("source.{part}"));
    Field::all().map(Field::name).chain(words).chain(source).collect()
}

fn unalias(name: &str) -> &str {
    ALIASES.into_iter().find(|entry| entry.0 == name).map_or(name, |entry| entry.1)
}

fn who(name: &str) -> Option<Who> {
    let (roles, only_intermediaries) = match name {
        "any_party" => (Role::ALL.to_vec(), false),
        "intermediary" => (Role::ALL.to_vec(), true),
        "any_sender" => (SENDERS.to_vec(), false),
        "any_recipient" => (RECIPIENTS.to_vec(), false),
        _ => {
            let name = unalias(name);
            (vec![Role::ALL.into_iter().find(|role| role.name() == name)?], false)
        }
    };
    Some(Who { roles, only_intermediaries })
}
