import type { Directions, FieldEvaluator, FloatConfig } from 'float-webgpu';
import { integrate, motionCoefficients, windowFrames } from 'float-webgpu';
import type { LastRun, WindowRun } from '../engine/last-run.js';
import { attentionProbabilities } from './attention.js';
import type { WindowInside } from './inside-api.js';

/** What `solveWindow` reads of each evaluation of the guided field. */
export function windowTaps(config: FloatConfig): string[] {
  return ['out', ...qkvNames(config)];
}

const qkvNames = ({ fmt_depth }: FloatConfig) =>
  Array.from({ length: fmt_depth }, (_, block) => `blocks.${block}.attn.qkv`);

/**
 * Solves the ODE of one window again, from the same noise, and notes its state and the guidance's terms at each step's
 * start.
 *
 * @param evaluator guided, with `windowTaps`.
 */
export async function solveWindow(
  run: Pick<LastRun, 'nfe' | 'solver'>,
  config: FloatConfig,
  { index, start, conditions, scales, noise }: WindowRun,
  evaluator: FieldEvaluator,
  directions: Directions,
): Promise<WindowInside> {
  const [length, preceding, d] = [windowFrames(config), config.num_prev_frames, config.dim_w];
  const followed = run.solver === 'dopri5' ? 'euler' : run.solver;
  const seen: { t: number; lambda: Float32Array; terms: WindowInside['terms'][number] }[] = [];
  const field = async (t: number, x: Float32Array) => {
    const lambda = motionCoefficients(directions, x);
    const v = (await evaluator.evaluate({ ...conditions, t, x }, scales)).subarray(preceding * d);
    const out = (await evaluator.readTaps(['out'])).get('out')!.data;
    seen.push({ t, lambda, terms: guidanceTerms(out, v, scales, { preceding, length, d }) });
    return v;
  };
  const { x, evaluations, steps } = await integrate(field, noise, { solver: followed, nfe: run.nfe });

  const starts = seen.filter((_, n) => n % (evaluations / steps) === 0);
  return {
    ...{ index, start, length, preceding, solver: run.solver },
    t: [...starts.map(({ t }) => t), 1],
    path: [...starts.map(({ lambda }) => lambda), motionCoefficients(directions, x)],
    terms: starts.map(({ terms }) => terms),
    attention: await readAttention(evaluator, config),
  };
}

/** Of the evaluation made last, under all conditions: the third of the batch. */
async function readAttention(evaluator: FieldEvaluator, config: FloatConfig) {
  const names = qkvNames(config);
  const taps = await evaluator.readTaps(names);
  const length = config.num_prev_frames + windowFrames(config);
  const { num_heads: heads, attention_window: reach } = config;
  const size = { length, heads, headDim: config.dim_h / heads, reach };
  return names.map((name, block) => {
    const { data } = taps.get(name)!;
    return { block, heads: attentionProbabilities(data.subarray((data.length / 3) * 2), size) };
  });
}

/**
 * The sizes of the terms of v = u + γ_a(a − u) + γ_e(all − a) (Sec. 6 of docs/model.md), each the root mean square over
 * the window's frames of its norm.
 *
 * @param out u, a, all: `[3, P + L, d]`, of which the P preceding rows count for nothing.
 * @param v `[L, d]`.
 */
export function guidanceTerms(
  out: Float32Array,
  v: Float32Array,
  scales: { readonly audio: number; readonly emotion: number },
  { preceding, length, d }: { preceding: number; length: number; d: number },
): WindowInside['terms'][number] {
  const field = (n: number) => {
    const start = (n * (preceding + length) + preceding) * d;
    return out.subarray(start, start + length * d);
  };
  const [u, a, all] = [field(0), field(1), field(2)];
  const size = (value: (i: number) => number) => {
    let sum = 0;
    for (let i = 0; i < length * d; i++) sum += value(i) ** 2;
    return Math.sqrt(sum / length);
  };
  return {
    u: size((i) => u[i]!),
    audio: size((i) => scales.audio * (a[i]! - u[i]!)),
    emotion: size((i) => scales.emotion * (all[i]! - a[i]!)),
    v: size((i) => v[i]!),
  };
}
