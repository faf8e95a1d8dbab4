import {
  channelsAt,
  mlpWidth,
  resolutions,
  windowFrames,
  type FloatConfig,
  type ModelConfig,
  type Wav2Vec2Config,
} from './config.js';

/** The four networks of a checkpoint: the first word of each tensor's name. */
export const modelParts = ['motion_autoencoder', 'audio_encoder', 'emotion_encoder', 'fmt'] as const;
export type ModelPart = (typeof modelParts)[number];

/** The part that a tensor of the checkpoint belongs to, or undefined. */
export function partOf(name: string): ModelPart | undefined {
  const first = name.split('.', 1)[0];
  return modelParts.find((part) => part === first);
}

/**
 * The one name this package uses for a tensor that checkpoints name in several ways. A weight-normalised convolution's
 * `parametrizations.weight.original0` and `original1` (newer PyTorch) are its `weight_g` and `weight_v`.
 */
export function canonicalName(name: string): string {
  return name
    .replace(/\.parametrizations\.weight\.original0$/, '.weight_g')
    .replace(/\.parametrizations\.weight\.original1$/, '.weight_v');
}

/**
 * Whether a tensor of the checkpoint has no effect, so that a checkpoint may lack it: `noise.weight` (no noise is ever
 * given) and the ToRGB of the 4×4 level, `to_rgb1` (Sec. 1 and 3 of docs/model.md).
 */
export function isUnused(name: string): boolean {
  return /^motion_autoencoder\.dec\.(to_rgb1\.|(conv1|convs\.\d+)\.noise\.weight$)/.test(name);
}

/** Name → shape, row-major. */
export type Manifest = ReadonlyMap<string, readonly number[]>;

/** The name and shape of every tensor of a checkpoint, part by part, from the configuration alone. */
export function expectedTensors(model: ModelConfig): Manifest {
  const d = model.config.dim_w;
  const audioWidth = model.wav2vec2.num_hidden_layers * model.wav2vec2.hidden_size;
  const emotion = 'emotion_encoder.wav2vec2_for_emotion';
  const { hidden_size: emotionWidth, num_labels: labels } = model.emotion;
  return new Map([
    ...encoder('motion_autoencoder.enc', model.config),
    ...decoder('motion_autoencoder.dec', model.config),
    ...wav2vec2('audio_encoder.wav2vec2', model.wav2vec2),
    ...linear('audio_encoder.audio_projection.0', audioWidth, d),
    ...norm('audio_encoder.audio_projection.1', d),
    ...wav2vec2(`${emotion}.wav2vec2`, model.emotion),
    ...linear(`${emotion}.classifier.dense`, emotionWidth, emotionWidth),
    ...linear(`${emotion}.classifier.out_proj`, emotionWidth, labels),
    ...transformer('fmt', model.config),
  ]);
}

type Tensors = [name: string, shape: number[]][];

function linear(name: string, inputs: number, outputs: number): Tensors {
  return [
    [`${name}.weight`, [outputs, inputs]],
    [`${name}.bias`, [outputs]],
  ];
}

function norm(name: string, channels: number): Tensors {
  return [
    [`${name}.weight`, [channels]],
    [`${name}.bias`, [channels]],
  ];
}

/** ConvLayer: blur (no tensor) if it halves, convolution, activation if it has one; numbered in that order. */
function convLayer(
  name: string,
  [inputs, outputs, k]: [number, number, number],
  { halves = false, activate = true } = {},
): Tensors {
  const at = halves ? 1 : 0;
  const tensors: Tensors = [[`${name}.${at}.weight`, [outputs, inputs, k, k]]];
  if (activate) tensors.push([`${name}.${at + 1}.bias`, [1, outputs, 1, 1]]);
  return tensors;
}

/** Sec. 2 of docs/model.md. */
function encoder(name: string, config: FloatConfig): Tensors {
  const d = config.style_dim;
  const falling = resolutions(config).reverse();
  const tensors = convLayer(`${name}.net_app.convs.0`, [3, channelsAt(config, config.input_size), 1]);
  falling.slice(0, -1).forEach((resolution, i) => {
    const inputs = channelsAt(config, resolution);
    const outputs = channelsAt(config, resolution / 2);
    const block = `${name}.net_app.convs.${i + 1}`;
    tensors.push(
      ...convLayer(`${block}.conv1`, [inputs, inputs, 3]),
      ...convLayer(`${block}.conv2`, [inputs, outputs, 3], { halves: true }),
      ...convLayer(`${block}.skip`, [inputs, outputs, 1], { halves: true, activate: false }),
    );
  });
  tensors.push([`${name}.net_app.convs.${falling.length}.weight`, [d, channelsAt(config, 4), 4, 4]]);
  for (let i = 0; i < 5; i++) tensors.push(...linear(`${name}.fc.${i}`, d, i < 4 ? d : config.dim_m));
  return tensors;
}

function modulatedConv(name: string, [inputs, outputs, k]: [number, number, number], d: number): Tensors {
  return [[`${name}.weight`, [1, outputs, inputs, k, k]], ...linear(`${name}.modulation`, d, inputs)];
}

