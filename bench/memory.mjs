// Resident memory of `float animate` over its run (Linux): node bench/memory.mjs [seconds] [more options of animate]
// Makes a WAV of that many seconds from an example, runs the built command on it and prints what /proc says, tenth by tenth
// of the run.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const [seconds = '10', ...options] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'float-memory-'));

const example = readFileSync(join(root, 'examples/speech/neutral.wav'));
const speech = example.subarray(44);
const data = Buffer.alloc(Number(seconds) * 32000, speech);
const header = Buffer.from(example.subarray(0, 44));
header.writeUInt32LE(36 + data.length, 4);
header.writeUInt32LE(data.length, 40);
const wav = join(folder, 'speech.wav');
writeFileSync(wav, Buffer.concat([header, data]));

const image = join(root, 'examples/portraits/portrait1.png');
const main = join(root, 'dist/cli/main.js');
const args = [
  'animate',
  '--image',
  image,
  '--audio',
  wav,
  '--out',
  join(folder, 'out.mp4'),
  '--json',
  ...options,
];
const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'inherit', 'ignore'] });
const samples = [];
const timer = setInterval(() => {
  try {
    const line = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
    if (line) samples.push(Number(line[1]) / 1024);
  } catch {
    // The process has just ended.
  }
}, 100);
child.on('close', (status) => {
  clearInterval(timer);
  rmSync(folder, { recursive: true });
  console.log(`ended by itself with status ${status}`);
  for (let tenth = 0; tenth < 10; tenth++) {
    const part = samples.slice((tenth * samples.length) / 10, ((tenth + 1) * samples.length) / 10);
    console.log(`${tenth * 10}–${tenth * 10 + 10} % of the run: at most ${Math.max(...part).toFixed(0)} MiB`);
  }
});
