//! Stand-ins for the statements that leaves verify: the same instances, the same shape, next to no work.

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{
        Advice, Circuit, Column, ConstraintSystem, Error, Fixed, Instance, ProvingKey, Selector, TableColumn,
        VerifyingKey, keygen_pk, keygen_vk,
    },
    poly::{Rotation, commitment::ParamsProver},
    transcript::{EncodedChallenge, TranscriptWrite},
};
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::Field,
    group::Curve,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zomma_kernels::CpuBackend;

use crate::{
    accumulate::{
        Accumulator, ContextLayout, FoldKey, INSTANCE_LEN, Inner, InnerId, KeyDigests, LeafInputs, Link,
        ProofWithInstance, Tag, native_chain,
    },
    artefact::{Digest, Public},
    engine::Engine,
    plonk::{Gwc, Memory, create_proof},
    progress::Silent,
    srs::Srs,
    transcript::{KeccakChallenge, PoseidonChallenge, TranscriptKind, keccak_writer, poseidon_writer},
};

/// Size of the stand-ins.
pub(super) const INNER_K: u32 = 6;
const TABLE_BITS: u32 = 4;

/// Claims $z = (x + y)^2$, in `ADVICE` columns, the first `LOOKUPS` of which are also looked up once in a table, with a gate of
/// degree 5. A batch's instance is $[x, z, y]$, a risk proof's $[z, x, y]$.
#[derive(Debug, Clone, Copy)]
pub(super) struct StandIn<const ADVICE: usize, const LOOKUPS: usize> {
    x: Fr,
    y: Fr,
    risk: bool,
}

#[derive(Debug, Clone)]
pub(super) struct StandInConfig<const ADVICE: usize> {
    advice: [Column<Advice>; ADVICE],
    instance: Column<Instance>,
    square: Selector,
    fourth: Selector,
    table: Option<TableColumn>,
}

impl<const ADVICE: usize, const LOOKUPS: usize> Circuit<Fr> for StandIn<ADVICE, LOOKUPS> {
    type Config = StandInConfig<ADVICE>;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let advice = [(); ADVICE].map(|()| meta.advice_column());
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        advice.iter().for_each(|column| meta.enable_equality(*column));
        let (square, fourth) = (meta.selector(), meta.complex_selector());
        meta.create_gate("z = (x + y)^2", |meta| {
            let [x, y, z] = [0, 1, 2].map(|row| meta.query_advice(advice[0], Rotation(row)));
            let sum = x + y;
            vec![meta.query_selector(square) * (sum.clone() * sum - z)]
        });
        meta.create_gate("b = a^4", |meta| {
            let q = meta.query_selector(fourth);
            let fourth = |column| {
                let [a, b] = [Rotation::cur(), Rotation::next()].map(|at| meta.query_advice(column, at));
                let square = a.clone() * a;
                q.clone() * (square.clone() * square - b)
            };
            advice.map(fourth)
        });
        let table = (LOOKUPS > 0).then(|| meta.lookup_table_column());
        for column in &advice[..LOOKUPS] {
            meta.lookup("a in the table", |meta| {
                vec![(
                    meta.query_advice(*column, Rotation::cur()) * meta.query_selector(fourth),
                    table.expect("if any"),
                )]
            });
        }
        StandInConfig { advice, instance, square, fourth, table }
    }

    fn synthesize(&self, config: Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        if let Some(table) = config.table {
            layouter.assign_table(
                || "table",
                |mut cells| {
                    (0..1 << TABLE_BITS)
                        .try_for_each(|i| cells.assign_cell(|| "i", table, i, || Value::known(Fr::from(i as u64))))
                },
            )?;
        }
        let cells = layouter.assign_region(
            || "all",
            |mut region| {
                config.square.enable(&mut region, 0)?;
                config.fourth.enable(&mut region, 4)?;
                let values = [self.x, self.y, (self.x + self.y).square()];
                let cells: Vec<_> = values
                    .iter()
                    .enumerate()
                    .map(|(row, value)| region.assign_advice(config.advice[0], row, Value::known(*value)).cell())
                    .collect();
                for (i, column) in config.advice.into_iter().enumerate() {
                    let a = Fr::from(i as u64 + 2);
                    region.assign_advice(column, 4, Value::known(a));
                    region.assign_advice(column, 5, Value::known(a.square().square()));
                }
                Ok(cells)
            },
        )?;
        let order = if self.risk { [2, 0, 1] } else { [0, 2, 1] };
        for (row, value) in order.into_iter().enumerate() {
            layouter.constrain_instance(cells[value], config.instance, row);
        }
        Ok(())
    }
}

impl<const ADVICE: usize, const LOOKUPS: usize> StandIn<ADVICE, LOOKUPS> {
    fn instance(&self) -> Vec<Fr> {
        let z = (self.x + self.y).square();
        if self.risk { vec![z, self.x, self.y] } else { vec![self.x, z, self.y] }
    }
}

