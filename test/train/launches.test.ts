import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openParameters } from '../../src/models/parameters.js';
import { loadFlowTransformer, recordFlowTransformer } from '../../src/models/transformer/fmt-layers.js';
import { tapeOperators } from '../../src/ops/tape-operators.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { compilePlan, destroyPlan } from '../../src/runtime/plan.js';
import { input, output } from '../../src/runtime/recorder.js';
import { closeScope, openScope } from '../../src/runtime/scope.js';
import { backward, openTape } from '../../src/runtime/tape.js';
import { windowFrames } from '../../src/weights/config.js';
import { openTestGpu } from '../fixtures.js';
import { tinyModel } from '../model.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

describe('the transformer', () => {
  it('without a tape is launched with fused ends, eight launches a block; a tape changes it only while it is open', async () => {
    const { model, weights: source } = await tinyModel(gpu);
    const { config } = model;
    const scope = openScope();
    const parameters = openParameters(scope, gpu, source);
    const weights = await loadFlowTransformer(parameters, config);
    const N = config.num_prev_frames + windowFrames(config);
    const launches: number[] = [];
    const plan = await compilePlan(gpu, 'launches', (rec) => {
      const inputs = {
        time: input(rec, 'time', [1, 256]),
        x: input(rec, 'x', [1, N, config.dim_w]),
        condition: input(rec, 'condition', [1, N, config.dim_h]),
      };
      const count = (record: () => void) => {
        const before = rec.dispatches.length;
        record();
        launches.push(rec.dispatches.length - before);
      };
      const run = () => output(rec, `v${launches.length}`, recordFlowTransformer(rec, weights, inputs));
      count(run);
      openTape(rec, tapeOperators(rec), []);
      count(run);
      backward(rec);
      count(run);
    });
    const fused = 8 + 8 * config.fmt_depth;
    expect(launches[0]).toBe(fused);
    expect(launches[1]).toBeGreaterThan(fused);
    expect(launches[2]).toBe(fused);
    destroyPlan(plan);
    closeScope(scope);
  });
});
