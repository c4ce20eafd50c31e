//! Pictures: a canvas with rectangles and text, and what is drawn on it.

mod labels;
mod layout;

use font8x8::{BASIC_FONTS, UnicodeFonts};

pub(crate) use layout::of_layout;

/// Side of a character, in pixels.
pub(crate) const CHARACTER: usize = 8;

/// Red, green, blue.
pub(crate) type Color = [u8; 3];

#[cfg(test)]
pub(crate) const WHITE: Color = [255, 255, 255];
pub(crate) const BLACK: Color = [24, 24, 24];
pub(crate) const GREY: Color = [120, 120, 120];
pub(crate) const PALE: Color = [243, 243, 243];

/// A picture, row by row from the top.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    width: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// A white picture.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, pixels: vec![255; 3 * width * height] }
    }

    /// Pixels from left to right.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Pixels from top to bottom.
    pub(crate) fn height(&self) -> usize {
        self.pixels.len() / (3 * self.width)
    }

    /// Three bytes for each pixel.
    pub(crate) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Colours one pixel; outside of the picture nothing happens.
    pub(crate) fn set(&mut self, x: usize, y: usize, color: Color) {
        if x < self.width && y < self.height() {
            let at = 3 * (y * self.width + x);
            self.pixels[at..at + 3].copy_from_slice(&color);
        }
    }

    /// Fills a rectangle.
    pub(crate) fn fill(&mut self, x: usize, y: usize, width: usize, height: usize, color: Color) {
        for y in y..y + height {
            for x in x..x + width {
                self.set(x, y, color);
            }
        }
    }

    /// Writes a line of text, its upper left corner at the given place.
    pub(crate) fn text(&mut self, x: usize, y: usize, text: &str, color: Color) {
        for (i, character) in text.chars().enumerate() {
            let glyph = BASIC_FONTS.get(character).or_else(|| BASIC_FONTS.get('?')).unwrap_or_default();
            for (dy, bits) in glyph.into_iter().enumerate() {
                for dx in (0..CHARACTER).filter(|dx| bits >> dx & 1 == 1) {
                    self.set(x + i * CHARACTER + dx, y + dy, color);
                }
            }
        }
    }
}

/// The n-th of many colours that differ from their neighbours.
pub(crate) fn color(n: usize) -> Color {
    // Steps of the golden angle never come close to where they were.
    let hue = (n as f64 * 137.507_764).rem_euclid(360.0);
    let (saturation, value) = [(0.62, 0.85), (0.45, 0.72), (0.78, 0.66)][n % 3];
    let channel = |shift: f64| {
        let k = (shift + hue / 60.0).rem_euclid(6.0);
        let level = value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0);
        (level * 255.0).round() as u8
    };
    [channel(5.0), channel(3.0), channel(1.0)]
}

/// A colour between white (0) and itself (1).
pub(crate) fn faded(color: Color, share: f64) -> Color {
    color.map(|channel| (255.0 - (255.0 - f64::from(channel)) * share.clamp(0.0, 1.0)).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_rectangles_stay_inside() {
        let mut picture = Picture::new(20, 10);
        picture.fill(15, 5, 100, 100, GREY);
        picture.text(12, 1, "Aµ", BLACK);
        assert_eq!((picture.width(), picture.height(), picture.pixels().len()), (20, 10, 600));
        assert_eq!(picture.pixels()[3 * (9 * 20 + 19)..][..3], GREY);
        assert!(picture.pixels().chunks(3).any(|pixel| pixel == BLACK));
    }

    #[test]
    fn colours_differ() {
        let colors: std::collections::HashSet<Color> = (0..100).map(color).collect();
        assert_eq!(colors.len(), 100);
        assert_eq!(faded([0, 100, 200], 0.0), WHITE);
        assert_eq!(faded([0, 100, 200], 1.0), [0, 100, 200]);
    }
}
