//! The bucket sums: terms to blocks, blocks to columns, columns to points, in parallel.

use std::sync::Mutex;

use rayon::prelude::*;

use super::columns::{Columns, NOBODY};
use super::kernel::Kernel;
use super::slot::{Slot, Term, bucket_of, term};

/// The sums of buckets; a bucket that is missing sums to the identity.
#[derive(Debug, Default)]
pub(crate) struct BucketSums {
    pub(crate) buckets: Vec<u32>,
    pub(crate) slots: Vec<Slot>,
}

/// Memory that is kept from one multiplication to the next: the system takes longer to give it than it takes to use it.
#[derive(Debug)]
pub(crate) struct Workspace<K: Kernel> {
    parts: Vec<Part>,
    outputs: Vec<Output>,
    workers: Mutex<Vec<Worker<K>>>,
    pub(crate) sums: BucketSums,
}

impl<K: Kernel> Default for Workspace<K> {
    fn default() -> Self {
        Self { parts: Vec::new(), outputs: Vec::new(), workers: Mutex::default(), sums: BucketSums::default() }
    }
}

/// Buckets of a block, if there are not too many blocks: the cells of a block are written in random order.
const BLOCK_BITS: u32 = 8;
/// Logarithm of the largest number of blocks: terms are distributed to so many places at a time.
const MAX_BLOCKS_BITS: u32 = 9;

/// Buckets of a task at most: sums, pending additions and prefetched points of so many share the second-level cache.
const TASK_BUCKETS: usize = 1 << 11;
/// Terms of a task at most: more of them lengthen the columns, fewer of them make more partial sums.
const TASK_TERMS: usize = 1 << 18;
/// Terms below which a task is not worth its inversions.
const MIN_TASK_TERMS: usize = 1 << 12;

/// Columns a task wants at least, so that many additions share an inversion.
const WANTED_COLUMNS: usize = 1 << 11;
/// Terms in a column at least where a bucket is given several: each further column costs an addition.
const MIN_COLUMN: u32 = 8;

/// About how many bytes it takes to add up `terms` terms in `buckets` buckets.
pub(crate) fn working_bytes(terms: usize, buckets: usize) -> usize {
    // A task has its terms in columns, and a slot and a pending addition for each of its buckets.
    let task = TASK_TERMS.min(terms) * size_of::<Term>() + TASK_BUCKETS.min(buckets) * 8 * size_of::<Slot>();
    // Sums are kept by task and then once more, together.
    let sums = 2 * buckets * (size_of::<Slot>() + size_of::<u32>());
    terms * size_of::<Term>() + sums + rayon::current_num_threads() * task
}

/// Terms sorted by block.
#[derive(Debug, Default)]
struct Part {
    terms: Vec<Term>,
    bounds: Vec<u32>,
}

/// How buckets are divided into blocks.
#[derive(Clone, Copy)]
struct Blocks {
    bits: u32,
    count: usize,
}

impl Blocks {
    fn new(buckets: usize) -> Self {
        let all_bits = buckets.next_power_of_two().trailing_zeros();
        let bits = all_bits.saturating_sub(MAX_BLOCKS_BITS).max(BLOCK_BITS);
        Self { bits, count: buckets.div_ceil(1 << bits).max(1) }
    }

    fn of(self, term: Term) -> usize {
        (bucket_of(term) >> self.bits) as usize
    }

    /// The term with its bucket counted within the block.
    fn local(self, t: Term) -> Term {
        term(bucket_of(t) & ((1 << self.bits) - 1), t as u32)
    }
}

impl Part {
    /// Sorts terms by block.
    fn distribute(&mut self, blocks: Blocks, unsorted: &[Term], cursors: &mut Vec<u32>) {
        self.bounds.clear();
        self.bounds.resize(blocks.count + 1, 0);
        for &term in unsorted {
            self.bounds[blocks.of(term) + 1] += 1;
        }
        for i in 0..blocks.count {
            self.bounds[i + 1] += self.bounds[i];
        }
        cursors.clear();
        cursors.extend_from_slice(&self.bounds);
        // Every place is written below: what is there from before need not be cleared.
        self.terms.resize(unsorted.len(), 0);
        for &term in unsorted {
            let cursor = &mut cursors[blocks.of(term)];
            self.terms[*cursor as usize] = blocks.local(term);
            *cursor += 1;
        }
    }

    fn block(&self, block: usize) -> &[Term] {
        &self.terms[self.bounds[block] as usize..self.bounds[block + 1] as usize]
    }
}

/// Some blocks of some parts, to be added up by one thread.
struct Task<'a> {
    blocks: std::ops::Range<usize>,
    parts: &'a [Part],
}

/// Divides the work. The flag tells whether blocks had to be divided, so that buckets have several sums.
fn tasks(parts: &[Part], blocks: Blocks) -> (Vec<Task<'_>>, bool) {
    let terms = |block: usize| parts.iter().map(|part| part.block(block).len()).sum::<usize>();
    let sizes: Vec<usize> = (0..blocks.count).map(terms).collect();
    // At least a few tasks, whatever the number of threads: results should not depend on it.
    let limit = (sizes.iter().sum::<usize>() / 8).clamp(MIN_TASK_TERMS, TASK_TERMS);
    let (mut tasks, mut divided) = (Vec::new(), false);
    let mut block = 0;
    while block < blocks.count {
        let (first, mut size) = (block, sizes[block]);
        block += 1;
        while block < blocks.count && (block - first) << blocks.bits < TASK_BUCKETS && size + sizes[block] <= limit {
            size += sizes[block];
            block += 1;
        }
        // Only a block alone can exceed the limit.
        let mut rest = parts;
        while size > limit + limit / 2 {
            let (mut taken, mut taken_terms) = (0, 0);
            while taken < rest.len() && taken_terms < limit {
                taken_terms += rest[taken].block(first).len();
                taken += 1;
            }
            let run;
            (run, rest) = rest.split_at(taken);
            size -= taken_terms;
            tasks.push(Task { blocks: first..block, parts: run });
            divided = true;
        }
        if size > 0 {
            tasks.push(Task { blocks: first..block, parts: rest });
        }
    }
    (tasks, divided)
}

