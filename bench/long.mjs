// Memory over a long run, inside the process: node bench/long.mjs SECONDS [--motion] [--arriving] [--weights DIR]
// [--nfe N] [--size N] [--svg FILE]. Animates that many seconds of an example's speech, said again and again, to an MP4
// (--motion: to motion alone; --arriving: speech that arrives in pieces instead of a recording). Twice a second it
// notes resident memory, the JavaScript heap, what lies outside of it (arrays, wasm) and GPU buffers. It prints for
// each tenth of the speech the most of each, and the heap once the garbage has been collected; --svg draws the curves.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { animate, animateStream, closeGpu, fitSquare, openGpu, speechMotion } from '../dist/index.js';
import { arrivingSpeech } from '../dist/media/speech-source.js';
import {
  createVideoWriter,
  openWeights,
  readPicture,
  readSound,
  requestNodeAdapter,
} from '../dist/node/index.js';
import { drawCurves } from './curves.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    motion: { type: 'boolean', default: false },
    arriving: { type: 'boolean', default: false },
    weights: { type: 'string', default: `${root}golden/tiny` },
    nfe: { type: 'string', default: '3' },
    size: { type: 'string' },
    svg: { type: 'string' },
  },
});
const seconds = Number(positionals[0] ?? 60);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

const { adapter, name } = await requestNodeAdapter({ adapter: process.env.FLOAT_TEST_ADAPTER ?? 'software' });
const gpu = await openGpu(adapter);
const opened = await openWeights(values.weights);
const { dim_w: d, fps, input_size: side } = opened.model.config;
const float = { gpu, ...opened };
const options = { nfe: Number(values.nfe), emotion: 'neutral' };

const example = await readSound(`${root}examples/speech/neutral.wav`);
const said = example.channels[0];
const rate = example.sampleRate;
const samples = (start, count) =>
  Float32Array.from({ length: count }, (_, i) => said[(start + i) % said.length]);
let listener;
async function* pieces() {
  for (let at = 0; at < seconds * rate; at += rate / 10) {
    const piece = samples(at, rate / 10);
    listener?.(piece);
    yield piece;
  }
}

/** Frames one after the other: how many each step has made. */
async function* motionSteps() {
  const speech = values.arriving ? arrivingSpeech(pieces()) : samples(0, seconds * rate);
  for await (const window of speechMotion(float, new Float32Array(d), speech, options))
    yield window.length / d;
}
async function* videoSteps() {
  const portrait = await readPicture(`${root}examples/portraits/portrait1.png`);
  const recording = {
    sampleRate: rate,
    channels: [values.arriving ? samples(0, 0) : samples(0, seconds * rate)],
  };
  const folder = mkdtempSync(join(tmpdir(), 'float-long-'));
  const size = Number(values.size ?? side);
  const sound = values.arriving
    ? { sampleRate: rate, pieces: pieces(), listen: (heard) => (listener = heard), close: () => undefined }
    : recording;
  const video = await createVideoWriter(join(folder, 'out.mp4'), { width: size, height: size, fps, sound });
  try {
    const frames = values.arriving
      ? animateStream(float, portrait, sound.pieces, { ...options, sampleRate: rate })
      : animate(float, portrait, recording, options);
    for await (const { picture } of frames) {
      await video.addFrame(size === side ? picture : fitSquare(picture, size));
      yield 1;
    }
    await video.close();
  } finally {
    await video.abort();
    rmSync(folder, { recursive: true });
  }
}

const started = performance.now();
const cpu = process.cpuUsage();
const notes = [];
const note = () => {
  const { rss, heapUsed, external } = process.memoryUsage();
  notes.push({
    at: (performance.now() - started) / 1000,
    rss,
    heap: heapUsed,
    external,
    gpu: gpu.memory.bytes,
  });
};
const kinds = ['rss', 'heap', 'external', 'gpu'];
const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(1).padStart(8);
console.log(`${name}; the most in each tenth, MiB; “live”: heap and external once garbage is collected`);
console.log('   of    time      RSS     heap external      GPU     live external');
const tenth = { number: 0, since: 0 };
function endTenth() {
  note();
  const part = notes.slice(tenth.since);
  const most = kinds.map((kind) => megabytes(Math.max(...part.map((one) => one[kind]))));
  collect();
  const live = process.memoryUsage();
  const time = `${((performance.now() - started) / 1000).toFixed(0)} s`.padStart(7);
  tenth.number++;
  const share = `${tenth.number * 10} %`.padStart(5);
  console.log([share, time, ...most, megabytes(live.heapUsed), megabytes(live.external)].join(' '));
  tenth.since = notes.length;
}

const timer = setInterval(note, 500);
let frames = 0;
try {
  for await (const count of values.motion ? motionSteps() : videoSteps()) {
    frames += count;
    if (frames >= (tenth.number + 1) * 0.1 * seconds * fps) endTenth();
  }
  note();
} finally {
  clearInterval(timer);
  const time = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${frames} frames in ${time.toFixed(0)} s, ${((user + system) / 1e6).toFixed(0)} s of processor time, ` +
      `GPU memory at most ${megabytes(gpu.memory.peak).trim()} MiB`,
  );
  if (values.svg !== undefined) writeFileSync(values.svg, drawCurves(notes, kinds));
  closeGpu(gpu);
  await opened.close();
}
