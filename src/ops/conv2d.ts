import type { Recorder } from '../runtime/recorder.js';
import { constant, dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note, reaches } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, reshape, sizeOf } from '../runtime/tensor.js';
import { channelSums } from './channel-sums.js';
import type { ConvWeight } from './conv-weight.js';
import { add } from './elementwise.js';
import type { Epilogue, EpilogueReference } from './epilogue.js';
import { epilogueBindings, epilogueParams, epilogueReference } from './epilogue.js';
import { finishInSteps } from './finish.js';
import { takeColumns } from './join-columns.js';
import { adjointWeight } from './repack-weight.js';
import { scaleRows } from './scale-rows.js';
import { chooseSplits } from './splits.js';
import { weightGradient } from './weight-gradient.js';

/** Factors for the input channels of each frame: value (b, i) is `values[b, offset + i]`. */
export interface Style {
  /** `[batch, total]`: the styles of several layers may lie side by side. */
  readonly values: Tensor;
  readonly offset: number;
}

export interface ConvOptions extends Epilogue {
  /** 1 if not given. */
  readonly stride?: number;
  /** Zeros around x, 0 if not given. */
  readonly padding?: number;
  /** Multiplies the input channels. */
  readonly style?: Style | undefined;
  /** Frames of y; needed where x has one frame that all share. */
  readonly batch?: number;
  readonly label?: string;
}

/**
 * y = epilogue(conv2d(style·x)): `torch.nn.functional.conv2d`, square kernel, with what surrounds it in StyleGAN2.
 *
 * @param x `[batch, inputs, height, width]`, or `[1, …]` shared by all frames; f32 or f16, and so are y and the addend.
 * @param weight packed by `packWeight`, f32 or f16.
 * @returns `[batch, outputs, outHeight, outWidth]`, outHeight = ⌊(height + 2·padding − kernel)/stride⌋ + 1.
 * @throws RangeError when shapes do not fit.
 */
export function conv2d(rec: Recorder, x: Tensor, weight: ConvWeight, options: ConvOptions = {}): Tensor {
  const { stride = 1, padding = 0 } = options;
  const kernel = Math.sqrt(extent(weight.tensor, 0));
  if (!Number.isInteger(kernel)) throw new RangeError(`conv2d: ${weight.tensor.label} is not packed for it`);
  const outSize = (size: number) => Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return convolve(rec, x, weight, options, {
    kernel,
    stride,
    pad: padding,
    phases: 1,
    outHeight: outSize(extent(x, 2)),
    outWidth: outSize(extent(x, 3)),
  });
}

/**
 * The transposed convolution with 3×3 taps and stride 2: y[2v+ky, 2u+kx] += style·x[v,u]·w[ky,kx], then the epilogue:
 * `torch.nn.functional.conv_transpose2d(stride=2)`. Each parity of output positions is a convolution of its own with 4,
 * 2, 2 and 1 taps, so that no multiplication by an inserted zero is made: 2.25 taps an output.
 *
 * @param x `[batch, inputs, height, width]`.
 * @param weight packed by `packTransposedWeight`.
 * @returns `[batch, outputs, 2·height + 1, 2·width + 1]`.
 * @throws RangeError when shapes do not fit.
 */
export function convTranspose2d(
  rec: Recorder,
  x: Tensor,
  weight: ConvWeight,
  options: Omit<ConvOptions, 'stride' | 'padding'> = {},
): Tensor {
  expectShape('convTranspose2d', weight.tensor, [9, -1, -1]);
  return convolve(rec, x, weight, options, {
    kernel: 0,
    stride: 1,
    pad: 0,
    phases: 4,
    outHeight: 2 * extent(x, 2) + 1,
    outWidth: 2 * extent(x, 3) + 1,
  });
}

interface Geometry {
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  readonly phases: 1 | 4;
  readonly outHeight: number;
  readonly outWidth: number;
}

function convolve(rec: Recorder, x: Tensor, weight: ConvWeight, options: ConvOptions, geometry: Geometry) {
  const { style, scale, bias, addend } = options;
  return reaches(rec, [x, weight.tensor, style?.values, scale, bias, addend])
    ? convolveInSteps(rec, x, weight, options, geometry)
    : launch(rec, x, weight, options, geometry);
}

/**
 * With a tape: the convolution with its style and demodulation, v = d·conv(s·x), and what follows as operators of their
 * own. With g = convᵀ(d·dv), which is a convolution too (`adjointWeight`), from v = d·Σ w·s·x
 *
 *     dx = s·g      ds[n,i] = Σ_p g·x      dd[n,o] = Σ_p dv·v/d      dw = weightGradient(s·x, d·dv)
 */
