import {
  type EncodedPacket,
  EncodedAudioPacketSource,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  Input,
  type MetadataTags,
  MP4,
  Mp4OutputFormat,
  Output,
  type Source,
  type Target,
} from 'mediabunny';

/** Packets of one track on their way, the next one in hand. */
interface Copy {
  readonly packets: AsyncGenerator<EncodedPacket, void, unknown>;
  next: EncodedPacket | undefined;
  readonly add: (packet: EncodedPacket) => Promise<void>;
}

/**
 * Copies the packets of a fragmented MP4 (H.264 and perhaps sound) to an MP4 with one index, in which every player can
 * seek and whose length it knows. Nothing is encoded anew, and no packet's time changes.
 */
export async function joinFragments(
  from: Source,
  to: Target,
  fps: number,
  tags: MetadataTags,
): Promise<void> {
  const input = new Input({ source: from, formats: [MP4] });
  const output = new Output({
    // The index goes to the end: putting it first would need all packets in memory.
    format: new Mp4OutputFormat({ fastStart: false }),
    target: to,
  });
  const copies: Copy[] = [];
  const video = await input.getPrimaryVideoTrack();
  if (video) {
    const source = new EncodedVideoPacketSource('avc');
    output.addVideoTrack(source, { frameRate: fps });
    const decoderConfig = await video.getDecoderConfig();
    const meta = decoderConfig ? { decoderConfig } : {};
    copies.push(await startCopy(new EncodedPacketSink(video), (packet) => source.add(packet, meta)));
  }
  const audio = await input.getPrimaryAudioTrack();
  const codec = await audio?.getCodec();
  if (audio && codec) {
    const source = new EncodedAudioPacketSource(codec);
    output.addAudioTrack(source);
    const decoderConfig = await audio.getDecoderConfig();
    const meta = decoderConfig ? { decoderConfig } : {};
    copies.push(await startCopy(new EncodedPacketSink(audio), (packet) => source.add(packet, meta)));
  }
  output.setMetadataTags(tags);
  await output.start();
  try {
    for (;;) {
      const earliest = copies
        .filter(({ next }) => next)
        .sort((a, b) => (a.next?.timestamp ?? 0) - (b.next?.timestamp ?? 0))[0];
      if (!earliest?.next) break;
      await earliest.add(earliest.next);
      earliest.next = (await earliest.packets.next()).value ?? undefined;
    }
    await output.finalize();
  } catch (error) {
    // Closing a stream that has failed fails as well; the first error is the one to tell.
    await output.cancel().catch(() => undefined);
    throw error;
  } finally {
    input.dispose();
  }
}

async function startCopy(sink: EncodedPacketSink, add: Copy['add']): Promise<Copy> {
  const packets = sink.packets();
  return { packets, next: (await packets.next()).value ?? undefined, add };
}
