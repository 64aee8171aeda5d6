//! Rows with aligned columns, for people.

use anstyle::Style;

/// A header and rows. Cells are plain text; the last column is never padded.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new<'a>(header: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            header: header.into_iter().map(str::to_owned).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; cells beyond the header's columns are dropped.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push(cells.into_iter().take(self.header.len()).collect());
    }

    /// The table as text, a line per row, the header underlined by style only.
    pub(super) fn render(&self) -> String {
        let widths: Vec<usize> = (0..self.header.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                let heads = self.header.get(column);
                cells
                    .chain(heads)
                    .map(|cell| cell.chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut out = line(&self.header, &widths, Style::new().bold());
        for row in &self.rows {
            out.push_str(&line(row, &widths, Style::new()));
        }
        out
    }
}

fn line(cells: &[String], widths: &[usize], style: Style) -> String {
    let padded: Vec<String> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count())))
        .collect();
    format!("{style}{}{style:#}\n", padded.join("  ").trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["line", "tools"]);
        table.row(["3.0".to_owned(), "12".to_owned()]);
        table.row(["latest".to_owned(), String::new()]);
        let plain = anstream::adapter::strip_str(&table.render()).to_string();
        assert_eq!(plain, "line    tools\n3.0     12\nlatest\n");
    }
}
