import { EncodedPacket } from 'mediabunny';
import { avcLevel } from '../media/avc.js';
import type { Picture } from '../media/picture.js';
import { even, toI420 } from '../media/yuv.js';
import { NoVideoEncoderError } from './errors.js';

export interface MuxedPacket {
  readonly packet: EncodedPacket;
  readonly meta: { readonly decoderConfig?: VideoDecoderConfig };
}

/** H.264 by WebCodecs. Frame i is shown at i/fps for 1/fps. */
export interface H264Encoder {
  /** Takes the next frame, once the encoder has room for it. */
  encode(picture: Picture, key: boolean): Promise<void>;
  /** Packets that have become ready, in decoding order. */
  take(): MuxedPacket[];
  /** Waits for the packets of all frames so far. */
  finish(): Promise<void>;
  close(): void;
}

/** A video's size and rate; the size is even. */
export interface VideoShape {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

/** What `toI420` makes. */
const COLOURS = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false } as const;

/** Quantisation parameter where the encoder takes one: as in Node, 38 dB for a photograph. */
const QP = 16;
/** Else bits a pixel; the same photograph needs 0.2. */
const BITS_PER_PIXEL = 0.3;

/** profile_idc and constraint flags: High, Main, Constrained Baseline. */
const PROFILES = ['6400', '4d00', '42e0'];

const MOST_QUEUED = 4;

/**
 * The best encoder the browser has for such a video.
 *
 * @throws NoVideoEncoderError
 */
export async function openH264Encoder(shape: VideoShape): Promise<H264Encoder> {
  const { width, height, fps } = shape;
  const size = `${width}x${height} at ${fps} frames a second`;
  const level = avcLevel(width, height, fps);
  if (level === undefined) throw new NoVideoEncoderError(`H.264 has no ${size}`);
  if (typeof VideoEncoder === 'undefined')
    throw new NoVideoEncoderError(
      'this browser cannot encode video (it has no WebCodecs): update it or use another',
    );
  for (const config of configs(shape, level)) if (await works(config)) return start(config, fps);
  throw new NoVideoEncoderError(`this browser has no H.264 encoder for ${size}: use Chrome, Edge or Safari`);
}

function configs({ width, height, fps }: VideoShape, level: number): VideoEncoderConfig[] {
  const common = { width, height, framerate: fps, latencyMode: 'quality', avc: { format: 'avc' } } as const;
  const rates = [
    { bitrateMode: 'quantizer' },
    {
      bitrateMode: 'variable',
      bitrate: Math.max(500_000, Math.round(BITS_PER_PIXEL * width * height * fps)),
    },
  ] as const;
  return rates.flatMap((rate) =>
    PROFILES.map((profile) => ({ ...common, ...rate, codec: `avc1.${profile}${level.toString(16)}` })),
  );
}

/** Some browsers say that they support a configuration and then fail, so a black frame is tried. */
async function works(config: VideoEncoderConfig): Promise<boolean> {
  try {
    if (!(await VideoEncoder.isConfigSupported(config)).supported) return false;
    const { width, height } = config;
    const encoder = start(config, config.framerate ?? 1);
    try {
      await encoder.encode({ width, height, data: new Uint8Array(width * height * 3) }, true);
      await encoder.finish();
      return encoder.take()[0]?.meta.decoderConfig?.description !== undefined;
    } finally {
      encoder.close();
    }
  } catch {
    return false;
  }
}

function start(config: VideoEncoderConfig, fps: number): H264Encoder {
  let failure: Error | undefined;
  let frames = 0;
  let ready: MuxedPacket[] = [];
  const encoder = new VideoEncoder({
    output(chunk, meta) {
      // Times in whole microseconds say which frame it is.
      const index = Math.round((chunk.timestamp * fps) / 1e6);
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      const packet = new EncodedPacket(data, chunk.type, index / fps, 1 / fps);
      const decoderConfig = meta?.decoderConfig;
      ready.push({
        packet,
        meta: decoderConfig ? { decoderConfig: { ...decoderConfig, colorSpace: COLOURS } } : {},
      });
    },
    error: (error) => (failure ??= error),
  });
  encoder.configure(config);

  const check = () => {
    if (failure) throw new Error(`the video encoder failed: ${failure.message}`);
  };
  return {
    async encode(picture, key) {
      // Not by the event `dequeue`: not every browser has it, and none sends it after an error.
      while (encoder.encodeQueueSize >= MOST_QUEUED && !failure) await new Promise((go) => setTimeout(go, 4));
      check();
      const frame = new VideoFrame(toI420(picture), {
        format: 'I420',
        codedWidth: even(picture.width),
        codedHeight: even(picture.height),
        timestamp: Math.round((frames * 1e6) / fps),
        duration: Math.round(1e6 / fps),
        colorSpace: COLOURS,
      });
      frames++;
      const quantizer = config.bitrateMode === 'quantizer' ? { avc: { quantizer: QP } } : {};
      encoder.encode(frame, { keyFrame: key, ...quantizer });
      frame.close();
    },
    take() {
      check();
      const packets = ready;
      ready = [];
      return packets;
    },
    async finish() {
      check();
      await encoder.flush();
      check();
    },
    close() {
      if (encoder.state !== 'closed') encoder.close();
    },
  };
}
