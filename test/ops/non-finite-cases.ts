import {
  activate,
  add,
  addReference,
  gatedResidual,
  gatedResidualReference,
} from '../../src/ops/elementwise.js';
import { unaryReference } from '../../src/ops/elementwise.js';
import { attention, attentionReference } from '../../src/ops/attention.js';
import { conv1d, conv1dReference, tapsBeforeChannels } from '../../src/ops/conv1d.js';
import { packTransposedWeight, packWeight, squareSums } from '../../src/ops/conv-weight.js';
import { conv2d, conv2dReference, convTranspose2d, convTranspose2dReference } from '../../src/ops/conv2d.js';
import { depthwiseConv2d, depthwiseConv2dReference } from '../../src/ops/depthwise-conv2d.js';
import { flowGrid, flowGridReference, gridSample, gridSampleReference } from '../../src/ops/flow.js';
import { warpBlend, warpBlendReference } from '../../src/ops/flow.js';
import { guidance, guidanceReference } from '../../src/ops/guidance.js';
import { layerNorm, layerNormReference } from '../../src/ops/layer-norm.js';
import { linear, linearReference } from '../../src/ops/linear.js';
import { matmul, matmulReference } from '../../src/ops/matmul.js';
import { meanOverTime, meanOverTimeReference } from '../../src/ops/mean.js';
import { styledConv, styledConvReference } from '../../src/ops/modulated-conv2d.js';
import { pointwise, pointwiseReference } from '../../src/ops/pointwise.js';
import { rowNumbers, selectRows, selectRowsReference } from '../../src/ops/select-rows.js';
import { shortcut, shortcutReference } from '../../src/ops/shortcut.js';
import { unfold, unfoldReference } from '../../src/ops/unfold.js';
import { upfirdn2d, upfirdn2dReference } from '../../src/ops/upfirdn2d.js';
import type { HostTensor } from '../../src/runtime/evaluate.js';
import type { Recorder } from '../../src/runtime/recorder.js';
import type { Tensor } from '../../src/runtime/tensor.js';
import { gaussian } from '../fixtures.js';

type Operands = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/** An operator with operands of a fixed shape: what it launches, and its float64 twin. */
export interface Case {
  readonly name: string;
  /** Shapes of the operands, as PyTorch has them. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Operands as they are uploaded, where that differs. */
  readonly upload?: (operands: Operands) => Readonly<Record<string, HostTensor>>;
  readonly record: (rec: Recorder, t: Readonly<Record<string, Tensor>>) => Record<string, Tensor>;
  readonly twin: (operands: Operands) => Record<string, ArrayLike<number>>;
}

function asTheyAre(shapes: Case['shapes'], operands: Operands): Record<string, HostTensor> {
  const entries = Object.entries(shapes).map(
    ([name, shape]) => [name, { shape, data: operands[name]! }] as const,
  );
  return Object.fromEntries(entries);
}

/** The operands as the operator takes them. */
export function uploaded(tried: Case, operands: Operands): Readonly<Record<string, HostTensor>> {
  return tried.upload?.(operands) ?? asTheyAre(tried.shapes, operands);
}

const unary = ['none', 'geluErf', 'geluTanh', 'silu', 'tanh', 'sigmoid', 'leakyRelu'] as const;

const elementwise: readonly Case[] = [
  ...unary.map((f): Case => ({
    name: `activate ${f}`,
    shapes: { x: [70] },
    record: (rec, t) => ({ y: activate(rec, t['x']!, f) }),
    twin: ({ x }) => ({ y: Float64Array.from(x!, (v) => unaryReference(f, v)) }),
  })),
  {
    name: 'add',
    shapes: { x: [2, 3, 5], z: [5] },
    record: (rec, t) => ({ y: add(rec, t['x']!, t['z']!) }),
    twin: ({ x, z }) => ({ y: addReference(x!, z!, { repeats: 6, inner: 5 }) }),
  },
  {
    name: 'gatedResidual',
    shapes: { x: [3, 5], gate: [3, 5], z: [3, 5] },
    record: (rec, t) => ({ y: gatedResidual(rec, t['x']!, { packed: t['gate']!, offset: 0 }, t['z']!) }),
    twin: ({ x, gate, z }) => ({ y: gatedResidualReference(x!, gate!, z!) }),
  },
  {
    name: 'guidance',
    shapes: { fields: [3, 7], scales: [2] },
    record: (rec, t) => ({ y: guidance(rec, t['fields']!, t['scales']!) }),
    twin: ({ fields, scales }) => {
      const [u, a, all] = [0, 7, 14].map((at) => fields!.subarray(at, at + 7));
      return { y: guidanceReference(u!, a!, all!, scales![0]!, scales![1]!) };
    },
  },
];

