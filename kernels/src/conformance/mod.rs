//! The suite that every backend passes: `conformance!(name, constructor)` instantiates it.
//!
//! Each kernel is compared with its meaning in [`naive`](crate::naive), and the transforms and commitments with
//! halo2curves' own, on empty, single, power-of-two and odd lengths, on uniform, small, sparse and repeated scalars and
//! on bases with identities and repeated points.

pub(crate) mod data;
pub(crate) mod openings;
pub(crate) mod programs;
pub(crate) mod transforms;
pub(crate) mod witness;

/// Instantiates the suite for one backend, a `Result<Backend, _>`. If there are machines that cannot run it, `ignored_if` says
/// when, so that its tests are reported as ignored there and not as passed.
macro_rules! conformance {
    ($name:ident, $backend:expr $(, ignored_if($absent:meta), $reason:literal)?) => {
        mod $name {
            use super::*;

            macro_rules! check {
                ($test:ident, $path:path) => {
                    #[test]
                    $(#[cfg_attr($absent, ignore = $reason)])?
                    fn $test() {
                        $path(&$backend.expect("tests are ignored where the backend is absent"))
                    }
                };
            }

            check!(memory_keeps_what_was_written, $crate::conformance::transforms::memory);
            check!(transforms_match_their_definition, $crate::conformance::transforms::small);
            check!(transforms_match_halo2curves, $crate::conformance::transforms::large);
            check!(quotients_are_divided_by_the_vanishing_polynomial, $crate::conformance::transforms::quotient);
            check!(wrong_sizes_are_refused, $crate::conformance::transforms::wrong_sizes);
            check!(commitments_match_double_and_add, $crate::conformance::openings::commitments);
            check!(commitments_refuse_long_polynomials, $crate::conformance::openings::long_polynomials);
            check!(evaluations_match_horner, $crate::conformance::openings::evaluations);
            check!(combinations_match_their_definition, $crate::conformance::openings::combinations);
            check!(divisions_match_synthetic_division, $crate::conformance::openings::divisions);
            check!(lookups_are_permuted, $crate::conformance::witness::lookups);
            check!(missing_lookup_values_are_refused, $crate::conformance::witness::missing);
            check!(grand_products_match_their_recurrence, $crate::conformance::witness::grand_products);
            check!(programs_match_their_meaning, $crate::conformance::programs::programs);
            check!(programs_refuse_wrong_columns, $crate::conformance::programs::wrong_columns);
        }
    };
}

mod cpu {
    use crate::{CpuBackend, Isa};

    conformance!(portable, CpuBackend::new(Isa::Portable));
    conformance!(
        avx512_ifma,
        CpuBackend::new(Isa::Avx512Ifma),
        ignored_if(not(host_has_ifma)),
        "not run: this machine has no AVX-512 IFMA"
    );

    #[test]
    fn names_choose_a_backend_or_fail() {
        let portable: CpuBackend = "cpu:portable".parse().unwrap();
        assert_eq!(portable.isa(), Isa::Portable);
        assert_eq!("cpu".parse::<CpuBackend>().unwrap(), CpuBackend::detect());
        for name in ["gpu", "cpu:", "cpu:sse"] {
            let known = "cpu, cpu:portable, cpu:avx512-ifma";
            assert_eq!(name.parse::<CpuBackend>(), Err(crate::Error::UnknownBackend { name: name.into(), known }));
        }
    }

    #[test]
    fn an_absent_instruction_set_is_an_error() {
        let missing = Isa::Avx512Ifma.missing();
        let found = CpuBackend::new(Isa::Avx512Ifma).map(|backend| backend.isa());
        if missing.is_empty() {
            assert_eq!(found, Ok(Isa::Avx512Ifma));
        } else {
            let missing = missing.join(", ");
            assert_eq!(found, Err(crate::Error::MissingIsa { isa: "avx512-ifma", missing }));
        }
    }
}
