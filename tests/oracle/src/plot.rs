//! Curves as a picture: SVG, written by hand.

use std::fmt::Write;

/// A curve.
#[derive(Clone, Debug)]
pub struct PlotCurve {
    /// Which of the colours, and which of the names below.
    pub colour: usize,
    /// Whether the line is dashed.
    pub dashed: bool,
    /// Signal to noise in dB, and the rate of errors.
    pub points: Vec<(f64, f64)>,
}

/// Curves on the same axes.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What stands above.
    pub title: String,
    /// The curves.
    pub curves: Vec<PlotCurve>,
}

const COLOURS: [&str; 5] = ["#1f6fb4", "#d1495b", "#2e8b57", "#8e5fbf", "#b8860b"];
const PANEL_WIDTH: f64 = 300.0;
const PANEL_HEIGHT: f64 = 230.0;
const PANELS_IN_A_ROW: usize = 4;
/// Room for the axis on the left, the title above, the axis below, and something on the right.
const LEFT: f64 = 46.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 34.0;
const RIGHT: f64 = 10.0;
const LEGEND: f64 = 58.0;
/// Powers of ten that the axis of rates spans.
const HIGHEST: f64 = 0.0;
const LOWEST: f64 = -5.0;

/// The picture: panels in rows, below them what the colours and dashes mean.
#[must_use]
pub fn svg(heading: &str, panels: &[Panel], names: &[&str], styles: [&str; 2]) -> String {
    let rows = panels.len().div_ceil(PANELS_IN_A_ROW);
    let width = PANEL_WIDTH * PANELS_IN_A_ROW as f64;
    let height = 34.0 + PANEL_HEIGHT * rows as f64 + LEGEND;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n\
         <text x=\"12\" y=\"22\" font-size=\"16\">{heading}</text>\n"
    );
    for (place, panel) in panels.iter().enumerate() {
        let left = (place % PANELS_IN_A_ROW) as f64 * PANEL_WIDTH;
        let top = 34.0 + (place / PANELS_IN_A_ROW) as f64 * PANEL_HEIGHT;
        let _ = writeln!(text, "<g transform=\"translate({left} {top})\">");
        draw(&mut text, panel);
        text.push_str("</g>\n");
    }
    let base = height - LEGEND + 20.0;
    let step = width / names.len().max(1) as f64;
    for (place, name) in names.iter().enumerate() {
        let x = 16.0 + place as f64 * step;
        let colour = COLOURS[place % COLOURS.len()];
        let _ = writeln!(
            text,
            "<rect x=\"{x}\" y=\"{}\" width=\"18\" height=\"4\" fill=\"{colour}\"/><text x=\"{}\" y=\"{base}\">{name}</text>",
            base - 6.0,
            x + 24.0
        );
    }
    for (place, (style, dash)) in styles.into_iter().zip(["", " stroke-dasharray=\"5 3\""]).enumerate() {
        let (x, y) = (16.0 + place as f64 * 220.0, base + 22.0);
        let _ = writeln!(
            text,
            "<line x1=\"{x}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" stroke=\"black\" stroke-width=\"1.6\"{dash}/>\
             <text x=\"{}\" y=\"{y}\">{style}</text>",
            x + 32.0,
            y - 4.0,
            y - 4.0,
            x + 38.0
        );
    }
    text.push_str("</svg>\n");
    text
}

fn draw(text: &mut String, panel: &Panel) {
    let all = || panel.curves.iter().flat_map(|curve| curve.points.iter().map(|(snr, _)| *snr));
    let (first, last) = (all().fold(f64::MAX, f64::min).floor(), all().fold(f64::MIN, f64::max).ceil());
    let (inner_width, inner_height) = (PANEL_WIDTH - LEFT - RIGHT, PANEL_HEIGHT - TOP - BOTTOM);
    let x = |snr: f64| LEFT + (snr - first) / (last - first).max(1.0) * inner_width;
    let y = |rate: f64| TOP + (HIGHEST - rate.log10().clamp(LOWEST, HIGHEST)) / (HIGHEST - LOWEST) * inner_height;
    let _ = writeln!(text, "<text x=\"{LEFT}\" y=\"18\" font-weight=\"bold\">{}</text>", panel.title);
    for exponent in 0..=5 {
        let at = y(10.0_f64.powi(-exponent));
        let _ = writeln!(
            text,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">10<tspan dy=\"-4\" font-size=\"8\">{}</tspan></text>",
            LEFT + inner_width,
            LEFT - 4.0,
            at + 4.0,
            if exponent == 0 { "0".to_owned() } else { format!("−{exponent}") }
        );
    }
    let step = if last - first > 14.0 { 4.0 } else { 2.0 };
    let mut tick = (first / step).ceil() * step;
    while tick <= last {
        let (at, bottom) = (x(tick), TOP + inner_height);
        let _ = writeln!(
            text,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom}\" stroke=\"#eee\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            bottom + 14.0
        );
        tick += step;
    }
    for curve in &panel.curves {
        let places: Vec<String> =
            curve.points.iter().map(|(snr, rate)| format!("{:.1},{:.1}", x(*snr), y(*rate))).collect();
        let dash = if curve.dashed { " stroke-dasharray=\"5 3\"" } else { "" };
        let _ = writeln!(
            text,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\"{dash}/>",
            places.join(" "),
            COLOURS[curve.colour % COLOURS.len()]
        );
    }
}