/// Adds up terms by bucket and leaves the sums in `workspace.sums`.
///
/// `produce` appends the terms of chunk i, for i below `chunks`; buckets must be below `buckets`.
pub(crate) fn sum_buckets<K: Kernel>(
    kernel: K,
    workspace: &mut Workspace<K>,
    source: &[Slot],
    buckets: usize,
    chunks: usize,
    produce: impl Fn(usize, &mut Vec<Term>) + Sync,
) {
    let Workspace { parts, outputs, workers, sums } = workspace;
    let blocks = Blocks::new(buckets);
    if parts.len() < chunks {
        parts.resize_with(chunks, Part::default);
    }
    let parts = &mut parts[..chunks];
    let workers = Pool(workers);
    parts.par_iter_mut().enumerate().for_each(|(chunk, part)| {
        workers.with(|Worker { terms, cursors, .. }| {
            terms.clear();
            produce(chunk, terms);
            part.distribute(blocks, terms, cursors);
        });
    });
    let (tasks, divided) = tasks(parts, blocks);
    if outputs.len() < tasks.len() {
        outputs.resize_with(tasks.len(), Output::default);
    }
    let outputs = &mut outputs[..tasks.len()];
    tasks.into_par_iter().zip(outputs.par_iter_mut()).for_each(|(task, output)| {
        workers.with(|worker| worker.sum(kernel, source, blocks, &task, output));
    });
    let several = divided || outputs.iter().any(|output| output.several);
    sums.buckets.clear();
    sums.slots.clear();
    for Output { sums: output, .. } in outputs {
        sums.buckets.extend_from_slice(&output.buckets);
        sums.slots.extend_from_slice(&output.slots);
    }
    if several {
        merge(kernel, workspace, buckets);
    }
}

/// Adds up the sums of equal buckets.
fn merge<K: Kernel>(kernel: K, workspace: &mut Workspace<K>, buckets: usize) {
    let sums = std::mem::take(&mut workspace.sums);
    let mut count = vec![0u32; buckets];
    for &bucket in &sums.buckets {
        count[bucket as usize] += 1;
    }
    let terms: Vec<Term> = (0u32..)
        .zip(&sums.buckets)
        .filter(|&(_, &bucket)| count[bucket as usize] > 1)
        .map(|(index, &bucket)| term(bucket, index << 1))
        .collect();
    if terms.is_empty() {
        workspace.sums = sums;
        return;
    }
    sum_buckets(kernel, workspace, &sums.slots, buckets, 1, |_, out| out.extend_from_slice(&terms));
    for (&bucket, slot) in sums.buckets.iter().zip(&sums.slots) {
        if count[bucket as usize] == 1 {
            workspace.sums.buckets.push(bucket);
            workspace.sums.slots.push(*slot);
        }
    }
}

/// The sums of a task, and whether buckets have several of them.
#[derive(Debug, Default)]
struct Output {
    sums: BucketSums,
    several: bool,
}

/// Workers that are not at work.
struct Pool<'a, K: Kernel>(&'a Mutex<Vec<Worker<K>>>);

impl<K: Kernel> Pool<'_, K> {
    fn with(&self, work: impl FnOnce(&mut Worker<K>)) {
        // A thread that panicked has not left anything half-done in the list.
        let lock = || self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let free = lock().pop();
        let mut worker = free.unwrap_or_default();
        work(&mut worker);
        lock().push(worker);
    }
}

/// What a thread needs for its work.
#[derive(Debug)]
struct Worker<K: Kernel> {
    terms: Vec<Term>,
    cursors: Vec<u32>,
    columns: Columns,
    scratch: K::Scratch,
    slots: Vec<Slot>,
}

impl<K: Kernel> Default for Worker<K> {
    fn default() -> Self {
        let (terms, cursors, slots) = (Vec::new(), Vec::new(), Vec::new());
        Self { terms, cursors, columns: Columns::default(), scratch: K::Scratch::default(), slots }
    }
}

impl<K: Kernel> Worker<K> {
    fn sum(&mut self, kernel: K, source: &[Slot], blocks: Blocks, task: &Task<'_>, output: &mut Output) {
        let Self { columns, scratch, slots, .. } = self;
        let of_block = |block: usize| task.parts.iter().map(move |part| part.block(block));
        let buckets = 1 << blocks.bits;
        columns.clear();
        for block in task.blocks.clone() {
            columns.count(buckets, of_block(block));
        }
        let cap = columns.cap(WANTED_COLUMNS, MIN_COLUMN);
        for block in task.blocks.clone() {
            columns.place((block << blocks.bits) as u32, buckets, cap, of_block(block));
        }
        columns.finish();
        slots.clear();
        kernel.sum_columns(source, columns, scratch, slots);
        let Output { sums, several } = output;
        *several = columns.several();
        sums.buckets.clear();
        sums.slots.clear();
        let owners = (0..columns.groups()).flat_map(|group| columns.owners(group));
        for (&owner, slot) in owners.zip(slots.iter()) {
            if owner != NOBODY && !slot.is_identity() {
                sums.buckets.push(owner);
                sums.slots.push(*slot);
            }
        }
    }
}
