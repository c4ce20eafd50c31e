//! The generated verifier, cut into parts that fit.

use std::{ops::Range, rc::Rc};

use halo2curves::bn256::{Bn256, Fq, Fr, G1Affine, G2Affine};
use snark_verifier::{
    loader::evm::EvmLoader,
    pcs::kzg::{KzgDecidingKey, LimbsEncoding},
    system::halo2::transcript::evm::EvmTranscript,
    verifier::{SnarkVerifier, plonk::PlonkVerifier},
};

use super::{
    assembler::{Assembled, LINK, assemble},
    compiler::{Compiler, MAX_CODE},
};
use crate::{
    accumulate::{FoldKey, LIMB_BITS, LIMBS, Scheme},
    error::ProverError,
};

type Verifier = PlonkVerifier<Scheme, LimbsEncoding<LIMBS, LIMB_BITS>>;

/// Where the EVM's memory begins to be free; the generated code begins there too.
const MEMORY_START: usize = 0x80;
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
    /// Where the memory in use ends.
    memory_end: usize,
}

impl VerifierSource {
    /// Generates the verifier of proofs with a Keccak transcript.
    ///
    /// # Errors
    /// [`ProverError::Malformed`] when snark-verifier's text is not what this code takes it for.
    pub fn generate(key: &FoldKey) -> Result<Self, ProverError> {
        let loader = EvmLoader::new::<Fq, Fr>();
        let protocol = key.protocol().loaded(&loader);
        let mut transcript = EvmTranscript::<G1Affine, Rc<EvmLoader>, _, _>::new(&loader);
        let instances = transcript.load_instances(vec![key.instances()]);
        let deciding = KzgDecidingKey::<Bn256>::new(G1Affine::generator(), G2Affine::generator(), key.s_g2());
        Verifier::read_proof(&deciding, &protocol, &instances, &mut transcript)
            .and_then(|proof| Verifier::verify(&deciding, &protocol, &instances, &proof))
            .map_err(|error| malformed(format!("{error:?}")))?;
        let memory_end = loader.allocate(0);
        Self::parse(&loader.solidity_code(), memory_end)
    }

    /// Takes snark-verifier's contract apart.
    fn parse(source: &str, memory_end: usize) -> Result<Self, ProverError> {
        let (_, body) = source.split_once("let success := true").ok_or_else(|| malformed("no beginning"))?;
        let (body, _) = body.split_once("// Revert if anything fails").ok_or_else(|| malformed("no end"))?;
        let mut blocks = blocks(body)?;
        // Constants and the function that checks points come first.
        let is_prelude = |block: &str| block.starts_with("let f_") || block.starts_with("function ");
        let prelude: Vec<String> = blocks.iter().take_while(|block| is_prelude(block)).cloned().collect();
        let statements = blocks.split_off(prelude.len());
        if let Some(bad) = statements.iter().find(|block| !carries_no_names(block)) {
            return Err(malformed(format!("a statement that declares something: {bad}")));
        }
        let cut_from = statements.iter().rposition(|block| block.contains("calldata")).map_or(0, |last| last + 1);
        Ok(Self { prelude: prelude.join("\n"), statements, cut_from, memory_end })
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
        let Self { prelude, memory_end, .. } = self;
        let length = memory_end - MEMORY_START;
        let statements = self.statements[statements].join("\n");
        let first = index == 0;
        // Behind the memory that is handed on lies whether everything has been right so far.
        let enter = if first {
            "let success := true".to_owned()
        } else {
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
            format!(
                "mstore({memory_end:#x}, success)\n\
                 if iszero(extcodesize({LINK})) {{ revert(0, 0) }}\n\
                 if iszero(staticcall(gas(), {LINK}, {MEMORY_START:#x}, {:#x}, 0, 0)) {{ revert(0, 0) }}\n\
                 return(0, 0)",
                length + 0x20
            )
        };
        format!("{enter}\n{prelude}\n{statements}\n{leave}")
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

/// Cuts assembly into statements: single lines, or blocks in braces.
fn blocks(body: &str) -> Result<Vec<String>, ProverError> {
    let mut blocks = vec![];
    let mut open = String::new();
    let mut depth = 0usize;
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
        open.push_str(line);
        open.push('\n');
        depth += line.matches('{').count();
        depth = depth.checked_sub(line.matches('}').count()).ok_or_else(|| malformed("unbalanced braces"))?;
        if depth == 0 {
            blocks.push(std::mem::take(&mut open).trim_end().to_owned());
        }
    }
    if depth == 0 { Ok(blocks) } else { Err(malformed("unbalanced braces")) }
}

/// Whether nothing but memory and `success` is left behind by a statement.
fn carries_no_names(block: &str) -> bool {
    block.starts_with('{') || block.starts_with("mstore") || block.starts_with("success := ")
}

fn malformed(reason: impl Into<String>) -> ProverError {
    ProverError::malformed("generated verifier", reason)
}
