import type { ModelConfig, Wav2Vec2Config } from './config.js';

const convolutions = {
  conv_dim: [512, 512, 512, 512, 512, 512, 512],
  conv_kernel: [10, 3, 3, 3, 3, 2, 2],
  conv_stride: [5, 2, 2, 2, 2, 2, 2],
  num_conv_pos_embeddings: 128,
  num_conv_pos_embedding_groups: 16,
};

const wav2vec2Base: Wav2Vec2Config = {
  ...convolutions,
  feat_extract_norm: 'group',
  conv_bias: false,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  do_stable_layer_norm: false,
};

const wav2vec2Large: Wav2Vec2Config = {
  ...convolutions,
  feat_extract_norm: 'layer',
  conv_bias: true,
  hidden_size: 1024,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  intermediate_size: 4096,
  do_stable_layer_norm: true,
};

/** The sizes of the published FLOAT checkpoint: 512×512 pictures, 617.5 M parameters (Sec. 8 of docs/model.md). */
export const publishedConfig: ModelConfig = {
  config: {
    input_size: 512,
    style_dim: 512,
    dim_w: 512,
    dim_a: 512,
    dim_h: 1024,
    dim_m: 20,
    fmt_depth: 8,
    num_heads: 8,
    wav2vec_sec: 2,
    num_prev_frames: 10,
    channels: { 4: 512, 8: 512, 16: 512, 32: 512, 64: 256, 128: 128, 256: 64, 512: 32 },
    attention_window: 2,
    mlp_ratio: 4,
    fps: 25,
    sampling_rate: 16000,
    dim_e: 7,
    blur_kernel: [1, 3, 3, 1],
  },
  wav2vec2: wav2vec2Base,
  emotion: { ...wav2vec2Large, num_labels: 7 },
};
