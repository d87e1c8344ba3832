//! An answer as text: to read, for a spreadsheet, as JSON. In: a name and what was found. Out: lines without the last break.

use crate::party::Standing;
use crate::prose::clean_line;
use crate::watchlist::{Found, Piece, PieceKind, Watchlists};

/// The headings of [`csv`].
pub(super) const CSV_HEAD: &str = "query,score,list,id,name,alias,matched,standing,evidence";

pub(super) fn table(name: &str, (shown, all): (&[Found], usize), watchlists: &Watchlists) -> String {
    let mut lines = vec![clean_line(name)];
    if shown.is_empty() {
        lines.push("  nobody".to_owned());
    }
    for found in shown {
        let hit = &found.hit;
        let (list, id) = (watchlists.list_of(hit.entity), watchlists.id(hit.entity));
        let way = if found.standing == Standing::Intermediary { ", an intermediary" } else { "" };
        lines.push(clean_line(&format!(
            "  {:.2}  {}  ({list}/{id}{way})",
            hit.score.fraction(),
            watchlists.name(hit.entity)
        )));
        lines.push(clean_line(&format!("        {}", evidence(found))));
    }
    if all > shown.len() {
        lines.push(format!("  and {} more", all - shown.len()));
    }
    lines.join("\n")
}

pub(super) fn csv(name: &str, shown: &[Found], watchlists: &Watchlists) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    if shown.is_empty() {
        let _ = writer.write_record([crate::deliver::neutral_cell(name).as_ref(), "", "", "", "", "", "", "", ""]);
    }
    for found in shown {
        let hit = &found.hit;
        let score = format!("{:.4}", hit.score.fraction());
        let told = evidence(found);
        let row = [
            name,
            &score,
            watchlists.list_of(hit.entity),
            watchlists.id(hit.entity),
            watchlists.name(hit.entity),
            &hit.alias,
            &found.matched,
            standing(found.standing),
            &told,
        ];
        let _ = writer.write_record(row.map(crate::deliver::neutral_cell).iter().map(AsRef::<str>::as_ref));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default().trim_end_matches('\n').to_owned()
}

pub(super) fn json(name: &str, shown: &[Found], watchlists: &Watchlists) -> String {
    let hits: Vec<serde_json::Value> = shown
        .iter()
        .map(|found| {
            let hit = &found.hit;
            serde_json::json!({
                "list": watchlists.list_of(hit.entity),
                "id": watchlists.id(hit.entity),
                "name": watchlists.name(hit.entity),
                "alias": hit.alias,
                "score": hit.score.fraction(),
                "matched": found.matched,
                "standing": standing(found.standing),
                "evidence": hit.pieces.iter().map(piece).collect::<Vec<_>>(),
            })
        })
        .collect();
    serde_json::json!({ "query": name, "hits": hits }).to_string()
}

/// Scores of pieces are hundredths; as `f64` they are written as they are meant.
fn piece(piece: &Piece) -> serde_json::Value {
    let fraction = |score: f32| (f64::from(score) * 100.0).round() / 100.0;
    serde_json::json!({
        "kind": piece.kind.name(),
        "left": piece.left,
        "right": piece.right,
        "score": fraction(piece.score),
        "weight": fraction(piece.weight),
    })
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Principal => "principal",
        Standing::Intermediary => "intermediary",
    }
}

/// The pieces in words: `KRET = КРЭТ, - MOSCOW, + Concern`.
fn evidence(found: &Found) -> String {
    let words = found.hit.pieces.iter().map(|piece| {
        let Piece { left, right, .. } = piece;
        match piece.kind {
            PieceKind::Same | PieceKind::Identifier if piece.score > 0.5 => format!("{left} = {right}"),
            PieceKind::Same | PieceKind::Identifier | PieceKind::Country => format!("{left} ≠ {right}"),
            PieceKind::Meaning | PieceKind::Joined | PieceKind::Glued => format!("{left} = {right}"),
            PieceKind::Spelling | PieceKind::Cut => format!("{left} ≈ {right}"),
            PieceKind::Extra => format!("only here: {left}"),
            PieceKind::Missing => format!("only in the list: {right}"),
            PieceKind::Form => format!("form {left} ~ {right}"),
        }
    });
    words.collect::<Vec<_>>().join("; ")
}
