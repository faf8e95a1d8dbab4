// Memory and time of the motion of long speech, without pictures: node bench/long-motion.mjs [seconds] [weights] [nfe] [arriving]
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { closeGpu, openGpu, speechMotion } from '../dist/index.js';
import { arrivingSpeech, wholeSpeech } from '../dist/media/speech-source.js';
import { openWeights, requestNodeAdapter } from '../dist/node/index.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const [seconds = '600', weights = `${root}golden/tiny`, nfe = '3', arriving] = process.argv.slice(2);
const bytes = readFileSync(`${root}examples/speech/neutral.wav`);
const loop = new Int16Array(bytes.buffer, bytes.byteOffset + 44, (bytes.length - 44) >> 1);
const sample = (i) => loop[i % loop.length] / 32768;
const total = Number(seconds) * 16000;
async function* pieces() {
  for (let at = 0; at < total; at += 1600)
    yield Float32Array.from({ length: 1600 }, (_, i) => sample(at + i));
}
const { adapter, name } = await requestNodeAdapter({ adapter: process.env.FLOAT_TEST_ADAPTER ?? 'software' });
const gpu = await openGpu(adapter);
const opened = await openWeights(weights);
const { dim_w: d, fps } = opened.model.config;
const speech = arriving
  ? arrivingSpeech(pieces())
  : wholeSpeech(Float32Array.from({ length: total }, (_, i) => sample(i)));
const megabytes = (n) => (n / 2 ** 20).toFixed(0);
const started = performance.now();
const cpu = process.cpuUsage();
let frames = 0;
let tenths = 0;
let resident = 0;
const options = { nfe: Number(nfe), emotion: 'neutral' };
for await (const window of speechMotion({ gpu, ...opened }, new Float32Array(d), speech, options)) {
  frames += window.length / d;
  resident = Math.max(resident, process.memoryUsage.rss());
  if (frames < (tenths + 1) * 0.1 * Number(seconds) * fps) continue;
  const time = (performance.now() - started) / 1000;
  console.log(
    `${++tenths * 10} %  ${time.toFixed(0)} s  RSS at most ${megabytes(resident)} MiB  GPU peak ${megabytes(gpu.memory.peak)} MiB`,
  );
  resident = 0;
}
console.log(
  `${frames} frames on ${name}, ${(process.cpuUsage(cpu).user / 1e6).toFixed(0)} s of processor time`,
);
closeGpu(gpu);
