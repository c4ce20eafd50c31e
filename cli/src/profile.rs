//! Traces of what took how long, from the `tracing` spans of the prover.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use tracing_chrome::{ChromeLayerBuilder, FlushGuard};
use tracing_subscriber::layer::SubscriberExt;

use crate::error::CliError;

/// Begins to write a trace in Chrome's format, which Perfetto opens. It is complete when what is returned is dropped.
pub(crate) fn start(path: &Path) -> Result<FlushGuard, CliError> {
    let file = File::create(path).map_err(CliError::io(format!("create {}", path.display())))?;
    let (layer, guard) = ChromeLayerBuilder::new().writer(BufWriter::new(file)).include_args(true).build();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))
        .map_err(|error| CliError::Usage(error.to_string()))?;
    Ok(guard)
}