/// A venue of stand-ins.
pub(super) struct Venue<const ADVICE: usize, const LOOKUPS: usize> {
    pub(super) srs: Srs,
    batch: ProvingKey<G1Affine>,
    risk: ProvingKey<G1Affine>,
    pub(super) inner: Inner,
}

/// Words of a stand-in's context.
pub(super) mod word {
    pub(crate) const CIRCUITS: usize = 1;
    pub(crate) const PARAMS: usize = 2;
    pub(crate) const MARKS: usize = 5;
    pub(crate) const RISK_ROOT: usize = 6;
    pub(crate) const RISK_TIME: usize = 7;
    pub(crate) const COUNT: usize = 13;
}

/// What the stand-in's risk proofs call marks, and its parameter set scenarios.
const MARKS: u64 = 1000;

/// The words of the stand-in's parameter set.
pub(super) fn params() -> Vec<Fr> {
    [7, MARKS, 8, 9].map(Fr::from).to_vec()
}

impl<const ADVICE: usize, const LOOKUPS: usize> Venue<ADVICE, LOOKUPS> {
    pub(super) fn new() -> Self {
        let srs = Srs::development(INNER_K, 0, &Silent).unwrap();
        let key = |risk| {
            let circuit = StandIn::<ADVICE, LOOKUPS> { x: Fr::ZERO, y: Fr::ZERO, risk };
            let vk = keygen_vk(srs.params(), &circuit).unwrap();
            keygen_pk(srs.params(), vk, &circuit).unwrap()
        };
        let (batch, risk) = (key(false), key(true));
        let fold_key = |key: &ProvingKey<G1Affine>| FoldKey::of_statement(srs.params(), key.get_vk(), 3);
        let links = [("risk root", word::RISK_ROOT, 0), ("marks", word::MARKS, 1), ("risk time", word::RISK_TIME, 2)];
        let context = ContextLayout {
            words: word::COUNT,
            circuits: word::CIRCUITS,
            params: word::PARAMS,
            // The stand-in has no scenarios: its marks do for them too.
            scenarios: 1,
            links: links.map(|(name, word, instance)| Link { name, word, instance }).to_vec(),
        };
        let id = |statement: &str, key: &FoldKey| InnerId {
            statement: statement.to_owned(),
            version: 1,
            k: INNER_K,
            key: Digest::of(statement.as_bytes()),
            digest: Public(key.digest()),
        };
        let keys = (fold_key(&batch), fold_key(&risk));
        let (batch_id, risk_id) = (id("stand-in for batch", &keys.0), id("stand-in for risk", &keys.1));
        let inner = Inner { batch: keys.0, risk: keys.1, batch_id, risk_id, context };
        Self { srs, batch, risk, inner }
    }

    /// The digests of all keys, given those of leaf and node.
    pub(super) fn digests(&self, leaf: Fr, node: Fr) -> KeyDigests {
        KeyDigests { batch: self.inner.batch.digest(), risk: self.inner.risk.digest(), leaf, node }
    }

    fn prove(&self, x: Fr, y: Fr, risk: bool) -> ProofWithInstance {
        let circuit = StandIn::<ADVICE, LOOKUPS> { x, y, risk };
        let instance = circuit.instance();
        let key = if risk { &self.risk } else { &self.batch };
        let rng = ChaCha20Rng::seed_from_u64(7);
        let engine = Engine::default();
        let prover = engine.prepare(self.srs.params(), key, Memory::Needed).unwrap();
        let proof = prover.prove(&[circuit], &[&[&instance]], rng, TranscriptKind::Poseidon).unwrap();
        ProofWithInstance { instance, proof }
    }

    /// What the leaf of batch number `i` is made from; its old root is given.
    pub(super) fn leaf(&self, old_root: Fr, i: u64) -> LeafInputs {
        self.leaf_with(old_root, i, |_| {})
    }

    /// The same, with the context changed before the batch commits to it.
    pub(super) fn leaf_with(&self, old_root: Fr, i: u64, change: impl FnOnce(&mut [Fr])) -> LeafInputs {
        let (marks, time) = (Fr::from(MARKS), Fr::from(2000 + i));
        let params = params();
        let risk = self.prove(marks, time, true);
        let mut context: Vec<Fr> = (0..word::COUNT as u64).map(|j| Fr::from(100 * i + j)).collect();
        context[word::CIRCUITS] = self.digests(Fr::ZERO, Fr::ZERO).inner();
        context[word::PARAMS] = native_chain(Tag::Params, &params);
        context[word::MARKS] = marks;
        context[word::RISK_ROOT] = risk.instance[0];
        context[word::RISK_TIME] = time;
        change(&mut context);
        let batch = self.prove(old_root, native_chain(Tag::Context, &context), false);
        LeafInputs { batch, context, params, risk }
    }
}

/// Stands in for leaves and nodes: exposes whatever it is given. Keys of different flavours differ.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    instance: Vec<Fr>,
    flavour: u64,
}

