// One operator in two guises: our function that records it, and the ONNX nodes that compute the same. Runs in the page.
import { attention } from '/dist/ops/attention.js';
import { packTransposedWeight, packWeight } from '/dist/ops/conv-weight.js';
import { conv1d, tapsBeforeChannels } from '/dist/ops/conv1d.js';
import { conv2d, convTranspose2d } from '/dist/ops/conv2d.js';
import { layerNorm } from '/dist/ops/layer-norm.js';
import { linear } from '/dist/ops/linear.js';
import { constant } from '/dist/runtime/recorder.js';

const sizeOf = (shape) => shape.reduce((product, extent) => product * extent, 1);

/** A matrix `[rows, columns]` with its axes swapped. */
export function transposed(data, rows, columns) {
  return Float32Array.from(
    { length: data.length },
    (_, at) => data[(at % rows) * columns + Math.floor(at / rows)],
  );
}

let state = 1;

/** The next values of a fixed sequence, uniform with variance 1/`fan`. */
function values(shape, fan = 1) {
  const data = new Float32Array(sizeOf(shape));
  const scale = Math.sqrt(12 / fan) / 2 ** 32;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = (state - 2 ** 31) * scale;
  }
  return { shape, data };
}

const onGpu = (rec, label, { shape, data }) => constant(rec, label, shape, data);

function packed(rec, pack, weight, { outputs, inputs }) {
  const { shape, data } = pack(weight, { outputs, inputs, kernel: 3 });
  return { tensor: constant(rec, 'w', shape, data), outputs };
}

/**
 * The layout that ONNX Runtime's kernels work in; the other costs transpositions. Which is faster depends on the size.
 */
const layouts = ['NCHW', 'NHWC'];

/**
 * By op, from a case's sizes: `{flops, inputs, constants, output, ours, peers, sequence}`. `inputs` and `constants` are
 * name → `{shape, data}`, `output` is ONNX's shape; `ours` records our kernels; `peers` are ways to say the same in
 * ONNX, of which the fastest counts. With `sequence`, our arrays are [B,T,C] where ONNX's are [B,C,T].
 */
export const operators = {
  conv({ inputs, outputs, size }) {
    const w = values([outputs, inputs, 3, 3], inputs * 9);
    const b = values([outputs]);
    const operator = {
      type: 'Conv',
      attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
      inputs: ['x', 'w', 'b'],
    };
    return {
      flops: 2 * 9 * inputs * outputs * size ** 2,
      inputs: { x: values([1, inputs, size, size]) },
      constants: { w, b },
      output: [1, outputs, size, size],
      ours: (rec, { x }) =>
        conv2d(rec, x, packed(rec, packWeight, w.data, { outputs, inputs }), {
          padding: 1,
          bias: onGpu(rec, 'b', b),
        }),
      peers: layouts.map((layout) => ({ name: layout, layout, operator })),
    };
  },

  up({ inputs, outputs, size }) {
    const w = values([outputs, inputs, 3, 3], (inputs * 9) / 4);
    // ONNX, as PyTorch, puts the inputs first.
    const swapped = new Float32Array(w.data.length);
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        const taps = w.data.subarray((o * inputs + i) * 9, (o * inputs + i + 1) * 9);
        swapped.set(taps, (i * outputs + o) * 9);
      }
    }
    const b = values([outputs]);
    const operator = {
      type: 'ConvTranspose',
      attributes: { kernel_shape: [3, 3], strides: [2, 2] },
      inputs: ['x', 'w', 'b'],
    };
    return {
      flops: 2 * 9 * inputs * outputs * size ** 2,
      inputs: { x: values([1, inputs, size, size]) },
      constants: { w: { shape: [inputs, outputs, 3, 3], data: swapped }, b },
      output: [1, outputs, 2 * size + 1, 2 * size + 1],
      ours: (rec, { x }) =>
        convTranspose2d(rec, x, packed(rec, packTransposedWeight, w.data, { outputs, inputs }), {
          bias: onGpu(rec, 'b', b),
        }),
      peers: layouts.map((layout) => ({ name: layout, layout, operator })),
    };
  },

  matmul({ rows, inputs, outputs }) {
    const w = values([outputs, inputs], inputs);
    const wt = { shape: [inputs, outputs], data: transposed(w.data, outputs, inputs) };
    return {
      flops: 2 * rows * inputs * outputs,
      inputs: { x: values([rows, inputs]) },
      constants: { w, wt },
      output: [rows, outputs],
      ours: (rec, { x }) => linear(rec, x, onGpu(rec, 'w', w)),
      peers: [
        { name: 'MatMul', operator: { type: 'MatMul', inputs: ['x', 'wt'] } },
        { name: 'Gemm', operator: { type: 'Gemm', attributes: { transB: 1 }, inputs: ['x', 'w'] } },
      ],
    };
  },

  attention({ batch, length, heads, width, reach }) {
    const shape = [batch, length, width];
    const qkv = values([3, ...shape]).data;
    const part = (i) => ({ shape, data: qkv.slice((i * qkv.length) / 3, ((i + 1) * qkv.length) / 3) });
    const within = Math.min(reach ?? length, length - 1);
    const mask = values([batch, heads, length, length]);
    mask.data.forEach((_, at) => {
      mask.data[at] = Math.abs((Math.floor(at / length) % length) - (at % length)) > within ? -1e9 : 0;
    });
    const operator = {
      type: 'MultiHeadAttention',
      domain: 'com.microsoft',
      attributes: { num_heads: heads },
      inputs: ['q', 'k', 'v', ...(reach === undefined ? [] : ['', '', 'mask'])],
    };
    return {
      flops: 4 * batch * width * (length * (2 * within + 1) - within * (within + 1)),
      inputs: { q: part(0), k: part(1), v: part(2) },
      constants: { mask },
      output: shape,
      ours: (rec, { q, k, v }) =>
        attention(rec, { q, k, v }, { heads, ...(reach === undefined ? {} : { reach }) }),
      peers: [{ name: 'MultiHeadAttention', operator }],
    };
  },

  layerNorm({ rows, inputs }) {
    const [weight, bias] = [values([inputs]), values([inputs])];
    return {
      flops: 0,
      inputs: { x: values([rows, inputs]) },
      constants: { weight, bias },
      output: [rows, inputs],
      ours: (rec, { x }) =>
        layerNorm(rec, x, {
          eps: 1e-5,
          weight: onGpu(rec, 'weight', weight),
          bias: onGpu(rec, 'bias', bias),
        }),
      peers: [
        {
          name: 'LayerNormalization',
          operator: {
            type: 'LayerNormalization',
            attributes: { axis: 1, epsilon: 1e-5 },
            inputs: ['x', 'weight', 'bias'],
          },
        },
      ],
    };
  },

  conv1d({ length, inputs, outputs, taps, stride }) {
    const w = values([outputs, inputs, taps], inputs * taps);
    const frames = Math.floor((length - taps) / stride) + 1;
    const operator = {
      type: 'Conv',
      attributes: { kernel_shape: [taps], strides: [stride] },
      inputs: ['x', 'w'],
    };
    return {
      flops: 2 * taps * inputs * outputs * frames,
      inputs: { x: values([1, length, inputs]) },
      constants: { w },
      output: [1, outputs, frames],
      sequence: true,
      ours: (rec, { x }) => {
        const ordered = tapsBeforeChannels(w.data, { outputs, inputs, taps });
        return conv1d(rec, x, constant(rec, 'w', [outputs, taps, inputs], ordered), { stride });
      },
      peers: layouts.map((layout) => ({ name: layout, layout, operator })),
    };
  },
};
