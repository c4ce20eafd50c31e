//! The generated verifier, cut into parts that fit.

use std::{ops::Range, rc::Rc};

use halo2curves::{
    bn256::{Bn256, Fq, Fr, G1Affine, G2Affine},
    ff::{Field, PrimeField},
};
use num_bigint::BigUint;
use snark_verifier::{
    Error,
    loader::evm::{EvmLoader, Scalar},
    pcs::{
        AccumulationDecider, AccumulationScheme, PolynomialCommitmentScheme,
        kzg::{KzgAccumulator, KzgDecidingKey, LimbsEncoding},
    },
    system::halo2::transcript::evm::EvmTranscript,
    verifier::{
        SnarkVerifier,
        plonk::{PlonkProof, PlonkProtocol, PlonkSuccinctVerifier},
    },
};

use super::{
    assembler::{Assembled, LINK, assemble},
    compiler::{Compiler, MAX_CODE},
    optimiser::{inline_names, name_constants, optimise},
    plonk,
    shplonk::{Setting, Shplonk},
    yul::{Statement, parse},
};
use crate::{
    accumulate::{FoldKey, LIMB_BITS, LIMBS, Scheme},
    error::ProverError,
};

type Loader = Rc<EvmLoader>;
type Accumulator = KzgAccumulator<G1Affine, Loader>;
type Protocol = PlonkProtocol<G1Affine, Loader>;
type Verifier<S> = PlonkSuccinctVerifier<S, LimbsEncoding<LIMBS, LIMB_BITS>>;
type Setup<S> = <S as PolynomialCommitmentScheme<G1Affine, Loader>>::VerifyingKey;

/// Where the EVM's memory begins to be free; the generated code begins there too.
const MEMORY_START: usize = 0x80;
/// The variable that holds the modulus of scalars.
const MODULUS: &str = "f_q";
/// More parts than this are not tried.
const MAX_PARTS: usize = 8;

/// The verifier of one key, as assembly that has not been put into contracts yet.
#[derive(Debug, Clone)]
pub struct VerifierSource {
    /// Declarations that every part needs.
    prelude: String,
    /// Statements; nothing but memory and `success` lives from one to the next.
    statements: Vec<String>,
    /// The first that reads no calldata.
    cut_from: usize,
    /// For each statement, where the memory ends that it and those after it access.
    memory_ends: Vec<usize>,
}

