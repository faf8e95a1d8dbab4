/**
 * The flow-matching transformer in plain float64 TypeScript, one token at a time: for reading beside Sec. 6 of
 * docs/model.md and as the oracle of the GPU version. Matrices are row-major arrays, an [N, c] matrix being a list of N
 * rows.
 */

/** The fields of the checkpoint's configuration that the transformer depends on. */
export interface FmtConfig {
  readonly dim_w: number;
  readonly dim_h: number;
  readonly num_heads: number;
  readonly fmt_depth: number;
  readonly attention_window: number;
}

/** Tensors of the checkpoint by name (`fmt.…`), row-major. */
export type FmtWeights = ReadonlyMap<string, ArrayLike<number>>;

export interface FmtInput {
  /** Time, 0 for noise and 1 for motion. */
  readonly t: number;
  /** Noisy motion [L, d]. */
  readonly x: ArrayLike<number>;
  /** Audio features [L, d]. */
  readonly wa: ArrayLike<number>;
  /** Source motion r_s [d]. */
  readonly wr: ArrayLike<number>;
  /** Emotion probabilities [7], or [P + L, 7]: a row for each frame. */
  readonly we: ArrayLike<number>;
  /** Motion [P, d] and audio features [P, d] of the preceding frames. */
  readonly prevX: ArrayLike<number>;
  readonly prevWa: ArrayLike<number>;
}

/** Told of every named intermediate tensor: `t_embedder`, `x_embedder`, `c_embedder`, `blocks.N.attn`, `blocks.N`. */
export type Tap = (name: string, rows: Row[]) => void;

type Row = Float64Array;

/**
 * One evaluation of the vector field v(t, x).
 *
 * @returns the decoder's rows for the P preceding and the L current frames [P + L, d]; sampling drops the first P
 */
export function fmtReference(
  weights: FmtWeights,
  config: FmtConfig,
  input: FmtInput,
  tap: Tap = () => undefined,
): Float64Array {
  const { dim_w: d, num_heads: heads, attention_window: reach } = config;
  const tensor = (name: string) => {
    const values = weights.get(`fmt.${name}`);
    if (!values) throw new Error(`fmt reference: no tensor fmt.${name}`);
    return values;
  };
  const linear = (name: string, x: Row) => affine(tensor(`${name}.weight`), tensor(`${name}.bias`), x);

  const motion = rowsOf([input.prevX, input.x], d);
  const embedded = motion.map((x) => linear('x_embedder.proj', x));
  const position = rowsOf([tensor('pos_embed')], config.dim_h);
  let x = embedded.map((row, n) => add(row, position[n]!));

  const tEmb = linear('t_embedder.mlp.2', linear('t_embedder.mlp.0', timeEmbedding(input.t)).map(silu));
  const audio = rowsOf([input.prevWa, input.wa], d);
  const emotionCount = tensor('c_embedder.weight').length / config.dim_h - 2 * d;
  const emotion = rowsOf([input.we], emotionCount);
  const condition = audio.map((wa, n) => {
    return linear('c_embedder', concat(input.wr, wa, emotion[n] ?? emotion[0]!));
  });
  const c = condition.map((row) => add(row, tEmb).map(silu));
  tap('t_embedder', [tEmb]);
  tap('x_embedder', embedded);
  tap('c_embedder', condition);

  for (let b = 0; b < config.fmt_depth; b++) {
    const block = `blocks.${b}`;
    // adaLN-zero: [shift1, scale1, gate1, shift2, scale2, gate2] of each frame.
    const modulation = c.map((row) => chunk(linear(`${block}.adaLN_modulation.1`, row), 6));
    const qkv = x.map((row, n) =>
      linear(`${block}.attn.qkv`, modulate(row, modulation[n]![0]!, modulation[n]![1]!)),
    );
    const attended = localAttention(qkv, heads, reach).map((row) => linear(`${block}.attn.proj`, row));
    tap(`${block}.attn`, attended);
    x = x.map((row, n) => add(row, multiply(modulation[n]![2]!, attended[n]!)));
    x = x.map((row, n) => {
      const [, , , shift, scale, gate] = modulation[n]!;
      const hidden = linear(`${block}.mlp.fc1`, modulate(row, shift!, scale!)).map(geluTanh);
      return add(row, multiply(gate!, linear(`${block}.mlp.fc2`, hidden)));
    });
    tap(block, x);
  }

  const out = x.map((row, n) => {
    const [shift, scale] = chunk(linear('decoder.adaLN_modulation.1', c[n]!), 2);
    return linear('decoder.linear', modulate(row, shift!, scale!));
  });
  return concat(...out);
}

