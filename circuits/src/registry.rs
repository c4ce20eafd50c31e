//! The list of statements: the one place where their names meet their types.

/// Makes [`NAMES`] and [`with_statement!`](crate::with_statement) from the list. The paths are absolute, so that the macro works in every crate.
macro_rules! registry {
    ($d:tt $($statement:ty,)*) => {
        /// The names of all statements.
        pub const NAMES: &[&str] = &[$(<$statement as crate::Statement>::NAME),*];

        /// Runs code with the statement of a name as a type: `with_statement!(name, S => code::<S>())`.
        ///
        /// Yields `Ok` with what the code yields, or [`StatementError::Unknown`](crate::StatementError::Unknown).
        #[macro_export]
        macro_rules! with_statement {
            ($d name:expr, $d S:ident => $d code:expr) => {{
                let name: &str = $d name;
                $(if name == <$statement as $d crate::Statement>::NAME {
                    type $d S = $statement;
                    ::core::result::Result::Ok($d code)
                } else)* {
                    ::core::result::Result::Err($d crate::StatementError::Unknown { name: name.to_owned() })
                }
            }};
        }
    };
}

registry! { $
    ::zomma_circuits::pricing::statements::Price,
    ::zomma_circuits::pricing::statements::Risk,
    ::zomma_circuits::margin::statement::Margin,
    ::zomma_circuits::batch::Batch,
}