function convolveInSteps(
  rec: Recorder,
  one: Tensor,
  weight: ConvWeight,
  options: ConvOptions,
  geometry: Geometry,
): Tensor {
  const { style, scale, batch = extent(one, 0), label = 'conv2d' } = options;
  const { tensor: w } = weight;
  const x = repeatFrame(rec, one, batch);
  const s = style && takeColumns(rec, style.values, style.offset, extent(w, 1));
  const sums = { style: s && { values: s, offset: 0 }, scale, batch, label };
  const v = launch(rec, x, weight, sums, geometry);
  note(rec, {
    operator: 'conv2d',
    inputs: [x, w, ...(s ? [s] : []), ...(scale ? [scale] : [])],
    output: v,
    adjoint: ({ dy, wants, into, give }) => {
      if (scale && wants(scale)) {
        give(scale, channelSums(rec, dy, { b: v, divisor: scale }, `d ${scale.label}`));
      }
      if (wants(x) || wants(s)) {
        const g = inputGradient(rec, dy, weight, scale, x, geometry);
        if (s && wants(s)) give(s, channelSums(rec, g, { b: x }, `d ${s.label}`));
        if (wants(x)) give(x, s ? scaleChannels(rec, g, s) : g);
      }
      if (wants(w)) {
        const dw = into(w, `d ${w.label}`);
        const { kernel, stride, pad, phases } = geometry;
        const transposed = phases === 4;
        weightGradient(rec, { x, scale: s }, { x: dy, scale }, dw, {
          kernel: transposed ? 3 : kernel,
          stride,
          pad,
          transposed,
        });
        give(w, dw);
      }
    },
  });
  return finishInSteps(rec, v, options, label);
}

/** Each channel of each frame times its factor; s `[batch, channels]`. */
function scaleChannels(rec: Recorder, x: Tensor, s: Tensor): Tensor {
  const rows = sizeOf(s.shape);
  const flat = scaleRows(rec, reshape(x, [rows, sizeOf(x.shape) / rows]), reshape(s, [rows]), x.label);
  return reshape(flat, x.shape);
}

/** A picture that all frames share, once for each: its gradient is the sum over the frames. */
function repeatFrame(rec: Recorder, x: Tensor, batch: number): Tensor {
  if (extent(x, 0) === batch) return x;
  const shape = [batch, ...x.shape.slice(1)];
  const zeros = constant(rec, 'zeros', shape, new Float32Array(sizeOf(shape)));
  return add(rec, zeros, { ...x, shape: x.shape.slice(1) }, x.label);
}

/**
 * convᵀ(d·dv). Of stride 1 it is the convolution with inputs and outputs swapped and taps flipped; of stride 2 and no
 * padding the transposed convolution, and the other way round.
 */
function inputGradient(
  rec: Recorder,
  dv: Tensor,
  weight: ConvWeight,
  d: Tensor | undefined,
  x: Tensor,
  { kernel, stride, pad, phases }: Geometry,
): Tensor {
  const options = { style: d && { values: d, offset: 0 }, label: `d ${x.label}` };
  if (phases === 4) {
    const swapped = adjointWeight(rec, weight, { fromPhased: true, toPhased: false, flip: false });
    return conv2d(rec, dv, swapped, { ...options, stride: 2 });
  }
  if (stride === 1 && pad < kernel) {
    const swapped = adjointWeight(rec, weight, { fromPhased: false, toPhased: false, flip: true });
    return conv2d(rec, dv, swapped, { ...options, padding: kernel - 1 - pad });
  }
  const fits = extent(x, 2) % 2 === 1 && extent(x, 3) % 2 === 1;
  if (stride !== 2 || kernel !== 3 || pad !== 0 || !fits) {
    throw new RangeError(
      `conv2d: no adjoint with stride ${stride}, ${kernel}×${kernel} taps, padding ${pad} of ${x.shape.join('×')}`,
    );
  }
  const swapped = adjointWeight(rec, weight, { fromPhased: false, toPhased: true, flip: false });
  return convTranspose2d(rec, dv, swapped, options);
}

