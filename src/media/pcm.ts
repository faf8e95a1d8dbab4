import { InputError } from '../base/errors.js';

export const pcmFormats = ['s16le', 'f32le'] as const;

/** Signed 16-bit integers, or 32-bit floats in −1 … 1; little-endian. */
export type PcmFormat = (typeof pcmFormats)[number];

const bytesPerSample: Readonly<Record<PcmFormat, number>> = { s16le: 2, f32le: 4 };

/**
 * Raw PCM, mono, as samples in −1 … 1; the bytes may be cut anywhere.
 *
 * @param name of the source, for messages.
 * @throws InputError when there is no sound, and when it ends within a sample.
 */
export async function* pcmSamples(
  bytes: AsyncIterable<Uint8Array>,
  format: PcmFormat,
  name: string,
): AsyncGenerator<Float32Array, void, undefined> {
  const width = bytesPerSample[format];
  let rest = new Uint8Array();
  let any = false;
  for await (const chunk of bytes) {
    const joined = new Uint8Array(rest.length + chunk.length);
    joined.set(rest);
    joined.set(chunk, rest.length);
    const count = Math.floor(joined.length / width);
    rest = joined.slice(count * width);
    if (count === 0) continue;
    any = true;
    yield decode(joined, count, format);
  }
  if (rest.length > 0) {
    throw new InputError(
      `${name}: expected whole samples of ${width} bytes (${format}), ${rest.length} left over at the end`,
    );
  }
  if (!any) throw new InputError(`${name}: expected sound, got nothing`);
}

function decode(bytes: Uint8Array, count: number, format: PcmFormat): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Float32Array.from({ length: count }, (_, i) =>
    format === 's16le' ? view.getInt16(2 * i, true) / 32768 : view.getFloat32(4 * i, true),
  );
}