impl Circuit<Fr> for Claim {
    type Config = (Column<Advice>, Column<Fixed>, Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let (advice, flavour, instance) = (meta.advice_column(), meta.fixed_column(), meta.instance_column());
        meta.enable_equality(advice);
        meta.enable_equality(instance);
        meta.create_gate("x = flavour where there is one", |meta| {
            let flavour = meta.query_fixed(flavour, Rotation::cur());
            vec![flavour.clone() * (meta.query_advice(advice, Rotation::cur()) - flavour)]
        });
        (advice, flavour, instance)
    }

    fn synthesize(
        &self,
        (advice, flavour, instance): Self::Config,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), Error> {
        let cells = layouter.assign_region(
            || "all",
            |mut region| {
                let rows = self.instance.iter().enumerate();
                let cells: Vec<_> =
                    rows.map(|(row, value)| region.assign_advice(advice, row, Value::known(*value)).cell()).collect();
                let value = Fr::from(self.flavour);
                region.assign_advice(advice, cells.len(), Value::known(value));
                region.assign_fixed(flavour, cells.len(), value);
                Ok(cells)
            },
        )?;
        for (row, cell) in cells.into_iter().enumerate() {
            layouter.constrain_instance(cell, instance, row);
        }
        Ok(())
    }
}

/// A maker of claims of one flavour.
#[derive(Debug)]
pub(crate) struct Claimer {
    srs: Srs,
    flavour: u64,
    proving: ProvingKey<G1Affine>,
    pub(crate) key: FoldKey,
}

impl Claimer {
    pub(crate) fn new(flavour: u64) -> Self {
        Self::of_srs(flavour, 0)
    }

    /// The same circuit over the structured reference string of another secret.
    pub(crate) fn of_srs(flavour: u64, seed: u64) -> Self {
        let srs = Srs::development(INNER_K, seed, &Silent).unwrap();
        let circuit = Claim { instance: vec![Fr::ZERO; INSTANCE_LEN], flavour };
        let vk = keygen_vk(srs.params(), &circuit).unwrap();
        let key = FoldKey::of_fold(srs.params(), &vk);
        let proving = keygen_pk(srs.params(), vk, &circuit).unwrap();
        Self { srs, flavour, proving, key }
    }

    pub(super) fn verifying(&self) -> VerifyingKey<G1Affine> {
        self.proving.get_vk().clone()
    }

    pub(crate) fn prove(&self, instance: Vec<Fr>) -> ProofWithInstance {
        self.prove_with(instance, TranscriptKind::Poseidon)
    }

    pub(crate) fn prove_with(&self, instance: Vec<Fr>, transcript: TranscriptKind) -> ProofWithInstance {
        let circuit = Claim { instance: instance.clone(), flavour: self.flavour };
        let rng = ChaCha20Rng::seed_from_u64(7);
        let columns: [&[&[Fr]]; 1] = [&[&instance]];
        let engine = Engine::default();
        let prover = engine.prepare(self.srs.params(), &self.proving, Memory::Needed).unwrap();
        let proof = prover.prove(&[circuit], &columns, rng, transcript).unwrap();
        ProofWithInstance { instance, proof }
    }

    /// A good proof with the other opening argument.
    pub(super) fn prove_gwc(&self, instance: Vec<Fr>) -> ProofWithInstance {
        self.prove_gwc_with(instance, TranscriptKind::Poseidon)
    }

    pub(crate) fn prove_gwc_with(&self, instance: Vec<Fr>, transcript: TranscriptKind) -> ProofWithInstance {
        let proof = match transcript {
            TranscriptKind::Keccak => {
                let mut writer = keccak_writer();
                self.write_gwc::<KeccakChallenge, _>(&instance, &mut writer);
                writer.finalize()
            }
            _ => {
                let mut writer = poseidon_writer();
                self.write_gwc::<PoseidonChallenge, _>(&instance, &mut writer);
                writer.finalize()
            }
        };
        ProofWithInstance { instance, proof }
    }

    fn write_gwc<E, T>(&self, instance: &[Fr], transcript: &mut T)
    where
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
    {
        let circuit = Claim { instance: instance.to_vec(), flavour: self.flavour };
        let columns: [&[&[Fr]]; 1] = [&[instance]];
        let (backend, rng) = (CpuBackend::detect(), ChaCha20Rng::seed_from_u64(7));
        let (params, key) = (self.srs.params(), &self.proving);
        create_proof::<Gwc, _, E, _, _, _>(&backend, params, key, &[circuit], &columns, rng, transcript).unwrap();
    }

    /// An accumulator that holds.
    pub(crate) fn accumulator(&self, scalar: u64) -> Accumulator {
        let [right, left] = [0, 1].map(|power| self.srs.params().get_g()[power] * Fr::from(scalar));
        Accumulator { left: left.to_affine(), right: right.to_affine() }
    }
}
