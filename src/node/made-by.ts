import { open } from 'node:fs/promises';

/** What wrote a file, in the metadata of safetensors, where they come first. */
export const madeBy = { made_by: 'float' } as const;

/** How files begin that a command wrote: safetensors with those metadata, and profiles. */
const beginnings = [
  `{"__metadata__":${JSON.stringify(madeBy).slice(0, -1)}`,
  '{"displayTimeUnit":"ms","traceEvents":[',
];

/** Whether a command wrote this file earlier. False for what cannot be read. */
export async function isMadeByFloat(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(100), 0, 100, 0);
    const start = buffer.toString('latin1', 0, bytesRead);
    return beginnings.some((text) => start.startsWith(text) || start.startsWith(text, 8));
  } catch {
    return false;
  } finally {
    await file.close();
  }
}