const rowNorm = (inner: number, channels: number, activation: 'none' | 'geluErf'): Case => ({
  name: `layerNorm of ${channels} channels, ${inner > 1 ? 'inner ones, ' : ''}${activation}`,
  shapes: {
    x: inner > 1 ? [2, channels, inner] : [6, channels],
    weight: [channels],
    bias: [channels],
    scale: [2 * 3, channels],
  },
  record: (rec, t) => {
    const scale = { packed: t['scale']!, offset: 0 };
    const options = { weight: t['weight'], bias: t['bias'], scale, shift: scale, eps: 1e-5, activation };
    return { y: layerNorm(rec, t['x']!, { ...options, axis: inner > 1 ? 'channels' : 'last' }) };
  },
  twin: ({ x, weight, bias, scale }) => {
    const size = { outer: 6 / inner, channels, inner, eps: 1e-5 };
    return { y: layerNormReference(x!, size, { weight, bias, scale, shift: scale, activation }) };
  },
});

const product = (rows: number, inputs: number, activation: 'none' | 'geluErf' | 'silu'): Case => ({
  name: `linear ${rows}×${inputs} ${activation}`,
  shapes: { x: [rows, inputs], w: [7, inputs], bias: [7], gate: [rows, 7], residual: [rows, 7] },
  record: (rec, t) => {
    const gate = { packed: t['gate']!, offset: 0 };
    return {
      y: linear(rec, t['x']!, t['w']!, { bias: t['bias'], gate, residual: t['residual'], activation }),
    };
  },
  twin: ({ x, w, bias, gate, residual }) => {
    const size = { rows, inputs, outputs: 7 };
    return { y: linearReference(x!, w!, bias, size, activation, { gate, residual }) };
  },
});

const sequence = (channels: number, groups: number): Case => {
  const size = {
    batch: 2,
    frames: 9,
    channels,
    outFrames: 5,
    outChannels: 6,
    taps: 3,
    stride: 2,
    padding: 1,
    groups,
  };
  return {
    name: `conv1d of ${channels} channels in ${groups} groups`,
    shapes: { x: [2, 9, channels], w: [6, channels / groups, 3], bias: [6] },
    upload: ({ x, w, bias }) => ({
      x: { shape: [2, 9, channels], data: x! },
      w: {
        shape: [6, 3, channels / groups],
        data: tapsBeforeChannels(w!, { outputs: 6, inputs: channels / groups, taps: 3 }),
      },
      bias: { shape: [6], data: bias! },
    }),
    record: (rec, t) => ({
      y: conv1d(rec, t['x']!, t['w']!, { bias: t['bias'], stride: 2, padding: 1, groups }),
    }),
    twin: ({ x, w, bias }) => ({ y: conv1dReference(x!, w!, bias, size) }),
  };
};

const sequences: readonly Case[] = [
  ...[
    [9, 2],
    [40, undefined],
    [40, 12],
  ].map(([length, reach]): Case => {
    const band = reach === undefined ? {} : { reach };
    return {
      name: `attention over ${length}, reach ${reach ?? 'all'}`,
      shapes: { q: [1, length!, 16], k: [1, length!, 16], v: [1, length!, 16] },
      record: (rec, t) => {
        const operands = { q: t['q']!, k: t['k']!, v: t['v']! };
        return { y: attention(rec, operands, { heads: 2, ...band }) };
      },
      twin: ({ q, k, v }) => {
        const size = { batch: 1, length: length!, heads: 2, headDim: 8, ...band };
        return { y: attentionReference(q!, k!, v!, size) };
      },
    };
  }),
  product(3, 20, 'geluErf'),
  product(9, 20, 'none'),
  product(9, 20, 'silu'),
  product(9, 21, 'geluErf'),
  sequence(12, 1),
  sequence(12, 3),
  sequence(10, 2),
  rowNorm(1, 12, 'none'),
  rowNorm(1, 13, 'geluErf'),
  rowNorm(3, 12, 'none'),
  {
    name: 'matmul',
    shapes: { a: [2, 3, 19], b: [2, 19, 5] },
    record: (rec, t) => ({ y: matmul(rec, t['a']!, t['b']!) }),
    twin: ({ a, b }) => ({ y: matmulReference(a!, b!, { batch: 2, rows: 3, inner: 19, columns: 5 }) }),
  },
  {
    name: 'meanOverTime',
    shapes: { x: [2, 9, 5] },
    record: (rec, t) => ({ y: meanOverTime(rec, t['x']!) }),
    twin: ({ x }) => ({ y: meanOverTimeReference(x!, { batch: 2, frames: 9, channels: 5 }) }),
  },
  {
    name: 'selectRows',
    shapes: { x: [4, 5] },
    record: (rec, t) => ({ y: selectRows(rec, t['x']!, rowNumbers(rec, [3], [3, 0, 2])) }),
    twin: ({ x }) => ({ y: selectRowsReference(x!, [3, 0, 2], 5) }),
  },
  {
    name: 'unfold',
    shapes: { x: [29] },
    record: (rec, t) => ({ y: unfold(rec, t['x']!, { size: 5, step: 3 }) }),
    twin: ({ x }) => ({ y: unfoldReference(x!, { size: 5, step: 3 }) }),
  },
];

