//! Columns: rows of texts → lines with the columns under each other. Widths count characters; nothing is cut.

/// Which side a column stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// One line a row; a column without a side of its own stands left, and no line ends in blanks.
pub fn aligned(sides: &[Side], rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let fill = " ".repeat(width.saturating_sub(cell.chars().count()));
            match sides.get(column).unwrap_or(&Side::Left) {
                Side::Left => format!("{cell}{fill}"),
                Side::Right => format!("{fill}{cell}"),
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let rows = [vec!["правило".to_owned(), "7".to_owned()], vec!["b".to_owned(), "12".to_owned()]];
        assert_eq!(aligned(&[Side::Left, Side::Right], &rows), ["правило   7", "b        12"]);
    }
}
