// A contact sheet of cartoon heads: above, neutral; below, the same with a random motion.
//   npm run build && node tools/cartoon-sheet.mjs OUT.png [--seed 1] [--size 192] [--heads 6]
import { parseArgs } from 'node:util';
import { drawCartoon } from '../dist/cartoon/draw.js';
import { randomIdentity } from '../dist/cartoon/identity.js';
import { neutral, randomMotion } from '../dist/cartoon/motion.js';
import { openRandom } from '../dist/cartoon/random.js';
import { writePng } from '../dist/node/png.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    size: { type: 'string', default: '192' },
    heads: { type: 'string', default: '6' },
  },
});
const [out] = positionals;
if (!out) throw new Error('expected OUT.png');
const [seed, size, heads] = [values.seed, values.size, values.heads].map(Number);
const sheet = { width: heads * size, height: 2 * size, data: new Uint8Array(heads * size * 2 * size * 3) };
for (let head = 0; head < heads; head++) {
  const random = openRandom(seed, head);
  const identity = randomIdentity(random);
  [neutral, randomMotion(random)].forEach((motion, row) => {
    const { data } = drawCartoon(identity, motion, size);
    for (let y = 0; y < size; y++) {
      const at = ((row * size + y) * sheet.width + head * size) * 3;
      sheet.data.set(data.subarray(y * size * 3, (y + 1) * size * 3), at);
    }
  });
}
await writePng(out, sheet);