const picture = (inputs: number, kernel: number, width: number, stride = 1): Case => {
  const size = { batch: 2, inputs, outputs: 5, height: 6, width, kernel, stride, padding: (kernel - 1) / 2 };
  const outHeight = Math.floor(5 / stride) + 1;
  const addend = [2, 5, outHeight, Math.floor((width - 1) / stride) + 1];
  const shapes = {
    x: [2, inputs, 6, width],
    w: [5, inputs, kernel, kernel],
    style: [2, inputs],
    scale: [2, 5],
    bias: [5],
    addend,
  };
  return {
    name: `conv2d ${kernel}×${kernel} of ${inputs}×6×${width}, stride ${stride}`,
    shapes,
    upload: (operands) => ({
      ...asTheyAre(shapes, operands),
      w: packWeight(operands['w']!, { outputs: 5, inputs, kernel }),
    }),
    record: (rec, t) => ({
      y: conv2d(
        rec,
        t['x']!,
        { tensor: t['w']!, outputs: 5 },
        {
          stride,
          padding: size.padding,
          style: { values: t['style']!, offset: 0 },
          ...{ scale: t['scale'], bias: t['bias'], addend: t['addend'], leaky: true, factor: 0.5 },
        },
      ),
    }),
    twin: ({ x, w, ...rest }) => ({
      y: conv2dReference(x!, w!, { ...size, ...rest, leaky: true, factor: 0.5 }),
    }),
  };
};

const styled = (upsample: boolean): Case => ({
  name: `styledConv${upsample ? ', upsampling' : ''}`,
  shapes: { x: [1, 6, 4, 4], w: [5, 6, 3, 3], style: [1, 6], bias: [5] },
  upload: ({ x, w, style, bias }) => {
    const kernel = { outputs: 5, inputs: 6, kernel: 3 };
    return {
      x: { shape: [1, 6, 4, 4], data: x! },
      w: (upsample ? packTransposedWeight : packWeight)(w!, kernel),
      squares: { shape: [5, 6], data: squareSums(w!, kernel) },
      style: { shape: [1, 6], data: style! },
      bias: { shape: [5], data: bias! },
    };
  },
  record: (rec, t) => {
    const weights = { conv: { tensor: t['w']!, outputs: 5 }, squares: t['squares']!, bias: t['bias']! };
    return { y: styledConv(rec, t['x']!, weights, { values: t['style']!, offset: 0 }, { upsample }) };
  },
  twin: ({ x, w, style, bias }) => {
    const size = { outputs: 5, height: 4, width: 4, upsample };
    return { y: styledConvReference(x!, w!, style!, bias!, size) };
  },
});

export const convolutions: readonly Case[] = [
  picture(6, 3, 8),
  picture(8, 3, 7),
  picture(3, 1, 8),
  picture(5, 3, 6, 2),
  picture(70, 3, 4),
  {
    name: 'convTranspose2d',
    shapes: { x: [1, 6, 4, 3], w: [5, 6, 3, 3], style: [1, 6] },
    upload: ({ x, w, style }) => ({
      x: { shape: [1, 6, 4, 3], data: x! },
      w: packTransposedWeight(w!, { outputs: 5, inputs: 6, kernel: 3 }),
      style: { shape: [1, 6], data: style! },
    }),
    record: (rec, t) => {
      const style = { values: t['style']!, offset: 0 };
      return { y: convTranspose2d(rec, t['x']!, { tensor: t['w']!, outputs: 5 }, { style }) };
    },
    twin: ({ x, w, style }) => ({
      y: convTranspose2dReference(x!, w!, { batch: 1, inputs: 6, outputs: 5, height: 4, width: 3, style }),
    }),
  },
  styled(false),
  styled(true),
];

