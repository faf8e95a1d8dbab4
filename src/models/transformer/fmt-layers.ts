import { attention } from '../../ops/attention.js';
import { activate, add, gatedResidual } from '../../ops/elementwise.js';
import type { Columns } from '../../ops/columns.js';
import { layerNorm } from '../../ops/layer-norm.js';
import type { LinearOptions } from '../../ops/linear.js';
import { linear } from '../../ops/linear.js';
import type { RowNumbers } from '../../ops/select-rows.js';
import { rowNumbers, selectRows } from '../../ops/select-rows.js';
import type { Recorder } from '../../runtime/recorder.js';
import { tap } from '../../runtime/recorder.js';
import type { Tensor } from '../../runtime/tensor.js';
import { extent, reshape } from '../../runtime/tensor.js';
import type { FloatConfig } from '../../weights/config.js';
import type { Affine, Parameters } from '../parameters.js';
import { loadAffine, loadParameter } from '../parameters.js';

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
  /**
   * `[S, 256]`, `timeEmbedding(t)`. Here and below S is 1, but in training: there each of S samples is a clip of its
   * own.
   */
  readonly time: Tensor;
  /** `[S, N, d]`: motion of the preceding frames, then noisy motion. */
  readonly x: Tensor;
  /** `[S, K, h]`, by `embedConditions`: of one condition (K = N), or whatever rows there are in B of them. */
  readonly condition: Tensor;
  /**
   * The row of `condition` that each frame has under each of B conditions, `[B·N]`. All are evaluated at the same t and
   * x. Without it, B = S.
   */
  readonly rows?: readonly number[] | undefined;
}

/**
 * wr, wa, we side by side, `[1, K, 2d + e]` → `[1, K, h]`: what an evaluation needs to know of them, whatever t and x.
 */
export function embedConditions(rec: Recorder, weights: FlowTransformerWeights, condition: Tensor): Tensor {
  return apply(rec, weights.cEmbedder, condition, { label: 'c_embedder' });
}

/**
 * The flow-matching transformer (Sec. 6 of docs/model.md; a DiT with per-frame adaLN and local attention): one
 * evaluation of the vector field v(t, x) under each of B conditions.
 *
 * @returns `[B, N, d]`; the first P rows belong to the preceding frames and are of no use.
 */
export function recordFlowTransformer(
  rec: Recorder,
  weights: FlowTransformerWeights,
  inputs: FlowTransformerInputs,
): Tensor {
  const { config, tEmbedder, decoder } = weights;
  const { rows, condition } = inputs;
  const N = extent(inputs.x, 1);
  const batch = rows ? rows.length / N : 1;
  const frameOf = rows?.map((_, i) => i % N);
  const [frameNumbers, conditionNumbers] = [frameOf, rows].map((of) => of && rowNumbers(rec, [batch, N], of));
  /** The row of z that each frame has under each condition, `[B, N, …]`. */
  const spread = (z: Tensor, of: RowNumbers | undefined) => (of ? selectRows(rec, z, of) : z);

  const samples = extent(inputs.x, 0);
  const positioned =
    samples === 1
      ? residual(rec, weights.posEmbed, weights.xEmbedder, inputs.x, { name: 'x_embedder' })
      : add(rec, apply(rec, weights.xEmbedder, inputs.x), weights.posEmbed);
  let x = spread(positioned, frameNumbers);

  const tHidden = apply(rec, tEmbedder[0], inputs.time, { activation: 'silu' });
  const tEmbedded = tap(rec, 't_embedder', apply(rec, tEmbedder[1], tHidden));

  if (rec.wantsTap('c_embedder')) tap(rec, 'c_embedder', spread(condition, conditionNumbers));
  const c = activate(rec, add(rec, condition, reshape(tEmbedded, [samples, 1, config.dim_h]), 'c'), 'silu');
  // Frames of the same condition are modulated alike.
  const modulation = (adaLN: Affine) => spread(apply(rec, adaLN, c, { label: 'adaLN' }), conditionNumbers);

  weights.blocks.forEach((block, i) => {
    x = recordBlock(rec, config, block, x, modulation(block.adaLN), `blocks.${i}`);
  });

  const { shift, scale } = chunk(modulation(decoder.adaLN), ['shift', 'scale'] as const);
  return tap(rec, 'out', apply(rec, decoder.linear, modulate(rec, x, shift, scale), { label: 'out' }));
}

/** x `[B, N, h]`, modulated and gated by `[B, N, 6h]` → `[B, N, h]`. */
function recordBlock(
  rec: Recorder,
  config: FloatConfig,
  { attn, mlp }: BlockWeights,
  x: Tensor,
  modulation: Tensor,
  name: string,
): Tensor {
  const names = ['shift1', 'scale1', 'gate1', 'shift2', 'scale2', 'gate2'] as const;
  const { shift1, scale1, gate1, shift2, scale2, gate2 } = chunk(modulation, names);

  const qkv = apply(rec, attn.qkv, modulate(rec, x, shift1, scale1), { label: 'qkv' });
  tap(rec, `${name}.attn.qkv`, qkv);
  const heads = attention(rec, { qkv }, { heads: config.num_heads, reach: config.attention_window });
  const y = residual(rec, x, attn.proj, heads, { name: `${name}.attn`, gate: gate1, label: 'attn' });

  const hidden = apply(rec, mlp.fc1, modulate(rec, y, shift2, scale2), {
    activation: 'geluTanh',
    label: 'mlp.fc1',
  });
  return tap(rec, name, apply(rec, mlp.fc2, hidden, { gate: gate2, residual: y, label: 'mlp.fc2' }));
}

/** x + gate·(z·Wᵀ + b), and what is in brackets by itself if somebody asks to see it under `name`. */
function residual(
  rec: Recorder,
  x: Tensor,
  layer: Affine,
  z: Tensor,
  { name, gate, label = name }: { name: string; gate?: Columns; label?: string },
): Tensor {
  if (!rec.wantsTap(name)) return apply(rec, layer, z, { gate, residual: x, label });
  const product = tap(rec, name, apply(rec, layer, z, { label }));
  return gate ? gatedResidual(rec, x, gate, product) : add(rec, x, product);
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
