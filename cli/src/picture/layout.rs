//! A circuit's layout: columns side by side by kind, rows from top to bottom, coloured by what they belong to, with a legend.

use std::ops::Range;

use zomma_gadgets::layout::{ColumnKind, ColumnUse, Layout};

use super::{BLACK, CHARACTER, Color, GREY, PALE, Picture, color, faded, labels::Labels};

/// Most pixels for all rows.
const ROWS: usize = 1024;
/// Pixels for one column, and between two kinds.
const COLUMN: usize = 14;
const GAP: usize = 14;
/// Pixels for row numbers at the left, for titles at the top, around everything.
const LEFT: usize = 72;
const TOP: usize = 56;
const MARGIN: usize = 16;
/// Height of a line of the legend.
const LINE: usize = 14;
/// Longest text of the legend, in characters.
const TEXT: usize = 52;

const KINDS: [(ColumnKind, &str); 4] = [
    (ColumnKind::Instance, "inst"),
    (ColumnKind::Advice, "advice"),
    (ColumnKind::Fixed, "fixed"),
    (ColumnKind::Selector, "selectors"),
];

/// Colour of cells that belong to nothing that has a name.
const UNLABELLED: Color = [176, 176, 176];

/// How rows become pixels.
#[derive(Debug, Clone)]
struct Scale {
    rows: Range<usize>,
    /// Rows for one step down, and pixels for it.
    step: usize,
    pixels: usize,
}

impl Scale {
    fn new(rows: Range<usize>) -> Self {
        let step = rows.len().div_ceil(ROWS).max(1);
        let pixels = if step > 1 { 1 } else { (ROWS / rows.len().max(1)).clamp(1, 12) };
        Self { rows, step, pixels }
    }

    fn steps(&self) -> usize {
        self.rows.len().div_ceil(self.step)
    }

    fn height(&self) -> usize {
        self.steps() * self.pixels
    }

    /// Rows of a step.
    fn span(&self, step: usize) -> Range<usize> {
        let start = self.rows.start + step * self.step;
        start..(start + self.step).min(self.rows.end)
    }
}

/// Draws some rows of a layout.
pub(crate) fn of_layout(name: &str, layout: &Layout, rows: Range<usize>) -> Picture {
    let labels = Labels::of(layout);
    let scale = Scale::new(rows);
    let height = scale.height();
    let kinds: Vec<_> = KINDS
        .iter()
        .map(|(kind, text)| (*kind, *text, layout.columns_of(*kind).count()))
        .filter(|(.., columns)| *columns > 0)
        .collect();
    let width = |text: &str, columns: usize| (columns * COLUMN).max(text.len() * CHARACTER) + GAP;
    let grid: usize = kinds.iter().map(|(_, text, columns)| width(text, *columns)).sum();
    let legend_lines = labels.names.len() + 2;
    let mut picture = Picture::new(
        MARGIN + LEFT + grid + MARGIN + (TEXT + 3) * CHARACTER + MARGIN,
        TOP + height.max(legend_lines * LINE) + MARGIN,
    );
    let title = format!(
        "{name}, k = {}: {} rows in use of {}, {} advice cells, {} copies, {} lookup arguments",
        layout.k,
        layout.rows(),
        layout.usable_rows,
        layout.advice_cells(),
        layout.copies.len(),
        layout.constraints.lookups().len()
    );
    picture.text(MARGIN, MARGIN, &title, BLACK);
    row_numbers(&mut picture, &scale);

    let mut x = MARGIN + LEFT;
    for (kind, text, columns) in kinds {
        picture.text(x, TOP - LINE, text, BLACK);
        for (i, column) in layout.columns_of(kind).enumerate() {
            draw_column(&mut picture, x + i * COLUMN, column, &labels, &scale);
        }
        x += width(text, columns);
    }
    legend(&mut picture, x + MARGIN, layout, &labels);
    picture
}

fn row_numbers(picture: &mut Picture, scale: &Scale) {
    let height = scale.height();
    for eighth in 0..=8 {
        let y = TOP + (height * eighth / 8).min(height.saturating_sub(1));
        let row = scale.rows.start + (scale.rows.len() * eighth / 8).min(scale.rows.len().saturating_sub(1));
        picture.text(MARGIN, y.saturating_sub(CHARACTER / 2), &format!("{row:>8}"), GREY);
        picture.fill(MARGIN + LEFT - 6, y, 4, 1, GREY);
    }
    if scale.step > 1 {
        picture.text(MARGIN, TOP - LINE, &format!("1:{}", scale.step), GREY);
    }
}

/// Each step down has the colour of the label that most of its cells have, the paler the fewer of them are assigned.
fn draw_column(picture: &mut Picture, x: usize, column: &ColumnUse, labels: &Labels, scale: &Scale) {
    picture.fill(x, TOP, COLUMN - 2, scale.height(), PALE);
    for step in 0..scale.steps() {
        let span = scale.span(step);
        let assigned: Vec<u32> =
            span.clone().filter(|&row| column.owners[row] != 0).map(|row| labels.cell(column, row)).collect();
        if assigned.is_empty() {
            continue;
        }
        let most = assigned.iter().copied().max_by_key(|label| assigned.iter().filter(|other| *other == label).count());
        let share = 0.3 + 0.7 * assigned.len() as f64 / span.len() as f64;
        let color = faded(label_color(most.unwrap_or(0)), share);
        let line = if scale.pixels > 3 { scale.pixels - 1 } else { scale.pixels };
        picture.fill(x, TOP + step * scale.pixels, COLUMN - 2, line, color);
    }
}

fn label_color(label: u32) -> Color {
    match label {
        0 => UNLABELLED,
        label => color(label as usize - 1),
    }
}

fn legend(picture: &mut Picture, x: usize, layout: &Layout, labels: &Labels) {
    let mut cells = vec![0usize; labels.names.len() + 1];
    for column in &layout.columns {
        (0..column.owners.len()).for_each(|row| cells[labels.cell(column, row) as usize] += 1);
    }
    let lines = labels.names.iter().zip(&cells[1..]).enumerate();
    let lines = lines.map(|(i, (name, cells))| (color(i), format!("{name}: {cells} cells")));
    for (i, (color, text)) in lines.chain([(PALE, "not assigned".to_owned())]).enumerate() {
        let y = TOP + i * LINE;
        picture.fill(x, y, CHARACTER + 2, CHARACTER + 2, GREY);
        picture.fill(x + 1, y + 1, CHARACTER, CHARACTER, color);
        picture.text(x + 2 * CHARACTER, y + 1, &text.chars().take(TEXT).collect::<String>(), BLACK);
    }
}
