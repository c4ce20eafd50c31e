//! `zomma layout`: draws a circuit's layout.

use std::{fs::File, io::BufWriter, ops::Range, path::PathBuf};

use zomma_circuits::{Statement, with_statement};
use zomma_gadgets::layout::Layout;

use super::{Failure, Shared};
use crate::{
    error::CliError,
    output,
    picture::{self, Picture},
    progress::Bars,
};

/// Arguments of `zomma layout`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The statement.
    statement: String,
    /// The PNG file to write.
    #[arg(long, short, value_name = "FILE.png")]
    output: PathBuf,
    /// Size: 2^k rows. By default the statement's own.
    #[arg(long)]
    k: Option<u32>,
    /// Draw only these rows, such as 0..500.
    #[arg(long, value_name = "FIRST..END", value_parser = read_range)]
    rows: Option<Range<usize>>,
}

/// Reads `first..end`.
fn read_range(text: &str) -> Result<Range<usize>, String> {
    let bounds = text.split_once("..").and_then(|(first, end)| Some((first.parse().ok()?, end.parse().ok()?)));
    match bounds {
        Some((first, end)) if first < end => Ok(first..end),
        _ => Err("not FIRST..END with FIRST below END".to_owned()),
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    with_statement!(&arguments.statement, S => draw::<S>(arguments, shared))?
}

fn draw<S: Statement>(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let bars = Bars::new(shared.quiet);
    let layout: Layout = zomma_prover::keys::lay_out::<S>(arguments.k.unwrap_or(S::DEFAULT_K))?;
    let all = 0..1usize << layout.k;
    let rows = arguments.rows.clone().unwrap_or(all.clone());
    if rows.end > all.end {
        return Err(CliError::Usage(format!("rows end at {}, not at {}", all.end, rows.end)));
    }
    let picture = picture::of_layout(S::NAME, &layout, rows);
    write(&picture, &arguments.output)?;
    bars.finish();
    output::print(&format!("{} ({} x {} pixels)\n", arguments.output.display(), picture.width(), picture.height()))
}

fn write(picture: &Picture, path: &PathBuf) -> Result<(), Failure> {
    let file = File::create(path).map_err(|error| CliError::input(path, error))?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), picture.width() as u32, picture.height() as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|error| CliError::input(path, error))?;
    writer.write_image_data(picture.pixels()).map_err(|error| CliError::input(path, error))?;
    writer.finish().map_err(|error| CliError::input(path, error))
}
