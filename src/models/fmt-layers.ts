import { attention } from '../ops/attention.js';
import { concat } from '../ops/concat.js';
import { activate, add, gatedResidual } from '../ops/elementwise.js';
import type { Columns } from '../ops/layer-norm.js';
import { layerNorm } from '../ops/layer-norm.js';
import type { LinearOptions } from '../ops/linear.js';
import { linear } from '../ops/linear.js';
import type { Recorder } from '../runtime/recorder.js';
import { tap } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent, reshape } from '../runtime/tensor.js';
import type { FloatConfig } from '../weights/config.js';
import { windowFrames } from '../weights/config.js';
import type { Affine, Parameters } from './parameters.js';
import { loadAffine, loadParameter } from './parameters.js';

interface BlockWeights {
  readonly adaLN: Affine;
  readonly attn: { readonly qkv: Affine; readonly proj: Affine };
  readonly mlp: { readonly fc1: Affine; readonly fc2: Affine };
}

/** The weights of the transformer on the GPU, named as in the checkpoint under `fmt.`. */
export interface FlowTransformerWeights {
  readonly config: FloatConfig;
  readonly posEmbed: Tensor;
  readonly xEmbedder: Affine;
  readonly tEmbedder: readonly [Affine, Affine];
  readonly cEmbedder: Affine;
  readonly blocks: readonly BlockWeights[];
  readonly decoder: { readonly adaLN: Affine; readonly linear: Affine };
}

export async function loadFlowTransformer(
  parameters: Parameters,
  config: FloatConfig,
): Promise<FlowTransformerWeights> {
  const layer = (name: string) => loadAffine(parameters, `fmt.${name}`);
  const blocks: BlockWeights[] = [];
  for (let i = 0; i < config.fmt_depth; i++) {
    blocks.push({
      adaLN: await layer(`blocks.${i}.adaLN_modulation.1`),
      attn: { qkv: await layer(`blocks.${i}.attn.qkv`), proj: await layer(`blocks.${i}.attn.proj`) },
      mlp: { fc1: await layer(`blocks.${i}.mlp.fc1`), fc2: await layer(`blocks.${i}.mlp.fc2`) },
    });
  }
  return {
    config,
    posEmbed: await loadParameter(parameters, 'fmt.pos_embed'),
    xEmbedder: await layer('x_embedder.proj'),
    tEmbedder: [await layer('t_embedder.mlp.0'), await layer('t_embedder.mlp.2')],
    cEmbedder: await layer('c_embedder'),
    blocks,
    decoder: {
      adaLN: await layer('decoder.adaLN_modulation.1'),
      linear: await layer('decoder.linear'),
    },
  };
}

/** What one evaluation of the vector field reads. N = P + L frames: P preceding ones, then the L of the window. */
export interface FlowTransformerInputs {
  /** `[1, 256]`, `timeEmbedding(t)`. */
  readonly time: Tensor;
  /** Motion `[1, P, d]` of the preceding frames and noisy motion `[1, L, d]`. */
  readonly prevX: Tensor;
  readonly x: Tensor;
  /** `[B, N, 2d + e]`: each frame's wr, wa, we, in this order. B conditions are evaluated at the same t and x. */
  readonly condition: Tensor;
}

/**
 * The flow-matching transformer (Sec. 6 of docs/model.md; a DiT with per-frame adaLN and local attention): one evaluation of the
 * vector field v(t, x) under each of B conditions.
 *
 * @returns `[B, N, d]`; the first P rows belong to the preceding frames and are of no use.
 */
