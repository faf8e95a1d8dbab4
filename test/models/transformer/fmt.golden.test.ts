import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attentionReference } from '../../../src/ops/attention.js';
import type { FlowTransformer, WindowConditions } from '../../../src/models/transformer/fmt.js';
import { attentionMask } from '../../../src/models/transformer/attention-mask.js';
import { createFlowTransformer } from '../../../src/models/transformer/fmt.js';
import type { Gpu } from '../../../src/runtime/gpu.js';
import { closeGpu } from '../../../src/runtime/gpu.js';
import type { SolverName } from '../../../src/sampling/solvers.js';
import { sampleMotion } from '../../../src/sampling/windows.js';
import { parseConfig, windowFrames } from '../../../src/weights/config.js';
import { openSafetensors } from '../../../src/weights/safetensors.js';
import { expectClose } from '../../compare.js';
import { openTestGpu } from '../../fixtures.js';
import { allowance, goldenStage, goldenTensors } from '../../sampling/golden.js';
import { goldenBytes, goldenJson } from '../../weights/golden.js';

const { config } = parseConfig(goldenJson('tiny/fmt.json'), 'tiny/fmt.json');

let gpu: Gpu;
let transformer: FlowTransformer;
beforeAll(async () => {
  gpu = await openTestGpu();
  const weights = await openSafetensors(goldenBytes('tiny/weights.safetensors'));
  transformer = await createFlowTransformer(gpu, weights, config);
});
afterAll(() => {
  transformer.destroy();
  closeGpu(gpu);
});

describe('golden/tiny fmt', () => {
  const stage = goldenStage('fmt');
  let golden: Map<string, Float32Array>;
  let at: WindowConditions & { t: number; x: Float32Array };
  beforeAll(async () => {
    golden = await goldenTensors('fmt.safetensors');
    const given = (name: string) => golden.get(`in.${name}`)!;
    const conditions = { wa: given('wa'), wr: given('wr'), we: given('we') };
    const preceding = { prevX: given('prev_x'), prevWa: given('prev_wa') };
    at = { t: given('t')[0]!, x: given('x'), ...conditions, ...preceding };
  });

  it('every layer of one evaluation', async () => {
    const evaluator = await transformer.evaluator({ guided: false, taps: true });
    const v = await evaluator.evaluate(at);
    const taps = await evaluator.readTaps();
    const layers = [...golden.keys()].filter((name) => !/^in\.|^guided|^mask$/.test(name));
    const qkv = Array.from({ length: config.fmt_depth }, (_, i) => `blocks.${i}.attn.qkv`);
    expect([...taps.keys()].sort()).toEqual([...layers, ...qkv].sort());
    for (const name of layers) {
      const { data, shape } = taps.get(name)!;
      expect(shape, name).toEqual(goldenShape(name));
      expectClose(name, data, golden.get(name)!, allowance(stage, name));
    }
    expect(v).toEqual(taps.get('out')?.data);
    evaluator.destroy();
  });

  it('is the same whether inner tensors are looked at or not', async () => {
    const results: Float32Array[] = [];
    for (const taps of [[], ['blocks.0.attn'], true] as const) {
      const evaluator = await transformer.evaluator({ guided: true, taps });
      results.push(await evaluator.evaluate(at, { audio: 2, emotion: 3 }));
      evaluator.destroy();
    }
    const [unseen, ...seen] = results;
    for (const v of seen) expectClose('v', v, unseen!, 1e-7);
  });

  it('the queries, keys and values of a block, from which its attention follows', async () => {
    const qkvName = 'blocks.1.attn.qkv';
    const evaluator = await transformer.evaluator({ guided: false, taps: [qkvName, 'out'] });
    await evaluator.evaluate(at);
    const taps = await evaluator.readTaps([qkvName]);
    expect([...taps.keys()]).toEqual([qkvName]);
    const { shape, data } = taps.get(qkvName)!;
    const { dim_h: h, num_heads: heads, attention_window: reach } = config;
    const length = config.num_prev_frames + windowFrames(config);
    expect(shape).toEqual([1, length, 3 * h]);
    const part = (n: number) => data.filter((_, i) => Math.floor(i / h) % 3 === n);
    const size = { batch: 1, length, heads, headDim: h / heads, reach };
    const heard = attentionReference(part(0), part(1), part(2), size);
    const weights = await openSafetensors(goldenBytes('tiny/weights.safetensors'));
    const weight = await weights.read('fmt.blocks.1.attn.proj.weight');
    const bias = await weights.read('fmt.blocks.1.attn.proj.bias');
    const attended = heard.map((_, at) => {
      const [row, o] = [Math.floor(at / h), at % h];
      return bias[o]! + bias.reduce((sum, _, c) => sum + weight[o * h + c]! * heard[row * h + c]!, 0);
    });
    expectClose('attn', attended, golden.get('blocks.1.attn')!, allowance(stage, 'blocks.1.attn'));
    evaluator.destroy();
  });

  it('profiles the evaluation made last, and leaves it as it is', async () => {
    const evaluator = await transformer.evaluator({ guided: false, taps: ['out'] });
    const v = await evaluator.evaluate(at);
    if (gpu.device.features.has('timestamp-query')) {
      const times = await evaluator.profile();
      expect(times.filter(({ kernel }) => kernel.startsWith('attention')).length).toBe(config.fmt_depth);
    } else {
      await expect(evaluator.profile()).rejects.toThrow('timestamp-query');
    }
    expect((await evaluator.readTaps()).get('out')?.data).toEqual(v);
    evaluator.destroy();
  });

  const goldenShape = (name: string) => {
    const { tensors } = goldenJson('tiny/fmt.json') as { tensors: Record<string, { shape: number[] }> };
    return tensors[name]!.shape;
  };

  it.each([
    [2, 1],
    [2, 3],
    [1, 0],
  ])('guidance with γa = %d, γe = %d', async (audio, emotion) => {
    const evaluator = await transformer.evaluator({ guided: true });
    const v = await evaluator.evaluate(at, { audio, emotion });
    const name = `guided.a${audio}.e${emotion}`;
    expectClose(name, v, golden.get(name)!, allowance(stage, name));
    evaluator.destroy();
  });

  it('guidance of 1 and 1 is a single evaluation of everything', async () => {
    const v = await transformer.field(at, { audio: 1, emotion: 1 })(at.t, at.x);
    const out = golden.get('out')!.subarray(config.num_prev_frames * config.dim_w);
    expectClose('field', v, out, allowance(stage, 'out'));
    const guided = await transformer.evaluator({ guided: true });
    const all = await guided.evaluate(at, { audio: 1, emotion: 1 });
    expectClose('guided', all, golden.get('out')!, allowance(stage, 'out'));
    guided.destroy();
  });

  it('mask: the frames that the kernel leaves out', async () => {
    expect(await attentionMask(gpu, config)).toEqual(golden.get('mask'));
  });

  it('fields of different windows do not mix', async () => {
    const louder = { ...at, wa: at.wa.map((value) => 2 * value) };
    const scales = { audio: 2, emotion: 1 };
    const one = transformer.field(at, scales);
    const other = transformer.field(louder, scales);
    const first = await one(at.t, at.x);
    const [again, different] = await Promise.all([one(at.t, at.x), other(at.t, at.x)]);
    expect(again).toEqual(first);
    expect(different).not.toEqual(first);
  });

  it('names a condition of the wrong length', () => {
    const short = { ...at, prevWa: at.prevWa.subarray(1) };
    expect(() => transformer.field(short, { audio: 2, emotion: 1 })).toThrow(
      'prevWa: expected 60 values, got 59',
    );
  });
});

