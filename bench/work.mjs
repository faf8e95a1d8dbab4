// How much a launch has to do at least: operations (a multiplication and an addition are two) and bytes.

const conv2d = (p) =>
  p.phases === 4
    ? 2 * p.batch * p.outputs * p.inputs * p.height * p.width * 9
    : 2 * p.batch * p.outputs * p.outHeight * p.outWidth * p.inputs * p.kernel ** 2;
const conv1d = (p, { x }) => 2 * x.shape[0] * p.outFrames * p.outChannels * (p.channels / p.groups) * p.taps;
const pointwise = ({ batch, inputs, outputs, plane }) => 2 * batch * inputs * outputs * plane;
const linear = ({ rows, inputs, outputs }) => 2 * rows * inputs * outputs;
const attention = ({ length, heads, headDim, reach }, { y }) =>
  4 * heads * headDim * pairsInReach(length, reach) * y.shape[0];

/** By kernel, from its Params and the shapes bound. Kernels not listed do a few operations for each byte they move. */
const operations = {
  linear,
  linear_row: linear,
  linear_matrix: linear,
  matmul: ({ rows, inner, columns }, { y }) => 2 * inner * columns * (y ? size(y) / columns : rows),
  conv2d,
  conv2d_subgroup: conv2d,
  conv2d_3x3_subgroup: conv2d,
  conv1d,
  conv1d_subgroup: conv1d,
  depthwise_conv2d: (p) => 2 * p.planes * p.outHeight * p.outWidth * p.kernel ** 2,
  pointwise,
  pointwise_each: pointwise,
  upfirdn2d: (p, _, { UP }) => 2 * p.channels * p.outHeight * p.outWidth * (16 / UP ** 2),
  attention,
  attention_subgroup: attention,
  attention_band: attention,
};

const size = (tensor) => tensor.shape.reduce((product, extent) => product * extent, 1);

/** Pairs |i − j| ≤ reach of 0 … length − 1. */
function pairsInReach(length, reach) {
  const r = Math.min(reach, length - 1);
  return length * (2 * r + 1) - r * (r + 1);
}

export function workOf({ kernel, constants = {}, params, bindings }) {
  // A binding that a launch does not use is left out or filled with another of its tensors: each counts once.
  const bound = Object.values(bindings).filter((tensor) => tensor !== undefined);
  const tensors = [...new Set(bound.map(({ memory }) => memory))].map((memory) =>
    bound.find((tensor) => tensor.memory === memory),
  );
  const bytes = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  return { flops: operations[kernel]?.(params, bindings, constants) ?? 0, bytes };
}

export const bytesOf = (tensor) => (tensor.precision === 'f16' ? 2 : 4) * size(tensor);
