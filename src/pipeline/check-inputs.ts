import { InputError } from '../base/errors.js';
import type { Picture } from '../media/picture.js';
import type { Sound } from '../media/sound.js';
import { allFinite } from '../weights/finite.js';

/**
 * A picture from outside, once it is known to be one, as RGB. RGBA, as a canvas gives it, loses its alpha.
 *
 * @param name of the argument, in messages.
 * @throws InputError naming the field at fault.
 */
export function checkPicture(name: string, picture: unknown): Picture {
  const { width, height, data } = fieldsOf(name, picture, 'a picture {width, height, data}', 'readPicture');
  for (const [field, value] of [
    ['width', width],
    ['height', height],
  ] as const) {
    if (!(Number.isSafeInteger(value) && (value as number) > 0)) {
      throw new InputError(
        `${name}.${field}: expected a whole number of pixels from 1, got ${kindOf(value)}`,
      );
    }
  }
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new InputError(`${name}.data: expected a Uint8Array of RGB bytes, got ${kindOf(data)}`);
  }
  const [columns, rows] = [width as number, height as number];
  const pixels = columns * rows;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  if (data.length === 3 * pixels) return { width: columns, height: rows, data: bytes };
  if (data.length === 4 * pixels) return { width: columns, height: rows, data: withoutAlpha(bytes) };
  throw new InputError(
    `${name}.data: expected 3·width·height = ${3 * pixels} bytes of RGB (or ${4 * pixels} of RGBA), got ${data.length}`,
  );
}

function withoutAlpha(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from]!;
    rgb[to + 1] = rgba[from + 1]!;
    rgb[to + 2] = rgba[from + 2]!;
  }
  return rgb;
}

/** A recording from outside, once it is known to be one. @throws InputError naming the field at fault. */
export function checkSound(name: string, sound: unknown): Sound {
  if (sound instanceof Float32Array || Array.isArray(sound)) {
    const what = `got ${kindOf(sound)}: give {sampleRate: 16000, channels: [samples]} with the rate that it has`;
    throw new InputError(`${name}: expected a sound {sampleRate, channels}, ${what}`);
  }
  const fields = fieldsOf(name, sound, 'a sound {sampleRate, channels}', 'readSound');
  const { sampleRate, channels } = fields;
  if ('getChannelData' in fields) {
    const how = `give {sampleRate: buffer.sampleRate, channels: [buffer.getChannelData(0)]}`;
    throw new InputError(`${name}: expected a sound {sampleRate, channels}, got an AudioBuffer: ${how}`);
  }
  checkRate(`${name}.sampleRate`, sampleRate);
  if (!Array.isArray(channels)) {
    throw new InputError(
      `${name}.channels: expected a list of Float32Array, one a channel, got ${kindOf(channels)}`,
    );
  }
  if (channels.length === 0)
    throw new InputError(`${name}.channels: expected at least one channel, got none`);
  const list = channels.map((channel, i) => checkSamples(`${name}.channels[${i}]`, channel));
  const [first] = list;
  list.forEach((channel, i) => {
    if (channel.length === first!.length) return;
    throw new InputError(
      `${name}.channels[${i}]: expected ${first!.length} samples, as in channels[0], got ${channel.length}`,
    );
  });
  if (first!.length === 0) throw new InputError(`${name}.channels[0]: expected samples, got none`);
  return { sampleRate: sampleRate as number, channels: list };
}

/** @throws InputError unless it is a number of samples a second. */
export function checkRate(name: string, rate: unknown): void {
  if (typeof rate === 'number' && Number.isFinite(rate) && rate > 0) return;
  throw new InputError(`${name}: expected samples a second, such as 16000, got ${kindOf(rate)}`);
}

/** @throws InputError unless they are finite float32 numbers. */
export function checkSamples(name: string, samples: unknown): Float32Array {
  if (!(samples instanceof Float32Array)) {
    const integers = samples instanceof Int16Array ? ': divide 16-bit samples by 32768' : '';
    throw new InputError(
      `${name}: expected a Float32Array of samples from −1 to 1, got ${kindOf(samples)}${integers}`,
    );
  }
  const bad = firstNotFinite(samples);
  if (bad >= 0) throw new InputError(`${name}: sample ${bad} is ${samples[bad]}, expected finite numbers`);
  return samples;
}

/** Pieces of speech, each checked when it comes. @throws InputError if they are none. */
export function checkPieces(name: string, pieces: unknown): AsyncIterable<Float32Array> {
  const isIterable = typeof pieces === 'object' && pieces !== null && Symbol.asyncIterator in pieces;
  if (!isIterable) {
    throw new InputError(`${name}: expected an async iterable of Float32Array, got ${kindOf(pieces)}`);
  }
  const source = pieces as AsyncIterable<unknown>;
  return (async function* () {
    let index = 0;
    for await (const piece of source) yield checkSamples(`${name}: piece ${index++}`, piece);
  })();
}

/**
 * Motion `[frames, d]` from outside: one frame at least, every value finite.
 * @throws InputError naming the frame at fault.
 */
export function checkMotion(name: string, motion: unknown, d: number): Float32Array {
  if (!(motion instanceof Float32Array)) {
    throw new InputError(`${name}: expected a Float32Array [frames, ${d}], got ${kindOf(motion)}`);
  }
  if (motion.length === 0 || motion.length % d !== 0) {
    throw new InputError(`${name}: expected [frames, ${d}], got ${motion.length} values`);
  }
  const bad = firstNotFinite(motion);
  if (bad >= 0) {
    const place = `value ${bad % d} of frame ${Math.floor(bad / d)}`;
    throw new InputError(`${name}: ${place} is ${motion[bad]}, expected finite numbers`);
  }
  return motion;
}

function firstNotFinite(values: Float32Array): number {
  return allFinite(values) ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

function fieldsOf(name: string, value: unknown, expected: string, reader: string): Record<string, unknown> {
  if (value instanceof Promise) {
    throw new InputError(`${name}: expected ${expected}, got a promise: await it first`);
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  const how = typeof value === 'string' ? `: read the file with ${reader} first` : '';
  throw new InputError(`${name}: expected ${expected}, got ${kindOf(value)}${how}`);
}

/** What something is, for a message. */
export function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'bigint') return `${value}n`;
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return 'a function';
  if (value === null) return 'null';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (ArrayBuffer.isView(value) || Array.isArray(value)) {
    return `${value.constructor.name} of ${(value as unknown as ArrayLike<unknown>).length} elements`;
  }
  return `an object (${value.constructor?.name ?? 'without class'})`;
}