export function recordFlowTransformer(
  rec: Recorder,
  weights: FlowTransformerWeights,
  inputs: FlowTransformerInputs,
): Tensor {
  const { config, tEmbedder, decoder } = weights;

  const frames = concat(rec, [inputs.prevX, inputs.x], 1, 'frames');
  const xEmbedded = tap(rec, 'x_embedder', apply(rec, weights.xEmbedder, frames));
  let x = add(rec, xEmbedded, weights.posEmbed, 'x');

  const tHidden = apply(rec, tEmbedder[0], inputs.time, { activation: 'silu' });
  const tEmbedded = tap(rec, 't_embedder', apply(rec, tEmbedder[1], tHidden));

  const cEmbedded = tap(rec, 'c_embedder', apply(rec, weights.cEmbedder, inputs.condition));
  const c = activate(rec, add(rec, cEmbedded, reshape(tEmbedded, [config.dim_h]), 'c'), 'silu');

  const batch = extent(inputs.condition, 0);
  if (batch > 1) x = concat(rec, Array<Tensor>(batch).fill(x), 0, 'x');
  weights.blocks.forEach((block, i) => {
    x = recordBlock(rec, config, block, x, c, `blocks.${i}`);
  });

  const packed = apply(rec, decoder.adaLN, c, { label: 'adaLN' });
  const { shift, scale } = chunk(packed, ['shift', 'scale'] as const);
  return tap(rec, 'out', apply(rec, decoder.linear, modulate(rec, x, shift, scale), { label: 'out' }));
}

/** x `[B, N, h]` and the condition c `[B, N, h]` → `[B, N, h]`. */
function recordBlock(
  rec: Recorder,
  config: FloatConfig,
  { adaLN, attn, mlp }: BlockWeights,
  x: Tensor,
  c: Tensor,
  name: string,
): Tensor {
  const packed = apply(rec, adaLN, c, { label: 'adaLN' });
  const names = ['shift1', 'scale1', 'gate1', 'shift2', 'scale2', 'gate2'] as const;
  const { shift1, scale1, gate1, shift2, scale2, gate2 } = chunk(packed, names);

  const qkv = apply(rec, attn.qkv, modulate(rec, x, shift1, scale1), { label: 'qkv' });
  tap(rec, `${name}.attn.qkv`, qkv);
  const heads = attention(rec, { qkv }, { heads: config.num_heads, window: config.attention_window });
  const y = gatedAttention(rec, attn.proj, heads, x, gate1, `${name}.attn`);

  const hidden = apply(rec, mlp.fc1, modulate(rec, y, shift2, scale2), {
    activation: 'geluTanh',
    label: 'mlp.fc1',
  });
  return tap(rec, name, apply(rec, mlp.fc2, hidden, { gate: gate2, residual: y, label: 'mlp.fc2' }));
}

/** x + gate·(heads·Wᵀ + b), and what is in brackets by itself if somebody asks to see it. */
function gatedAttention(
  rec: Recorder,
  proj: Affine,
  heads: Tensor,
  x: Tensor,
  gate: Columns,
  name: string,
): Tensor {
  if (!rec.wantsTap(name)) return apply(rec, proj, heads, { gate, residual: x, label: 'attn' });
  return gatedResidual(rec, x, gate, tap(rec, name, apply(rec, proj, heads, { label: 'attn' })));
}

/** LN(x)·(1 + scale) + shift, with a LayerNorm without weights of its own. */
function modulate(rec: Recorder, x: Tensor, shift: Columns, scale: Columns): Tensor {
  return layerNorm(rec, x, { eps: 1e-6, shift, scale, label: 'modulated' });
}

/** A packed tensor's columns in equal pieces, by name: `torch.chunk(packed, names.length, -1)`, without copying. */
function chunk<Name extends string>(packed: Tensor, names: readonly Name[]): Record<Name, Columns> {
  const width = extent(packed, packed.shape.length - 1) / names.length;
  const pieces = names.map((name, i) => [name, { packed, offset: i * width }]);
  return Object.fromEntries(pieces) as Record<Name, Columns>;
}

function apply(rec: Recorder, { weight, bias }: Affine, x: Tensor, options: LinearOptions = {}): Tensor {
  return linear(rec, x, weight, { ...options, bias });
}

/** `[N, N]`: 1 where frame i does not attend to frame j, |i − j| > attention_window (`mask` of the golden tensors). */
export function attentionMask(config: FloatConfig): Float32Array<ArrayBuffer> {
  const frames = config.num_prev_frames + windowFrames(config);
  return Float32Array.from({ length: frames * frames }, (_, at) => {
    return Math.abs(Math.floor(at / frames) - (at % frames)) > config.attention_window ? 1 : 0;
  });
}
