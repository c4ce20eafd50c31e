//! The native twin.

use halo2curves::bn256::Fr;

/// Replaces `before` by `after` at a place, where `None` is nothing: the list grows or shrinks accordingly.
///
/// `None`, and no change, if `before` is not there, the place is beyond the list, or the list would have more than `capacity` entries.
pub fn edit(list: &mut Vec<Fr>, [before, after]: [Option<Fr>; 2], place: usize, capacity: usize) -> Option<()> {
    let found = match before {
        Some(word) => list.get(place) == Some(&word),
        None => place <= list.len(),
    };
    let length = list.len() + usize::from(after.is_some()) - usize::from(before.is_some() && found);
    if !found || length > capacity {
        return None;
    }
    list.splice(place..place + usize::from(before.is_some()), after);
    Some(())
}
