mod circuits;
mod harness;

use halo2curves::bn256::Fr;

use crate::plonk::{Gwc, Shplonk};
use circuits::standard::Standard;
use harness::{Blake2b, Case, Keccak};

#[test]
fn standard() {
    let circuit = Standard { rows: 20, start: Fr::from(3), fractions: false };
    let circuits = [circuit];
    let instances = [circuits[0].instance()];
    let case = Case::new(5, &circuits, &instances, false);
    case.check::<Shplonk, Blake2b>();
    case.check::<Gwc, Keccak>();
}
