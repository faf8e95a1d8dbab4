// What cutting the speech costs in accuracy: audio features made piece by piece against those of the whole clip, as
// relative L2.
//   node bench/streaming.mjs [weights] [seconds …]
// And the emotion, as the largest difference of a probability. The speech is the examples one after the other.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createAudioEncoder, createEmotionEncoder, openGpu, closeGpu } from '../dist/index.js';
import { wholeSpeech, arrivingSpeech } from '../dist/media/speech-source.js';
import { openWeights, requestNodeAdapter } from '../dist/node/index.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const [weights = `${root}weights/demo`, ...lengths] = process.argv.slice(2);
const speech = (seconds) => {
  const parts = ['neutral', 'happy', 'angry'].map((name) => {
    const bytes = readFileSync(`${root}examples/speech/${name}.wav`);
    return new Int16Array(bytes.buffer, bytes.byteOffset + 44, (bytes.length - 44) >> 1);
  });
  const loop = parts.flatMap((part) => [...part]);
  return Float32Array.from({ length: seconds * 16000 }, (_, i) => loop[i % loop.length] / 32768);
};
async function* pieces(samples) {
  for (let at = 0; at < samples.length; at += 1600) yield samples.subarray(at, at + 1600);
}
const { adapter } = await requestNodeAdapter({ adapter: process.env.FLOAT_TEST_ADAPTER ?? 'software' });
const gpu = await openGpu(adapter);
const opened = await openWeights(weights);
const audio = await createAudioEncoder(gpu, opened.weights, opened.model);
const emotion = await createEmotionEncoder(gpu, opened.weights, opened.model.emotion);
const encode = async (source, cut) => {
  const parts = [];
  for await (const { wa } of audio.pieces(source, { cut })) for (const value of wa) parts.push(value);
  return parts;
};
const error = (a, b) =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / b.reduce((sum, x) => sum + x * x, 0));
const cuts = {
  'recording: 80 s, 20 s around': [wholeSpeech, { piece: 80, before: 20, after: 20 }],
  'recording: 80 s, 5 s around': [wholeSpeech, { piece: 80, before: 5, after: 5 }],
  'recording: 80 s, nothing around': [wholeSpeech, { piece: 80, before: 0, after: 0 }],
  'arriving: 2 s, 10 s before, 1 s after': [
    (x) => arrivingSpeech(pieces(x)),
    { piece: 2, before: 10, after: 1 },
  ],
  'the same, statistics of the whole': [wholeSpeech, { piece: 2, before: 10, after: 1 }],
  'arriving: 2 s, 20 s before, 1 s after': [
    (x) => arrivingSpeech(pieces(x)),
    { piece: 2, before: 20, after: 1 },
  ],
  'arriving: 2 s, 10 s before, 0.2 s after': [
    (x) => arrivingSpeech(pieces(x)),
    { piece: 2, before: 10, after: 0.2 },
  ],
  'arriving: 2 s, 10 s before, 3 s after': [
    (x) => arrivingSpeech(pieces(x)),
    { piece: 2, before: 10, after: 3 },
  ],
};
for (const seconds of lengths.length > 0 ? lengths.map(Number) : [20, 60, 240]) {
  const samples = speech(seconds);
  const whole = await encode(wholeSpeech(samples), { whole: Infinity, piece: 1, before: 0, after: 0 });
  for (const [name, [source, cut]] of Object.entries(cuts)) {
    if (name.startsWith('recording') && seconds <= 80) continue;
    const wa = await encode(source(samples), { whole: 0, ...cut });
    console.log(`${seconds} s | ${name} | ${error(wa, whole).toExponential(1)}`);
  }
  const we = await emotion.classify(samples, { pieceSeconds: Infinity });
  for (const pieceSeconds of [3, 30, 120]) {
    if (pieceSeconds >= seconds) continue;
    const cut =
      pieceSeconds === 3
        ? await emotion.classify(samples.subarray(0, 48000))
        : await emotion.classify(samples, { pieceSeconds });
    const worst = Math.max(...cut.map((p, i) => Math.abs(p - we[i])));
    const name = pieceSeconds === 3 ? 'of the first 3 s alone' : `in pieces of ${pieceSeconds} s`;
    console.log(`${seconds} s | emotion ${name} | ${worst.toExponential(1)}`);
  }
}
[audio, emotion].forEach((encoder) => encoder.destroy());
closeGpu(gpu);
