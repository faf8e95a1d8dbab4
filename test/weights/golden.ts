import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { memorySource, type ByteSource } from '../../src/weights/source.js';

/** The path of a file under golden/. */
export function goldenPath(name: string): string {
  return fileURLToPath(new URL(`../../golden/${name}`, import.meta.url));
}

export function goldenBytes(name: string): ByteSource {
  return memorySource(`golden/${name}`, readFileSync(goldenPath(name)));
}

export function goldenJson(name: string): unknown {
  return JSON.parse(readFileSync(goldenPath(name), 'utf8'));
}

/** The message of the error that `promise` ends with, which must be of the class given. */
export async function rejection(
  promise: Promise<unknown>,
  type: abstract new (...args: never[]) => Error,
): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof type) return error.message;
    throw error;
  }
  throw new Error('expected a rejection');
}
