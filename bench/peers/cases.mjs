// Which operators are compared: those the model spends its time in, at the sizes of a model's configuration.

/** Frames of 3.3 seconds of speech, the length of the golden recording of the published sizes. */
const speechFrames = 83;

/**
 * @param model configuration, `FloatModel['model']`.
 * @returns cases: `{name, group, op, …sizes}`; those of the groups `decoder` and `fmt` go into the geometric mean.
 */
export function casesOf({ config, wav2vec2 }) {
  const cases = [];
  const add = (group, op, name, sizes) => cases.push({ group, op, name: `${op} ${name}`, ...sizes });

  for (let k = 0; 8 << k <= config.input_size; k++) {
    const size = 8 << k;
    const [before, channels] = [config.channels[size / 2], config.channels[size]];
    add('decoder', 'up', `${before}→${channels}, ${size / 2}²`, {
      inputs: before,
      outputs: channels,
      size: size / 2,
    });
    add('decoder', 'conv', `${channels}→${channels}, ${size}²`, {
      inputs: channels,
      outputs: channels,
      size,
    });
  }

  const h = config.dim_h;
  const frames = Math.trunc(config.wav2vec_sec * config.fps) + config.num_prev_frames;
  // Guidance evaluates three conditions as one batch.
  const rows = 3 * frames;
  const matmul = (group, rows, inputs, outputs) =>
    add(group, 'matmul', `${rows}×${inputs}→${outputs}`, { rows, inputs, outputs });
  for (const outputs of [h, 3 * h, 6 * h, h * config.mlp_ratio]) matmul('fmt', rows, h, outputs);
  matmul('fmt', rows, h * config.mlp_ratio, h);
  add('fmt other', 'attention', `band of ${2 * config.attention_window + 1}, ${config.num_heads} heads`, {
    batch: 3,
    length: frames,
    heads: config.num_heads,
    width: h,
    reach: config.attention_window,
  });
  add('fmt other', 'layerNorm', `${rows}×${h}`, { rows, inputs: h });

  const { hidden_size: hidden, intermediate_size: wide, num_attention_heads: heads } = wav2vec2;
  matmul('audio', speechFrames, hidden, hidden);
  matmul('audio', speechFrames, hidden, wide);
  matmul('audio', speechFrames, wide, hidden);
  add('audio', 'attention', `whole, ${heads} heads, ${2 * speechFrames} frames`, {
    batch: 1,
    length: 2 * speechFrames,
    heads,
    width: hidden,
  });
  const channels = wav2vec2.conv_dim[0];
  const samples = (speechFrames * config.sampling_rate) / config.fps;
  const convFrames = Math.floor((samples - wav2vec2.conv_kernel[0]) / wav2vec2.conv_stride[0]) + 1;
  add('audio', 'conv1d', `${channels}→${wav2vec2.conv_dim[1]}, ${convFrames}`, {
    length: convFrames,
    inputs: channels,
    outputs: wav2vec2.conv_dim[1],
    taps: wav2vec2.conv_kernel[1],
    stride: wav2vec2.conv_stride[1],
  });
  return cases;
}
