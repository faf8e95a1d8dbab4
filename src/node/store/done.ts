import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeAtomically } from '../partial-file.js';
import { fileRecord, originRecord, type FileRecord } from './record.js';

const doneSchema = v.object({ files: v.array(fileRecord), from: originRecord });

/** A part that is converted: what was written below `ready`, and of what. */
export type Done = v.InferOutput<typeof doneSchema>;

const fileName = 'done.json';

export async function keepDone(making: string, done: ReadonlyMap<string, Done>): Promise<void> {
  await writeAtomically(join(making, fileName), Buffer.from(JSON.stringify(Object.fromEntries(done))));
}

/**
 * What earlier runs finished, by key, as far as it is wanted and still there; whatever else lies in `ready` goes.
 */
export async function readDone(making: string, keys: readonly string[]): Promise<Map<string, Done>> {
  const ready = join(making, 'ready');
  const done = new Map<string, Done>();
  const saved = parse(await readFile(join(making, fileName), 'utf8').catch(() => ''));
  for (const key of keys) {
    const entry = saved[key];
    if (entry && (await Promise.all(entry.files.map((file) => isWhole(ready, file)))).every(Boolean)) {
      done.set(key, entry);
    }
  }
  const kept = new Set([...done.values()].flatMap(({ files }) => files.map(({ path }) => join(ready, path))));
  for (const file of await filesBelow(ready)) if (!kept.has(file)) await rm(file, { force: true });
  return done;
}

function parse(text: string): Readonly<Record<string, Done | undefined>> {
  try {
    const result = v.safeParse(v.record(v.string(), doneSchema), JSON.parse(text));
    return result.success ? result.output : {};
  } catch {
    return {};
  }
}

async function isWhole(folder: string, { path, bytes }: FileRecord): Promise<boolean> {
  return stat(join(folder, path)).then(
    ({ size }) => size === bytes,
    () => false,
  );
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