function styledConv(name: string, inputs: number, outputs: number, d: number): Tensors {
  return [
    ...modulatedConv(`${name}.conv`, [inputs, outputs, 3], d),
    [`${name}.noise.weight`, [1]],
    [`${name}.activate.bias`, [1, outputs, 1, 1]],
  ];
}

function toRgb(name: string, inputs: number): Tensors {
  return [[`${name}.bias`, [1, 3, 1, 1]], ...convLayer(`${name}.conv`, [inputs, 3, 1])];
}

function toFlow(name: string, inputs: number, d: number): Tensors {
  return [[`${name}.bias`, [1, 3, 1, 1]], ...modulatedConv(`${name}.conv`, [inputs, 3, 1], d)];
}

/** Sec. 3 of docs/model.md. */
function decoder(name: string, config: FloatConfig): Tensors {
  const d = config.style_dim;
  const base = channelsAt(config, 4);
  const levels = resolutions(config)
    .slice(1)
    .map((resolution) => ({
      inputs: channelsAt(config, resolution / 2),
      outputs: channelsAt(config, resolution),
    }));
  return [
    [`${name}.direction.weight`, [d, config.dim_m]],
    [`${name}.input.input`, [1, base, 4, 4]],
    ...styledConv(`${name}.conv1`, base, base, d),
    ...toRgb(`${name}.to_rgb1`, base),
    ...levels.flatMap(({ inputs, outputs }, k) => [
      ...styledConv(`${name}.convs.${2 * k}`, inputs, outputs, d),
      ...styledConv(`${name}.convs.${2 * k + 1}`, outputs, outputs, d),
    ]),
    ...levels.flatMap(({ outputs }, k) => toRgb(`${name}.to_rgbs.${k}`, outputs)),
    ...levels.flatMap(({ outputs }, k) => toFlow(`${name}.to_flows.${k}`, outputs, d)),
  ];
}

/** Sec. 4 and 5 of docs/model.md. */
function wav2vec2(name: string, config: Wav2Vec2Config): Tensors {
  const { conv_dim: channels, hidden_size: hidden, intermediate_size: inner } = config;
  const position = `${name}.encoder.pos_conv_embed.conv`;
  const taps = config.num_conv_pos_embeddings;
  const features = channels.at(-1)!;
  const tensors: Tensors = [];
  channels.forEach((outputs, i) => {
    const layer = `${name}.feature_extractor.conv_layers.${i}`;
    if (config.feat_extract_norm === 'layer' || i === 0) tensors.push(...norm(`${layer}.layer_norm`, outputs));
    tensors.push([`${layer}.conv.weight`, [outputs, i === 0 ? 1 : channels[i - 1]!, config.conv_kernel[i]!]]);
    if (config.conv_bias) tensors.push([`${layer}.conv.bias`, [outputs]]);
  });
  tensors.push(
    ...norm(`${name}.feature_projection.layer_norm`, features),
    ...linear(`${name}.feature_projection.projection`, features, hidden),
    [`${position}.bias`, [hidden]],
    [`${position}.weight_g`, [1, 1, taps]],
    [`${position}.weight_v`, [hidden, hidden / config.num_conv_pos_embedding_groups, taps]],
    ...norm(`${name}.encoder.layer_norm`, hidden),
  );
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = `${name}.encoder.layers.${i}`;
    for (const projection of ['k_proj', 'v_proj', 'q_proj', 'out_proj']) {
      tensors.push(...linear(`${layer}.attention.${projection}`, hidden, hidden));
    }
    tensors.push(
      ...norm(`${layer}.layer_norm`, hidden),
      ...linear(`${layer}.feed_forward.intermediate_dense`, hidden, inner),
      ...linear(`${layer}.feed_forward.output_dense`, inner, hidden),
      ...norm(`${layer}.final_layer_norm`, hidden),
    );
  }
  return tensors;
}

/** The time embedding has 256 values, whatever the width of the transformer. */
const timeWidth = 256;

/** Sec. 6 of docs/model.md. */
function transformer(name: string, config: FloatConfig): Tensors {
  const { dim_w: d, dim_h: h } = config;
  const inner = mlpWidth(config);
  const tensors: Tensors = [
    [`${name}.pos_embed`, [1, config.num_prev_frames + windowFrames(config), h]],
    ...linear(`${name}.x_embedder.proj`, d, h),
    ...linear(`${name}.t_embedder.mlp.0`, timeWidth, h),
    ...linear(`${name}.t_embedder.mlp.2`, h, h),
    ...linear(`${name}.c_embedder`, d + config.dim_a + config.dim_e, h),
  ];
  for (let i = 0; i < config.fmt_depth; i++) {
    const block = `${name}.blocks.${i}`;
    tensors.push(
      ...linear(`${block}.attn.qkv`, h, 3 * h),
      ...linear(`${block}.attn.proj`, h, h),
      ...linear(`${block}.mlp.fc1`, h, inner),
      ...linear(`${block}.mlp.fc2`, inner, h),
      ...linear(`${block}.adaLN_modulation.1`, h, 6 * h),
    );
  }
  tensors.push(
    ...linear(`${name}.decoder.adaLN_modulation.1`, h, 2 * h),
    ...linear(`${name}.decoder.linear`, h, d),
  );
  return tensors;
}
