//! JSON, value by value. In: an array of any length, an object that holds one under `results`, or values one after another.
//! Out: each value with its line. An array is never held whole; what is nested too deep or cut off ends in a problem.
use super::super::entry::Place;
use super::super::scribe::Scribe;
use super::lines::Lines;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// Calls back for each value of the file, with the line on which it ends.
pub(super) fn each(lines: Lines, scribe: &mut Scribe, mut take: impl FnMut(&Value, Place, &mut Scribe)) {
    let reached = lines.reached();
    let mut reader = serde_json::Deserializer::from_reader(lines);
    let mut told = |value: Value, scribe: &mut Scribe| take(&value, Place::Line(reached.line()), scribe);
    while reader.end().is_err() {
        let outcome = Values { take: &mut told, scribe: &mut *scribe }.deserialize(&mut reader);
        let Err(cause) = outcome else { continue };
        let (code, message) = if cause.is_eof() {
            ("cut-off", "the file ends in the middle of a value: it is cut off".to_owned())
        } else {
            ("invalid-json", format!("this is no JSON: {cause}"))
        };
        return scribe.error(code, Place::Line(cause.line().max(1)), message);
    }
}

/// The text at a key.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("").trim()
}

/// The texts at a key, which may hold one or many.
pub(super) fn texts<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    match value.get(key) {
        Some(Value::String(text)) => vec![text.trim()],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(str::trim).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
    }
}

/// The values of an array at a key.
pub(super) fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

struct Values<'t, 's, 'l, F> {
    take: &'t mut F,
    scribe: &'s mut Scribe<'l>,
}

impl<'de, F: FnMut(Value, &mut Scribe)> DeserializeSeed<'de> for Values<'_, '_, '_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Value, &mut Scribe)> Visitor<'de> for Values<'_, '_, '_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(value) = seq.next_element::<Value>()? {
            (self.take)(value, self.scribe);
        }
        Ok(())
    }

    /// `results` holds the values; an object without it is a value itself.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut own = serde_json::Map::new();
        let mut wrapped = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "results" {
                wrapped = true;
                map.next_value_seed(Values { take: &mut *self.take, scribe: &mut *self.scribe })?;
            } else if wrapped {
                map.next_value::<IgnoredAny>()?;
            } else {
                own.insert(key, map.next_value()?);
            }
        }
        if !wrapped {
            (self.take)(Value::Object(own), self.scribe);
        }
        Ok(())
    }
}
