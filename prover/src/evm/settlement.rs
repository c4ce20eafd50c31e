//! A settlement of a venue in a machine: `contracts/src/Settlement.sol` with the verifier of a folding behind it.
//!
//! The code is the one that `cargo xtask golden` takes from forge's build, so that no compiler is needed here.

use halo2curves::bn256::Fr;
use zomma_circuits::{
    batch::Disclosure,
    state::{
        batch::CONTEXT_WORDS,
        ids::{AccountId, Owner},
        receipt::Payment,
    },
};

use super::{
    abi::{self, Arguments, Word, address_word, field_word, number_word},
    machine::{Machine, Outcome},
};
use crate::error::ProverError;

const FRONT: &str = include_str!("../../../contracts/artefacts/FoldVerifier.hex");
const SETTLEMENT: &str = include_str!("../../../contracts/artefacts/Settlement.hex");
const TOKEN: &str = include_str!("../../../contracts/artefacts/Token.hex");

/// Gas that the generated verifier is given.
pub const VERIFIER_GAS: u64 = 1_500_000;

/// Who deploys settlements; the address of one follows from it.
const OPERATOR: [u8; 20] = *b"zomma-venue-operator";
const DAY: u64 = 86_400;

/// What the contracts can refuse with.
const ERRORS: &[&str] = &[
    "AccountOutOfRange(uint256)",
    "AmountOutOfRange(uint256)",
    "QueueFull()",
    "WrongFee(uint256,uint256)",
    "NothingToClaim(address)",
    "FeeNotSent()",
    "Reentered()",
    "WrongOldRoot(uint256,uint256)",
    "WrongKeys(uint256,uint256)",
    "WrongBatches(uint256,uint256)",
    "WrongContexts(uint256,uint256)",
    "WrongVenue(uint256,uint256,uint256)",
    "WrongParams(uint256,uint256,uint256)",
    "WrongSequence(uint256,uint256,uint256)",
    "WrongWindow(uint256,uint256,uint256)",
    "WrongCursors(uint256,uint256)",
    "WrongDeposits(uint256,uint256,uint256)",
    "WrongForced(uint256,uint256,uint256)",
    "WrongWithdrawals(uint256,uint256,uint256)",
    "ForcedOverdue(uint32)",
    "Insolvent(uint256,uint256)",
    "WordOutOfRange(uint256)",
    "NotTheVerifier(address)",
    "InstanceOutOfRange(uint256)",
    "ProofLength(uint256,uint256)",
    "NotEnoughGas(uint256,uint256)",
    "ProofRejected()",
];

/// The name of the error that a call was refused with; the data in hex if it is none of the contracts'.
#[must_use]
pub fn reason(output: &[u8]) -> String {
    let named = ERRORS.iter().find(|signature| output.starts_with(&abi::selector(signature)));
    let name = named.and_then(|signature| signature.split('(').next());
    name.map_or_else(|| format!("0x{}", hex::encode(output)), str::to_owned)
}

/// Where the settlement of [`Settlement::deploy`] lies, whatever it is deployed with: venues have the low 64 bits as their application.
#[must_use]
pub fn address() -> [u8; 20] {
    Machine::created(OPERATOR, 0)
}

/// The application of a venue that is settled at [`address`].
#[must_use]
pub fn application() -> u64 {
    let [.., a, b, c, d, e, f, g, h] = address();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// What a settlement is made with.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// The state root that the first batch starts from.
    pub genesis_root: Fr,
    /// Transactions before it.
    pub genesis_sequence: u64,
    /// The hash of the venue's parameters.
    pub params_hash: Fr,
    /// Digest of all verifying keys.
    pub keys: Fr,
    /// Seconds by which the oldest mark of a batch may lie behind.
    pub max_age: u64,
    /// Bytes of a proof.
    pub proof_length: u64,
}

/// A deployed settlement.
#[derive(Debug)]
pub struct Settlement {
    /// The machine that it lives in.
    pub machine: Machine,
    address: [u8; 20],
    token: [u8; 20],
}

fn code(hex: &str) -> Result<Vec<u8>, ProverError> {
    hex::decode(hex.trim()).map_err(|error| ProverError::malformed("contracts/artefacts", error.to_string()))
}

fn creation(hex: &str, arguments: &[Word]) -> Result<Vec<u8>, ProverError> {
    Ok([code(hex)?, arguments.concat()].concat())
}

