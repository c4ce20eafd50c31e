//! An EVM in this process.

use std::collections::HashMap;

use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext,
    context::{
        TxEnv,
        result::{ExecutionResult, Output},
    },
    database::InMemoryDB,
    primitives::{Address, TxKind, U256},
};

use crate::error::ProverError;

/// Gas that each transaction is given, far above a block's.
const GAS: u64 = 1 << 32;
/// Whose transactions those are that are in nobody's name.
const NOBODY: [u8; 20] = [0; 20];

/// An EVM with the rules of the main network, whose state begins empty.
#[derive(Debug)]
pub struct Machine {
    state: InMemoryDB,
    nonces: HashMap<[u8; 20], u64>,
    chain: u64,
    /// Seconds of the Unix epoch.
    time: u64,
    sizes: Vec<usize>,
}

impl Default for Machine {
    fn default() -> Self {
        Self::new(1, 1)
    }
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
    /// A machine of a chain, at a time in seconds of the Unix epoch.
    #[must_use]
    pub fn new(chain: u64, time: u64) -> Self {
        Self { state: InMemoryDB::default(), nonces: HashMap::new(), chain, time, sizes: vec![] }
    }

    /// Sets the clock.
    pub fn set_time(&mut self, time: u64) {
        self.time = time;
    }

    /// The address of the contract that an account deploys with its transaction of this number, from 0.
    #[must_use]
    pub fn created(by: [u8; 20], nonce: u64) -> [u8; 20] {
        Address::from(by).create(nonce).into_array()
    }

    /// Deploys a contract by its creation code, with arguments of its constructor appended, and yields its address.
    ///
    /// # Errors
    /// [`ProverError::Rejected`] when that fails, for a contract of too much code for one.
    pub fn deploy(&mut self, creation: &[u8]) -> Result<[u8; 20], ProverError> {
        self.deploy_as(NOBODY, creation)
    }

    /// Deploys a contract in somebody's name.
    ///
    /// # Errors
    /// See [`Self::deploy`].
    pub fn deploy_as(&mut self, from: [u8; 20], creation: &[u8]) -> Result<[u8; 20], ProverError> {
        match self.transact(from, TxKind::Create, creation)? {
            ExecutionResult::Success { output: Output::Create(code, Some(address)), .. } => {
                self.sizes.push(code.len());
                Ok(address.into_array())
            }
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

    /// Bytes of each contract's code, in the order of their deployment.
    #[must_use]
    pub fn code_sizes(&self) -> Vec<usize> {
        self.sizes.clone()
    }

    /// Calls a contract.
    ///
    /// # Errors
    /// [`ProverError::Rejected`] when the machine refuses the transaction itself.
    pub fn call(&mut self, to: [u8; 20], data: &[u8]) -> Result<Outcome, ProverError> {
        self.call_as(NOBODY, to, data)
    }

    /// Calls a contract in somebody's name.
    ///
    /// # Errors
    /// See [`Self::call`].
    pub fn call_as(&mut self, from: [u8; 20], to: [u8; 20], data: &[u8]) -> Result<Outcome, ProverError> {
        Ok(match self.transact(from, TxKind::Call(Address::from(to)), data)? {
            ExecutionResult::Success { gas_used, output, .. } => {
                Outcome { success: true, gas: gas_used, output: output.into_data().to_vec() }
            }
            ExecutionResult::Revert { gas_used, output } => {
                Outcome { success: false, gas: gas_used, output: output.to_vec() }
            }
            ExecutionResult::Halt { gas_used, .. } => Outcome { success: false, gas: gas_used, output: vec![] },
        })
    }

    fn transact(&mut self, from: [u8; 20], kind: TxKind, data: &[u8]) -> Result<ExecutionResult, ProverError> {
        let (chain, time) = (self.chain, self.time);
        let nonce = self.nonces.entry(from).or_default();
        let mut evm = Context::mainnet()
            .with_db(&mut self.state)
            .modify_cfg_chained(|config| {
                config.tx_gas_limit_cap = Some(GAS);
                config.chain_id = chain;
            })
            .modify_block_chained(|block| {
                block.gas_limit = GAS;
                block.timestamp = U256::from(time);
            })
            .build_mainnet();
        let transaction = TxEnv {
            caller: Address::from(from),
            gas_limit: GAS,
            kind,
            data: data.to_vec().into(),
            nonce: *nonce,
            chain_id: Some(chain),
            ..TxEnv::default()
        };
        let result = evm
            .transact_commit(transaction)
            .map_err(|error| ProverError::Rejected { reason: format!("the machine refuses: {error:?}") })?;
        *nonce += 1;
        Ok(result)
    }
}
