// Reads NVIDIA machine code without a disassembler. Since Volta an instruction is 16 bytes: its operation in the lowest
// nine bits, and at the top what the compiler knows of its time: cycles to stall, and six counters that loads set and
// others wait for.
import { readFileSync } from 'node:fs';

const names = {
  0x023: 'FFMA',
  0x021: 'FADD',
  0x020: 'FMUL',
  0x031: 'HFMA2',
  0x024: 'IMAD',
  0x025: 'IMAD.WIDE',
  0x027: 'IMAD.HI',
  0x184: 'LDS',
  0x188: 'STS',
  0x181: 'LDG',
  0x186: 'STG',
  0x183: 'LDL',
  0x187: 'STL',
  0x11d: 'BAR',
  0x147: 'BRA',
  0x14d: 'EXIT',
  0x108: 'MUFU',
};
const roles = { LDG: 'load', STG: 'store', LDS: 'ldsRead', STS: 'ldsWrite', BAR: 'barrier' };
// By these the FMA pipe is kept, 32 lanes; the others take the integer pipe, 16 lanes.
const fmaPipe = new Set(['FFMA', 'FADD', 'FMUL', 'HFMA2', 'IMAD', 'IMAD.WIDE', 'IMAD.HI']);
/** Assumed cycles until a value is there; memory: a hit in L2. */
const latencies = { LDG: 280, LDL: 280, LDS: 30, MUFU: 25 };

/** @returns instructions of the first section of code. */
function readCubin(path) {
  const file = readFileSync(path);
  const table = Number(file.readBigUInt64LE(0x28));
  const [size, count, namesAt] = [0x3a, 0x3c, 0x3e].map((at) => file.readUInt16LE(at));
  const section = (i) => ({
    name: file.readUInt32LE(table + i * size),
    offset: Number(file.readBigUInt64LE(table + i * size + 0x18)),
    bytes: Number(file.readBigUInt64LE(table + i * size + 0x20)),
  });
  const strings = section(namesAt).offset;
  const labelOf = ({ name }) => file.toString('latin1', strings + name, file.indexOf(0, strings + name));
  const text = Array.from({ length: count }, (_, i) => section(i)).find((s) =>
    labelOf(s).startsWith('.text.'),
  );
  return Array.from({ length: text.bytes / 16 }, (_, i) => {
    const low = file.readBigUInt64LE(text.offset + 16 * i);
    const high = file.readBigUInt64LE(text.offset + 16 * i + 8);
    const field = (from, bits) => Number((high >> BigInt(from - 64)) & ((1n << BigInt(bits)) - 1n));
    const op = names[Number(low & 0x1ffn)] ?? 'other';
    // A jump's distance: signed, bits 34 to 81, in units of four bytes, from the next instruction.
    const distance = Number(BigInt.asIntN(48, (low >> 34n) | (high << 30n))) * 4;
    return {
      at: 16 * i,
      op,
      role: roles[op],
      fma: op === 'FFMA' ? 1 : 0,
      // LDS and LDG say at bits 73 to 75 how much they move: 4 is four bytes a lane, 5 eight, 6 sixteen.
      bytes: 2 ** (Math.max(4, field(73, 3)) - 2),
      target: op === 'BRA' ? 16 * i + 16 + distance : undefined,
      // Always taken: predicate PT, which is seven.
      ends: (op === 'BRA' || op === 'EXIT') && Number((low >> 12n) & 15n) === 7,
      stall: field(105, 4),
      sets: [field(110, 3), field(113, 3)].filter((counter) => counter !== 7),
      waits: field(116, 6),
    };
  });
}

/** @returns blocks [{ name: address, instructions }]. */
export function readBlocks(path) {
  const instructions = readCubin(path);
  const starts = new Set([0]);
  for (const { at, target } of instructions) {
    if (target === undefined) continue;
    starts.add(target);
    starts.add(at + 16);
  }
  const blocks = [];
  for (const instruction of instructions) {
    if (starts.has(instruction.at)) blocks.push({ name: instruction.at, instructions: [] });
    blocks.at(-1).instructions.push(instruction);
  }
  return blocks;
}

/** What a pass through a block costs a warp that is alone, as costOf of amd-cost.mjs. */
export function costOf(card, block, before = []) {
  const counters = Array.from({ length: 6 }, (_, c) =>
    Math.max(0, ...before.map(({ now, at }) => at[c] - now)),
  );
  const use = { valu: 0, lds: 0, vmem: 0 };
  let [now, alu] = [0, 0];
  for (const { op, role, bytes, stall, sets, waits } of block.instructions) {
    counters.forEach((at, c) => {
      if (waits & (1 << c)) now = Math.max(now, at);
    });
    // What the four schedulers of a multiprocessor share moves 128 bytes a cycle; half of shared reads are taken to be
    // alike.
    if (role === 'ldsRead' || role === 'ldsWrite') use.lds += (bytes * 32) / card.lds / 2;
    if (role === 'load' || role === 'store') use.vmem += (bytes * 32) / card.lds;
    use.valu += 1;
    alu += fmaPipe.has(op) || role || op === 'BRA' ? 0 : 2;
    for (const counter of sets) counters[counter] = Math.max(counters[counter], now + (latencies[op] ?? 20));
    now += Math.max(1, stall);
  }
  use.valu = Math.max(use.valu, alu);
  return { latency: now, use, end: { now, at: counters } };
}
