import { computed, signal } from '@preact/signals';
import type { AlphaRule } from 'float-webgpu/browser';
import type {
  AdapterSummary,
  FaceSquare,
  FailureKind,
  ModelSummary,
  RunListener,
  RunSummary,
  SavedModel,
  SpeechSummary,
  Square,
} from './engine/api.js';
import type { LinkProblem, PortraitName, Settings, SpeechName } from './settings.js';
import { defaultSettings } from './settings.js';

/** A file that the engine has accepted; `url` shows or plays it (the portrait as it is animated), `example` is set where it is one of ours. */
export interface Portrait {
  readonly name: string;
  readonly url: string;
  readonly file: Blob;
  readonly width: number;
  readonly height: number;
  /** What was done to the picture. */
  readonly notes: readonly string[];
  readonly example: PortraitName | null;
}
export interface Speech extends SpeechSummary {
  readonly name: string;
  readonly url: string;
  readonly example: SpeechName | null;
}

/** Where on the page a failure belongs. */
export type Place = 'page' | 'portrait' | 'speech' | 'model' | 'run';
export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
}

export type RunStage = Parameters<RunListener['onStage']>[0] | 'model' | 'finish';
export type Run =
  | { readonly kind: 'idle' | 'cancelled' }
  | {
      readonly kind: 'running';
      readonly stage: RunStage;
      readonly done: number;
      /** 0 until the number of frames is known. */
      readonly total: number;
      /** Frames a second, once there are two. */
      readonly rate?: number;
    }
  | { readonly kind: 'done' };

export const settings = signal<Settings>(defaultSettings);
export const linkProblems = signal<readonly LinkProblem[]>([]);

export const portrait = signal<Portrait>();
/** What becomes of the portrait's transparency. */
export const alpha = signal<AlphaRule>('blend');
export const square = signal<Square>();
/** The square was moved by hand: it is not placed anew until another portrait comes. */
export const squareByHand = signal(false);
/** undefined until somebody has looked for faces. */
export const faces = signal<readonly FaceSquare[]>();
export const speech = signal<Speech>();

export const model = signal<ModelSummary>();
/** The demo, or the id of a saved model. */
export const modelChoice = signal('demo');
export const savedModels = signal<readonly SavedModel[]>([]);
/** Bytes done and in all, while a model is converted. */
export const importing = signal<{ readonly done: number; readonly total: number }>();

export const adapter = signal<AdapterSummary>();
export const failures = signal<Partial<Record<Place, Failure>>>({});
/** What is being read or looked for just now. */
export const busy = signal<Partial<Record<'portrait' | 'faces' | 'speech' | 'model', boolean>>>({});

export const run = signal<Run>({ kind: 'idle' });
/** The video has something to show; until then the preview stands in its place. */
export const videoReady = signal(false);
/** The last complete run. */
export const result = signal<{
  readonly summary: RunSummary;
  readonly url: string;
  readonly number: number;
}>();
/** Seconds, of the video's cursor. */
export const videoTime = signal(0);
/** Said to screen readers, at most every few seconds. */
export const announcement = signal('');

export const runKind = computed(() => run.value.kind);
export const running = computed(() => runKind.value === 'running');

export function change(part: Partial<Settings>): void {
  settings.value = { ...settings.value, ...part };
}

export function setBusy(what: keyof typeof busy.value, on: boolean): void {
  busy.value = { ...busy.value, [what]: on };
}

export function clearFailure(place: Place): void {
  const { [place]: gone, ...rest } = failures.value;
  if (gone) failures.value = rest;
}

/** Shows a failure where it belongs; a cancelled call is none. */
export function fail(place: Place, error: unknown): void {
  const kind = failureKind(error);
  if (kind === 'Cancelled') return;
  const message = error instanceof Error ? error.message : String(error);
  failures.value = { ...failures.value, [place]: { kind, message } };
}

const kinds: readonly string[] = [
  'Input',
  'NoWebGpu',
  'DeviceLost',
  'OutOfMemory',
  'NoVideoEncoder',
  'Cancelled',
] satisfies FailureKind[];

export function failureKind(error: unknown): FailureKind {
  const name = error instanceof Error ? error.name : '';
  return kinds.includes(name) ? (name as FailureKind) : 'Unexpected';
}
