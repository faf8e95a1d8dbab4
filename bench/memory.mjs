// Resident memory of `float animate` over its run (Linux): node bench/memory.mjs [seconds] [more options of animate]
// Makes a WAV of that many seconds from an example, runs the built command on it and prints what /proc says, tenth by
// tenth of the run. With ffmpeg on the PATH, it also says how far sound and pictures are apart at the end of the video.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
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

// The sound's delay: the lag (samples at 16 kHz) at which the last two seconds of the video's sound look most like the
// same two seconds of the recording. The pictures': the time of the last frame against where 25 a second put it.
function printSync() {
  const video = join(folder, 'out.mp4');
  const start = Number(seconds) - 2;
  const rawSound = execFileSync(
    'ffmpeg',
    [
      '-v',
      'error',
      '-i',
      video,
      '-ss',
      `${start}`,
      '-t',
      '1.9',
      '-f',
      's16le',
      '-ac',
      '1',
      '-ar',
      '16000',
      '-',
    ],
    { maxBuffer: 1 << 28 },
  );
  const sound = new Int16Array(rawSound.buffer, rawSound.byteOffset, rawSound.length >> 1);
  const recorded = (i) => data.readInt16LE(2 * (start * 16000 + i));
  let best = { lag: 0, likeness: -Infinity };
  for (let lag = -1600; lag <= 1600; lag++) {
    let likeness = 0;
    for (let i = 1600; i < sound.length - 1600; i++) likeness += sound[i] * recorded(i - lag);
    if (likeness > best.likeness) best = { lag, likeness };
  }
  const times = execFileSync(
    'ffprobe',
    ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', video],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  )
    .split('\n')
    .map(parseFloat)
    .filter(Number.isFinite);
  const off = Math.max(...times.map((time, index) => Math.abs(time - index / 25)));
  console.log(
    `at the end: sound ${((best.lag / 16000) * 1000).toFixed(2)} ms late; ${times.length} pictures, the furthest ` +
      `${(off * 1000).toFixed(2)} ms from its place`,
  );
}

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
  console.log(`ended by itself with status ${status}`);
  if (status === 0 && spawnSync('ffmpeg', ['-version']).status === 0) printSync();
  rmSync(folder, { recursive: true });
  for (let tenth = 0; tenth < 10; tenth++) {
    const part = samples.slice((tenth * samples.length) / 10, ((tenth + 1) * samples.length) / 10);
    console.log(`${tenth * 10}–${tenth * 10 + 10} % of the run: at most ${Math.max(...part).toFixed(0)} MiB`);
  }
});
