import type { Gpu } from 'float-webgpu';
import { closeGpu, openGpu } from 'float-webgpu';
import { requestBrowserAdapter } from 'float-webgpu/browser';
import type { AdapterSummary } from './api.js';

/** The one GPU of the worker. */
export interface GpuSession {
  /** The open GPU, or a new one if there is none or it has failed: a failure is for good. */
  open(): Promise<Gpu>;
  /** As `open`; tells which it is. */
  describe(): Promise<AdapterSummary>;
  /** Whether the GPU opened last is lost. What fails because of it may be heard of before the loss itself: waits a moment. */
  lost(): Promise<boolean>;
}

interface Session {
  readonly gpu: Gpu;
  readonly summary: AdapterSummary;
  lost: boolean;
}

const tries = 10;
const pause = 300;

export function createGpuSession(): GpuSession {
  let session: Promise<Session> | undefined;

  const current = async (): Promise<Session> => {
    const before = await session?.catch(() => undefined);
    if (before && !before.lost && !before.gpu.failure) return before;
    if (before) closeGpu(before.gpu);
    return start(before !== undefined);
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

async function start(again: boolean): Promise<Session> {
  const { adapter, name, software } = await adapterOnceMore(again ? tries : 1);
  const session: Session = { gpu: await openGpu(adapter), summary: { name, software }, lost: false };
  void session.gpu.device.lost.then(() => (session.lost = true));
  return session;
}

/** After the browser's GPU process has died there is no adapter until a new one is up. */
async function adapterOnceMore(triesLeft: number) {
  try {
    return await requestBrowserAdapter();
  } catch (error) {
    if (triesLeft <= 1) throw error;
    await new Promise((resolve) => setTimeout(resolve, pause));
    return adapterOnceMore(triesLeft - 1);
  }
}
