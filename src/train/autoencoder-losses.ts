import { absoluteLoss } from '../ops/absolute-loss.js';
import { add, scale } from '../ops/elementwise.js';
import { gridSample } from '../ops/flow.js';
import { gram } from '../ops/gram.js';
import { copyColumns, joinColumns } from '../ops/join-columns.js';
import { softplusLoss } from '../ops/softplus-loss.js';
import type { Recorder } from '../runtime/recorder.js';
import { scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent, reshape, sizeOf } from '../runtime/tensor.js';
import type { ComponentDiscriminator } from './component-discriminator.js';
import { recordComponentDiscriminator } from './component-discriminator.js';
import type { Discriminator } from './discriminator.js';
import { recordDiscriminator } from './discriminator.js';
import { shrinkPicture } from './pyramid.js';
import type { Vgg } from './vgg.js';
import { recordVgg } from './vgg.js';

/** The terms of the auto-encoder's loss (App. A), with the paper's weights λ. */
export const lossWeights = {
  l1: 1,
  perceptual: 10,
  component: 100,
  'adversarial.full': 1,
  'adversarial.eye': 1,
  'adversarial.lip': 1,
  'style.eye': 100,
  'style.lip': 100,
} as const;

export type LossTerm = keyof typeof lossWeights;
export type LossWeights = Readonly<Record<LossTerm, number>>;

/** What looks at the pictures. */
export interface Critics {
  readonly vgg: Vgg;
  /** Of pictures of S and of S/2. */
  readonly full: readonly Discriminator[];
  readonly eye: ComponentDiscriminator;
  readonly lip: ComponentDiscriminator;
}

/** Where the critics look. */
export interface Regions {
  /** Of pictures of a side: `lossMap`, `[batch, side, side]`. */
  readonly map: (side: number) => Tensor;
  /** Sampling grids of a crop of each picture, `[batch, side, side, 2]`: both eyes, and the lips. */
  readonly eyes: readonly Tensor[];
  readonly lips: readonly Tensor[];
}

/** Shares of the picture's side at which VGG compares. */
const levels = [1, 2, 4];

/**
 * The losses of reconstructed pictures (Eq. 15–19 and App. A). Gradients begin here.
 *
 * @param weights λ of each term; one of 0 is left out.
 * @returns each term without its λ, `[1]`.
 */
export function recordLosses(
  rec: Recorder,
  pictures: { readonly reconstruction: Tensor; readonly driving: Tensor },
  critics: Critics,
  regions: Regions,
  weights: LossWeights = lossWeights,
): Map<LossTerm, Tensor> {
  const { reconstruction, driving } = pictures;
  const losses = new Map<LossTerm, Tensor>();
  if (weights.l1)
    losses.set('l1', pick(rec, absoluteLoss(rec, reconstruction, driving, { plain: weights.l1 }), 0));
  if (weights.perceptual || weights.component) {
    const both = perceptualLosses(rec, pictures, critics.vgg, regions, weights);
    losses.set('perceptual', pick(rec, both, 0)).set('component', pick(rec, both, 1));
  }
  if (weights['adversarial.full']) {
    const each = critics.full.map((discriminator, level) => {
      const logits = recordDiscriminator(rec, discriminator, shrinkPicture(rec, reconstruction, 2 ** level));
      return softplusLoss(rec, logits, -1, weights['adversarial.full']);
    });
    losses.set('adversarial.full', total(rec, each));
  }
  for (const part of ['eye', 'lip'] as const) {
    const [adversarial, style] = [`adversarial.${part}`, `style.${part}`] as const;
    if (!weights[adversarial] && !weights[style]) continue;
    const grids = part === 'eye' ? regions.eyes : regions.lips;
    const of = (x: Tensor) => recordComponentDiscriminator(rec, critics[part], recordCrops(rec, x, grids));
    const made = of(reconstruction);
    if (weights[adversarial])
      losses.set(adversarial, softplusLoss(rec, made.logits, -1, weights[adversarial]));
    if (weights[style]) losses.set(style, styleLoss(rec, made, of(driving), weights[style]));
  }
  return losses;
}

/** Both sums over levels and features, plain and by the mask (Eq. 15), `[2]`. */
function perceptualLosses(
  rec: Recorder,
  { reconstruction, driving }: { readonly reconstruction: Tensor; readonly driving: Tensor },
  vgg: Vgg,
  regions: Regions,
  { perceptual, component }: LossWeights,
): Tensor {
  const each = levels.flatMap((level) => {
    const [made, real] = [reconstruction, driving].map((x) =>
      recordVgg(rec, vgg, shrinkPicture(rec, x, level)),
    );
    return made!.map((features, k) =>
      absoluteLoss(rec, features, real![k]!, {
        map: regions.map(extent(features, 2)),
        plain: perceptual,
        mapped: component,
      }),
    );
  });
  return total(rec, each);
}

interface Looks {
  readonly conv3: Tensor;
  readonly conv5: Tensor;
}

/** Eq. 19: the Gram matrices of conv3, by half, and conv5. */
function styleLoss(rec: Recorder, made: Looks, real: Looks, weight: number): Tensor {
  const each = (['conv3', 'conv5'] as const).map((layer) => {
    const share = layer === 'conv3' ? 0.5 : 1;
    const loss = absoluteLoss(rec, gram(rec, made[layer]), gram(rec, real[layer]), { plain: share * weight });
    return scale(rec, loss, share);
  });
  return pick(rec, total(rec, each), 0);
}

/** Crops by sampling grids, those of a picture one after the other: `[batch·grids, 3, side, side]`. */
export function recordCrops(rec: Recorder, x: Tensor, grids: readonly Tensor[]): Tensor {
  const crops = grids.map((grid) => gridSample(rec, x, grid, { label: 'crop' }));
  const [batch, shape] = [extent(x, 0), crops[0]!.shape];
  const rows = crops.map((crop) => reshape(crop, [batch, sizeOf(crop.shape) / batch]));
  const joined = rows.length > 1 ? joinColumns(rec, rows, 'crops') : rows[0]!;
  return reshape(joined, [batch * grids.length, ...shape.slice(1)]);
}

const total = (rec: Recorder, losses: readonly Tensor[]) =>
  losses.slice(1).reduce((sum, loss) => add(rec, sum, loss, 'loss'), losses[0]!);

/** One of two losses that were made together. */
function pick(rec: Recorder, pair: Tensor, at: 0 | 1): Tensor {
  const one = scratch(rec, 'loss', [1, 1]);
  copyColumns(rec, reshape(pair, [1, 2]), one, { columns: 1, xOffset: at });
  return reshape(one, [1]);
}