function launch(rec: Recorder, x: Tensor, weight: ConvWeight, options: ConvOptions, geometry: Geometry) {
  const { style, batch = extent(x, 0), label = 'conv2d' } = options;
  const { phases, outHeight, outWidth } = geometry;
  const { outputs } = weight;
  const taps = extent(weight.tensor, 0);
  const inputs = extent(weight.tensor, 1);
  expectShape('conv2d', weight.tensor, [-1, -1, Math.ceil(outputs / 4) * 4]);
  expectShape('conv2d', x, [extent(x, 0) === 1 ? 1 : batch, inputs, -1, -1]);
  if (style) expectShape('conv2d', style.values, [batch, -1]);
  const y = scratch(rec, label, [batch, outputs, outHeight, outWidth], x.precision);
  const epilogue = epilogueParams('conv2d', options, y);

  const height = extent(x, 2);
  const width = extent(x, 3);
  const positions = phases === 1 ? outHeight * outWidth : (height + 1) * (width + 1);
  const { tuning } = rec.gpu;
  const shared = tuning.product === 'shared' || inputs % 4 !== 0;
  const { WIDE, HIGH } = tuning.conv2dTile;
  const tile = shared ? { positions: 4 * WIDE, outputs: 8 * HIGH } : { positions: 32, outputs: 12 };
  const tiles: [number, number] = [
    batch * Math.ceil(positions / tile.positions),
    Math.ceil(outputs / tile.outputs),
  ];
  const panels = (taps / phases) * Math.ceil(inputs / 16);
  const inRows =
    !shared &&
    tuning.conv3x3 === 'rows' &&
    geometry.kernel === 3 &&
    geometry.stride === 1 &&
    geometry.pad === 1 &&
    width % 4 === 0;
  const splits = shared ? chooseSplits(tiles[0] * tiles[1] * phases, panels) : 1;
  const whole = splits === 1;
  const target = whole ? y : scratch(rec, `${label} sums`, [splits, ...y.shape]);
  dispatch(rec, {
    kernel: shared ? 'conv2d' : inRows ? 'conv2d_3x3_subgroup' : 'conv2d_subgroup',
    ...(shared && { constants: { WIDE, HIGH, TRANSPOSED: phases === 4 ? 1 : 0 } }),
    params: {
      ...geometry,
      ...(whole ? epilogue : epilogueParams('conv2d', {}, y)),
      batch,
      frameStride: extent(x, 0) === 1 ? 0 : inputs * height * width,
      inputs,
      height,
      width,
      outputs,
      splits,
      scaleOffset: style?.offset ?? 0,
      scaleStride: style ? extent(style.values, 1) : 0,
      hasInScale: style ? 1 : 0,
    },
    bindings: {
      x,
      ...(inRows && { x4: x }),
      w: weight.tensor,
      inScale: style?.values,
      ...epilogueBindings(whole ? options : {}),
      y: target,
    },
    workgroups: [...tiles, phases * splits],
  });
  if (!whole) {
    const count = sizeOf(y.shape);
    dispatch(rec, {
      kernel: 'conv2d_join',
      params: { count, outputs, plane: outHeight * outWidth, splits, ...epilogue },
      bindings: { partial: target, ...epilogueBindings(options), y },
      workgroups: flatGrid(count, 64),
    });
  }
  return y;
}

export interface ConvReference extends EpilogueReference {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  /** `[batch, inputs]`. */
  readonly style?: ArrayLike<number> | undefined;
}

/**
 * The plain twin of `conv2d`, in float64: x `[batch, inputs, height, width]`, weight `[outputs, inputs, kernel,
 * kernel]`.
 */
export function conv2dReference(x: ArrayLike<number>, weight: ArrayLike<number>, size: ConvReference) {
  const { batch, inputs, outputs, height, width, kernel, stride = 1, padding = 0, style } = size;
  const outHeight = Math.floor((height + 2 * padding - kernel) / stride) + 1;
  const outWidth = Math.floor((width + 2 * padding - kernel) / stride) + 1;
  const y = new Float64Array(batch * outputs * outHeight * outWidth);
  for (let at = 0; at < y.length; at++) {
    const X = at % outWidth;
    const Y = Math.floor(at / outWidth) % outHeight;
    const o = Math.floor(at / (outWidth * outHeight)) % outputs;
    const b = Math.floor(at / (outWidth * outHeight * outputs));
    for (let i = 0; i < inputs; i++) {
      const s = style?.[b * inputs + i] ?? 1;
      for (let ky = 0; ky < kernel; ky++) {
        for (let kx = 0; kx < kernel; kx++) {
          const row = Y * stride + ky - padding;
          const column = X * stride + kx - padding;
          // Outside lie zeros, which 0·∞ makes NaN, as in PyTorch.
          const outside = row < 0 || row >= height || column < 0 || column >= width;
          const value = outside ? 0 : x[((b * inputs + i) * height + row) * width + column]!;
          y[at] = y[at]! + s * value * weight[((o * inputs + i) * kernel + ky) * kernel + kx]!;
        }
      }
    }
  }
  return epilogueReference(y, outputs, outHeight * outWidth, size);
}