/**
 * The guided field (Sec. 6 of docs/model.md, Guidance): u + γ_a (a − u) + γ_e (all − a), where u is without audio and
 * emotion and a without emotion; the preceding frames and wr are never left out. [P + L, d]
 */
export function guidedFmtReference(
  weights: FmtWeights,
  config: FmtConfig,
  input: FmtInput,
  gammaA: number,
  gammaE: number,
): Float64Array {
  const wa = new Float64Array(input.wa.length);
  const we = new Float64Array(input.we.length);
  const u = fmtReference(weights, config, { ...input, wa, we });
  const a = fmtReference(weights, config, { ...input, we });
  const all = fmtReference(weights, config, input);
  return u.map((ui, i) => ui + gammaA * (a[i]! - ui) + gammaE * (all[i]! - a[i]!));
}

/** Whether frame i attends to frame j. */
export function attends(i: number, j: number, reach: number): boolean {
  return Math.abs(i - j) <= reach;
}

/** [cos(t f_i), sin(t f_i)] with f_i = 10000^(−i/128), i < 128: 256 values whatever the width. */
function timeEmbedding(t: number): Row {
  const phase = Float64Array.from({ length: 128 }, (_, i) => t * Math.exp((-Math.log(10000) * i) / 128));
  return concat(phase.map(Math.cos), phase.map(Math.sin));
}

/** softmax(q·k/√c) v for each head of c channels, over the frames within reach; qkv rows are [3, heads, c]. */
function localAttention(qkv: Row[], heads: number, reach: number): Row[] {
  const split = qkv.map((row) => chunk(row, 3).map((part) => chunk(part, heads)));
  return split.map(([q], i) => {
    const neighbours = split.filter((_, j) => attends(i, j, reach));
    const out = q!.map((qHead, head) => {
      const scores = neighbours.map(([, k]) => dot(qHead, k![head]!) / Math.sqrt(qHead.length));
      const largest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - largest));
      const total = weights.reduce((sum, w) => sum + w, 0);
      return qHead.map((_, channel) =>
        neighbours.reduce((sum, [, , v], n) => sum + (weights[n]! / total) * v![head]![channel]!, 0),
      );
    });
    return concat(...out);
  });
}

/** LN(x)·(1 + scale) + shift, with the LayerNorm without affine parameters, eps 1e-6. */
function modulate(x: Row, shift: Row, scale: Row): Row {
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
  const deviation = Math.sqrt(variance + 1e-6);
  return x.map((v, i) => ((v - mean) / deviation) * (1 + scale[i]!) + shift[i]!);
}

/** W x + b with W [out, in]. */
function affine(weight: ArrayLike<number>, bias: ArrayLike<number>, x: Row): Row {
  return Float64Array.from(bias, (b, o) => {
    let sum = b;
    for (let i = 0; i < x.length; i++) sum += weight[o * x.length + i]! * x[i]!;
    return sum;
  });
}

const silu = (x: number) => x / (1 + Math.exp(-x));
const geluTanh = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const add = (a: Row, b: Row) => a.map((v, i) => v + b[i]!);
const multiply = (a: Row, b: Row) => a.map((v, i) => v * b[i]!);
const dot = (a: Row, b: Row) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);

function concat(...parts: ArrayLike<number>[]): Row {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

function chunk(row: Row, pieces: number): Row[] {
  const size = row.length / pieces;
  return Array.from({ length: pieces }, (_, i) => row.subarray(i * size, (i + 1) * size));
}

/** The rows, width values each, of matrices stacked on one another. */
function rowsOf(matrices: ArrayLike<number>[], width: number): Row[] {
  const all = concat(...matrices);
  return chunk(all, all.length / width);
}
