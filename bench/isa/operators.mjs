// Our operators of bench/peers/cases.mjs, recorded with zeros for weights.
import { packTransposedWeight, packWeight } from '../../dist/ops/conv-weight.js';
import { conv2d, convTranspose2d } from '../../dist/ops/conv2d.js';
import { linear } from '../../dist/ops/linear.js';
import { constant, input, output } from '../../dist/runtime/recorder.js';

const zeros = (rec, name, shape) =>
  constant(rec, name, shape, new Float32Array(shape.reduce((a, b) => a * b)));

const convolution =
  (record, pack, options) =>
  (rec, { inputs, outputs, size }) => {
    const { shape, data } = pack(new Float32Array(9 * inputs * outputs), { outputs, inputs, kernel: 3 });
    const weight = { tensor: constant(rec, 'w', shape, data), outputs };
    const bias = zeros(rec, 'bias', [outputs]);
    output(rec, 'y', record(rec, input(rec, 'x', [1, inputs, size, size]), weight, { ...options, bias }));
  };

export const operators = {
  conv: convolution(conv2d, packWeight, { padding: 1 }),
  up: convolution(convTranspose2d, packTransposedWeight, {}),
  matmul: (rec, { rows, inputs, outputs }) =>
    output(rec, 'y', linear(rec, input(rec, 'x', [rows, inputs]), zeros(rec, 'w', [outputs, inputs]))),
};
