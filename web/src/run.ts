import { batch } from '@preact/signals';
import { ensureModel, inputsSettled, openGpu } from './actions.js';
import { canPlay, frameRate } from './components/pace.js';
import { createPlayer } from './components/player.js';
import { engine } from './engine/client.js';
import type { RunListener } from './engine/api.js';
import type { Run } from './state.js';
import * as state from './state.js';
import { texts } from './texts.js';
import { continueAs, showVideo, startPlaying } from './video.js';

/** Seconds between two announcements to screen readers. */
const announceEvery = 5;
let announced = 0;
let runs = 0;

/** One click: waits for portrait and speech, loads the model if need be, and makes the video. */
export async function generate(): Promise<void> {
  if (state.running.value) return;
  batch(() => {
    state.clearFailure('page');
    state.clearFailure('run');
    state.run.value = { kind: 'running', stage: 'model', done: 0, total: 0 };
  });
  announce(texts.run.stages.model, true);
  const number = ++runs;
  const player = createPlayer();
  try {
    await inputsSettled();
    await ensureModel((done, total) => update(number, { done, total }));
    if (number !== runs) return;
    const { portrait, speech, square, settings, model } = state;
    if (!portrait.value || !speech.value || !square.value) {
      throw Object.assign(new Error(texts.run.missing), { name: 'Input' });
    }
    if (player.url) showVideo(player.url);
    const listener = follow(number, player, model.value?.fps ?? 25);
    const summary = await engine.generate({ ...settings.value, square: square.value }, listener);
    player.end();
    update(number, { stage: 'finish' });
    const url = URL.createObjectURL(await engine.exportVideo());
    if (number !== runs) return;
    finish({ summary, url, number });
  } catch (error) {
    if (number === runs) stop(error);
  } finally {
    player.release();
  }
}

export function cancel(): void {
  if (!state.running.value) return;
  runs++;
  stop(Object.assign(new Error(), { name: 'Cancelled' }));
  engine.cancel().catch((error: unknown) => state.fail('run', error));
}

/** After a failure: with a new GPU device, should the old one be gone. */
export async function tryAgain(): Promise<void> {
  state.clearFailure('run');
  if (await openGpu('run')) await generate();
}

function follow(number: number, player: ReturnType<typeof createPlayer>, fps: number): RunListener {
  let firstFrame = 0;
  return {
    onStage: (stage) => update(number, { stage }),
    onVideoType: (mimeType) => player.open(mimeType),
    onVideoPiece: (piece) => player.append(piece),
    onFrame(done, total, seconds) {
      if (done === 1) {
        firstFrame = seconds;
        player.setDuration(total / fps);
      }
      const rate = frameRate(done, seconds, firstFrame);
      update(number, { stage: 'frames', done, total, ...(rate !== undefined && { rate }) });
      if (rate !== undefined && canPlay({ done, total, rate, fps }, player.buffered())) startPlaying();
    },
  };
}

function update(number: number, part: Partial<Extract<Run, { kind: 'running' }>>): void {
  const run = state.run.value;
  if (number !== runs || run.kind !== 'running') return;
  const loaded = run.stage === 'model' && part.stage !== undefined && part.stage !== 'model';
  const next = { ...run, ...(loaded && { done: 0, total: 0 }), ...part };
  state.run.value = next;
  const frames = next.stage === 'frames' ? `, ${texts.run.frames(next.done, next.total)}` : '';
  announce(texts.run.stages[next.stage] + frames, false);
}

function finish(result: NonNullable<typeof state.result.value>): void {
  const before = state.result.value;
  batch(() => {
    state.result.value = result;
    state.run.value = { kind: 'done' };
  });
  announce(texts.run.done(result.summary.frames, result.summary.seconds), true);
  continueAs(result.url);
  startPlaying();
  if (before) URL.revokeObjectURL(before.url);
}

/** The last complete video comes back, if there was one. */
function stop(error: unknown): void {
  const cancelled = state.failureKind(error) === 'Cancelled';
  batch(() => {
    state.run.value = { kind: cancelled ? 'cancelled' : 'idle' };
    state.fail('run', error);
  });
  if (cancelled) announce(texts.run.cancelled, true);
  showVideo(state.result.value?.url);
}

function announce(text: string, now: boolean): void {
  const time = performance.now() / 1000;
  if (!now && time - announced < announceEvery) return;
  announced = time;
  state.announcement.value = text;
}
