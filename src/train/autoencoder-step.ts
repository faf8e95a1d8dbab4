import { joinArrays } from '../base/arrays.js';
import { recordDecoder } from '../models/autoencoder/decoder.js';
import { recordEncoder } from '../models/autoencoder/encoder.js';
import { directionQr } from '../ops/direction-qr.js';
import { add } from '../ops/elementwise.js';
import { linear } from '../ops/linear.js';
import { softplusLoss } from '../ops/softplus-loss.js';
import { tapeOperators } from '../ops/tape-operators.js';
import type { Gpu } from '../runtime/gpu.js';
import type { Plan } from '../runtime/plan.js';
import { compilePlan, outputTensor, writeInput } from '../runtime/plan.js';
import type { Recorder } from '../runtime/recorder.js';
import { input, output } from '../runtime/recorder.js';
import { backward, openTape } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import type { FloatConfig } from '../weights/config.js';
import type { WeightSource } from '../weights/source.js';
import { recordAdam } from './adam.js';
import type { AutoencoderBatch } from './autoencoder-batch.js';
import { cropGrid, lossMap } from './autoencoder-batch.js';
import type { Critics, LossTerm, LossWeights, Regions } from './autoencoder-losses.js';
import { lossWeights, recordCrops, recordLosses } from './autoencoder-losses.js';
import { trainedDecoder, trainedEncoder } from './autoencoder-weights.js';
import { recordComponentDiscriminator, trainedComponentDiscriminator } from './component-discriminator.js';
import { recordDiscriminator, trainedDiscriminator } from './discriminator.js';
import { shrinkPicture } from './pyramid.js';
import type { TrainedNetwork } from './trained-network.js';
import { openTrained, wantedOf } from './trained-network.js';
import type { Vgg } from './vgg.js';

/** Networks of the motion auto-encoder's training (App. A). */
export interface AutoencoderTraining {
  readonly gpu: Gpu;
  readonly config: FloatConfig;
  /** Encoder and decoder, `motion_autoencoder.…`. */
  readonly generator: TrainedNetwork;
  /** `discriminator.full.0`, `.full.1`, `.eye` and `.lip`, together: Adam treats each number by itself. */
  readonly discriminators: TrainedNetwork;
  readonly vgg: Vgg;
  readonly crops: CropSides;
}

/** Sides of the crops that the component discriminators see, in pixels; the paper's at 512²: an eye 80, the lips 120. */
export interface CropSides {
  readonly eye: number;
  readonly lip: number;
}

/** No noise is ever given, and `to_rgb1` is never used: they stay as they are. */
const isTrained = (name: string) =>
  name.startsWith('motion_autoencoder.') && !/\.noise\.weight$|\.to_rgb1\./.test(name);

export const openGenerator = (gpu: Gpu, source: WeightSource): Promise<TrainedNetwork> =>
  openTrained(gpu, source, isTrained);

export const openDiscriminators = (gpu: Gpu, source: WeightSource): Promise<TrainedNetwork> =>
  openTrained(gpu, source, (name) => name.startsWith('discriminator.'));

/**
 * One step of the generator, forward, backward and Adam: write `writePictures` and `adamControl`, run it, read
 * `reconstruction` `[B, 3, S, S]`, the terms of the loss without their λ (`loss.l1`, …) and `norm`.
 */
export function compileGeneratorStep(training: AutoencoderTraining, batch: number): Promise<Plan> {
  const { gpu, generator } = training;
  return compilePlan(gpu, 'generator step', (rec) => {
    const inputs = pictureInputs(rec, training, batch);
    // What the discriminators say has a gradient in the pictures only: they are constants here.
    const critics = recordCritics(rec, training);
    openTape(rec, tapeOperators(rec), wantedOf(generator));
    const reconstruction = recordReconstruction(rec, training, inputs);
    const pictures = { reconstruction, driving: inputs.driving };
    recordLosses(rec, pictures, critics, inputs).forEach((loss, term) => output(rec, `loss.${term}`, loss));
    const gradientOf = backward(rec);
    output(rec, 'grad.reconstruction', gradientOf(reconstruction)!);
    output(rec, 'norm', recordAdam(rec, generator.flat));
    output(rec, 'reconstruction', reconstruction);
  });
}

/** D̂ = decode(w(S) + direction(λ(D)), features of S): identity and features of one picture, motion of the other. */
function recordReconstruction(
  rec: Recorder,
  { config, generator }: AutoencoderTraining,
  inputs: PictureInputs,
) {
  const encoder = trainedEncoder(rec, generator.view, config);
  const decoder = trainedDecoder(rec, generator.view, config);
  const directions = directionQr(rec, generator.view('motion_autoencoder.dec.direction.weight'));
  const { sR, features } = recordEncoder(rec, encoder, inputs.source);
  const { lambda } = recordEncoder(rec, encoder, inputs.driving);
  const motion = linear(rec, lambda, directions, { label: 'motion' });
  return recordDecoder(rec, decoder, add(rec, sR, motion, 'latent'), features);
}

/**
 * The gradient of some terms at reconstructed pictures, to look at: reads `grad`.
 *
 * @param step whose last pictures are looked at.
 */
