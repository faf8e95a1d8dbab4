// What emotion, guidance and motion scale do to the demo model's motion: node bench/control.mjs [adapter]
// Prints the tables of docs/control.md. λ = Qᵀr; the demo's configuration names its directions.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as float from '../dist/index.js';
import { openWeights, readPicture, readSound, requestNodeAdapter } from '../dist/node/index.js';
import { directionMatrix } from '../dist/models/autoencoder/direction.js';
import { motionScaler } from '../dist/models/autoencoder/motion-scale.js';
import { fitSquare } from '../dist/media/resize.js';
import { speechSamples } from '../dist/media/speech.js';

const file = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const [adapter = 'auto'] = process.argv.slice(2);
const gpu = await float.openGpu((await requestNodeAdapter({ adapter })).adapter);
const model = { gpu, ...(await openWeights(file('weights/demo'))) };
const { config } = model.model;
const { q, rows: d, cols } = await directionMatrix(model.weights);
const autoencoder = await float.createMotionAutoencoder(gpu, model.weights, config);
const portrait = fitSquare(await readPicture(file('examples/portraits/portrait2.png')), config.input_size);
const { rS } = await autoencoder.encode(float.pictureTensor(portrait));
autoencoder.destroy();

/** The motion [T, d] of an example. */
async function sample(speech, options = {}) {
  const samples = speechSamples(await readSound(file(`examples/speech/${speech}.wav`)));
  const motion = [];
  for await (const part of float.speechMotion(model, rS, samples, options)) motion.push(...part);
  return Float32Array.from(motion);
}

/** λ of one direction over time. */
function curve(motion, name) {
  const m = config.directions.indexOf(name);
  return Array.from({ length: motion.length / d }, (_, t) => {
    let sum = 0;
    for (let i = 0; i < d; i++) sum += motion[t * d + i] * q[i * cols + m];
    return sum;
  });
}
const mean = (x) => x.reduce((sum, v) => sum + v, 0) / x.length;
const sd = (x) => Math.sqrt(mean(x.map((v) => (v - mean(x)) ** 2)));
function correlation(a, b) {
  const n = Math.min(a.length, b.length);
  const [x, y] = [a.slice(0, n), b.slice(0, n)];
  return mean(x.map((v, i) => (v - mean(x)) * (y[i] - mean(y)))) / (sd(x) * sd(y));
}
const trueJaw = (speech) => JSON.parse(readFileSync(file(`examples/speech/${speech}.json`), 'utf8')).jaw;
const row = (label, values) => console.log(`| ${label} | ${values.map((v) => v.toFixed(2)).join(' | ')} |`);
const face = ['smile', 'brow', 'anger', 'wide'];
const lips = (motion, speech) => [
  correlation(curve(motion, 'jaw'), trueJaw(speech)),
  sd(curve(motion, 'jaw')),
];

console.log('\nemotion on neutral speech: mean of smile, brow, anger, wide; jaw r, jaw sd');
for (const emotion of float.emotions) {
  const motion = await sample('neutral', { emotion });
  row(emotion, [...face.map((name) => mean(curve(motion, name))), ...lips(motion, 'neutral')]);
}

console.log('\nstrength of happy: mean smile');
for (const strength of [0, 0.25, 0.5, 0.75, 1]) {
  const motion = await sample('neutral', { emotion: [{ time: 0, emotion: 'happy', strength }] });
  row(strength, [mean(curve(motion, 'smile')), ...lips(motion, 'neutral')]);
}

console.log('\nemotion guidance with happy: mean smile, jaw r, jaw sd');
for (const emotionGuidance of [0, 1, 2, 3]) {
  const motion = await sample('neutral', { emotion: 'happy', emotionGuidance });
  row(emotionGuidance, [mean(curve(motion, 'smile')), ...lips(motion, 'neutral')]);
}

console.log('\naudio guidance: jaw r, jaw sd, yaw sd, pitch sd');
for (const audioGuidance of [0, 1, 2, 3, 4]) {
  const motion = await sample('neutral', { audioGuidance });
  row(audioGuidance, [...lips(motion, 'neutral'), sd(curve(motion, 'yaw')), sd(curve(motion, 'pitch'))]);
}

