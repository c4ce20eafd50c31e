//! Sums of scaled points.

use super::{Expression, Kind, POINT, Statement, WORD, accesses, addresses, is_name, visit_statement};
use crate::error::ProverError;

/// Where points are put until memory is moved together: far from everything.
const ELSEWHERE: usize = 1 << 24;

/// `success := and(staticcall(gas(), precompile, input, ..., output, ...), success)`: where it reads and writes.
fn precompile(statement: &Statement, number: usize) -> Option<[usize; 2]> {
    let Statement::Assign { name, value } = statement else { return None };
    let [call, success] = value.arguments_of("and")? else { return None };
    let [_, address, input, _, output, _] = call.arguments_of("staticcall")? else { return None };
    let ours = name == "success" && is_name(success, "success") && address.as_number() == Some(number);
    if ours { Some([input.as_number()?, output.as_number()?]) } else { None }
}

/// `mstore(to, mload(from))`.
fn copy(statement: &Statement) -> Option<[usize; 2]> {
    let Statement::Call(call) = statement else { return None };
    let [to, from] = call.arguments_of("mstore")? else { return None };
    Some([to.as_number()?, from.arguments_of("mload")?[0].as_number()?])
}

/// Lets sums of scaled points grow in place: a multiplication leaves its result where the addition takes it, and an addition its result
/// where the next one does.
pub(super) fn gather_points(statements: &mut Vec<Statement>) -> Result<(), ProverError> {
    let mut next = ELSEWHERE;
    let mut at = 0;
    while at < statements.len() {
        let Some([sum, output]) = precompile(&statements[at], 6) else {
            at += 1;
            continue;
        };
        // Four words are copied to where it reads.
        let copies: Option<Vec<_>> = (at.saturating_sub(4)..at).map(|index| copy(&statements[index])).collect();
        let Some(&[[to, left], copied_left, [to_right, right], copied_right]) = copies.as_deref() else {
            at += 1;
            continue;
        };
        let in_order = sum == output
            && to == sum
            && to_right == sum + POINT
            && copied_left == [to + WORD, left + WORD]
            && copied_right == [to_right + WORD, right + WORD];
        if !in_order || !only(statements, sum, 2 * POINT, at - 4, at + 1, true)? {
            at += 1;
            continue;
        }
        let fresh = next;
        next += 4 * POINT;
        rename(statements, sum, 2 * POINT, fresh);
        let mut first = at - 4;
        // The point that is added is a product that nothing else reads.
        let is_product = at >= 8
            && precompile(&statements[at - 5], 7) == Some([right, right])
            && only(statements, right, POINT + WORD, at - 8, at, false)?;
        if is_product {
            rename(statements, right, POINT + WORD, fresh + POINT);
            statements.drain(at - 2..at);
            at -= 2;
            first = at - 6;
        }
        // The point that it is added to is a sum, done with before this product is begun.
        let left_is_sum = is_product
            && (ELSEWHERE..fresh).contains(&left)
            && statements[..first].iter().any(|statement| precompile(statement, 6) == Some([left, left]));
        if left_is_sum && copied_last(statements, left, first, at)? {
            statements.drain(at - 2..at);
            at -= 2;
            rename(statements, fresh, 4 * POINT, left);
        }
        at += 1;
    }
    Ok(())
}

/// Whether nothing but the statements from `first` to `end` accesses these bytes, but for loads of the result after that where `loads`
/// allows it.
fn only(
    statements: &mut [Statement],
    start: usize,
    length: usize,
    first: usize,
    end: usize,
    loads: bool,
) -> Result<bool, ProverError> {
    let accesses = accesses(statements)?;
    Ok(accesses.iter().filter(|access| access.overlaps(start, length)).all(|access| {
        (first..end).contains(&access.statement)
            || (loads && access.statement >= end && access.kind == Kind::Load && access.start < start + POINT)
    }))
}

/// Whether a sum at this address is accessed before `first`, and then only by the two statements that copy it to what `at` reads.
fn copied_last(statements: &mut [Statement], sum: usize, first: usize, at: usize) -> Result<bool, ProverError> {
    let accesses = accesses(statements)?;
    let mut late = accesses.iter().filter(|access| access.overlaps(sum, 4 * POINT) && access.statement >= first);
    Ok(late.all(|access| (at - 2..at).contains(&access.statement)))
}

/// Moves bytes to another address.
fn rename(statements: &mut [Statement], start: usize, length: usize, to: usize) {
    let moved = |expression: &mut Expression| {
        if let Some(at) = expression.as_number()
            && (start..start + length).contains(&at)
        {
            *expression = Expression::number(at - start + to);
        }
    };
    for statement in statements.iter_mut() {
        visit_statement(statement, &mut |expression| addresses(expression).into_iter().for_each(moved));
    }
}