export function compileLossGradient(
  training: AutoencoderTraining,
  step: Plan,
  batch: number,
  terms: readonly LossTerm[],
): Promise<Plan> {
  const { gpu } = training;
  const weights = Object.fromEntries(
    Object.entries(lossWeights).map(([term, weight]) => [
      term,
      terms.includes(term as LossTerm) ? weight : 0,
    ]),
  ) as LossWeights;
  return compilePlan(gpu, 'loss gradient', (rec) => {
    const inputs = pictureInputs(rec, training, batch);
    const critics = recordCritics(rec, training);
    const reconstruction = outputTensor(step, 'reconstruction');
    openTape(rec, tapeOperators(rec), [[reconstruction, undefined]]);
    recordLosses(rec, { reconstruction, driving: inputs.driving }, critics, inputs, weights);
    output(rec, 'grad', backward(rec)(reconstruction)!);
  });
}

/**
 * One step of all discriminators, softplus(−real) + softplus(fake) each, on the pictures of the generator's last step:
 * reads `loss.full.0`, `.full.1`, `.eye`, `.lip`, and the logits of whole pictures `logits.real.0`, …
 *
 * @param step the generator's.
 */
export function compileDiscriminatorStep(
  training: AutoencoderTraining,
  step: Plan,
  batch: number,
): Promise<Plan> {
  const { gpu, discriminators } = training;
  return compilePlan(gpu, 'discriminator step', (rec) => {
    const inputs = pictureInputs(rec, training, batch);
    const fakes = outputTensor(step, 'reconstruction');
    openTape(rec, tapeOperators(rec), wantedOf(discriminators));
    const { full, eye, lip } = recordCritics(rec, training);
    const both = (name: string, logitsOf: (pictures: Tensor) => Tensor) => {
      const [real, fake] = [logitsOf(inputs.driving), logitsOf(fakes)];
      output(rec, `loss.${name}`, add(rec, softplusLoss(rec, real, -1), softplusLoss(rec, fake, 1)));
      return { real, fake };
    };
    full.forEach((discriminator, level) => {
      const logits = both(`full.${level}`, (x) =>
        recordDiscriminator(rec, discriminator, shrinkPicture(rec, x, 2 ** level)),
      );
      output(rec, `logits.real.${level}`, logits.real);
      output(rec, `logits.fake.${level}`, logits.fake);
    });
    const part = (critic: Critics['eye'], grids: readonly Tensor[]) => (x: Tensor) =>
      recordComponentDiscriminator(rec, critic, recordCrops(rec, x, grids)).logits;
    both('eye', part(eye, inputs.eyes));
    both('lip', part(lip, inputs.lips));
    backward(rec);
    recordAdam(rec, discriminators.flat);
  });
}

function recordCritics(rec: Recorder, { config, discriminators, vgg }: AutoencoderTraining): Critics {
  const { view } = discriminators;
  return {
    vgg,
    full: [0, 1].map((level) =>
      trainedDiscriminator(rec, view, `discriminator.full.${level}`, config.input_size / 2 ** level),
    ),
    eye: trainedComponentDiscriminator(rec, view, 'discriminator.eye'),
    lip: trainedComponentDiscriminator(rec, view, 'discriminator.lip'),
  };
}

interface PictureInputs extends Regions {
  readonly source: Tensor;
  readonly driving: Tensor;
}

/** The inputs that all plans read; those that a plan has no use for are small. */
function pictureInputs(rec: Recorder, { config, crops }: AutoencoderTraining, batch: number): PictureInputs {
  const { input_size: size } = config;
  const picture = (name: string) => input(rec, name, [batch, 3, size, size]);
  const grid = (name: string, side: number) => input(rec, name, [batch, side, side, 2]);
  const maps = new Map<number, Tensor>();
  for (let side = size; side >= size / 32; side /= 2) {
    maps.set(side, input(rec, `map.${side}`, [batch, side, side]));
  }
  return {
    source: picture('source'),
    driving: picture('driving'),
    map: (side) => {
      const map = maps.get(side);
      if (!map) throw new Error(`there is no map of ${side}`);
      return map;
    },
    eyes: [grid('eye.0', crops.eye), grid('eye.1', crops.eye)],
    lips: [grid('lip', crops.lip)],
  };
}

/** Writes a batch to a plan of this file. */
export function writePictures(
  plan: Plan,
  { config, crops }: AutoencoderTraining,
  pictures: AutoencoderBatch,
): void {
  const { input_size: size } = config;
  const { source, driving, mask, eyes, lips } = pictures;
  writeInput(plan, 'source', source);
  writeInput(plan, 'driving', driving);
  for (let side = size; side >= size / 32; side /= 2)
    writeInput(plan, `map.${side}`, lossMap(mask, size, side));
  const grids = (boxes: AutoencoderBatch['lips'], side: number) =>
    joinArrays(boxes.map((box) => cropGrid(box, size, side)));
  [0, 1].forEach((which) => {
    writeInput(plan, `eye.${which}`, grids(eyes.filter((_, at) => at % 2 === which), crops.eye)); // prettier-ignore
  });
  writeInput(plan, 'lip', grids(lips, crops.lip));
}
