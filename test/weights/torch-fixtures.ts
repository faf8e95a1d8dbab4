import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { memorySource, type ByteSource } from '../../src/weights/source.js';

/** The path of a file that PyTorch wrote (`tools/make_torch_fixtures.py`). */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/torch/${name}`, import.meta.url));
}

export function fixtureBytes(name: string): ByteSource {
  return memorySource(name, readFileSync(fixture(name)));
}

export interface ExpectedTensor {
  /** PyTorch's name. */
  readonly dtype: string;
  readonly shape: number[];
  /** The values as float32, row-major, in base64; absent for the two kinds that are not read. */
  readonly float32?: string;
}

export function expectedTensors(name: string): [string, ExpectedTensor][] {
  const json = JSON.parse(readFileSync(fixture(name), 'utf8')) as Record<string, ExpectedTensor>;
  return Object.entries(json);
}
