//! The book's chapters, each as the documentation of a module, so that `cargo test --doc` runs their code samples. No other tool is needed.
#![forbid(unsafe_code)]

include!(concat!(env!("OUT_DIR"), "/chapters.rs"));

#[cfg(test)]
mod tests {
    #[test]
    fn every_chapter_is_listed_in_the_summary() {
        assert_eq!(super::FORGOTTEN, [""; 0]);
    }
}
