import { joinArrays } from '../base/arrays.js';
import { expectFinite } from '../base/finite.js';
import type { CartoonClip } from '../cartoon/clip.js';
import { drawCartoon } from '../cartoon/draw.js';
import { randomIdentity } from '../cartoon/identity.js';
import { knownCoefficients, motionNames, neutral } from '../cartoon/motion.js';
import { openRandom } from '../cartoon/random.js';
import { cartoonEmotions } from '../cartoon/talking.js';
import { pictureTensor } from '../media/picture-tensor.js';
import type { Picture } from '../media/picture.js';
import { directedMotion, directionMatrix } from '../models/autoencoder/direction.js';
import { loadEncoder, recordEncoder } from '../models/autoencoder/encoder.js';
import { openParameters } from '../models/parameters.js';
import { createAudioEncoder } from '../models/speech/audio-encoder.js';
import { createEmotionEncoder } from '../models/speech/emotion-encoder.js';
import type { HostTensor } from '../runtime/evaluate.js';
import type { Gpu } from '../runtime/gpu.js';
import { compilePlan, readOutputs, runPlan, writeInput } from '../runtime/plan.js';
import { input, output } from '../runtime/recorder.js';
import { building, closeScope, own, type Scope } from '../runtime/scope.js';
import type { FloatConfig, ModelConfig } from '../weights/config.js';
import type { WeightSource } from '../weights/source.js';

/**
 * Where motion latents come from. `known`: from a cartoon's true motion, in a model whose directions are cartoons'.
 * `encoded`: from its pictures, by the model's encoder, as of any video.
 */
export type LatentSource = 'known' | 'encoded';

/** Sound, and what is learnt of it, by the tensors' names in a data set. */
export interface ClipEncoder {
  encode(clip: CartoonClip, seed: number, index: number): Promise<Record<string, HostTensor>>;
  destroy(): void;
}

/** Whether the model's first directions are a cartoon's motions, so that its latents are known. */
export function knowsCartoons({ directions = [] }: FloatConfig): boolean {
  const plain = (name: string) => name.replaceAll(' ', '').toLowerCase();
  return motionNames.every((name, i) => plain(directions[i] ?? '') === plain(name));
}

/** @throws Error when the GPU fails. */
export function createClipEncoder(
  gpu: Gpu,
  weights: WeightSource,
  model: ModelConfig,
  latents: LatentSource,
): Promise<ClipEncoder> {
  const { config, wav2vec2, emotion: emotionConfig } = model;
  return building(async (scope) => {
    const audio = own(scope, await createAudioEncoder(gpu, weights, model), (it) => it.destroy());
    const emotion = own(scope, await createEmotionEncoder(gpu, weights, emotionConfig), (it) => it.destroy());
    const directions = await directionMatrix(weights);
    const lambdaOf = latents === 'encoded' ? await openMotionEncoder(scope, gpu, weights, config) : undefined;
    /** What `audio_projection` reads: all layers of wav2vec2 side by side, `[T, layers·h]`. */
    const features = async (sound: Float32Array) => {
      const taps = new Map<string, HostTensor>();
      await audio.encode(sound, { taps });
      const layers = Array.from({ length: wav2vec2.num_hidden_layers }, (_, i) =>
        taps.get(`hidden_states.${i + 1}`)!,
      );
      return sideBySide(layers.map(({ data }) => data), wav2vec2.hidden_size); // prettier-ignore
    };
    return {
      async encode({ sound, motion, voice, face }, seed, index) {
        const frames = motion.length;
        const identity = randomIdentity(openRandom(seed, 2 ** 31 + index));
        const coefficients = (of: (typeof motion)[number]) =>
          lambdaOf
            ? lambdaOf(drawCartoon(identity, of, config.input_size))
            : knownCoefficients(of, config.dim_m);
        const latentsOf: Float32Array[] = [];
        for (const one of motion) latentsOf.push(directedMotion(directions, await coefficients(one)));
        // A face that shows another emotion than the voice was told so; else every second one hears it.
        const heard = voice === face && index % 2 === 0;
        const label = Float32Array.from(cartoonEmotions, (name) => (name === face ? 1 : 0));
        const of = (shape: readonly number[], data: Float32Array<ArrayBuffer>) => ({ shape, data });
        return {
          sound: of([sound.length], sound),
          motion: of(
            [frames, motionNames.length],
            Float32Array.from(motion.flatMap((one) => motionNames.map((name) => one[name]))),
          ),
          features: of([frames, wav2vec2.num_hidden_layers * wav2vec2.hidden_size], await features(sound)),
          latents: of([frames, config.dim_w], joinArrays(latentsOf)),
          source: of([config.dim_w], directedMotion(directions, await coefficients(neutral))),
          emotion: of([config.dim_e], heard ? await emotion.classify(sound) : label),
        };
      },
      destroy: () => closeScope(scope),
    };
  });
}

function sideBySide(layers: readonly Float32Array[], width: number): Float32Array<ArrayBuffer> {
  const frames = (layers[0]?.length ?? 0) / width;
  const rows = Array.from({ length: frames }, (_, t) =>
    layers.map((layer) => layer.subarray(t * width, (t + 1) * width)),
  );
  return joinArrays(rows.flat());
}

/** λ of pictures, one after the other. */
async function openMotionEncoder(scope: Scope, gpu: Gpu, weights: WeightSource, config: FloatConfig) {
  const encoder = await loadEncoder(openParameters(scope, gpu, weights), config);
  const side = config.input_size;
  const record = (rec: Parameters<Parameters<typeof compilePlan>[2]>[0]) => {
    output(rec, 'lambda', recordEncoder(rec, encoder, input(rec, 'image', [1, 3, side, side])).lambda);
  };
  const plan = await compilePlan(gpu, 'motion encoder', record, { within: scope });
  return async (picture: Picture) => {
    writeInput(plan, 'image', pictureTensor(picture));
    runPlan(plan);
    return expectFinite('encoder: λ', (await readOutputs(plan, ['lambda'])).lambda);
  };
}