const pictures: readonly Case[] = [
  {
    name: 'depthwiseConv2d',
    shapes: { x: [1, 3, 5, 6], w: [3, 3, 3], bias: [3] },
    record: (rec, t) => ({ y: depthwiseConv2d(rec, t['x']!, t['w']!, { bias: t['bias'], padding: [1, 1] }) }),
    twin: ({ x, w, bias }) => {
      const size = { batch: 1, channels: 3, height: 5, width: 6, kernel: 3, stride: 1 };
      return { y: depthwiseConv2dReference(x!, w!, bias, { ...size, padding: [1, 1] }) };
    },
  },
  {
    name: 'pointwise',
    shapes: { x: [2, 5, 3, 3], w: [3, 5], style: [2, 5], bias: [3], shift: [3] },
    upload: ({ x, w, style, bias, shift }) => ({
      x: { shape: [2, 5, 3, 3], data: x! },
      w: packWeight(w!, { outputs: 3, inputs: 5, kernel: 1 }),
      style: { shape: [2, 5], data: style! },
      bias: { shape: [3], data: bias! },
      shift: { shape: [3], data: shift! },
    }),
    record: (rec, t) => {
      const style = { values: t['style']!, offset: 0 };
      const options = { style, bias: t['bias'], shift: t['shift'], leaky: true };
      return { y: pointwise(rec, t['x']!, { tensor: t['w']!, outputs: 3 }, options) };
    },
    twin: ({ x, w, ...rest }) => ({
      y: pointwiseReference(x!, w!, { batch: 2, inputs: 5, outputs: 3, plane: 9 }, { ...rest, leaky: true }),
    }),
  },
  ...[
    { up: 2, gain: 4, pad: [2, 1] as const },
    { down: 2, pad: [1, 1] as const },
  ].map((size): Case => ({
    name: `upfirdn2d ${'up' in size ? 'up' : 'down'}`,
    shapes: { x: [1, 2, 6, 5] },
    record: (rec, t) => ({ y: upfirdn2d(rec, t['x']!, size) }),
    twin: ({ x }) => ({ y: upfirdn2dReference(x!, { ...size, batch: 1, outputs: 2, height: 6, width: 5 }) }),
  })),
  {
    name: 'flowGrid',
    shapes: { o: [1, 3, 4, 5] },
    record: (rec, t) => ({ ...flowGrid(rec, t['o']!) }),
    twin: ({ o }) => ({ ...flowGridReference(o!, 1, 4, 5) }),
  },
  ...[true, false].map((alignCorners): Case => ({
    name: `gridSample, corners ${alignCorners ? 'aligned' : 'apart'}`,
    shapes: { x: [1, 9, 4, 5], grid: [1, 3, 5, 2] },
    record: (rec, t) => ({ y: gridSample(rec, t['x']!, t['grid']!, { alignCorners }) }),
    twin: ({ x, grid }) => {
      const size = { batch: 1, channels: 9, height: 4, width: 5, positions: 15 };
      return { y: gridSampleReference(x!, grid!, size, alignCorners) };
    },
  })),
  {
    name: 'warpBlend',
    shapes: { x: [1, 3, 4, 5], grid: [1, 3, 5, 2], mask: [1, 3, 5], h: [1, 3, 3, 5] },
    record: (rec, t) => {
      const { warped, blended } = warpBlend(rec, t['x']!, { grid: t['grid']!, mask: t['mask']! }, t['h']);
      return { warped, blended: blended! };
    },
    twin: ({ x, grid, mask, h }) => {
      const size = { batch: 1, channels: 3, height: 4, width: 5, positions: 15 };
      return { ...warpBlendReference(x!, { grid: grid!, mask: mask! }, h!, size) };
    },
  },
  {
    name: 'shortcut',
    shapes: { v: [1, 4, 2, 3], x: [1, 3, 4, 6] },
    record: (rec, t) => ({ y: shortcut(rec, t['v']!, t['x'], 2) }),
    twin: ({ v, x }) => ({
      y: shortcutReference(v!, x!, { channels: 4, height: 2, width: 3, inputs: 3, pool: 2 }),
    }),
  },
];

export const cases: readonly Case[] = [...elementwise, ...sequences, ...convolutions, ...pictures];

/** The operands of a case, drawn. */
export function drawn({ shapes }: Case, seed: number): Record<string, Float32Array<ArrayBuffer>> {
  const entries = Object.entries(shapes).map(
    ([name, shape], i) => [name, gaussian(shape, seed + i).data] as const,
  );
  return Object.fromEntries(entries);
}
