import type { LoadedWeights, ModelPart } from 'float-webgpu';
import { blobSource, checkpointLayout, loadWeights, narrowestType, streamSafetensors } from 'float-webgpu';
import type { OnProgress, SavedModel } from './api.js';
import { diskFull, Failure } from './failures.js';

/**
 * The user's checkpoints in the origin's private file system, each one safetensors file with its configuration inside:
 * `models/<id>.safetensors`. While one is written it is called `<id>.partial`.
 */
const suffix = '.safetensors';
const partial = '.partial';

/** Beyond the file itself. */
const spare = 16 * 2 ** 20;

export async function listModels(): Promise<SavedModel[]> {
  if (!(await canSave())) return [];
  const folder = await openFolder();
  const models: SavedModel[] = [];
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind !== 'file' || !name.endsWith(suffix)) continue;
    const id = name.slice(0, -suffix.length);
    const { size } = await handle.getFile();
    models.push({ id, name: id, bytes: size });
  }
  return models.sort((a, b) => a.name.localeCompare(b.name));
}

/** Opens a saved model that has these parts; its weights are read by ranges, as they are needed. */
export async function openModel(id: string, parts: readonly ModelPart[]): Promise<LoadedWeights> {
  const folder = await openFolder();
  const handle = await folder.getFileHandle(id + suffix).catch(() => {
    throw new Failure('Input', `${id}: no longer among the saved models`);
  });
  return loadWeights(blobSource(id, await handle.getFile()), { parts });
}

export async function deleteModel(id: string): Promise<void> {
  const folder = await openFolder();
  await folder.removeEntry(id + suffix).catch((error: unknown) => {
    if (!isNamed(error, 'NotFoundError')) throw error;
  });
}

/**
 * Writes a checkpoint; it appears among the models once it is complete.
 *
 * @param name what it is called, if nothing is called so already.
 * @returns its id.
 * @throws Failure when the space does not suffice, the signal's reason when aborted.
 */
export async function saveModel(
  loaded: LoadedWeights,
  name: string,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<string> {
  const layout = checkpointLayout(loaded, narrowestType(loaded.weights));
  const { size, chunks } = streamSafetensors(loaded.weights, layout);
  const folder = await openFolder();
  await removePartials(folder);
  await needSpace(size);
  const id = await freeId(folder, name);
  const handle = await folder.getFileHandle(id + partial, { create: true });
  try {
    const file = await handle.createSyncAccessHandle();
    try {
      let done = 0;
      for await (const bytes of chunks) {
        if (file.write(bytes, { at: done }) !== bytes.length) throw new Failure('Input', diskFull);
        done += bytes.length;
        onProgress(done, size);
        signal.throwIfAborted();
      }
      file.flush();
    } finally {
      file.close();
    }
    await handle.move(id + suffix);
    return id;
  } catch (error) {
    await folder.removeEntry(id + partial).catch(() => undefined);
    throw error;
  }
}

/** Some browsers have no private file system in their private windows. */
export async function canSave(): Promise<boolean> {
  return openFolder().then(
    () => true,
    () => false,
  );
}

async function openFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle('models', { create: true });
}

/** What a closed page left unfinished. What another page is writing is locked and stays. */
async function removePartials(folder: FileSystemDirectoryHandle): Promise<void> {
  for await (const name of folder.keys()) {
    if (name.endsWith(partial)) await folder.removeEntry(name).catch(() => undefined);
  }
}

/** Asks the browser to keep what is saved, which may also allow more. */
async function needSpace(bytes: number): Promise<void> {
  await navigator.storage.persist?.().catch(() => false);
  const { quota, usage } = await navigator.storage.estimate();
  if (quota === undefined || usage === undefined) return;
  const free = quota - usage;
  if (bytes + spare > free) {
    const gigabytes = (n: number) => `${(n / 1e9).toFixed(1)} GB`;
    throw new Failure(
      'Input',
      `the model needs ${gigabytes(bytes)}, but the browser gives this page ${gigabytes(free)} more on the disk`,
    );
  }
}

/** "float", and when that is taken "float 2". */
async function freeId(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  const plain = name.replace(/[^\p{L}\p{N}._ -]/gu, '_').slice(0, 60) || 'model';
  const taken = new Set<string>();
  for await (const key of folder.keys()) taken.add(key);
  for (let n = 1; ; n++) {
    const id = n === 1 ? plain : `${plain} ${n}`;
    if (!taken.has(id + suffix) && !taken.has(id + partial)) return id;
  }
}

const isNamed = (error: unknown, name: string) => error instanceof DOMException && error.name === name;

/** In the private file systems of all browsers, but not in TypeScript's library for pages. */
declare global {
  interface FileSystemFileHandle {
    /** Renames. */
    move(name: string): Promise<void>;
    /** Locks the file for writing; in workers only. */
    createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle>;
  }
  interface FileSystemSyncAccessHandle {
    write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
    flush(): void;
    close(): void;
  }
}
