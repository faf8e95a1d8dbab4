// Loops of machine code, and what a wave costs if each of them runs as often as the launch's sizes say. An instruction
// is { role, fma, target, ends }: what it does for memory (load, store, ldsRead, ldsWrite, barrier), the multiply-adds
// it makes for each lane, the block it may jump to, and whether it never goes on to the next. amd.mjs and sass.mjs read
// them.

/** Loops [{ first, last, depth, parent }], indices of blocks, outer before inner: a jump back makes one. */
export function loopsOf(blocks) {
  const at = new Map(blocks.map(({ name }, i) => [name, i]));
  const ends = new Map();
  blocks.forEach(({ instructions }, i) => {
    for (const { target } of instructions) {
      const to = at.get(target);
      // A jump to itself ends every kernel of NVIDIA's.
      if (to !== undefined && to <= i && !(to === i && instructions.length === 1)) {
        ends.set(to, Math.max(ends.get(to) ?? 0, i));
      }
    }
  });
  const loops = [...ends].map(([first, last]) => ({ first, last }));
  loops.sort((a, b) => a.first - b.first || b.last - a.last);
  for (const loop of loops) {
    loop.parent = loops.filter((o) => o !== loop && o.first <= loop.first && loop.last <= o.last).at(-1);
    loop.depth = loop.parent ? loop.parent.depth + 1 : 1;
    loop.features = featuresOf(loop, loops, blocks);
  }
  return loops;
}

/** What a loop is told by: what is in it, its inner loops left out; `fmaInside` with them. */
function featuresOf(loop, loops, blocks) {
  const inner = loops.filter((o) => o !== loop && loop.first <= o.first && o.last <= loop.last);
  const features = { fma: 0, load: 0, store: 0, ldsRead: 0, ldsWrite: 0, barrier: 0, fmaInside: 0 };
  for (let i = loop.first; i <= loop.last; i++) {
    const inside = inner.some((o) => o.first <= i && i <= o.last);
    for (const { role, fma } of blocks[i].instructions) {
      features.fmaInside += fma;
      if (inside) continue;
      features.fma += fma;
      if (role in features) features[role]++;
    }
  }
  return features;
}

/** Indices of the blocks before each block, jumps back left out. */
export function predecessorsOf(blocks) {
  const at = new Map(blocks.map(({ name }, i) => [name, i]));
  const before = blocks.map(() => []);
  blocks.forEach(({ instructions }, i) => {
    for (const { target } of instructions) if (at.get(target) > i) before[at.get(target)].push(i);
    if (!instructions.at(-1)?.ends && i + 1 < blocks.length) before[i + 1].push(i);
  });
  return before;
}

/**
 * @param costOf (block, ends of the blocks before it) → { latency, use: cycles by unit, end }, for one pass.
 * @param tripsOf (loop, loops) → passes in one pass of what holds the loop.
 * @returns { latency, use, fma }, for a whole wave.
 */
export function waveCost(blocks, costOf, tripsOf) {
  const loops = loopsOf(blocks);
  for (const loop of loops) loop.runs = tripsOf(loop, loops) * (loop.parent?.runs ?? 1);
  const before = predecessorsOf(blocks);
  const ends = [];
  const total = { latency: 0, use: {}, fma: 0 };
  blocks.forEach((block, i) => {
    const runs = loops.filter((o) => o.first <= i && i <= o.last).at(-1)?.runs ?? 1;
    const { latency, use, end } = costOf(
      block,
      before[i].map((b) => ends[b]),
    );
    ends.push(end);
    total.latency += runs * latency;
    total.fma += runs * block.instructions.reduce((sum, { fma }) => sum + fma, 0);
    for (const unit in use) total.use[unit] = (total.use[unit] ?? 0) + runs * use[unit];
  });
  return total;
}
