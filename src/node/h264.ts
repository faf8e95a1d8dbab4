import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import type * as EncoderModule from 'h264-mp4-encoder';

/**
 * H.264 by minih264 (wasm). It keeps all it has written in memory and hands it out only as a finished MP4, so a video
 * is encoded in segments, each by an encoder of its own that begins with a key frame; the packets are taken out of its
 * MP4.
 */

export interface H264Settings {
  /** Even numbers. */
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Quantisation parameter, 10 (best) … 51. */
  readonly qp: number;
  /** Frames from key frame to key frame: at most so many may be encoded. */
  readonly length: number;
}

export interface H264Packet {
  /** NAL units, each after its length in four bytes. */
  readonly data: Uint8Array;
  readonly key: boolean;
}

export interface H264Segment {
  /** One frame in I420. */
  encode(i420: Uint8Array): void;
  /** The packets of all frames, in order, and the AVCDecoderConfigurationRecord. The segment is over. */
  finish(): Promise<{ packets: H264Packet[]; record: Uint8Array }>;
  /** Frees the encoder without a result. */
  discard(): void;
}

let encoderModule: Promise<typeof EncoderModule> | undefined;

/**
 * Its wasm loader makes every unhandled rejection of the process abort and every exception rethrow: not its business.
 */
async function loadEncoder(): Promise<typeof EncoderModule> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => process.listeners(event as 'uncaughtException'));
  const { default: loaded } = (await import('h264-mp4-encoder')) as unknown as {
    default: typeof EncoderModule;
  };
  events.forEach((event, i) => {
    for (const listener of process.listeners(event as 'uncaughtException'))
      if (!before[i]?.includes(listener)) process.removeListener(event, listener);
  });
  return loaded;
}

let segments = 0;

export async function startH264Segment(settings: H264Settings): Promise<H264Segment> {
  encoderModule ??= loadEncoder();
  const encoder: EncoderModule.H264MP4Encoder = await (await encoderModule).createH264MP4Encoder();
  // All encoders of the process share one file system.
  encoder.outputFilename = `segment${segments++}.mp4`;
  encoder.width = settings.width;
  encoder.height = settings.height;
  encoder.frameRate = settings.fps;
  encoder.quantizationParameter = settings.qp;
  encoder.groupOfPictures = settings.length;
  encoder.speed = 10;
  encoder.initialize();

  return {
    encode: (i420) => encoder.addFrameYuv(i420),
    async finish() {
      encoder.finalize();
      const mp4 = encoder.FS.readFile(encoder.outputFilename);
      encoder.FS.unlink(encoder.outputFilename);
      encoder.delete();
      return readPackets(mp4);
    },
    discard() {
      encoder.finalize();
      encoder.FS.unlink(encoder.outputFilename);
      encoder.delete();
    },
  };
}

async function readPackets(mp4: Uint8Array): Promise<{ packets: H264Packet[]; record: Uint8Array }> {
  using input = new Input({ source: new BufferSource(mp4), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  const config = await track?.getDecoderConfig();
  const description = config?.description;
  if (!track || !description) throw new Error('the H.264 encoder wrote no video');
  const packets: H264Packet[] = [];
  for await (const packet of new EncodedPacketSink(track).packets())
    packets.push({ data: packet.data, key: isKeyFrame(packet.data) });
  const record = ArrayBuffer.isView(description)
    ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
    : new Uint8Array(description);
  return { packets, record };
}

/** Whether it holds an IDR slice (NAL unit type 5). The encoder's MP4 does not say: it calls every packet a key. */
function isKeyFrame(data: Uint8Array): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at + 4 < data.length; at += 4 + view.getUint32(at))
    if ((view.getUint8(at + 4) & 31) === 5) return true;
  return false;
}
