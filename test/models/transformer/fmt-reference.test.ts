import { beforeAll, describe, expect, it } from 'vitest';
import {
  attends,
  fmtReference,
  guidedFmtReference,
  type FmtInput,
} from '../../../src/models/transformer/fmt-reference.js';
import { allowance, goldenStage, goldenTensors, relativeError } from '../../sampling/golden.js';

describe('the plain flow-matching transformer on golden/tiny', () => {
  const stage = goldenStage('fmt');
  let weights: Map<string, Float32Array>;
  let golden: Map<string, Float32Array>;
  let input: FmtInput;

  beforeAll(async () => {
    weights = await goldenTensors('weights.safetensors');
    golden = await goldenTensors('fmt.safetensors');
    const given = (name: string) => golden.get(`in.${name}`)!;
    input = {
      t: given('t')[0]!,
      x: given('x'),
      wa: given('wa'),
      wr: given('wr'),
      we: given('we'),
      prevX: given('prev_x'),
      prevWa: given('prev_wa'),
    };
  });

  it('computes every layer of one evaluation', () => {
    const traced = new Map<string, Float64Array[]>();
    const out = fmtReference(weights, stage.config, input, (name, rows) => traced.set(name, rows));
    traced.set('out', [out]);
    const layers = [...golden.keys()].filter((name) => !/^in\.|^guided|^mask$/.test(name));
    expect([...traced.keys()].sort()).toEqual(layers.sort());
    for (const [name, rows] of traced) {
      const values = rows.flatMap((row) => [...row]);
      const error = relativeError(values, golden.get(name)!);
      if (process.env.REPORT) console.log(name, error);
      expect(error, name).toBeLessThan(allowance(stage, name));
    }
  });

  it.each([
    [2, 1],
    [2, 3],
    [1, 0],
  ])('guides with γa = %d, γe = %d', (gammaA, gammaE) => {
    const name = `guided.a${gammaA}.e${gammaE}`;
    const out = guidedFmtReference(weights, stage.config, input, gammaA, gammaE);
    const error = relativeError(out, golden.get(name)!);
    if (process.env.REPORT) console.log(name, error);
    expect(error).toBeLessThan(allowance(stage, name));
  });

  it('attends to the frames that the golden mask leaves open', () => {
    const mask = golden.get('mask')!;
    const frames = Math.sqrt(mask.length);
    const blocked = Array.from(mask, (_, at) =>
      attends(Math.floor(at / frames), at % frames, stage.config.attention_window) ? 0 : 1,
    );
    expect(blocked).toEqual([...mask]);
  });

  it('names a missing tensor', () => {
    expect(() => fmtReference(new Map(), stage.config, input)).toThrow('fmt.x_embedder.proj.weight');
  });
});
