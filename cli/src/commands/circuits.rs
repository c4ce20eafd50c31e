//! `zomma circuits`: the digests by which batches and contracts name circuits.

use serde::Serialize;
use zomma_circuits::{
    Statement,
    batch::Batch,
    exchange::day::{BATCH_K, RISK_K},
    pricing::statements::Risk,
};
use zomma_prover::{
    accumulate::{FoldPin, FoldPins, FoldVerifier, Inner, InnerId, check_pinned},
    artefact::Public,
    keys::{KeyPins, StatementVerifyingKey, check_size},
    srs::{Origin, Srs},
    verify::KeyTrust,
};

use super::{Failure, Shared};
use crate::{
    output::{print, print_json},
    progress::Bars,
};

/// Arguments of `zomma circuits`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Size of the batch proofs: 2^k rows.
    #[arg(long, value_name = "K", default_value_t = BATCH_K)]
    batch_k: u32,
    /// Size of the risk proofs.
    #[arg(long, value_name = "K", default_value_t = RISK_K)]
    risk_k: u32,
    /// Make the keys of leaf, node and wrap too, and print the digest that contracts pin.
    #[arg(long)]
    layers: bool,
    /// List the digests of those keys in params/vk.
    #[arg(long, requires = "layers")]
    pin: bool,
    /// Use development parameters (seed 0), made in memory.
    #[arg(long)]
    dev: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Digests<'a> {
    /// What the context of a batch names.
    circuits: Public,
    batch: &'a InnerId,
    risk: &'a InnerId,
    origin: &'a Origin,
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<FoldPin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<bool>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let Arguments { batch_k, risk_k, layers, pin, dev, json } = *arguments;
    let bars = Bars::new(shared.quiet);
    let (inner, origin) = inner(batch_k, risk_k, dev, shared, &bars)?;
    let verifier = layers.then(|| keys_of_layers(&inner, dev, shared, &bars)).transpose()?;
    let pinned = match &verifier {
        Some(verifier) if pin => {
            list(verifier, shared)?;
            Some(true)
        }
        Some(verifier) => Some(check_pinned(verifier, &shared.params)? == KeyTrust::Pinned),
        None => None,
    };
    bars.finish();
    let digests = Digests {
        circuits: Public(inner.digest()),
        batch: &inner.batch_id,
        risk: &inner.risk_id,
        origin: &origin,
        layers: verifier.as_ref().map(FoldPin::of),
        pinned,
    };
    if json { print_json(&digests) } else { print(&table(&digests)) }
}

fn table(digests: &Digests<'_>) -> String {
    let Digests { circuits, batch, risk, origin, layers, pinned } = digests;
    let mut text = String::new();
    for InnerId { statement, version, k, key, .. } in [batch, risk] {
        text.push_str(&format!("{statement:<11} version {version}, k = {k}, key {key}\n"));
    }
    text.push_str(&format!("circuits    {circuits}\n"));
    if let Some(FoldPin { k, leaf, node, wrap, keys, file, .. }) = layers {
        let pinned = if *pinned == Some(true) { "pinned" } else { "not pinned" };
        text.push_str(&format!(
            "leaf        k = {k}, key {leaf}\nnode        k = {k}, key {node}\nwrap        k = {k}, key {wrap}\n\
             keys        {keys}, {pinned} (file {file})\n"
        ));
    }
    text + &format!("parameters  {origin}\n")
}

/// Makes the keys of the layers over statements of the default sizes, and lists their digests: what `zomma keygen --all` pins.
pub(crate) fn pin(dev: bool, shared: &Shared, bars: &Bars) -> Result<String, Failure> {
    let (inner, origin) = inner(BATCH_K, RISK_K, dev, shared, bars)?;
    let verifier = keys_of_layers(&inner, dev, shared, bars)?;
    list(&verifier, shared)?;
    bars.finish();
    let FoldPin { batch, risk, k, keys, file, .. } = FoldPin::of(&verifier);
    Ok(format!(
        "pinned in      {}\nfolding        batch at k = {}, risk at k = {}, layers at k = {k}\nkeys           {keys}\n\
         key digest     {file}\nparameters     {origin}\n",
        FoldPins::path(&shared.params).display(),
        batch.k,
        risk.k,
    ))
}

fn list(verifier: &FoldVerifier, shared: &Shared) -> Result<(), Failure> {
    let mut pins = FoldPins::load(&shared.params)?;
    pins.pin(FoldPin::of(verifier));
    Ok(pins.write(&shared.params)?)
}

fn parameters(k: u32, dev: bool, shared: &Shared, bars: &Bars) -> Result<Srs, Failure> {
    if dev { Ok(Srs::development(k, 0, bars)?) } else { shared.srs(k, bars) }
}

/// Makes the keys of what leaves verify, and compares them with those that are pinned.
fn inner(batch_k: u32, risk_k: u32, dev: bool, shared: &Shared, bars: &Bars) -> Result<(Inner, Origin), Failure> {
    fn key<S: Statement>(k: u32, dev: bool, shared: &Shared, bars: &Bars) -> Result<StatementVerifyingKey<S>, Failure> {
        check_size::<S>(k)?;
        let key = StatementVerifyingKey::<S>::generate(&parameters(k, dev, shared, bars)?, bars)?;
        KeyPins::load(&shared.params, S::NAME)?.check(key.header(), key.digest())?;
        Ok(key)
    }
    let (batch, risk) = (key::<Batch>(batch_k, dev, shared, bars)?, key::<Risk>(risk_k, dev, shared, bars)?);
    let [expected, found] = [batch.verifier_params().s_g2(), risk.verifier_params().s_g2()];
    if expected != found {
        let reason = format!("the parameters of k = {batch_k} and k = {risk_k} have different secrets");
        return Err(crate::error::CliError::input(&shared.params, reason));
    }
    let origin = batch.header().srs.origin.clone();
    Ok((Inner::of(&batch, &risk), origin))
}

fn keys_of_layers(inner: &Inner, dev: bool, shared: &Shared, bars: &Bars) -> Result<FoldVerifier, Failure> {
    let (shape, _) = inner.shape()?;
    Ok(FoldVerifier::generate(&parameters(shape.k, dev, shared, bars)?, inner, bars)?)
}