impl Settlement {
    /// Deploys the generated verifier, its strict front, a token that anybody can mint, and the settlement. `verifier` is the code of the parts.
    ///
    /// # Errors
    /// See [`Machine::deploy`].
    pub fn deploy(mut machine: Machine, verifier: &[Vec<u8>], setup: &Setup) -> Result<Self, ProverError> {
        let generated = machine.deploy_parts(verifier)?;
        let front = [address_word(generated), number_word(setup.proof_length), number_word(VERIFIER_GAS)];
        let front = machine.deploy(&creation(FRONT, &front)?)?;
        let token = machine.deploy(&creation(TOKEN, &[])?)?;
        let arguments = [
            address_word(token),
            number_word(1),
            field_word(&setup.genesis_root),
            number_word(setup.genesis_sequence),
            field_word(&setup.params_hash),
            number_word(1 << 24),
            number_word(setup.max_age),
            number_word(60),
            number_word(DAY),
            number_word(0),
            address_word(front),
            field_word(&setup.keys),
            number_word(14 * DAY),
        ];
        let address = machine.deploy_as(OPERATOR, &creation(SETTLEMENT, &arguments)?)?;
        Ok(Self { machine, address, token })
    }

    /// Mints what an owner deposits for an account, and deposits it.
    ///
    /// # Errors
    /// [`ProverError::Rejected`] with the contract's reason.
    pub fn deposit(&mut self, owner: Owner, account: AccountId, amount: u64) -> Result<(), ProverError> {
        let mint = abi::call("mint(address,uint256)", &[address_word(owner.0), number_word(amount)]);
        accepted(self.machine.call(self.token, &mint)?)?;
        let words = [number_word(account.0.into()), number_word(amount)];
        let deposit = abi::call("deposit(uint32,uint256)", &words);
        accepted(self.machine.call_as(owner.0, self.address, &deposit)?).map(drop)
    }

    /// Submits a folded proof.
    ///
    /// # Errors
    /// [`ProverError::Rejected`] when the machine refuses the transaction itself; what the contract says is in the outcome.
    pub fn settle(&mut self, calldata: &[u8]) -> Result<Outcome, ProverError> {
        self.machine.call(self.address, calldata)
    }

    /// The state root that the contract holds.
    ///
    /// # Errors
    /// [`ProverError::Rejected`] when the contract does not answer.
    pub fn state_root(&mut self) -> Result<Word, ProverError> {
        let outcome = accepted(self.machine.call(self.address, &abi::call("stateRoot()", &[]))?)?;
        outcome.output.try_into().map_err(|_| ProverError::Rejected { reason: "the answer is no word".to_owned() })
    }
}

/// An outcome that is a success.
///
/// # Errors
/// [`ProverError::Rejected`] with the contract's reason.
pub fn accepted(outcome: Outcome) -> Result<Outcome, ProverError> {
    if outcome.success { Ok(outcome) } else { Err(ProverError::Rejected { reason: reason(&outcome.output) }) }
}

/// What a settlement is told of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledBatch {
    /// The words of its context.
    pub context: [Word; CONTEXT_WORDS],
    /// The payments that it owes.
    pub payments: Vec<Payment>,
}

impl From<&Disclosure> for SettledBatch {
    fn from(batch: &Disclosure) -> Self {
        Self { context: batch.words().map(|word| field_word(&word)), payments: batch.payments.clone() }
    }
}

/// Calldata of `Settlement.settle`: a wrap's public instances as words, its proof, and its batches in order.
#[must_use]
pub fn settle_calldata(instances: &[Word], proof: &[u8], batches: &[SettledBatch]) -> Vec<u8> {
    let contexts: Vec<_> = batches.iter().map(|batch| batch.context).collect();
    let payments = batches.iter().map(|batch| {
        let payment = |payment: &Payment| {
            [address_word(payment.owner.0), number_word(payment.account.0.into()), number_word(payment.amount)]
        };
        abi::list(&batch.payments.iter().map(payment).collect::<Vec<_>>())
    });
    let arguments = Arguments::default()
        .words(instances.iter().copied())
        .tail(abi::bytes(proof))
        .tail(abi::list(&contexts))
        .tail(abi::nested(payments.collect()));
    let signature = "settle(uint256[17],bytes,uint256[13][],(address,uint32,uint64)[][])";
    [abi::selector(signature).as_slice(), &arguments.encode()].concat()
}
