//! Terms arranged for eight lanes: each bucket is a column (or several), eight columns of similar length side by side.

use super::slot::{NONE, SlotRef, Term, bucket_of};

/// Columns side by side in one row of cells.
pub(crate) const LANES: usize = 8;

/// One row of cells: the references that eight columns have at the same height.
pub(crate) type Row = [SlotRef; LANES];

/// The owner of a column that is not there.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Eight columns: rows `first..first + rows` of the cells, owners from `LANES * index`.
#[derive(Clone, Copy, Debug)]
struct Group {
    first: u32,
    rows: u32,
    index: u32,
}

/// How the terms of one bucket that has several columns are dealt to them, in turn.
#[derive(Clone, Copy, Debug)]
struct Deal {
    first: u32,
    columns: u32,
    next: u32,
}

/// Marks an entry of `Columns::buckets` as an index of `Columns::deals`.
const SEVERAL: u32 = 1 << 31;

/// Columns of references, to be added up column by column.
///
/// Groups come in order of decreasing height. Within a column references are at the top and [`NONE`] fills the rest.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    cells: Vec<Row>,
    groups: Vec<Group>,
    owners: Vec<u32>,
    several: bool,
    // The rest is workspace, kept so that the next arrangement need not allocate.
    /// Terms of each bucket, then its first column or its deal.
    buckets: Vec<u32>,
    /// How many buckets have been placed.
    placed: usize,
    deals: Vec<Deal>,
    /// Bucket and length of each column of a block, in order of buckets.
    unsorted: Vec<(u32, u32)>,
    /// The next cell of each column of a block.
    cursors: Vec<u32>,
    starts: Vec<u32>,
}

impl Columns {
    pub(crate) fn clear(&mut self) {
        self.cells.clear();
        self.groups.clear();
        self.owners.clear();
        self.several = false;
        self.buckets.clear();
        self.placed = 0;
    }

