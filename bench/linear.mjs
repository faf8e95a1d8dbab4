// Time and memory of the whole pipeline, video file included, against the number of frames:
//   npm run build && node bench/linear.mjs [--weights golden/tiny] [--frames 10,100,1000] [--adapter NAME]
// Each length runs in a process of its own, `float animate`; cost is linear where the later frames of all take the same
// time, and memory flat where the peaks are the same.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printTable } from './table.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    weights: { type: 'string', default: join(root, 'golden/tiny') },
    frames: { type: 'string', default: '10,100,1000' },
    adapter: { type: 'string', default: 'auto' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'float-linear-'));
const example = readFileSync(join(root, 'examples/speech/neutral.wav'));

/** A WAV of so many frames at 25 a second, of the example again and again. */
function speechOf(frames) {
  const data = Buffer.alloc(frames * 1280, example.subarray(44));
  const header = Buffer.from(example.subarray(0, 44));
  header.writeUInt32LE(36 + data.length, 4);
  header.writeUInt32LE(data.length, 40);
  const path = join(folder, `${frames}.wav`);
  writeFileSync(path, Buffer.concat([header, data]));
  return path;
}

// Loaded before the command: what the operating system says of its process in the end.
const tell = `data:text/javascript,
import { isMainThread } from 'node:worker_threads';
const tell = () => process.stderr.write(JSON.stringify({ peak: process.resourceUsage().maxRSS }));
if (isMainThread) process.on('exit', tell);`;

function run(frames) {
  const image = join(root, 'examples/portraits/portrait1.png');
  const options = ['--image', image, '--audio', speechOf(frames), '--out', join(folder, 'out.mp4'), '--json'];
  const args = ['animate', ...options, '--weights', flags.weights, '--adapter', flags.adapter];
  const command = ['--import', tell, join(root, 'dist/cli/main.js'), ...args];
  const { stdout, stderr, status } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`float animate ended with status ${status}: ${stderr}`);
  const { seconds, firstFrame, gpuBytes } = JSON.parse(stdout);
  const { peak } = JSON.parse(stderr.slice(stderr.lastIndexOf('{')));
  return {
    frames,
    seconds,
    'first frame, s': firstFrame,
    'ms a later frame': (1000 * (seconds - firstFrame)) / (frames - 1),
    'GPU peak, MB': gpuBytes / 1e6,
    'host peak, MB': peak / 1e3,
  };
}

try {
  printTable(`float animate --weights ${flags.weights}`, flags.frames.split(',').map(Number).map(run));
} finally {
  rmSync(folder, { recursive: true });
}
