// The whole pipeline, and what it costs beside its kernels.
import { animate, createMotionAutoencoder, pictureTensor } from '../dist/index.js';
import { defaultBatch } from '../dist/pipeline/animate.js';
import { drawsAhead } from '../dist/pipeline/draw-ahead.js';
import { dropAlpha } from '../dist/media/drop-alpha.js';
import { fitSquare } from '../dist/media/resize.js';
import { mainThreadTime, traceOf } from './timing.mjs';
import { bytesOf, workOf } from './work.mjs';

/**
 * Portrait and speech to frames, which are thrown away. In a process that has done nothing else the first frame waits
 * for shaders, too.
 */
export async function runPipeline(float, portrait, sound) {
  const { gpu } = float;
  const started = performance.now();
  const marks = [];
  gpu.memory.peak = gpu.memory.bytes;
  for await (const { count } of animate(float, portrait, sound))
    marks.push([performance.now() - started, count]);
  const times = marks.map(([at]) => at);
  const last = times.at(-1);
  return {
    frames: times.length,
    'frames/s': (1000 * times.length) / last,
    'first frame, ms': times[0],
    'frames/s after it': (1000 * (times.length - 1)) / (last - times[0]),
    'GPU peak, MB': gpu.memory.peak / 1e6,
    // The whole process so far: Node, Dawn, the weights on their way, and all GPU memory where the processor plays the
    // GPU.
    'host peak, MB': process.resourceUsage().maxRSS / 1e3,
  };
}

/**
 * Of a frame, drawn as `animate` draws it: what the host computes, launches, and bytes that the kernels move, each
 * operand of a launch once, against the fewest possible: weights, features and the latent read once, the picture
 * written once.
 */
export async function measureOverhead(float, portrait, frames) {
  const { gpu, weights, precision } = float;
  const { config } = float.model;
  const side = config.input_size;
  const autoencoder = await createMotionAutoencoder(gpu, weights, config, precision);
  const encoded = await autoencoder.encode(pictureTensor(fitSquare(portrait, side)));
  const batch = defaultBatch(gpu.adapter.info, side);
  const decoder = await autoencoder.openDecoder(encoded, { batch, ahead: drawsAhead });
  const latent = Float32Array.from({ length: batch * config.dim_w }, (_, i) => encoded.sR[i % config.dim_w]);

  let submitting = 0;
  let reading = 0;
  const draw = () => {
    const started = performance.now();
    const picture = decoder.draw(latent, (pixels) => {
      const taken = performance.now();
      for (let k = 0; k < batch; k++)
        dropAlpha(pixels.subarray(k * side ** 2 * 4, (k + 1) * side ** 2 * 4), side);
      reading += performance.now() - taken;
    });
    submitting += performance.now() - started;
    return picture;
  };
  const drawAll = async (calls) => {
    const drawing = [];
    for (let i = 0; i < calls; i++) {
      if (drawing.length === drawsAhead) await drawing.shift();
      drawing.push(draw());
    }
    await Promise.all(drawing);
  };
  const calls = Math.max(2, Math.ceil(frames / batch));
  await drawAll(calls);
  [submitting, reading] = [0, 0];
  const memory = gpu.memory.bytes;
  const computed = mainThreadTime();
  await drawAll(calls);
  const host = mainThreadTime() - computed;
  const grown = gpu.memory.bytes - memory;
  const submit = submitting / calls / batch;
  const read = reading / calls / batch;
  const { launches } = await traceOf(gpu, draw);
  autoencoder.destroy();

  const tensors = launches.flatMap(({ launch }) => Object.values(launch.bindings)).filter(Boolean);
  const lasting = new Map(
    tensors.filter(({ memory }) => memory.kind === 'buffer').map((tensor) => [tensor.memory.buffer, tensor]),
  );
  const picture = side ** 2 * 4;
  const moved = launches.reduce((sum, { launch }) => sum + workOf(launch).bytes, 0) / batch;
  const fewest = [...lasting.values()].reduce((sum, tensor) => sum + bytesOf(tensor), 0) / batch + picture;
  return {
    batch,
    'submit, ms': submit,
    'read, ms': read,
    'main thread, ms': host / calls / batch,
    launches: launches.length / batch,
    'MB moved': moved / 1e6,
    'fewest MB': fewest / 1e6,
    'times the fewest': moved / fewest,
    'GPU MB allocated': grown / 1e6,
    'scratch MB': decoder.scratchBytes / 1e6,
  };
}
