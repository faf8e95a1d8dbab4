/**
 * Training (docs/training.md): data sets, the transformer's training step and runs of it, checkpoints. In Node,
 * `float-webgpu/node` opens files and adapters.
 */
export { openMotionDataset, parseManifest } from './dataset.js';
export type { ClipRecord, DatasetManifest, MotionClip, MotionDataset } from './dataset.js';
export { drawBatch } from './draw-batch.js';
export { scoreMotion } from './evaluate-motion.js';
export type { MotionScore, ScoreOptions } from './evaluate-motion.js';
export { completeSettings, parseChoices, parseSettings, presets } from './fmt-settings.js';
export type { FmtChoices, FmtSettings } from './fmt-settings.js';
export { createFmtTrainer } from './fmt-trainer.js';
export type { FmtTrainer, StepReport } from './fmt-trainer.js';
export { initialWeights, overlay } from './initial-weights.js';
export type { MotionBatch, Objective, Preceding } from './motion-batch.js';
export { DivergedError, runTraining } from './run-training.js';
export type { TrainingOptions, TrainingProgress } from './run-training.js';
export { expectedTensors } from '../weights/manifest.js';