/**
 * The plain twin of `convTranspose2d`, in float64: x `[batch, inputs, height, width]`, weight `[outputs, inputs, 3,
 * 3]`.
 */
export function convTranspose2dReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  size: Omit<ConvReference, 'kernel' | 'stride' | 'padding'>,
) {
  const { batch, inputs, outputs, height, width, style } = size;
  const outHeight = 2 * height + 1;
  const outWidth = 2 * width + 1;
  const y = new Float64Array(batch * outputs * outHeight * outWidth);
  for (let from = 0; from < batch * inputs * height * width; from++) {
    const u = from % width;
    const v = Math.floor(from / width) % height;
    const channel = Math.floor(from / (width * height));
    const value = x[from]! * (style?.[channel] ?? 1);
    const [b, i] = [Math.floor(channel / inputs), channel % inputs];
    for (let o = 0; o < outputs; o++) {
      for (let tap = 0; tap < 9; tap++) {
        const [ky, kx] = [Math.floor(tap / 3), tap % 3];
        const at = ((b * outputs + o) * outHeight + 2 * v + ky) * outWidth + 2 * u + kx;
        y[at] = y[at]! + value * weight[(o * inputs + i) * 9 + tap]!;
      }
    }
  }
  return epilogueReference(y, outputs, outHeight * outWidth, size);
}

/**
 * The adjoint of `conv2dReference` and, if `transposed`, of `convTranspose2dReference`, in float64, term by term: of
 * v = d·s·x·w each factor gets dv times the others.
 */
export function conv2dAdjointReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  dv: ArrayLike<number>,
  size: Omit<ConvReference, 'bias' | 'leaky' | 'addend' | 'factor'> & { readonly transposed?: boolean },
): Record<'dx' | 'dWeight' | 'dStyle' | 'dScale', Float64Array> {
  const { batch, inputs, outputs, height, width, kernel, stride = 1, padding = 0, transposed = false } = size;
  const outSide = (side: number) =>
    transposed ? 2 * side + 1 : Math.floor((side + 2 * padding - kernel) / stride) + 1;
  const [outHeight, outWidth] = [outSide(height), outSide(width)];
  const [rows, columns] = transposed ? [height, width] : [outHeight, outWidth];
  const made = {
    dx: new Float64Array(batch * inputs * height * width),
    dWeight: new Float64Array(outputs * inputs * kernel ** 2),
    dStyle: new Float64Array(batch * inputs),
    dScale: new Float64Array(batch * outputs),
  };
  for (let at = 0; at < batch * outputs * inputs * rows * columns * kernel ** 2; at++) {
    const tap = at % kernel ** 2;
    const position = Math.floor(at / kernel ** 2) % (rows * columns);
    const pair = Math.floor(at / (kernel ** 2 * rows * columns));
    const [i, o, b] = [
      pair % inputs,
      Math.floor(pair / inputs) % outputs,
      Math.floor(pair / (inputs * outputs)),
    ];
    const [row, column] = [Math.floor(position / columns), position % columns];
    // What the strided side is read at: the input, or of a transposed convolution the output.
    const far = [
      row * (transposed ? 2 : stride) + Math.floor(tap / kernel) - padding,
      column * (transposed ? 2 : stride) + (tap % kernel) - padding,
    ] as const;
    const [[r, c], [R, C]] = transposed ? [[row, column] as const, far] : [far, [row, column] as const];
    if (r < 0 || r >= height || c < 0 || c >= width) continue;
    const [inChannel, outChannel] = [b * inputs + i, b * outputs + o];
    const from = (inChannel * height + r) * width + c;
    const w = (o * inputs + i) * kernel ** 2 + tap;
    const [s, d] = [size.style?.[inChannel] ?? 1, size.scale?.[outChannel] ?? 1];
    const dy = dv[(outChannel * outHeight + R) * outWidth + C]!;
    made.dx[from]! += dy * d * s * weight[w]!;
    made.dWeight[w]! += dy * d * s * x[from]!;
    made.dStyle[inChannel]! += dy * d * weight[w]! * x[from]!;
    made.dScale[outChannel]! += dy * s * weight[w]! * x[from]!;
  }
  return made;
}
