// How often a loop of the machine code runs in one pass of what holds it, told by what is in it (featuresOf in
// loops.mjs). `p` are the launch's params, `c` its constants, `threads` of a workgroup. A wrong rule shows: the
// multiply-adds counted are then not those that the sizes need, and the row is marked.

/** The driver's own loop that zeroes workgroup memory. */
const zeroing = (f, loop, { lds, threads }) =>
  !loop.parent && f.ldsWrite > 0 && !f.load && !f.fmaInside ? Math.ceil(lds / 16 / threads) : undefined;

/** Of a product, over panels. Not told by its barriers: a workgroup that is one wave has none in the machine code. */
const isPanels = (f, loop) => !loop.parent && f.fmaInside >= 16 && f.store === 0;
const isCopying = (f) => f.load > 0 && f.ldsWrite > 0 && f.fma < 16 && f.barrier === 0;

const rules = {
  conv2d(f, loop, { p, c }) {
    const taps = p.phases === 4 ? 2.25 : p.kernel ** 2;
    if (isPanels(f, loop)) return (taps * Math.ceil(p.inputs / 16)) / p.splits;
    if (isCopying(f)) return f.load >= 4 ? 16 / c.HIGH : Math.ceil((32 * c.HIGH) / (c.WIDE * c.HIGH));
    if (f.fma >= 16) return (16 * 32) / f.fma;
    if (f.store) return 8 / (f.store / 4);
  },
  conv2d_join: (f, loop, { p }) => (f.load ? p.splits / f.load : 1),
  linear(f, loop, { p, c, workgroups, loops }) {
    if (isPanels(f, loop)) return Math.ceil(p.inputs / 16) / workgroups[2];
    if (isCopying(f)) {
      const first = loops.find((l) => l.parent === loop.parent && isCopying(l.features));
      return first === loop ? 32 / c.WIDE : 16 / c.HIGH;
    }
    if (f.fma >= 16 && f.ldsRead) return (16 * 32) / f.fma;
    if (f.store) return 8 / (f.store / 4);
  },
  linear_join: (f, loop, { p }) => p.splits / f.load,
  conv1d(f, loop, { p, workgroups }) {
    const splits = workgroups[0] / Math.ceil(p.outChannels / p.groups / 64);
    if (isPanels(f, loop)) return Math.ceil((p.taps * (p.channels / p.groups)) / 16) / splits;
    if (f.fma >= 16 && f.ldsRead) return (16 * 16) / f.fma;
    if (f.store) return 16 / f.store;
  },
  attention(f, loop, { p, loops }) {
    // With a band of `reach` a tile of 32 rows sees so many blocks of keys.
    const blocks = Math.min(Math.ceil(p.length / 32), Math.ceil((32 + 2 * p.reach) / 32));
    if (!loop.parent && f.fmaInside > 20 && loop.last - loop.first > 20) return blocks;
    if (!loop.parent) return p.headDim / 32;
    if (isCopying(f)) return f.load >= 8 ? 2 : 4;
    if (f.ldsRead && f.load === 0) {
      const siblings = loops.filter((l) => l.parent === loop.parent && l.features.load === 0);
      if (loop.parent.parent) {
        // Inner sums, where they are not unrolled.
        return (loop.parent === siblings[0]?.parent && f.fma ? 16 * 16 : 1) / Math.max(16, f.fma);
      }
      return siblings[0] === loop ? p.headDim / 16 : p.headDim / 32;
    }
  },
  layer_norm: (f, loop, { p }) => (f.ldsRead && !f.load ? 8 : Math.ceil(p.channels / 256)),
  grid_sample: (f, loop, { p }) => Math.min(8, p.channels),
  upfirdn2d: (f, loop, { c }) => Math.floor((3 * c.DOWN + 3 + c.UP) / c.UP),
  pointwise(f, loop, { p }) {
    if (f.store) return p.outputs;
    return loop.parent ? Math.min(16, p.inputs) : Math.ceil(p.inputs / 16);
  },
  linear_row: (f, loop, { p }) => Math.ceil(p.inputs / 32),
  demodulation: (f, loop, { p }) => Math.ceil(p.inputs / 32),
  mean_over_time: () => 1,
  select_rows: () => 1,
};

/**
 * @param given { kernel, constants, params, workgroups, threads, lds, rule }: `rule` goes before the kernel's own.
 * @param unknown Set that takes a word on each loop that nobody knows; it runs once.
 * @returns a function for `waveCost`.
 */
export function tripsFor({ kernel, constants: c, params: p, workgroups, threads, lds, rule }, unknown) {
  return (loop, loops) => {
    const context = { p, c, workgroups, threads, lds, loops };
    const f = loop.features;
    const trips = zeroing(f, loop, context) ?? rule?.(f, loop, context) ?? rules[kernel]?.(f, loop, context);
    if (trips === undefined) unknown.add('a loop of unknown length');
    return trips ?? 1;
  };
}
