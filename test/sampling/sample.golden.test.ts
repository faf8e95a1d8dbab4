import { beforeAll, describe, expect, it } from 'vitest';
import { fmtReference, guidedFmtReference } from '../../src/models/transformer/fmt-reference.js';
import { dopri5 } from '../../src/sampling/dopri5.js';
import { needsGuidance } from '../../src/ops/guidance.js';
import type { SolverName } from '../../src/sampling/solvers.js';
import { sampleMotion } from '../../src/sampling/windows.js';
import { allowance, goldenStage, goldenTensors, relativeError } from './golden.js';

const happy = [0, 0, 0, 1, 0, 0, 0];

describe('golden/tiny: three windows sampled with the plain transformer', () => {
  const stage = goldenStage('sample');
  const { config } = stage;
  let weights: Map<string, Float32Array>;
  let golden: Map<string, Float32Array>;

  beforeAll(async () => {
    weights = await goldenTensors('weights.safetensors');
    golden = await goldenTensors('sample.safetensors');
  });

  it.each([
    ['euler.n10.S2E.a2.e1', 'euler', 27],
    ['euler.n10.happy.a2.e3', 'euler', 27],
    ['euler.n3.S2E.a1.e1', 'euler', 6],
    ['midpoint.n5.S2E.a2.e1', 'midpoint', 24],
    ['rk4.n5.S2E.a2.e1', 'rk4', 48],
    ['dopri5.n5.S2E.a2.e1', 'dopri5', undefined],
    ['heun2.n5.S2E.a2.e1', 'heun', 24],
  ] as [string, SolverName, number | undefined][])('%s', async (run, solver, evaluationsExpected) => {
    const [, nfe, gammaA, gammaE] = /n(\d+)\.\w+\.a(\d+)\.e(\d+)$/.exec(run)!.map(Number) as [
      number,
      number,
      number,
      number,
    ];
    const wr = golden.get('in.r_s')!;
    const we = run.includes('happy') ? happy : golden.get('in.we')!;
    const d = config.dim_w;
    const preceding = config.num_prev_frames;
    let evaluations = 0;
    const windows = sampleMotion({
      solver,
      nfe,
      frames: golden.get('in.wa')!.length / d,
      windowFrames: Math.trunc(config.wav2vec_sec * config.fps),
      precedingFrames: preceding,
      width: d,
      wa: golden.get('in.wa')!,
      noise: (window) => golden.get(`in.x0.${window}`)!,
      makeField: (window) => (t, x) => {
        const input = { ...window, t, x, wr, we };
        const rows = needsGuidance(gammaA, gammaE)
          ? guidedFmtReference(weights, config, input, gammaA, gammaE)
          : fmtReference(weights, config, input);
        return Promise.resolve(Float32Array.from(rows.subarray(preceding * d)));
      },
      onEvaluation: () => evaluations++,
    });
    const motion: number[] = [];
    for await (const window of windows) motion.push(...window);
    const error = relativeError(motion, golden.get(run)!);
    if (process.env.REPORT) console.log(run, error, evaluations);
    expect(error).toBeLessThan(allowance(stage, run));
    if (evaluationsExpected !== undefined) expect(evaluations).toBe(evaluationsExpected);
  });

  it('dopri5 takes the golden run’s own steps where nothing is rounded to float32', async () => {
    const [d, L, P] = [config.dim_w, 10, config.num_prev_frames];
    const window = {
      wa: golden.get('in.wa')!.subarray(0, L * d),
      wr: golden.get('in.r_s')!,
      we: golden.get('in.we')!,
      prevX: new Float64Array(P * d),
      prevWa: new Float64Array(P * d),
    };
    const field = (t: number, x: Float64Array) =>
      Promise.resolve(guidedFmtReference(weights, config, { ...window, t, x }, 2, 1).slice(P * d));
    const { y, steps, rejected } = await dopri5(
      field,
      Float64Array.from(golden.get('in.x0.0')!),
      1e-5,
      1e-5,
      100,
    );
    const first = golden.get('dopri5.n5.S2E.a2.e1')!.subarray(0, L * d);
    // What is left is the rounding of the golden values themselves, 2⁻²⁴ at most.
    expect(relativeError(y, first)).toBeLessThan(2 ** -24);
    expect({ steps, rejected }).toEqual({ steps: 4, rejected: 0 });
  });
});
