import type { Gpu } from 'float-webgpu';
import { closeGpu, openGpu } from 'float-webgpu';
import { requestBrowserAdapter } from 'float-webgpu/browser';
import type { AdapterSummary } from './api.js';
import { Failure } from './failures.js';

/** The one GPU of the worker. */
export interface GpuSession {
  /** The open GPU, or a new one if there is none or it has failed: a failure is for good. */
  open(): Promise<Gpu>;
  /** As `open`; tells which it is. */
  describe(): Promise<AdapterSummary>;
  /**
   * Whether the GPU opened last is lost. What fails because of it may be heard of before the loss itself: waits a
   * moment.
   */
  lost(): Promise<boolean>;
}

interface Session {
  readonly gpu: Gpu;
  readonly summary: AdapterSummary;
  lost: boolean;
}

/** After the browser's GPU process has died there is no adapter until a new one is up. */
const tries = 10;
const pauseMs = 300;

export function createGpuSession(): GpuSession {
  let session: Promise<Session> | undefined;
  let everOpen = false;

  const current = async (): Promise<Session> => {
    const before = await session?.catch(() => undefined);
    if (before && !before.lost && !before.gpu.failure) return before;
    if (before) closeGpu(before.gpu);
    const opened = await (everOpen ? startAgain() : start());
    everOpen = true;
    return opened;
  };
  /** Callers at the same time get the same one. */
  const ready = () => (session = current());

  return {
    open: async () => (await ready()).gpu,
    describe: async () => (await ready()).summary,
    async lost() {
      const opened = await session?.catch(() => undefined);
      if (!opened) return false;
      const moment = new Promise((resolve) => setTimeout(resolve, 200));
      await Promise.race([opened.gpu.device.lost, moment]);
      return opened.lost;
    },
  };
}

async function start(): Promise<Session> {
  const { adapter, name, software } = await requestBrowserAdapter();
  const session: Session = { gpu: await openGpu(adapter), summary: { name, software }, lost: false };
  void session.gpu.device.lost.then(() => (session.lost = true));
  return session;
}

async function startAgain(): Promise<Session> {
  for (let i = 0; i < tries; i++) {
    try {
      return await start();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  // Browsers close WebGPU to a page for a while when the graphics card is lost repeatedly.
  throw new Failure(
    'DeviceLost',
    'the graphics card was lost and the browser gives it no more: wait two minutes, or start the browser anew',
  );
}
