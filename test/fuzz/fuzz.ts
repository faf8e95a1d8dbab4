import { InputError, messageOf } from '../../src/base/errors.js';
import { randomFrom } from './mutate.js';
import type { Target } from './targets.js';

export interface FuzzResult {
  readonly target: string;
  readonly inputs: number;
  /** Inputs that were refused with an InputError; the others were read. */
  readonly refused: number;
  readonly slowestMs: number;
  /** The most memory an input took, on the heap and in array buffers, before it was collected. */
  readonly peakBytes: number;
}

/** What an input may take: a small multiple of its size, and what the engine itself takes now and then. */
const allowedBytes = (size: number) => 64 * size + 2 ** 22;

/**
 * Gives a parser `inputs` files that are a little wrong.
 *
 * @throws Error, with the input in base64, if anything but an InputError of one line is thrown, or if more memory is
 * taken than `allowedBytes`, or a result is larger than four times the input (one-byte elements become float32).
 */
export async function fuzz(target: Target, inputs: number, seed: number): Promise<FuzzResult> {
  const random = randomFrom(seed);
  let refused = 0;
  let slowestMs = 0;
  let peakBytes = 0;
  for (let i = 0; i < inputs; i++) {
    const bytes = target.make(random);
    const before = memory();
    const started = performance.now();
    const fault = await faultOf(target, bytes);
    slowestMs = Math.max(slowestMs, performance.now() - started);
    const taken = memory() - before;
    peakBytes = Math.max(peakBytes, taken);
    if (fault === 'refused') refused++;
    else if (fault !== undefined) throw failure(target, bytes, fault);
    if (taken > allowedBytes(bytes.length)) throw failure(target, bytes, `it takes ${taken} bytes`);
  }
  return { target: target.name, inputs, refused, slowestMs, peakBytes };
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** `refused` as it should be, or what is wrong, or undefined if the input was read. */
async function faultOf(target: Target, bytes: Uint8Array): Promise<string | undefined> {
  try {
    const largest = await target.parse(bytes);
    return largest > 4 * bytes.length ? `it makes ${largest} bytes of ${bytes.length}` : undefined;
  } catch (error) {
    if (!(error instanceof InputError)) {
      return error instanceof Error && error.stack ? error.stack : messageOf(error);
    }
    // eslint-disable-next-line no-control-regex -- a terminal must not take what a file says for commands
    const isLine = /^x\.\w+: [^\x00-\x1f\x7f]{1,2000}$/.test(error.message);
    return isLine ? 'refused' : `the message is not one line: ${JSON.stringify(error.message)}`;
  }
}

function failure(target: Target, bytes: Uint8Array, what: string): Error {
  return new Error(`${target.name}: ${what}\ninput: ${Buffer.from(bytes).toString('base64')}`);
}
