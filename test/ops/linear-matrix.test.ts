import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { linear, linearReference } from '../../src/ops/linear.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import type { CompiledKernel, PipelineCache } from '../../src/runtime/kernel.js';
import { kernelInterface, withHalves } from '../../src/runtime/kernel.js';
import type { Recorder } from '../../src/runtime/recorder.js';
import { scratch } from '../../src/runtime/recorder.js';
import { openScope } from '../../src/runtime/scope.js';
import { shaders } from '../../src/runtime/shaders.generated.js';
import type { Precision } from '../../src/runtime/tensor.js';
import { expectClose } from '../compare.js';
import { gaussian, halved, needsFloat16, openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

/**
 * linear_matrix.wgsl for devices without subgroup matrices: a subgroup is one invocation, which holds whole matrices
 * and multiplies them by loops.
 */
function withPlainMatrices(source: string): string {
  const load = (name: string, memory: string, element: string) => `
    fn ${name}(offset: u32, stride: u32) -> array<f32, 256> {
      var m: array<f32, 256>;
      for (var r = 0u; r < 16u; r++) {
        for (var c = 0u; c < 16u; c++) { m[r * 16u + c] = f32(${memory}[offset + ${element}]); }
      }
      return m;
    }`;
  return (
    source
      .replace('enable chromium_experimental_subgroup_matrix;\nenable subgroups;', '')
      .replaceAll(/subgroup_matrix_\w+<\w+, SIDE, SIDE>/g, 'array<f32, 256>')
      .replaceAll('subgroupMatrixLoad<W, col_major>(&w, ', 'load_w(')
      .replaceAll('subgroupMatrixLoad<X, row_major>(&panel, ', 'load_panel(')
      .replaceAll('subgroupMatrixMultiplyAccumulate(', 'multiply_add(')
      .replaceAll('subgroupMatrixStore<row_major>(&sums, ', 'store_sums(')
      .replace('@builtin(subgroup_id) subgroup: u32,\n) {', ') {\n  let subgroup = index;') +
    load('load_w', 'w', 'c * stride + r') +
    load('load_panel', 'panel', 'r * stride + c') +
    `
    fn multiply_add(a: array<f32, 256>, b: array<f32, 256>, sums: array<f32, 256>) -> array<f32, 256> {
      var left = a;
      var right = b;
      var total = sums;
      for (var i = 0u; i < 256u; i++) {
        for (var k = 0u; k < 16u; k++) { total[i] += left[i / 16u * 16u + k] * right[k * 16u + i % 16u]; }
      }
      return total;
    }
    fn store_sums(offset: u32, m: array<f32, 256>, stride: u32) {
      var values = m;
      for (var i = 0u; i < 256u; i++) { sums[offset + i / 16u * stride + i % 16u] = values[i]; }
    }`
  );
}

/** The device with the kernel of matrices compiled so, and everything else as ever. */
function withMatrices(plain: Gpu): Gpu {
  const pipelines: PipelineCache = async (name, constants, halves = []): Promise<CompiledKernel> => {
    if (name !== 'linear_matrix') return plain.pipelines(name, constants, halves);
    const code = withPlainMatrices(withHalves(shaders.linear_matrix, halves));
    const module = plain.device.createShaderModule({ code });
    const compute = { module, constants: { ...constants } };
    const pipeline = await plain.device.createComputePipelineAsync({ layout: 'auto', compute });
    return { name, interface: kernelInterface(name), layout: pipeline.getBindGroupLayout(0), pipeline };
  };
  return { ...plain, pipelines, matrixLanes: 1 };
}

describe('linear with subgroup matrices', () => {
  beforeEach((test) => needsFloat16(gpu, test));

  it('equals its float64 twin, where loops stand in for the matrix units', async () => {
    const [rows, inputs, outputs] = [70, 96, 128];
    const [x, w] = [halved(gaussian([rows, inputs], 1)), halved(gaussian([outputs, inputs], 2))];
    const [bias, packed, residual] = [
      gaussian([outputs], 3),
      gaussian([rows, outputs + 5], 4),
      gaussian([rows, outputs], 5),
    ];
    const inputsOf = { x: { shape: x.shape, data: x.data }, w, bias, packed, residual };
    const { y } = await evaluate(withMatrices(gpu), inputsOf, (rec, t) => {
      const gate = { packed: t.packed, offset: 3 };
      const options = { activation: 'geluErf', bias: t.bias, gate, residual: t.residual } as const;
      const product = linear(rec, t.x, t.w, options);
      expect(rec.dispatches.map(({ kernel }) => kernel)).toEqual(['linear_matrix']);
      return { y: product };
    });
    const gate = residual.data.map(
      (_, at) => packed.data[Math.floor(at / outputs) * (outputs + 5) + 3 + (at % outputs)]!,
    );
    const size = { rows, inputs, outputs };
    const added = { gate, residual: residual.data };
    const expected = linearReference(x.data, w.data, bias.data, size, 'geluErf', added);
    expectClose('linear', y.data, expected, 5e-7);
  });
});

describe('the choice of linear_matrix.wgsl', () => {
  /** The kernel of a product of weights [outputs, inputs] with `rows` rows. */
  function kernelOf(
    on: Gpu,
    [rows, inputs, outputs]: readonly [number, number, number],
    precision: Precision,
  ) {
    const rec: Recorder = {
      gpu: on,
      label: 'choice',
      dispatches: [],
      inputs: new Map(),
      outputs: new Map(),
      scope: openScope(),
      scratchCount: 0,
      wantsTap: () => false,
    };
    linear(rec, scratch(rec, 'x', [rows, inputs]), scratch(rec, 'w', [outputs, inputs], precision));
    return rec.dispatches.map(({ kernel, constants, workgroups }) => ({ kernel, constants, workgroups }))[0];
  }

  it('falls on weights of f16 whose sizes divide, on a device that was opened for it', () => {
    const card: Gpu = { ...gpu, matrixLanes: 32, tuning: { ...gpu.tuning, product: 'shared' } };
    const { matrixLanes, ...plain } = card;
    expect(kernelOf(card, [70, 96, 128], 'f16')).toMatchObject({
      kernel: 'linear_matrix',
      constants: { LANES: matrixLanes },
      workgroups: [2, 3],
    });
    expect(kernelOf(card, [4, 96, 128], 'f16')?.kernel).toBe('linear_row');
    expect(kernelOf(card, [70, 96, 128], 'f32')?.kernel).toBe('linear');
    expect(kernelOf(card, [70, 80, 128], 'f16')?.kernel).toBe('linear');
    expect(kernelOf(card, [70, 96, 96], 'f16')?.kernel).toBe('linear');
    expect(kernelOf(plain, [70, 96, 128], 'f16')?.kernel).toBe('linear');
  });
});
