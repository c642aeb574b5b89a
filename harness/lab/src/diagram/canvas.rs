//! Writes the elements of an SVG picture.

use super::layout::{Anchor, Text, direction};
use super::words::{FONT, LINE};
use super::{Surroundings, paint};
use std::fmt::Write as _;

/// A picture that grows.
pub(crate) struct Canvas(String);

impl Canvas {
    /// An empty picture of that size, with its alternative text.
    pub(crate) fn new(
        id: &str,
        (width, height): (i32, i32),
        title: &str,
        description: &str,
        surroundings: Surroundings,
    ) -> Self {
        let shrinks = match surroundings {
            Surroundings::Document => String::new(),
            Surroundings::Page => format!(" style=\"min-width:{}px\"", width * 9 / 10),
        };
        let mut canvas = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ho\" role=\"img\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\"{shrinks} aria-labelledby=\"{id}-title {id}-desc\">\n\
             <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n",
            escaped(title),
            escaped(description)
        );
        if surroundings == Surroundings::Document {
            let _ = writeln!(
                canvas,
                "<style>\n{}</style>\n<rect class=\"ho-page\" width=\"{width}\" height=\"{height}\"/>",
                paint::document_css()
            );
        }
        Self(canvas)
    }

    /// The picture.
    pub(crate) fn finish(self) -> String {
        self.0 + "</svg>\n"
    }

    /// A coloured band behind a text.
    pub(crate) fn band(&mut self, (x, y): (i32, i32), (width, height): (i32, i32)) {
        let _ = writeln!(
            self.0,
            "<rect class=\"ho-band\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\"/>"
        );
    }

    pub(crate) fn path(&mut self, d: &str, class: &str) {
        let class = attribute(class);
        let _ = writeln!(self.0, "<path{class} d=\"{d}\"/>");
    }

    pub(crate) fn line(&mut self, from: (i32, i32), to: (i32, i32), class: &str) {
        self.path(&format!("M{} {} L{} {}", from.0, from.1, to.0, to.1), class);
    }

    /// An arrow's head at `to`.
    pub(crate) fn head(&mut self, from: (i32, i32), to: (i32, i32), class: &str) {
        let (cos, sin) = direction((to.0 - from.0, to.1 - from.1));
        let corner = |side: f64| {
            let (along, across) = (-8.0, 3.6 * side);
            let x = f64::from(to.0) + along * cos - across * sin;
            let y = f64::from(to.1) + along * sin + across * cos;
            format!("{x:.1} {y:.1}")
        };
        let class = format!(
            "ho-head {}",
            class.replace("ho-several", "").replace("ho-reset", "")
        );
        let d = format!("M{} {} L{} L{} z", to.0, to.1, corner(1.0), corner(-1.0));
        self.path(&d, class.trim());
    }

    pub(crate) fn cross(&mut self, at: (i32, i32)) {
        let d = format!("M{} {} l8 8 m0 -8 l-8 8", at.0 - 4, at.1 - 4);
        self.path(&d, "ho-lost ho-bad");
    }

    pub(crate) fn text(&mut self, text: &Text) {
        let anchor = match text.anchor {
            Anchor::Left => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::Right => " text-anchor=\"end\"",
        };
        let class = match (text.bold, text.font == FONT) {
            (true, _) => " class=\"ho-host\"",
            (false, true) => "",
            (false, false) => " class=\"ho-small\"",
        };
        let (cos, sin) = direction(text.slope);
        let count = i32::try_from(text.lines.len()).unwrap_or(0);
        for (line, above) in text.lines.iter().zip((0..count).rev()) {
            let (x, y) = text.at;
            let place = if text.slope.1 == 0 {
                format!("x=\"{x}\" y=\"{}\"", y - above * LINE)
            } else {
                let up = f64::from(above * LINE);
                let (x, y) = (f64::from(x) + up * sin, f64::from(y) - up * cos);
                format!(
                    "transform=\"matrix({cos:.4} {sin:.4} {:.4} {cos:.4} {x:.1} {y:.1})\"",
                    -sin
                )
            };
            let _ = write!(self.0, "<text {place}{anchor}{class}>");
            for (index, (ink, words)) in line.iter().enumerate() {
                let space = if index > 0 { " " } else { "" };
                let words = escaped(words);
                match paint::class(*ink) {
                    None => {
                        let _ = write!(self.0, "{space}{words}");
                    }
                    Some(class) => {
                        let _ = write!(self.0, "{space}<tspan class=\"{class}\">{words}</tspan>");
                    }
                }
            }
            self.0 += "</text>\n";
        }
    }
}

fn attribute(class: &str) -> String {
    if class.is_empty() {
        String::new()
    } else {
        format!(" class=\"{class}\"")
    }
}

/// The text as XML has it. What XML cannot have at all becomes the sign for that.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            '\u{a0}' => escaped.push(' '),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A name that ids can begin with.
pub(crate) fn identifier(name: &str) -> String {
    let letters = name.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '-'
        }
    });
    format!("ho-{}", letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::super::words::Ink;
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(
            escaped("a<b> & \"c\"\u{7}"),
            "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}"
        );
        assert_eq!(
            identifier("a/b client=linux-6.4"),
            "ho-a-b-client-linux-6-4"
        );
    }

    #[test]
    fn inks_have_classes() {
        assert_eq!(paint::class(Ink::Plain), None);
        assert_eq!(paint::class(Ink::Bad), Some("ho-bad"));
    }
}