    /// Counts the terms of a block of buckets. All blocks are counted before the first is placed.
    ///
    /// Buckets count from 0 in each block and are below `buckets`.
    pub(crate) fn count<'a>(&mut self, buckets: usize, segments: impl Iterator<Item = &'a [Term]>) {
        let first = self.buckets.len();
        self.buckets.resize(first + buckets, 0);
        let counters = &mut self.buckets[first..];
        for segment in segments {
            for &term in segment {
                counters[bucket_of(term) as usize] += 1;
            }
        }
    }

    /// How many terms a column may have. Buckets with more get several columns.
    ///
    /// With `wanted` buckets or more in use, only those far above the average; with fewer, so that there are about as many
    /// columns as wanted.
    pub(crate) fn cap(&self, wanted: usize, at_least: u32) -> u32 {
        let (mut terms, mut used) = (0, 0);
        for &count in &self.buckets {
            terms += count as usize;
            used += usize::from(count > 0);
        }
        let cap = if 2 * used >= wanted { 4 * terms / used } else { terms / wanted };
        (cap as u32).max(at_least)
    }

    /// Places the terms of the next block that was counted; bucket i of the block belongs to `first_owner + i`.
    ///
    /// A block should have so few terms that its cells stay in the first-level cache: they are written in random order.
    pub(crate) fn place<'a>(
        &mut self,
        first_owner: u32,
        buckets: usize,
        cap: u32,
        segments: impl Iterator<Item = &'a [Term]>,
    ) {
        let block = self.placed..self.placed + buckets;
        self.placed = block.end;
        self.divide(block.clone(), cap);
        self.make_room(first_owner);
        let cells = self.cells.as_flattened_mut();
        let buckets = &self.buckets[block];
        for segment in segments {
            for &term in segment {
                let mut column = buckets[bucket_of(term) as usize];
                if column & SEVERAL != 0 {
                    let deal = &mut self.deals[(column & !SEVERAL) as usize];
                    column = deal.first + deal.next;
                    deal.next = if deal.next + 1 == deal.columns { 0 } else { deal.next + 1 };
                }
                let cursor = &mut self.cursors[column as usize];
                cells[*cursor as usize] = term as SlotRef;
                *cursor += LANES as u32;
            }
        }
    }

    /// From numbers of terms to columns.
    fn divide(&mut self, block: std::ops::Range<usize>, cap: u32) {
        self.unsorted.clear();
        self.deals.clear();
        for (bucket, entry) in self.buckets[block].iter_mut().enumerate() {
            let terms = *entry;
            let first = self.unsorted.len() as u32;
            *entry = first;
            if terms <= cap {
                if terms > 0 {
                    self.unsorted.push((bucket as u32, terms));
                }
                continue;
            }
            let columns = terms.div_ceil(cap);
            *entry = SEVERAL | self.deals.len() as u32;
            self.deals.push(Deal { first, columns, next: 0 });
            self.several = true;
            // Dealt in turn: the first `terms % columns` columns get one term more.
            self.unsorted.extend((0..columns).map(|i| (bucket as u32, (terms - i).div_ceil(columns))));
        }
    }

    /// Sorts the columns of a block by length, longest first, and gives each its cells.
    fn make_room(&mut self, first_owner: u32) {
        let columns = self.unsorted.len();
        let longest = self.unsorted.iter().map(|&(_, length)| length).max().unwrap_or(0) as usize;
        // starts[l]: the position of the first column of length l; longer columns come before.
        self.starts.clear();
        self.starts.resize(longest + 1, 0);
        for &(_, length) in &self.unsorted {
            self.starts[length as usize] += 1;
        }
        let mut before = 0;
        for start in self.starts.iter_mut().rev() {
            before += std::mem::replace(start, before);
        }
        let first_group = self.groups.len();
        for index in first_group..first_group + columns.div_ceil(LANES) {
            self.groups.push(Group { first: 0, rows: 0, index: index as u32 });
        }
        self.owners.resize(self.groups.len() * LANES, NOBODY);
        let owners = &mut self.owners[first_group * LANES..];
        let groups = &mut self.groups[first_group..];
        self.cursors.clear();
        for &(bucket, length) in &self.unsorted {
            let position = &mut self.starts[length as usize];
            owners[*position as usize] = first_owner + bucket;
            let group = &mut groups[*position as usize / LANES];
            group.rows = group.rows.max(length);
            self.cursors.push(*position);
            *position += 1;
        }
        let mut rows = self.cells.len() as u32;
        for group in groups.iter_mut() {
            group.first = rows;
            rows += group.rows;
        }
        for cursor in &mut self.cursors {
            let (group, lane) = (*cursor as usize / LANES, *cursor % LANES as u32);
            *cursor = groups[group].first * LANES as u32 + lane;
        }
        self.cells.resize(rows as usize, [NONE; LANES]);
    }

    /// Orders the groups. To be called after the last block.
    pub(crate) fn finish(&mut self) {
        self.groups.sort_unstable_by_key(|group| std::cmp::Reverse(group.rows));
    }

    /// Whether a bucket has several columns.
    pub(crate) fn several(&self) -> bool {
        self.several
    }

    /// The buckets that the columns of a group belong to, [`NOBODY`] where there is no column.
    pub(crate) fn owners(&self, group: usize) -> &[u32] {
        let first = self.groups[group].index as usize * LANES;
        &self.owners[first..first + LANES]
    }

    pub(crate) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Height of the highest column.
    pub(crate) fn height(&self) -> usize {
        self.groups.first().map_or(0, |group| group.rows as usize)
    }

    /// How many groups, from the first, have a row of this index.
    pub(crate) fn reaching(&self, row: usize) -> usize {
        self.groups.partition_point(|group| group.rows as usize > row)
    }

    /// A row of a group that reaches it.
    #[inline(always)]
    pub(crate) fn row(&self, group: usize, row: usize) -> &Row {
        &self.cells[self.groups[group].first as usize + row]
    }
}
