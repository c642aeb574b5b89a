//! Where things are printed: data to standard output, everything else to standard error, colour only where it is seen.

use crate::args::Color;
use crate::{BAD_INPUT, Failure, PASSED};
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use halfopen::report::{Line, LineKind};
use halfopen::scenario::{self, render};
use std::io::{self, Stderr, StdoutLock, Write};

/// The command's two streams.
pub(crate) struct Output {
    stdout: AutoStream<StdoutLock<'static>>,
    stderr: AutoStream<Stderr>,
}

impl Output {
    pub(crate) fn new(color: Color) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Self {
            stdout: AutoStream::new(io::stdout().lock(), choice),
            stderr: AutoStream::new(io::stderr(), choice),
        }
    }

    /// Lines of a report, in one write.
    pub(crate) fn lines(&mut self, lines: &[Line]) -> Result<(), Failure> {
        let mut text = String::new();
        for line in lines {
            let style = style(line.kind);
            text += &format!("{style}{}{style:#}\n", line.text);
        }
        self.text(&text)
    }

    /// A text whose headings stand at the left margin.
    pub(crate) fn headed(&mut self, text: &str) -> Result<(), Failure> {
        let mut styled = String::new();
        for line in text.lines() {
            let style = if line.is_empty() || line.starts_with(' ') {
                Style::new()
            } else {
                Style::new().bold()
            };
            styled += &format!("{style}{line}{style:#}\n");
        }
        self.text(&styled)
    }

    /// Text, which may have escape sequences, and ends with a line's end: so it is written at once.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.stdout.write_all(text.as_bytes())?;
        Ok(())
    }

    /// Says on standard error why nothing was done, and returns the exit status. A reader who has seen enough, such as
    /// `head`, is no failure.
    pub(crate) fn failure(&mut self, failure: &Failure) -> u8 {
        let text = match failure {
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return PASSED,
            Failure::Output(error) => message(&format!("cannot write the output: {error}"), None),
            Failure::File(path, error) => {
                message(&format!("cannot write `{}`: {error}", path.display()), None)
            }
            Failure::Arguments {
                message: text,
                help,
            } => message(text, help.as_deref()),
            Failure::Scenarios(problems) => render(problems, scenario::Style::Coloured),
        };
        // If standard error is gone as well, nobody is left to tell.
        let _ = self.stderr.write_all(text.as_bytes());
        BAD_INPUT
    }

    /// A remark on standard error about what was chosen.
    pub(crate) fn note(&mut self, text: &str) {
        let style = Style::new().bold();
        let _ = writeln!(self.stderr, "{style}note{style:#}: {text}");
    }

    /// A remark on standard error that changes nothing.
    pub(crate) fn warning(&mut self, text: &str) {
        let style = AnsiColor::Yellow.on_default().bold();
        let _ = writeln!(self.stderr, "{style}warning{style:#}: {text}");
    }
}

fn message(text: &str, help: Option<&str>) -> String {
    let (error, bold) = (
        AnsiColor::BrightRed.on_default().bold(),
        Style::new().bold(),
    );
    let help = help.map_or_else(String::new, |help| {
        format!("  {bold}= help{bold:#}: {help}\n")
    });
    format!("{error}error{error:#}: {text}\n{help}")
}

fn style(kind: LineKind) -> Style {
    match kind {
        LineKind::Header => Style::new().bold(),
        LineKind::Blank | LineKind::Ok => Style::new(),
        LineKind::Fault => AnsiColor::Magenta.on_default(),
        LineKind::Packet | LineKind::Remark | LineKind::Setting => Style::new().dimmed(),
        LineKind::LostPacket | LineKind::Waiting => AnsiColor::Yellow.on_default(),
        LineKind::Error => AnsiColor::Cyan.on_default().bold(),
        LineKind::Passed => AnsiColor::Green.on_default(),
        LineKind::Mismatch | LineKind::Failed => AnsiColor::Red.on_default().bold(),
    }
}
