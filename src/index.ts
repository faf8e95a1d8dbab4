/**
 * The public API, for browsers and Node alike: open a GPU, load weights, animate. In Node, `float-webgpu/node` adds
 * Dawn, files and video.
 */
export { GpuClosedError, GpuLostError, InputError, OutOfMemoryError } from './base/errors.js';
export { animate, animateStream } from './pipeline/animate.js';
export type { AnimateOptions, Frame, StreamedFrame } from './pipeline/animate.js';
export { frameCount, speechMotion } from './pipeline/motion.js';
export type { FloatModel, MotionOptions, Stage, WindowOde } from './pipeline/motion.js';
export { closeGpu, openGpu } from './runtime/gpu.js';
export type { Gpu } from './runtime/gpu.js';
export type { Precision } from './runtime/tensor.js';
export { checkPrecision } from './models/precision.js';
export type { Picture } from './media/picture.js';
export type { Sound } from './media/sound.js';
export { decodeWav } from './media/wav.js';
export { detectFaces, portraitBox } from './pipeline/faces.js';
export { centreSquare, cropSquare, cropsToFace, portraitSquare, preparePortrait } from './media/crop.js';
export type { Square } from './media/crop.js';
export { frameFinisher, outputSize } from './media/finish.js';
export type { FinishOptions } from './media/finish.js';
export { drawMark } from './media/mark.js';
export { joinArrays } from './base/arrays.js';
export { neededParts } from './pipeline/parts.js';
export { provenance } from './pipeline/provenance.js';
export type { MadeWith } from './pipeline/provenance.js';
export { fitSquare, resize } from './media/resize.js';
export { makePasteBack } from './media/paste-back.js';
export { emotions } from './models/speech/emotions.js';
export type { Emotion } from './models/speech/emotions.js';
export { createAudioEncoder } from './models/speech/audio-encoder.js';
export type { AudioEncoder } from './models/speech/audio-encoder.js';
export { createEmotionEncoder } from './models/speech/emotion-encoder.js';
export type { EmotionEncoder } from './models/speech/emotion-encoder.js';
export { createFlowTransformer } from './models/transformer/fmt.js';
export type {
  EvaluatorOptions,
  FieldEvaluator,
  FlowTransformer,
  GuidanceScales,
  WindowConditions,
} from './models/transformer/fmt.js';
export { pictureTensor } from './media/picture-tensor.js';
export { createMotionAutoencoder } from './models/autoencoder/motion-autoencoder.js';
export type {
  Decoder,
  DecoderOptions,
  EncodedPortrait,
  MotionAutoencoder,
  Portrait,
} from './models/autoencoder/motion-autoencoder.js';
export { directedMotion, directionMatrix, motionCoefficients } from './models/autoencoder/direction.js';
export type { Directions } from './models/autoencoder/direction.js';
export { parseEmotionSchedule, parseGuidanceSchedule } from './pipeline/schedule.js';
export type { EmotionKey, EmotionSchedule, GuidanceKey, GuidanceSchedule } from './pipeline/schedule.js';
export { integrate, parseSolver, solverNames } from './sampling/solvers.js';
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
export type { ModelPart } from './weights/manifest.js';
export { windowFrames } from './weights/config.js';
export type { FloatConfig, ModelConfig } from './weights/config.js';
export { publishedConfig } from './weights/published-config.js';
export { version } from './base/version.js';
