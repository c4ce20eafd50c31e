//! Plots as SVG: bars, and lines on a logarithmic scale.

use std::fmt::Write as _;

/// Colours that people with any colour vision tell apart (Okabe and Ito 2008).
const COLOURS: [&str; 7] = ["#d55e00", "#e69f00", "#cc79a7", "#0072b2", "#56b4e9", "#009e73", "#444444"];

/// Text for use in markup.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A bar.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) value: f64,
    /// What is written behind it.
    pub(super) label: String,
}

/// Horizontal bars from zero.
pub(super) fn bars(bars: &[Bar]) -> String {
    let (row, left, width) = (26.0, 190.0, 330.0);
    let largest = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let height = row * bars.len() as f64 + 8.0;
    let mut out = format!("<svg viewBox=\"0 0 760 {height}\" width=\"760\" font-size=\"13\" role=\"img\">\n");
    for (index, bar) in bars.iter().enumerate() {
        let y = row * index as f64 + 4.0;
        let (length, middle) = (width * bar.value.max(0.0) / largest, y + 15.0);
        _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{left}\" y=\"{y}\" width=\"{length:.1}\" height=\"20\" rx=\"2\" fill=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{middle}\" fill=\"#555\">{}</text>",
            left - 8.0,
            escape(&bar.name),
            if bar.name.starts_with("halo2") { COLOURS[3] } else { COLOURS[0] },
            left + length + 6.0,
            escape(&bar.label),
        );
    }
    out + "</svg>\n"
}

/// A line through points with ascending x.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

/// Lines over whole numbers; y is positive and on a logarithmic scale.
pub(super) fn lines(x_name: &str, y_name: &str, lines: &[Line]) -> String {
    let (left, top, width, height) = (60.0, 16.0, 420.0, 280.0);
    let all = || lines.iter().flat_map(|line| line.points.iter().copied());
    let (x_low, x_high) = range(all().map(|(x, _)| x));
    let (y_low, y_high) = range(all().map(|(_, y)| y.log10()));
    let (y_low, y_high) = (y_low.floor(), y_high.ceil().max(y_low.floor() + 1.0));
    let to_x = |x: f64| left + width * (x - x_low) / (x_high - x_low).max(1.0);
    let to_y = |y: f64| top + height * (y_high - y) / (y_high - y_low);
    let bottom = top + height;
    let mut out = format!("<svg viewBox=\"0 0 760 {}\" width=\"760\" font-size=\"13\" role=\"img\">\n", bottom + 40.0);
    for power in y_low as i32..=y_high as i32 {
        let y = to_y(f64::from(power));
        _ = writeln!(
            out,
            "<line x1=\"{left}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{}</text>",
            left + width,
            left - 6.0,
            y + 4.0,
            10f64.powi(power),
        );
    }
    for x in x_low as i64..=x_high as i64 {
        _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">{x}</text>",
            to_x(x as f64),
            bottom + 18.0
        );
    }
    _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">{}</text><text x=\"4\" y=\"12\" fill=\"#555\">{}</text>",
        left + width / 2.0,
        bottom + 36.0,
        escape(x_name),
        escape(y_name),
    );
    for (index, line) in lines.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let points: Vec<String> =
            line.points.iter().map(|(x, y)| format!("{:.1},{:.1}", to_x(*x), to_y(y.log10()))).collect();
        _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            points.join(" ")
        );
        let y = top + 14.0 + 20.0 * index as f64;
        let x = left + width + 20.0;
        _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{}\" width=\"14\" height=\"4\" fill=\"{colour}\"/><text x=\"{}\" y=\"{y}\">{}</text>",
            y - 7.0,
            x + 20.0,
            escape(&line.name),
        );
    }
    out + "</svg>\n"
}

/// The least and the greatest; 0 and 1 if there is nothing.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low <= high { (low, high) } else { (0.0, 1.0) }
}
