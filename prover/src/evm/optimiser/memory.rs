//! Where everything lies in the end.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Access, Expression, Kind, POINT, Statement, WORD, accesses, addresses, visit_statement};
use crate::error::ProverError;

/// Bytes that have to stay together.
struct Together {
    from: usize,
    to: usize,
    /// The first statement that accesses any of them.
    first: usize,
    /// The last one.
    last: usize,
    /// Whether the first one does nothing with them but to store a word.
    stored_first: bool,
    /// How often they are accessed.
    accesses: usize,
}

impl Together {
    /// Whether it is so small and accessed so often that it is put first of all, where addresses are short.
    fn is_busy(&self) -> bool {
        self.accesses >= 100 && self.to - self.from <= 4 * POINT
    }
}

/// Moves everything that is still accessed together, what is accessed last to the front: so whatever statement one stops at, all that the
/// rest reads lies in front of all that it does not. Words that are never in use at the same time share a place. Returns, for every statement, the end of what it and those after it access.
pub(super) fn relocate(statements: &mut [Statement], start: usize) -> Result<Vec<usize>, ProverError> {
    // Bytes that are accessed at once stay together.
    let accesses = accesses(statements)?;
    let mut ranges = accesses.clone();
    ranges.sort_by_key(|access| (access.start, access.start + access.length));
    let mut together: Vec<Together> = vec![];
    for Access { kind, start: from, length, statement } in ranges {
        let to = from + length;
        let stores = kind == Kind::Store;
        match together.last_mut() {
            Some(range) if from < range.to => {
                range.to = range.to.max(to);
                range.last = range.last.max(statement);
                // Where a statement loads and stores, it might load first.
                if statement < range.first {
                    (range.first, range.stored_first) = (statement, stores);
                } else if statement == range.first {
                    range.stored_first &= stores;
                }
                range.accesses += 1;
            }
            _ => together.push(Together {
                from,
                to,
                first: statement,
                last: statement,
                stored_first: stores,
                accesses: 1,
            }),
        }
    }
    together.sort_by_key(|range| (!range.is_busy(), Reverse(range.last)));
    let mut end = start;
    let mut moved = BTreeMap::new();
    let mut ends = vec![start; statements.len()];
    // Words whose lives are over, or have not begun: where they lie, and when they begin.
    let mut free: Vec<(usize, usize)> = vec![];
    for Together { from, to, first, last, stored_first, .. } in together {
        let reused = free.iter().position(|(_, begins)| to - from == WORD && *begins > last);
        let at = match reused {
            Some(index) => free.swap_remove(index).0,
            None => {
                end += (to - from).next_multiple_of(WORD);
                end - (to - from).next_multiple_of(WORD)
            }
        };
        moved.insert(from, at);
        // What lies here too must have ended before this one begins, and this one must not count on what it finds.
        if to - from == WORD && stored_first {
            free.push((at, first));
        }
        let ends_at = at + (to - from).next_multiple_of(WORD);
        ends[..=last].iter_mut().for_each(|end| *end = ends_at.max(*end));
    }
    for statement in statements.iter_mut() {
        visit_statement(statement, &mut |expression| {
            for place in addresses(expression) {
                let Some(at) = place.as_number() else { continue };
                if let Some((from, to)) = moved.range(..=at).next_back() {
                    *place = Expression::number(at - from + to);
                }
            }
        });
    }
    Ok(ends)
}
