import { registerAacEncoder } from '@mediabunny/aac-encoder';
import { AudioSample, AudioSampleSource, Mp4OutputFormat, NullTarget, Output } from 'mediabunny';

/** Samples in one AAC packet. */
export const AAC_FRAME = 1024;

/**
 * Samples by which what comes out of a decoder is late: the first packet holds only the run-up of the overlapping transforms.
 * Measured with a click: it comes out exactly 1024 samples after it went in.
 */
export const AAC_DELAY = 1024;

export interface AacEncoder {
  /** Encodes samples that follow the last ones; all channels of one length. Returns the packets that became ready. */
  encode(channels: readonly Float32Array[]): Promise<Uint8Array[]>;
  /** Pads the last packet with silence and returns what is left. */
  finish(): Promise<Uint8Array[]>;
  /** What the decoder must know; available after the first packet. */
  config(): AudioDecoderConfig;
  /** Ends the encoder's worker, which keeps the process alive until then. */
  close(): Promise<void>;
}

/** AAC-LC by libavcodec (wasm, in a worker of its own). */
export async function createAacEncoder(
  sampleRate: number,
  channelCount: number,
  bitrate: number,
): Promise<AacEncoder> {
  registerAacEncoder();
  let ready: Uint8Array[] = [];
  let decoderConfig: AudioDecoderConfig | undefined;
  const source = new AudioSampleSource({
    codec: 'aac',
    bitrate,
    onEncodedPacket: (packet, meta) => {
      ready.push(packet.data);
      decoderConfig ??= meta?.decoderConfig;
    },
  });
  // mediabunny encodes only towards an output; we want the packets and mux them ourselves.
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: false }), target: new NullTarget() });
  output.addAudioTrack(source);
  await output.start();

  let samples = 0;
  const take = () => {
    const packets = ready;
    ready = [];
    return packets;
  };
  return {
    async encode(channels) {
      const length = channels[0]?.length ?? 0;
      if (length === 0) return take();
      const data = new Float32Array(length * channelCount);
      channels.forEach((channel, c) => data.set(channel, c * length));
      const sample = new AudioSample({
        format: 'f32-planar',
        numberOfChannels: channelCount,
        sampleRate,
        timestamp: samples / sampleRate,
        data,
      });
      samples += length;
      await source.add(sample);
      sample.close();
      return take();
    },
    async finish() {
      await output.finalize();
      return take();
    },
    config() {
      if (!decoderConfig) throw new Error('the AAC encoder has given no configuration yet');
      return decoderConfig;
    },
    async close() {
      if (output.state === 'started') await output.cancel();
    },
  };
}
