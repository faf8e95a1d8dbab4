import type { AlphaRule } from 'float-webgpu/browser';
import type { SolverName } from 'float-webgpu';
import type { InsideApi } from '../inside/inside-api.js';

/**
 * What the page may ask of the worker that holds the GPU, the weights and the last run. The page's thread never
 * computes: it shows what comes back. Carried by Comlink; callbacks are passed through `Comlink.proxy`.
 *
 * A method that fails rejects with an Error whose `name` is a `FailureKind` and whose message is one line for the user.
 */
export interface EngineApi {
  /** Opens the GPU, or opens it anew after it was lost. Everything else opens it by itself when needed. */
  openGpu(): Promise<AdapterSummary>;

  loadDemo(onProgress: OnProgress): Promise<ModelSummary>;
  /** The user's checkpoint, in one or several files: checked, converted, kept in the origin's private file system. */
  importModel(files: readonly File[], onProgress: OnProgress): Promise<ModelSummary>;
  savedModels(): Promise<readonly SavedModel[]>;
  loadSaved(id: string): Promise<ModelSummary>;
  deleteSaved(id: string): Promise<void>;

  /** `alpha`: what becomes of transparency; over black if left out. */
  setPortrait(file: Blob, name: string, alpha?: AlphaRule): Promise<PortraitSummary>;
  /** Faces of the portrait, the largest first, each with the square that the published rule cuts out. */
  findFaces(): Promise<readonly FaceSquare[]>;
  setSpeech(file: Blob, name: string): Promise<SpeechSummary>;

  /** Animates portrait and speech. One run at a time; a second call stops the first. */
  generate(settings: RunSettings, listener: RunListener): Promise<RunSummary>;
  cancel(): Promise<void>;

  /** Of the last complete run. */
  exportVideo(): Promise<Blob>;
  /** A ZIP of PNGs, `frame-00000.png` and so on. */
  exportFrames(onProgress: OnProgress): Promise<Blob>;
  /** Safetensors with one tensor `motion` [T, d], as `float animate --motion-out` writes it. */
  exportMotion(): Promise<Blob>;

  /** Look inside the last run; see inside-api.ts. */
  readonly inside: InsideApi;
}

export type FailureKind =
  'Input' | 'NoWebGpu' | 'DeviceLost' | 'OutOfMemory' | 'NoVideoEncoder' | 'Cancelled' | 'Unexpected';

/** `done` of `total`, in bytes or frames. */
export type OnProgress = (done: number, total: number) => void;

export interface AdapterSummary {
  /** As far as the browser tells: "nvidia ampere", "google swiftshader". */
  readonly name: string;
  /** Whether it is the processor playing a graphics card. */
  readonly software: boolean;
}

export interface ModelSummary {
  readonly name: string;
  /** S: the model draws S×S pixels. */
  readonly side: number;
  readonly fps: number;
  readonly parameters: number;
  /** Names of the motion directions, where the checkpoint gives them: "yaw", "jaw", … */
  readonly directions: readonly string[];
}

export interface SavedModel {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
}

export interface PortraitSummary extends PictureSize {
  /** What was done to the picture: its transparency, its animation. */
  readonly notes: readonly string[];
  /** The picture as it is animated: upright, without transparency; smaller where it is large. */
  readonly preview: Blob;
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export interface Square {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

export interface FaceSquare {
  readonly score: number;
  readonly square: Square;
}

export interface SpeechSummary {
  readonly seconds: number;
  /** Largest absolute sample of each of 400 equal pieces, 0 … 1, for drawing. */
  readonly peaks: Float32Array;
}

export interface RunSettings {
  readonly seed: number;
  readonly nfe: number;
  readonly solver: SolverName;
  /** γ_a and γ_e, a number or over time as `parseGuidanceSchedule` reads it: "2@0,1@4". */
  readonly audioGuidance: string;
  readonly emotionGuidance: string;
  /** '' is the one heard; an Emotion; or over time as `parseEmotionSchedule` reads it: "happy@0,sad@3.5". */
  readonly emotion: string;
  readonly motionScale: number;
  /** The part of the portrait that is animated, in its pixels. */
  readonly square: Square;
  /** Put the animated square back into the whole portrait. */
  readonly pasteBack: boolean;
  /** A visible "AI" in the corner. */
  readonly mark: boolean;
  /**
   * The longer side of the video; 0 for the default of the command: the model's but at least 512, or the portrait's.
   */
  readonly size: number;
}

export interface RunListener {
  onStage(stage: 'portrait' | 'speech' | 'emotion' | 'motion' | 'frames'): void;
  /** Before the first piece: what MediaSource.addSourceBuffer wants, e.g. `video/mp4; codecs="avc1.42001f, opus"`. */
  onVideoType(mimeType: string): void;
  /** A piece of fragmented MP4, pictures and sound together, about every second of video. */
  onVideoPiece(piece: Uint8Array<ArrayBuffer>): void;
  /** After each frame. `seconds` since the start. */
  onFrame(done: number, total: number, seconds: number): void;
}

export interface RunSummary {
  readonly frames: number;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  /** From the start to the end and to the first frame. */
  readonly seconds: number;
  readonly firstFrame: number;
  /** Most bytes of GPU memory at once. */
  readonly gpuBytes: number;
  /** Whether sound could be encoded, and as what. */
  readonly soundCodec: 'aac' | 'opus' | 'none';
}
