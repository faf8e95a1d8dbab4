// What a pass through a block of AMD machine code costs a wave that is alone: instructions go in order, each waits for
// its operands and for its unit, and loads are waited for where an s_waitcnt says so. Both arms of an `if` run.
import { cyclesOf, registersIn } from './amd.mjs';

/** Assumed cycles until a value is there. Memory: a hit in L2, as ACO assumes; DRAM takes 600 and more, L0 some 120. */
const latencies = { vm: 320, ds: 64, sm: 50 };

const unitOf = {
  valu: 'valu',
  trans: 'valu',
  quarter: 'valu',
  wide: 'valu',
  ds: 'lds',
  vm: 'vmem',
  sm: 'scalar',
  salu: 'scalar',
  branch: 'branch',
  barrier: 'branch',
};

/** What the ends of the blocks before leave for a block: operands and loads not there yet, in cycles from its start. */
function joined(ends) {
  const state = { ready: new Map(), free: {}, pending: { vm: [], vs: [], lgkm: [] } };
  for (const { now, ready, free, pending } of ends) {
    for (const [register, at] of ready) {
      if (at > now) state.ready.set(register, Math.max(state.ready.get(register) ?? 0, at - now));
    }
    for (const unit in free) state.free[unit] = Math.max(state.free[unit] ?? 0, free[unit] - now);
    for (const queue in pending) {
      const [mine, theirs] = [state.pending[queue], pending[queue].map((at) => at - now)];
      const length = Math.max(mine.length, theirs.length);
      // The youngest of both queues correspond.
      const from = (q, i) => q[i - (length - q.length)] ?? -Infinity;
      state.pending[queue] = Array.from({ length }, (_, i) => Math.max(from(mine, i), from(theirs, i)));
    }
  }
  return state;
}

/** How many of each queue an s_waitcnt (RDNA4: s_wait_…) leaves under way. */
function waitsOf({ op, operands }) {
  const named = (name) => new RegExp(`${name}\\((\\d+)\\)`).exec(operands)?.[1];
  const plain = /^(0x[\da-f]+|\d+)$/.test(operands) ? Number(operands) : undefined;
  const all = op === 's_waitcnt' && plain === 0 ? 0 : undefined;
  const six = (pattern) => (pattern.test(op) ? plain & 63 : undefined);
  return {
    vm: all ?? named('vmcnt') ?? six(/wait_loadcnt/),
    lgkm: all ?? named('lgkmcnt') ?? six(/wait_(ds|km)cnt|wait_loadcnt_dscnt/),
    vs: /vscnt|storecnt/.test(op) ? (plain ?? 0) : undefined,
  };
}

/** @returns { latency, use: { valu, lds, vmem, scalar, branch }, end }. */
export function costOf(card, wave, block, before = []) {
  const { ready, free, pending } = joined(before);
  const use = { valu: 0, lds: 0, vmem: 0, scalar: 0, branch: 0 };
  let now = 0;
  for (const instruction of block.instructions) {
    const { op, operands, kind, stores } = instruction;
    if (kind === 'wait') {
      for (const [queue, left] of Object.entries(waitsOf(instruction))) {
        if (left === undefined) continue;
        while (pending[queue].length > Number(left)) now = Math.max(now, pending[queue].shift());
      }
      continue;
    }
    // The first register named is written, unless it is a store, a comparison without result, or a jump.
    const [first = '', ...others] = operands.split(',');
    const writesNone = kind === 'branch' || kind === 'barrier' || stores || op.startsWith('s_cmp');
    const reads = stores || /fmac|^s_cmp/.test(op) ? operands : others.join(',');
    let start = now;
    for (const r of registersIn(reads)) start = Math.max(start, ready.get(r) ?? 0);
    const unit = unitOf[kind];
    const busy = cyclesOf(instruction, card, wave);
    // LDS and texture units take requests into queues: they count as use, and do not stop the wave.
    if (unit === 'valu' || unit === 'scalar') {
      start = Math.max(start, free[unit] ?? 0);
      free[unit] = start + busy;
    }
    use[unit] += busy;
    now = start + (unit === 'valu' ? busy : 1);
    if (kind in latencies) {
      const end = start + latencies[kind] + busy;
      const queue = kind !== 'vm' ? pending.lgkm : stores && card.generation >= 10 ? pending.vs : pending.vm;
      queue.push(kind === 'sm' ? end : Math.max(end, queue.at(-1) ?? 0));
    } else if (!writesNone) {
      const after = card.generation === 9 ? 0 : kind === 'trans' ? 6 : unit === 'valu' ? 4 : 1;
      for (const r of registersIn(first)) ready.set(r, now + after);
    }
  }
  return { latency: now, use, end: { now, ready, free, pending } };
}
