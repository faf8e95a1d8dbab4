import type { FloatModel } from '../pipeline/motion.js';
import { InputError } from '../base/errors.js';
import type { Comparison, FrameSimilarity, PictureComparison } from './compare.js';
import { judge, momentError, tensorError } from './compare.js';
import type { GoldenFiles, GoldenStage, GoldenStageName } from './golden-set.js';
import { openStage } from './golden-set.js';
import { verifyDecode, verifyEncode, verifyAnimate } from './picture-stages.js';
import { verifyFmt, verifySample } from './motion-stages.js';
import type { StageContext, StageResult } from './stage.js';
import { verifyAutoencoderTraining } from './autoencoder-training-stage.js';
import { verifyFmtTraining } from './training-stages.js';
import { verifyAudio, verifyEmotion } from './speech-stages.js';

type RunStage = (context: StageContext, stage: GoldenStage) => Promise<StageResult>;

const runs: Record<GoldenStageName, RunStage> = {
  encode: verifyEncode,
  decode: verifyDecode,
  fmt: verifyFmt,
  audio: verifyAudio,
  emotion: verifyEmotion,
  sample: verifySample,
  animate: verifyAnimate,
  train_fmt_release: verifyFmtTraining,
  train_fmt_paper: verifyFmtTraining,
  train_fmt_epsilon: verifyFmtTraining,
  train_fmt_sample: verifyFmtTraining,
  train_autoencoder: verifyAutoencoderTraining,
};

/**
 * Runs the stages a golden set has, of those asked for, and compares every tensor it stores. What the set gives a stage
 * (`in.x`, say) proves nothing of the stage: such rows say `given`, and only that the set is whole (its own description
 * fits). In f16 frames are compared with those in f32.
 *
 * @throws InputError when the set stores something that nobody can compute.
 */
export async function* verifyStages(
  float: FloatModel,
  files: GoldenFiles,
  stages: readonly GoldenStageName[],
  onStatus: (text: string) => void = () => undefined,
): AsyncGenerator<Comparison | PictureComparison | FrameSimilarity> {
  for (const name of stages) {
    const stage = await openStage(files, name);
    if (!stage) continue;
    onStatus(`${name} …`);
    const { tensors, pictures = [] } = await runs[name]({ float, files, onStatus }, stage);
    for (const [tensor, info] of stage.tensors) {
      const golden = await stage.read(tensor);
      const ours = tensors.get(tensor);
      if (isGiven(name, tensor)) {
        yield judge(name, tensor, 'given', momentError(golden, info), info.torch_f32_error);
      } else if (ours) {
        const error = tensorError('data' in ours ? ours.data : ours, golden, info);
        yield judge(name, tensor, 'computed', error, info.torch_f32_error, float.precision);
      } else {
        throw new InputError(`${stage.file}: tensors: "${tensor}" is nothing the ${name} stage computes`);
      }
    }
    yield* pictures;
  }
}

/**
 * The normalised wave has the name of an input, but we make it. The latent of `decode` stands for s_r plus some motion
 * that the set does not store.
 */
function isGiven(stage: GoldenStageName, tensor: string): boolean {
  if (tensor === 'in.normalized') return false;
  return tensor.startsWith('in.') || (stage === 'decode' && tensor === 'latent');
}
