import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { closeGpu, openGpu } from '../../src/runtime/gpu.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { withHalves } from '../../src/runtime/kernel.js';
import { matrixFeature, matrixLanes } from '../../src/runtime/matrix.js';
import { shaders } from '../../src/runtime/shaders.generated.js';
import { openTestGpu } from '../fixtures.js';
import { openMatrixValidator } from '../matrix-validator.js';

const halves = { componentType: 'f16', resultComponentType: 'f32', M: 16, N: 16, K: 16 };
const needed: readonly string[] = [matrixFeature, 'shader-f16', 'subgroups'];

interface Card {
  configs?: (typeof halves)[];
  lanes?: number;
  features?: readonly string[];
}

/** A card by what is asked of it before it multiplies matrices. */
function card({ configs = [halves], lanes = 32, features = needed }: Card = {}): GPUAdapter {
  return {
    info: { description: 'Fake card', subgroupMaxSize: lanes, subgroupMatrixConfigs: configs },
    limits: { maxComputeInvocationsPerWorkgroup: 256 },
    features: new Set(features),
  } as unknown as GPUAdapter;
}

let gpu: Gpu;
let validator: GPUDevice;
beforeAll(async () => {
  gpu = await openTestGpu();
  validator = await openMatrixValidator();
});
afterAll(() => {
  closeGpu(gpu);
  validator.destroy();
});

describe('subgroup matrices', () => {
  it('are offered by a card that has all of the features, the sizes and the types', () => {
    expect(matrixLanes(card())).toBe(32);
    expect(matrixLanes(card({ configs: [{ ...halves, M: 8 }, halves], lanes: 64 }))).toBe(64);
  });

  it.each<[string, Card]>([
    ['no sizes', { configs: [] }],
    ['other sizes', { configs: [{ ...halves, K: 8 }] }],
    ['other types', { configs: [{ ...halves, resultComponentType: 'f16' }] }],
    ['too wide subgroups', { lanes: 128 }],
    ...needed.map(
      (name) =>
        [`no ${name}`, { features: needed.filter((other) => other !== name) }] satisfies [string, Card],
    ),
  ])('are refused of a card with %s, in a line that names it', async (_, changes) => {
    const message =
      'experimental: Fake card does not offer products of 16×16 matrices of f16 added in f32 ' +
      '(chromium-experimental-subgroup-matrix)';
    expect(() => matrixLanes(card(changes))).toThrow(new InputError(message));
    await expect(openGpu(card(changes), { experimental: true })).rejects.toThrow(new InputError(message));
  });

  it('are not opened unless asked for', () => {
    expect(gpu.matrixLanes).toBeUndefined();
    expect(gpu.device.features.has(matrixFeature)).toBe(false);
  });

  it.each([
    ['linear_matrix in f16', withHalves(shaders.linear_matrix, ['Factor'])],
    [
      'the bench’s probe',
      readFileSync(new URL('../../bench/probes/multiply_add_matrix.wgsl', import.meta.url), 'utf8'),
    ],
  ])('are used rightly by %s, as far as Tint can tell', async (_, code) => {
    const { messages } = await validator.createShaderModule({ code }).getCompilationInfo();
    expect(messages.map(({ message, lineNum }) => `${lineNum} ${message}`)).toEqual([]);
  });
});
