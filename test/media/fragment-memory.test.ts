import {
  ALL_FORMATS,
  BufferSource,
  BufferTarget,
  EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  Input,
  Mp4OutputFormat,
  Output,
} from 'mediabunny';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { forgetterOf } from '../../src/media/fragment-memory.js';

interface Muxer {
  finalizedChunks: { samples: unknown[] }[];
}

/** A video of ten seconds in fragments of one, its packets forgotten or not. */
async function write(
  forgetting: boolean,
): Promise<{ bytes: Uint8Array; remembered: number; fragments: number }> {
  const target = new BufferTarget();
  const format = new Mp4OutputFormat({ fastStart: 'fragmented', minimumFragmentDuration: 0.5 });
  const output = new Output({ format, target });
  const source = new EncodedVideoPacketSource('vp9');
  output.addVideoTrack(source, { frameRate: 25 });
  await output.start();
  const forget = forgetterOf(output);
  const decoderConfig = { codec: 'vp09.00.10.08', codedWidth: 64, codedHeight: 64 };
  for (let i = 0; i < 250; i++) {
    const packet = new EncodedPacket(Uint8Array.of(i), i % 25 === 0 ? 'key' : 'delta', i / 25, 1 / 25);
    await source.add(packet, { decoderConfig });
    if (forgetting && i % 50 === 49) forget();
  }
  const { finalizedChunks } = (output as unknown as { _muxer: Muxer })._muxer;
  const remembered = finalizedChunks.reduce((sum, { samples }) => sum + samples.length, 0);
  await output.finalize();
  return { bytes: new Uint8Array(target.buffer!), remembered, fragments: finalizedChunks.length };
}

// A file holds the second in which it was made.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

it('forgets all packets of a written fragment but the first, and the file stays the same', async () => {
  const [all, few] = [await write(false), await write(true)];
  expect(all.fragments).toBe(10);
  expect(all.remembered).toBeGreaterThan(200);
  // The last fragment was not finished when the last packets were forgotten, nor the one before it.
  expect(few.remembered).toBeLessThan(10 + 50);
  expect(Buffer.compare(few.bytes, all.bytes)).toBe(0);

  using input = new Input({ source: new BufferSource(few.bytes), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  const values: number[] = [];
  for await (const { data } of new EncodedPacketSink(track!).packets()) values.push(data[0]!);
  expect(values).toEqual(Array.from({ length: 250 }, (_, i) => i % 256));
});
