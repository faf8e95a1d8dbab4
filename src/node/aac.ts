import { registerAacEncoder } from '@mediabunny/aac-encoder';
import { AudioSample, AudioSampleSource, Mp4OutputFormat, NullTarget, Output } from 'mediabunny';
import { forgetterOf } from '../media/fragment-memory.js';
import { SOUND_RATE, soundBitrate, type SoundEncoder } from '../media/sound-track.js';

const FRAME = 1024;

/**
 * Of what comes out of a decoder, the first packet holds only the run-up of the overlapping transforms. Measured with a
 * click: it comes out exactly 1024 samples after it went in.
 */
const DELAY = 1024;

/** AAC-LC by libavcodec (wasm, in a worker of its own). */
export async function createAacEncoder(channelCount: 1 | 2): Promise<SoundEncoder> {
  registerAacEncoder();
  let ready: Uint8Array[] = [];
  let decoderConfig: AudioDecoderConfig | undefined;
  const source = new AudioSampleSource({
    codec: 'aac',
    bitrate: soundBitrate(channelCount),
    onEncodedPacket: (packet, meta) => {
      ready.push(packet.data);
      decoderConfig ??= meta?.decoderConfig;
    },
  });
  // mediabunny encodes only towards an output; we want the packets and mux them ourselves.
  const format = new Mp4OutputFormat({ fastStart: 'fragmented' });
  const output = new Output({ format, target: new NullTarget() });
  const forgetWritten = forgetterOf(output);
  output.addAudioTrack(source);
  await output.start();

  let samples = 0;
  const take = () => {
    forgetWritten();
    const packets = ready;
    ready = [];
    return packets;
  };
  return {
    codec: 'aac',
    frame: FRAME,
    delay: DELAY,
    async encode(channels) {
      const length = channels[0]?.length ?? 0;
      if (length === 0) return take();
      const data = new Float32Array(length * channelCount);
      channels.forEach((channel, c) => data.set(channel, c * length));
      const sample = new AudioSample({
        format: 'f32-planar',
        numberOfChannels: channelCount,
        sampleRate: SOUND_RATE,
        timestamp: samples / SOUND_RATE,
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