impl VerifierSource {
    /// Generates the verifier of proofs with a Keccak transcript.
    ///
    /// # Errors
    /// [`ProverError::Malformed`] when snark-verifier's text is not what this code takes it for.
    pub fn generate(key: &FoldKey) -> Result<Self, ProverError> {
        let setting = Setting { generator: G1Affine::generator(), root: key.protocol().domain.r#gen };
        let (source, _) = generated::<Shplonk>(key, &setting, |protocol, instances, proof| {
            plonk::verify(&setting, protocol, instances, proof)
        })?;
        let (prelude, mut statements) = taken_apart(&source)?;
        let modulus = BigUint::from_bytes_le((-Fr::ONE).to_repr().as_ref()) + 1u32;
        let memory_ends = optimise(&mut statements, MODULUS, &modulus, MEMORY_START)?;
        Self::new(prelude, &statements, memory_ends)
    }

    /// What snark-verifier generates by itself, as it is: the oracle.
    #[cfg(test)]
    pub(super) fn original(key: &FoldKey) -> Result<Self, ProverError> {
        let setup = G1Affine::generator().into();
        let (source, memory_end) = generated::<Scheme>(key, &setup, |protocol, instances, proof| {
            Verifier::<Scheme>::verify(&setup, protocol, instances, proof)
        })?;
        let (prelude, statements) = taken_apart(&source)?;
        let memory_ends = vec![memory_end; statements.len()];
        Self::new(prelude, &statements, memory_ends)
    }

    fn new(prelude: String, statements: &[Statement], memory_ends: Vec<usize>) -> Result<Self, ProverError> {
        let statements: Vec<String> = statements.iter().map(Statement::to_string).collect();
        if let Some(bad) = statements.iter().find(|block| !carries_no_names(block)) {
            return Err(malformed(format!("a statement that declares something: {bad}")));
        }
        let cut_from = statements.iter().rposition(|block| block.contains("calldata")).map_or(0, |last| last + 1);
        Ok(Self { prelude, statements, cut_from, memory_ends })
    }

    /// The sources of so many contracts. All but the last take the address of the next one when they are deployed; the first is the one to
    /// call.
    ///
    /// # Errors
    /// [`ProverError::OutOfRange`] when there are not so many statements to distribute.
    pub fn parts(&self, count: usize) -> Result<Vec<String>, ProverError> {
        let cuts = self.cuts(count)?;
        let last = cuts.len() - 1;
        Ok(cuts.into_iter().enumerate().map(|(i, cut)| self.part(i, cut, i == last)).collect())
    }

    /// Where the statements are cut.
    fn cuts(&self, count: usize) -> Result<Vec<Range<usize>>, ProverError> {
        let available = self.statements.len() - self.cut_from + 1;
        if count == 0 || count > available {
            let range = format!("1 to {available}");
            return Err(ProverError::OutOfRange { field: "number of parts", found: count as u64, range });
        }
        let total: usize = self.statements.iter().map(String::len).sum();
        let mut cuts = vec![0];
        let mut length = 0;
        for (i, statement) in self.statements.iter().enumerate() {
            if length * count >= total * cuts.len() && i >= self.cut_from && cuts.len() < count {
                cuts.push(i);
            }
            length += statement.len();
        }
        cuts.push(self.statements.len());
        Ok(cuts.windows(2).map(|cut| cut[0]..cut[1]).collect())
    }

    /// Assembles into as few contracts as fit, and yields their creation code, the first one first. No compiler is needed.
    ///
    /// # Errors
    /// [`ProverError::OutOfRange`] when not even many parts fit; [`ProverError::Malformed`] for assembly that is not known here.
    pub fn assemble(&self) -> Result<Vec<Vec<u8>>, ProverError> {
        self.fewest(|count| {
            let assembled = self.assemble_parts(count)?;
            Ok(assembled.into_iter().map(|Assembled { creation, runtime_len }| (creation, runtime_len)).collect())
        })
    }

    /// Assembles into so many contracts.
    pub(super) fn assemble_parts(&self, count: usize) -> Result<Vec<Assembled>, ProverError> {
        let cuts = self.cuts(count)?;
        let last = cuts.len() - 1;
        cuts.into_iter().enumerate().map(|(i, cut)| assemble(&self.assembly(i, cut, i == last))).collect()
    }

    /// Tries more and more parts until each fits. `make` yields creation code and length of each part's own code.
    fn fewest(
        &self,
        make: impl Fn(usize) -> Result<Vec<(Vec<u8>, usize)>, ProverError>,
    ) -> Result<Vec<Vec<u8>>, ProverError> {
        for count in 1..=MAX_PARTS {
            let made = make(count)?;
            if made.iter().all(|(_, length)| *length <= MAX_CODE) {
                return Ok(made.into_iter().map(|(creation, _)| creation).collect());
            }
        }
        let range = format!("at most {MAX_PARTS} contracts of {MAX_CODE} bytes");
        Err(ProverError::OutOfRange { field: "code of the verifier", found: self.statements.len() as u64, range })
    }

    /// Compiles into as few contracts as fit, and yields their creation code, the first one first.
    ///
    /// # Errors
    /// What the compiler reports; [`ProverError::OutOfRange`] when not even many parts fit.
    pub fn compile(&self, compiler: &Compiler) -> Result<Vec<Vec<u8>>, ProverError> {
        self.fewest(|count| {
            let sources = self.parts(count)?;
            let compiled = sources.iter().map(|source| compiler.compile(source)).collect::<Result<Vec<_>, _>>()?;
            Ok(compiled.into_iter().map(|contract| (contract.creation, contract.runtime_len)).collect())
        })
    }

    /// A part as assembly; all but the last call what is named [`LINK`].
    fn assembly(&self, index: usize, statements: Range<usize>, last: bool) -> String {
        let Self { prelude, memory_ends, .. } = self;
        // `success` is declared last, which the assembler makes use of. Behind the memory that is handed on lies whether everything
        // has been right so far.
        let length = |from: usize| memory_ends[from] - MEMORY_START;
        let enter = if index == 0 {
            "let success := true".to_owned()
        } else {
            let length = length(statements.start);
            format!(
                "if iszero(eq(calldatasize(), {:#x})) {{ revert(0, 0) }}\n\
                 calldatacopy({MEMORY_START:#x}, 0, {length:#x})\n\
                 let success := calldataload({length:#x})",
                length + 0x20
            )
        };
        let leave = if last {
            "if iszero(success) { revert(0, 0) }\nreturn(0, 0)".to_owned()
        } else {
            let length = length(statements.end);
            format!(
                "mstore({:#x}, success)\n\
                 if iszero(extcodesize({LINK})) {{ revert(0, 0) }}\n\
                 if iszero(staticcall(gas(), {LINK}, {MEMORY_START:#x}, {:#x}, 0, 0)) {{ revert(0, 0) }}\n\
                 return(0, 0)",
                MEMORY_START + length,
                length + 0x20
            )
        };
        let statements = self.statements[statements].join("\n");
        format!("{prelude}\n{enter}\n{statements}\n{leave}")
    }

    /// A part as a Solidity contract.
    fn part(&self, index: usize, statements: Range<usize>, last: bool) -> String {
        let assembly = self.assembly(index, statements, last);
        let (declare, bind) = if last {
            (String::new(), String::new())
        } else {
            let declare = "    address private immutable next;\n\n    constructor(address next_) {\n        \
                           require(next_.code.length > 0);\n        next = next_;\n    }\n\n";
            (declare.to_owned(), format!("        address {LINK} = next;\n"))
        };
        format!(
            "// SPDX-License-Identifier: MIT\npragma solidity 0.8.28;\n\n\
             // Generated by snark-verifier 0.2.7 for one verifying key; part {number} of it, cut by zomma.\n\
             contract Halo2Verifier{number} {{\n{declare}    fallback() external {{\n{bind}        \
             assembly (\"memory-safe\") {{\n\
             if iszero(eq(mload(0x40), {MEMORY_START:#x})) {{ revert(0, 0) }}\n\
             {assembly}\n        }}\n    }}\n}}\n",
            number = index + 1,
        )
    }
}

/// Has snark-verifier write a verifier; also where the memory that it uses ends.
fn generated<S>(
    key: &FoldKey,
    setup: &Setup<S>,
    verify: impl FnOnce(&Protocol, &[Vec<Scalar>], &PlonkProof<G1Affine, Loader, S>) -> Result<Vec<Accumulator>, Error>,
) -> Result<(String, usize), ProverError>
where
    S: AccumulationScheme<G1Affine, Loader, Accumulator = Accumulator>
        + PolynomialCommitmentScheme<G1Affine, Loader, Output = Accumulator>,
{
    let loader = EvmLoader::new::<Fq, Fr>();
    let protocol = key.protocol().loaded(&loader);
    let mut transcript = EvmTranscript::<G1Affine, Loader, _, _>::new(&loader);
    let instances = transcript.load_instances(vec![key.instances()]);
    let deciding = KzgDecidingKey::<Bn256>::new(G1Affine::generator(), G2Affine::generator(), key.s_g2());
    Verifier::<S>::read_proof(setup, &protocol, &instances, &mut transcript)
        .and_then(|proof| verify(&protocol, &instances, &proof))
        .and_then(|accumulators| <Scheme as AccumulationDecider<G1Affine, Loader>>::decide_all(&deciding, accumulators))
        .map_err(|error| malformed(format!("{error:?}")))?;
    let memory_end = loader.allocate(0);
    Ok((loader.solidity_code(), memory_end))
}

/// Takes snark-verifier's contract apart: what every part of it needs, and its statements.
fn taken_apart(source: &str) -> Result<(String, Vec<Statement>), ProverError> {
    let (_, body) = source.split_once("let success := true").ok_or_else(|| malformed("no beginning"))?;
    let (body, _) = body.split_once("// Revert if anything fails").ok_or_else(|| malformed("no end"))?;
    // Constants and the function that checks points come first.
    let is_prelude = |statement: &Statement| match statement {
        Statement::Let { name, .. } => name.starts_with("f_"),
        Statement::Function(_) => true,
        _ => false,
    };
    let mut prelude = parse(body)?;
    let first = prelude.iter().position(|statement| !is_prelude(statement)).unwrap_or(prelude.len());
    let statements = prelude.split_off(first);
    for statement in &mut prelude {
        if let Statement::Function(function) = statement {
            inline_names(function);
            name_constants(function);
        }
    }
    // The modulus of coordinates has a name that nothing uses.
    let used = |statement: &Statement| !matches!(statement, Statement::Let { name, .. } if name != MODULUS);
    let prelude: Vec<String> = prelude.iter().filter(|statement| used(statement)).map(Statement::to_string).collect();
    Ok((prelude.join("\n"), statements))
}

/// Whether nothing but memory and `success` is left behind by a statement.
fn carries_no_names(block: &str) -> bool {
    block.starts_with('{') || block.starts_with("mstore") || block.starts_with("success := ")
}

fn malformed(reason: impl Into<String>) -> ProverError {
    ProverError::malformed("generated verifier", reason)
}
