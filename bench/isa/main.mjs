// What the kernels become on graphics cards that are not here: their machine code for AMD (RADV without hardware) and
// NVIDIA (ptxas) at the published sizes, and an estimate of the time, beside the tables of bench/isa/results.
// docs/performance.md says how far to trust it. Nothing runs on a card, and nothing is installed.
//   npm run build && npm run isa -- [--only KERNEL] [--family rdna2,rdna3,gcn,nvidia] [--precision f16] [--rows 40]
//     [--update: these tables are the new ones] [--peers: estimate ONNX Runtime Web anew, in Chromium]
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cards } from './cards.mjs';
import { whatIsMissing } from './needs.mjs';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    family: { type: 'string', default: Object.keys(cards).join() },
    precision: { type: 'string', default: 'f32' },
    rows: { type: 'string', default: '40' },
    update: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
  },
});
const families = flags.family.split(',');
const refuse = (why) => {
  console.error(why);
  process.exit(2);
};
const unknownFamily = families.find((family) => !(family in cards));
if (unknownFamily) refuse(`--family: expected ${Object.keys(cards).join(', ')}, got ${unknownFamily}`);
if (!['f32', 'f16'].includes(flags.precision)) {
  refuse(`--precision: expected f32 or f16, got ${flags.precision}`);
}
if (!existsSync(new URL('../../dist/index.js', import.meta.url))) refuse('dist is not built: npm run build');
const missing = whatIsMissing(families.map((family) => cards[family].vendor));
if (missing) refuse(missing);

const { shaders } = await import('../../dist/runtime/shaders.generated.js');
const { collectLaunches } = await import('./launches.mjs');
const { compileAmd } = await import('./radv.mjs');
const { compileNvidia } = await import('./nvidia.mjs');
const { toSpirv } = await import('./spirv.mjs');
const { rowsOf } = await import('./rows.mjs');
const { printCard, printBeside } = await import('./tables.mjs');
const { readResults, writeResults } = await import('./results.mjs');
const peers = flags.peers ? await import('./peers.mjs') : undefined;
const noPeers = peers?.whyNoPeers();
if (noPeers) refuse(noPeers);

if (flags.only !== undefined && !(flags.only in shaders)) {
  refuse(`--only: expected one of ${Object.keys(shaders).join(', ')}, got ${flags.only}`);
}

const folder = mkdtempSync(join(tmpdir(), 'isa-'));
const theirs = join(folder, 'peers');
mkdirSync(theirs);
const compile = (index, family, into) =>
  (cards[family].vendor === 'amd' ? compileAmd : compileNvidia)(index, cards[family], into);
try {
  const { modules, launches } = await collectLaunches(flags.precision);
  const wanted = (name) => flags.only === undefined || modules[name].kernel === flags.only;
  const index = toSpirv(Object.fromEntries(Object.entries(modules).filter(([name]) => wanted(name))), folder);
  const chosen = launches.filter(({ module }) => wanted(module));
  const before = readResults(flags.precision);
  const peer = peers && (await peers.estimatePeers(families, theirs, compile));
  const after = { cards: { ...before.cards }, peers: { ...before.peers } };
  for (const family of families) {
    const rows = rowsOf(chosen, modules, index, compile(index, family, folder), cards[family]);
    const known = Object.entries(before.cards[family] ?? {});
    const isOther = ([key]) => flags.only !== undefined && !key.includes(` | ${flags.only} `);
    const compared = Object.fromEntries(known.filter((entry) => !isOther(entry)));
    printCard(cards[family], rows, compared, Number(flags.rows));
    const kept = rows.map((row) => [row.key, row.kept]);
    after.cards[family] = Object.fromEntries([...known.filter(isOther), ...kept]);
    if (peer) after.peers[family] = peer[family];
    if (!flags.only) printBeside(cards[family], rows, after.peers[family] ?? {});
  }
  if (flags.update) await writeResults(flags.precision, after);
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(0);