describe('golden/tiny sample: noise to motion, three windows', () => {
  const stage = goldenStage('sample');
  const happy = Float32Array.of(0, 0, 0, 1, 0, 0, 0);
  let golden: Map<string, Float32Array>;
  beforeAll(async () => {
    golden = await goldenTensors('sample.safetensors');
  });

  it.each([
    ['euler.n10.S2E.a2.e1', 'euler', 10, 2, 1],
    ['euler.n10.happy.a2.e3', 'euler', 10, 2, 3],
    ['euler.n3.S2E.a1.e1', 'euler', 3, 1, 1],
    ['midpoint.n5.S2E.a2.e1', 'midpoint', 5, 2, 1],
    ['rk4.n5.S2E.a2.e1', 'rk4', 5, 2, 1],
    ['dopri5.n5.S2E.a2.e1', 'dopri5', 5, 2, 1],
    ['heun2.n5.S2E.a2.e1', 'heun', 5, 2, 1],
  ] as [string, SolverName, number, number, number][])('%s', async (run, solver, nfe, audio, emotion) => {
    const wr = golden.get('in.r_s')!;
    const we = run.includes('happy') ? happy : golden.get('in.we')!;
    const windows = sampleMotion({
      solver,
      nfe,
      frames: golden.get('in.wa')!.length / config.dim_w,
      windowFrames: windowFrames(config),
      precedingFrames: config.num_prev_frames,
      width: config.dim_w,
      wa: golden.get('in.wa')!,
      noise: (window) => golden.get(`in.x0.${window}`)!,
      makeField: (window) => transformer.field({ ...window, wr, we }, { audio, emotion }),
    });
    const motion: number[] = [];
    for await (const window of windows) motion.push(...window);
    expectClose(run, motion, golden.get(run)!, allowance(stage, run));
  });
});