console.log('\naudio guidance over time: jaw sd of each window of 2 s');
for (const audioGuidance of [1, 3, '1@1,3@3', '3@1,1@3']) {
  const given = float.parseGuidanceSchedule(String(audioGuidance));
  const jaw = curve(await sample('neutral', { audioGuidance: given }), 'jaw');
  row(audioGuidance, [sd(jaw.slice(0, 50)), sd(jaw.slice(50, 100))]);
}

console.log('\nhappy, then another emotion: smile every 0.2 s from 1 s on; share of the change');
for (const text of ['happy', 'sad', 'happy,sad@1.5', 'happy,sad@2', 'happy,sad@2.5']) {
  const motion = await sample('neutral', { emotion: float.parseEmotionSchedule(text) });
  row(
    text,
    curve(motion, 'smile').filter((_, t) => t >= 25 && t <= 85 && t % 5 === 0),
  );
}

console.log(
  '\nmotion scale, mean of three examples: sd of yaw, pitch, roll; jaw r, jaw mean, jaw sd, smile mean',
);
const sampled = new Map();
for (const speech of ['neutral', 'happy', 'angry']) sampled.set(speech, await sample(speech));
console.log('\nshare of the power below 1.5 Hz: yaw, pitch, roll, tx, ty, jaw');
/** Power of the curve less its mean at k / T of the frame rate, k ≥ 1. */
function power(x, k) {
  const part = (wave) =>
    x.reduce((sum, v, t) => sum + (v - mean(x)) * wave((2 * Math.PI * k * t) / x.length), 0);
  return part(Math.cos) ** 2 + part(Math.sin) ** 2;
}
function slowShare(x) {
  const powers = Array.from({ length: Math.floor(x.length / 2) }, (_, k) => power(x, k + 1));
  const slow = powers.filter((_, k) => ((k + 1) * config.fps) / x.length < 1.5);
  return slow.reduce((a, b) => a + b) / powers.reduce((a, b) => a + b);
}
row(
  'neutral',
  config.directions.slice(0, 6).map((name) => slowShare(curve(sampled.get('neutral'), name))),
);
/** x' = x + (scale − 1)·low, low the part of x − r_s below 1.5 Hz (one pole), or of x − its mean. */
function lowBand(motion, scale, centre) {
  const share = 1 - Math.exp((-2 * Math.PI * 1.5) / config.fps);
  const state = new Float64Array(d);
  return motion.map((x, i) => {
    state[i % d] += share * (x - centre[i % d] - state[i % d]);
    return x + (scale - 1) * state[i % d];
  });
}
const clipMean = (motion) => rS.map((_, i) => mean(motion.filter((__, at) => at % d === i)));
const anonymous = { ...model, model: { ...model.model, config: { ...config, directions: [] } } };
const ways = {
  'head directions': async (motion, scale) => (await motionScaler(model, rS, scale))(motion),
  everything: async (motion, scale) => (await motionScaler(anonymous, rS, scale))(motion),
  'below 1.5 Hz, about r_s': (motion, scale) => lowBand(motion, scale, rS),
  'below 1.5 Hz, about the mean': (motion, scale) => lowBand(motion, scale, clipMean(motion)),
};
for (const [way, scaled] of Object.entries(ways)) {
  for (const scale of [0, 0.5, 1, 1.5]) {
    const figures = [];
    for (const [speech, motion] of sampled) {
      const result = await scaled(motion, scale);
      const [r, jawSd] = lips(result, speech);
      const head = ['yaw', 'pitch', 'roll'].map((name) => sd(curve(result, name)));
      figures.push([...head, r, mean(curve(result, 'jaw')), jawSd, mean(curve(result, 'smile'))]);
    }
    row(
      `${way}, ${scale}`,
      figures[0].map((_, k) => mean(figures.map((list) => list[k]))),
    );
  }
}
float.closeGpu(gpu);
