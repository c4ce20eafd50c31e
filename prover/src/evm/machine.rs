//! An EVM in this process.

use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext,
    context::{
        TxEnv,
        result::{ExecutionResult, Output},
    },
    database::InMemoryDB,
    primitives::{Address, TxKind},
};

use crate::error::ProverError;

/// Gas that each transaction is given, far above a block's.
const GAS: u64 = 1 << 32;

/// An EVM with the rules of the main network, whose state begins empty.
#[derive(Debug, Default)]
pub struct Machine {
    state: InMemoryDB,
    nonce: u64,
}

/// How a call went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it succeeded; if not, its effects are undone.
    pub success: bool,
    /// Gas of the whole transaction, calldata included.
    pub gas: u64,
    /// What it returned, or the reason that it reverted with.
    pub output: Vec<u8>,
}

impl Machine {
    /// Deploys a contract by its creation code, with arguments of its constructor appended, and yields its address.
    ///
    /// # Errors
    /// [`ProverError::Rejected`] when that fails, for a contract of too much code for one.
    pub fn deploy(&mut self, creation: &[u8]) -> Result<[u8; 20], ProverError> {
        match self.transact(TxKind::Create, creation)? {
            ExecutionResult::Success { output: Output::Create(_, Some(address)), .. } => Ok(address.into_array()),
            result => Err(ProverError::Rejected { reason: format!("the contract is not deployed: {result:?}") }),
        }
    }

    /// Deploys the contracts that a verifier consists of, the last one first, and yields the address of the first.
    ///
    /// # Errors
    /// See [`Self::deploy`].
    pub fn deploy_parts(&mut self, parts: &[Vec<u8>]) -> Result<[u8; 20], ProverError> {
        let mut next: Option<[u8; 20]> = None;
        for creation in parts.iter().rev() {
            let mut code = creation.clone();
            if let Some(next) = next {
                code.extend([0; 12]);
                code.extend(next);
            }
            next = Some(self.deploy(&code)?);
        }
        next.ok_or_else(|| ProverError::malformed("verifier", "no contracts"))
    }

    /// Calls a contract.
    ///
    /// # Errors
    /// [`ProverError::Rejected`] when the machine refuses the transaction itself.
    pub fn call(&mut self, to: [u8; 20], data: &[u8]) -> Result<Outcome, ProverError> {
        Ok(match self.transact(TxKind::Call(Address::from(to)), data)? {
            ExecutionResult::Success { gas_used, output, .. } => {
                Outcome { success: true, gas: gas_used, output: output.into_data().to_vec() }
            }
            ExecutionResult::Revert { gas_used, output } => {
                Outcome { success: false, gas: gas_used, output: output.to_vec() }
            }
            ExecutionResult::Halt { gas_used, .. } => Outcome { success: false, gas: gas_used, output: vec![] },
        })
    }

    fn transact(&mut self, kind: TxKind, data: &[u8]) -> Result<ExecutionResult, ProverError> {
        let mut evm = Context::mainnet()
            .with_db(&mut self.state)
            .modify_cfg_chained(|config| config.tx_gas_limit_cap = Some(GAS))
            .modify_block_chained(|block| block.gas_limit = GAS)
            .build_mainnet();
        let transaction =
            TxEnv { gas_limit: GAS, kind, data: data.to_vec().into(), nonce: self.nonce, ..TxEnv::default() };
        let result = evm
            .transact_commit(transaction)
            .map_err(|error| ProverError::Rejected { reason: format!("the machine refuses: {error:?}") })?;
        self.nonce += 1;
        Ok(result)
    }
}
