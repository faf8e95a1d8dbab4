/**
 * The public API, for browsers and Node alike: open a GPU, load weights, animate. In Node, `float-webgpu/node` adds
 * Dawn, files and video.
 */
export { InputError } from './errors.js';
export { animate, animateStream } from './animate.js';
export type { AnimateOptions, Frame, StreamedFrame } from './animate.js';
export { frameCount, speechMotion } from './motion.js';
export type { FloatModel, MotionOptions, Stage, WindowOde } from './motion.js';
export { closeGpu, openGpu } from './runtime/gpu.js';
export type { Gpu } from './runtime/gpu.js';
export type { Precision } from './runtime/tensor.js';
export { checkPrecision } from './models/precision.js';
export type { Picture } from './media/picture.js';
export type { Sound } from './media/sound.js';
export { decodeWav } from './media/wav.js';
export { detectFaces, portraitBox } from './faces.js';
export { centreSquare, cropSquare, cropsToFace, portraitSquare } from './media/crop.js';
export type { Square } from './media/crop.js';
export { frameFinisher, outputSize } from './media/finish.js';
export type { FinishOptions } from './media/finish.js';
export { drawMark } from './media/mark.js';
export { joinArrays } from './runtime/join.js';
export { provenance } from './provenance.js';
export type { MadeWith } from './provenance.js';
export { fitSquare } from './media/resize.js';
export { makePasteBack } from './media/paste-back.js';
export { emotions } from './models/emotions.js';
export type { Emotion } from './models/emotions.js';
export { createAudioEncoder } from './models/audio-encoder.js';
export type { AudioEncoder } from './models/audio-encoder.js';
export { createEmotionEncoder } from './models/emotion-encoder.js';
export type { EmotionEncoder } from './models/emotion-encoder.js';
export { createFlowTransformer } from './models/fmt.js';
export type {
  EvaluatorOptions,
  FieldEvaluator,
  FlowTransformer,
  GuidanceScales,
  WindowConditions,
} from './models/fmt.js';
export { createMotionAutoencoder, pictureTensor } from './models/motion-autoencoder.js';
export type {
  Decoder,
  DecoderOptions,
  EncodedPortrait,
  MotionAutoencoder,
  Portrait,
} from './models/motion-autoencoder.js';
export { directedMotion, directionMatrix, motionCoefficients } from './models/direction.js';
export type { Directions } from './models/direction.js';
export { parseEmotionSchedule, parseGuidanceSchedule } from './sampling/schedule.js';
export type { EmotionKey, EmotionSchedule, GuidanceKey, GuidanceSchedule } from './sampling/schedule.js';
export { integrate, solverNames } from './sampling/solvers.js';
export type { Solution, SolverName, SolverOptions, VectorField } from './sampling/solvers.js';
export type { HostTensor } from './runtime/evaluate.js';
export type { KernelTime } from './runtime/profile.js';
export { joinCheckpoint, loadWeights } from './weights/load.js';
export type { LoadedWeights, LoadOptions } from './weights/load.js';
export { openCheckpointFile } from './weights/formats.js';
export type { CheckpointFile } from './weights/formats.js';
export { openSafetensors, writeSafetensors } from './weights/safetensors.js';
export { checkpointLayout, narrowestType, streamSafetensors } from './weights/stream.js';
export type { SafetensorsStream, StreamOptions } from './weights/stream.js';
export { blobSource, memorySource } from './weights/source.js';
export type { ByteSource, WeightSource } from './weights/source.js';
export { windowFrames } from './weights/config.js';
export type { FloatConfig, ModelConfig } from './weights/config.js';
export { publishedConfig } from './weights/published-config.js';
export { version } from './version.js';
