// Reads AMD assembly as RADV prints it: what each instruction is and how long it keeps its unit.

/** Opcodes by the unit and the rate at which they run; the first that fits counts. */
const classes = [
  [/^v_dual/, 'valu'],
  [/^v_(rcp|rsq|sqrt|exp|log|sin|cos)_/, 'trans'],
  [/^v_(mul_(lo|hi)_[ui]32|mad_(co_)?[ui]64_[ui]32)/, 'quarter'],
  [/^v_(lshrrev_b64|lshlrev_b64|ashrrev_i64)/, 'wide'],
  [/^v_/, 'valu'],
  [/^(buffer|global|flat|scratch|tbuffer|image)_/, 'vm'],
  [/^ds_/, 'ds'],
  [/^s_(load|buffer_load|scratch)/, 'sm'],
  [/^s_wait/, 'wait'],
  [/^s_barrier/, 'barrier'],
  [/^s_c?branch/, 'branch'],
];
const classOf = (op) => classes.find(([pattern]) => pattern.test(op))?.[1] ?? 'salu';

const isStore = (op) => /store|ds_write|atomic/.test(op);
const roles = { vm: ['load', 'store'], ds: ['ldsRead', 'ldsWrite'], barrier: ['barrier', 'barrier'] };
const isFma = (op) => /^v_(pk_)?(fma|fmac|fmaak|fmamk|mac|mad_f|mad_mix|fma_mix)/.test(op);
function fmasOf(op, text) {
  if (/^v_dual/.test(op)) return text.split('::').filter((half) => /v_dual_fma/.test(half)).length;
  return isFma(op) ? (/^v_pk/.test(op) ? 2 : 1) : 0;
}

/** @returns blocks [{ name, instructions }] of the assembly in a dump of pipestats.c. */
export function readAssembly(dump) {
  const blocks = [];
  for (const line of dump.slice(dump.lastIndexOf('==== Assembly')).split('\n').slice(1)) {
    const label = /^(BB\d+):/.exec(line);
    if (label) blocks.push({ name: label[1], instructions: [] });
    const text = line.replace(/;.*$/, '').trim();
    if (label || !text || text.startsWith('====')) continue;
    const [op] = text.split(/\s+/, 1);
    const operands = text.slice(op.length).trim();
    const kind = classOf(op);
    if (blocks.length === 0) blocks.push({ name: 'BB', instructions: [] });
    blocks.at(-1).instructions.push({
      op,
      operands,
      kind,
      stores: isStore(op),
      role: roles[kind]?.[isStore(op) ? 1 : 0],
      fma: fmasOf(op, text),
      target: kind === 'branch' ? operands : undefined,
      ends: /^s_(branch|endpgm|setpc)/.test(op),
    });
  }
  return blocks;
}

/** Registers named in operands: v7, s[4:7], vcc, exec. */
export function registersIn(text) {
  const found = [];
  for (const [, file, one, from, to] of text.matchAll(/\b([vs])(?:(\d+)|\[(\d+):(\d+)\])/g)) {
    if (one !== undefined) found.push(file + one);
    else for (let r = Number(from); r <= Number(to); r++) found.push(file + r);
  }
  if (/\bvcc/.test(text)) found.push('vcc');
  if (/\bexec/.test(text)) found.push('exec');
  return found;
}

// In RDNA3 and later both halves of a wave of 64 go at once through these (as ACO has it).
const dual64 =
  /^v_(fma|fmac|fmaak|fmamk|mul|add|sub|subrev|max|min|mul_dx9_zero|fma_dx9_zero)_f(32|16)|^v_(mov_b32|cndmask_b32)/;

/** Cycles for which an instruction of a wave keeps its unit. */
export function cyclesOf({ op, kind }, card, wave) {
  const passes = wave / card.lanes;
  switch (kind) {
    case 'valu':
      return card.generation >= 11 && wave === 64 && dual64.test(op) && !/_dpp/.test(op)
        ? passes / 2
        : passes;
    case 'wide':
      return passes * (card.generation === 9 ? 4 : 2);
    case 'quarter':
      return 4 * passes;
    case 'trans': // RDNA has a unit of its own for these, which works while the VALU goes on.
      return card.generation === 9 ? 4 * passes : passes;
    case 'ds': {
      const bytes = /b128|x4|b96/.test(op) ? 16 : /b64|x2|2_b32|2st64_b32/.test(op) ? 8 : 4;
      return (bytes * wave) / card.lds;
    }
    case 'vm': // A texture unit takes the addresses of four lanes a cycle, and four SIMDs (two on RDNA) share it.
      return Math.max(1, wave / 16);
    default:
      return 1;
  }
}
