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
  linear(f, loop, { p, c, workgroups }) {
    if (isPanels(f, loop)) return Math.ceil(p.inputs / 16) / workgroups[2];
    if (isCopying(f)) return 8 / c.HIGH;
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
  attention(f, loop, { p }) {
    // Blocks of 64 keys; in one, panels of 16 channels, then of 16 keys.
    const keys = Math.min(p.length, 16 + 2 * p.reach);
    const blocks = Math.ceil(keys / 64);
    if (!loop.parent) return blocks;
    if (isCopying(f)) return 4;
    if (f.load) return f.ldsWrite > (f.load * 3) / 16 ? p.headDim / 16 : Math.ceil(keys / 16) / blocks;
    if (f.ldsRead) return f.fma ? (16 * 16) / f.fma : 1;
  },
  attention_band: (f, loop, { p }) => (f.load || f.ldsRead <= 1 ? 2 * p.reach + 1 : 1),
  layer_norm: (f, loop, { p }) => (f.ldsRead && !f.load ? 8 : Math.ceil(p.channels / 256)),
  grid_sample: (f, loop, { p }) => Math.min(8, p.channels),
  upfirdn2d: (f, loop, { c }) => Math.floor((3 * c.DOWN + 3 + c.UP) / c.UP),
  pointwise(f, loop, { p }) {
    if (f.store) return p.outputs;
    return loop.parent ? Math.min(16, p.inputs) : Math.ceil(p.inputs / 16);
  },
  linear_row: (f, loop, { p }) => Math.ceil(p.inputs / 32),
  demodulation: () => 16, // of 512 inputs, the widest layers
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
