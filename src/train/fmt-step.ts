import { embedConditions, recordFlowTransformer } from '../models/transformer/fmt-layers.js';
import { timeEmbeddingSize } from '../models/transformer/time-embedding.js';
import { joinColumns } from '../ops/join-columns.js';
import { layerNorm } from '../ops/layer-norm.js';
import { linear } from '../ops/linear.js';
import { motionLoss } from '../ops/motion-loss.js';
import { scaleRows } from '../ops/scale-rows.js';
import { tapeOperators } from '../ops/tape-operators.js';
import type { Plan } from '../runtime/plan.js';
import { compilePlan, writeInput } from '../runtime/plan.js';
import type { Recorder } from '../runtime/recorder.js';
import { input, output } from '../runtime/recorder.js';
import { backward, openTape } from '../runtime/tape.js';
import { extent } from '../runtime/tensor.js';
import { windowFrames } from '../weights/config.js';
import { recordAdam } from './adam.js';
import type { FmtNetwork } from './fmt-network.js';
import type { MotionInputs, Objective, Preceding } from './motion-batch.js';

export interface FmtStepOptions {
  readonly batch: number;
  readonly objective: Objective;
  readonly preceding?: Preceding;
  /** λ_vel of Eq. 12. Default 1; the ε-diffusion has no such term. */
  readonly velocityWeight?: number;
}

/** eps of `audio_projection.1`, as of PyTorch's LayerNorm. */
const projectionEps = 1e-5;

/**
 * One step of training, forward, backward and Adam, as one plan: write `motionInputs` and `adamControl`, run it, read
 * the outputs `loss` ([main, velocity], without their weights), `v` `[B, N, d]` and `norm` (of the gradients, before
 * clipping).
 *
 * @param recordUpdate what is done with the gradients, if not that.
 */
export async function compileFmtStep(
  network: FmtNetwork,
  { batch: B, objective, preceding = 'motion', velocityWeight = 1 }: FmtStepOptions,
  recordUpdate: (rec: Recorder) => void = (rec) => {
    output(rec, 'norm', recordAdam(rec, network.flat));
  },
): Promise<Plan> {
  const { config, flat, weights, projection } = network;
  const { num_prev_frames: P, dim_w: d, dim_e: e } = config;
  const N = P + windowFrames(config);
  return compilePlan(flat.gpu, `${objective} step`, (rec) => {
    const features = extent(projection.linear.weight, 1);
    openTape(
      rec,
      tapeOperators(rec),
      [...flat.views.values()].map(({ value, gradient }) => [value, gradient] as const),
    );
    const projected = linear(rec, input(rec, 'features', [B, N, features]), projection.linear.weight, {
      bias: projection.linear.bias,
    });
    const normed = layerNorm(rec, projected, { ...projection.norm, eps: projectionEps, activation: 'silu' });
    const wa = scaleRows(rec, normed, input(rec, 'keepAudio', [B * N]), 'wa');
    const condition = joinColumns(
      rec,
      [input(rec, 'wr', [B, N, d]), wa, input(rec, 'we', [B, N, e])],
      'condition',
    );
    const v = recordFlowTransformer(rec, weights, {
      time: input(rec, 'time', [B, timeEmbeddingSize]),
      x: input(rec, 'x', [B, N, d]),
      condition: embedConditions(rec, weights, condition),
    });
    const loss = motionLoss(rec, v, input(rec, 'target', [B, N, d]), {
      // The published program keeps the own rows; where the paper's loss is over all, the target of the preceding rows
      // is theirs.
      firstRow: objective === 'sample' || preceding === 'velocity' ? 0 : P,
      measure: objective === 'flow' ? 'absolute' : 'squared',
      velocityWeight: objective === 'epsilon' ? 0 : velocityWeight,
    });
    backward(rec);
    recordUpdate(rec);
    output(rec, 'v', v);
    output(rec, 'loss', loss);
  });
}

export function writeMotionInputs(plan: Plan, inputs: MotionInputs): void {
  for (const [name, values] of Object.entries(inputs)) writeInput(plan, name, values);
}
