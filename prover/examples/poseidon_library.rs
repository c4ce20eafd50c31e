//! Prints `contracts/src/Poseidon.sol`; `cargo xtask golden` writes it.

fn main() {
    print!("{}", zomma_prover::evm::poseidon_library());
}
