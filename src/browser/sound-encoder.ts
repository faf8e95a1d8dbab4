import { SOUND_RATE, soundBitrate, type SoundEncoder } from '../media/sound-track.js';

/** Sound codecs that go into an MP4, the most widely played first: AAC-LC and, 20 ms a packet, Opus. */
const CODECS = [
  { codec: 'aac', name: 'mp4a.40.2', frame: 1024 },
  { codec: 'opus', name: 'opus', frame: 960 },
] as const;

type Codec = (typeof CODECS)[number];

/** The sound encoder of this browser, or undefined if it has none. */
export async function openSoundEncoder(channelCount: 1 | 2): Promise<SoundEncoder | undefined> {
  for (const codec of CODECS) {
    const config: AudioEncoderConfig = {
      codec: codec.name,
      sampleRate: SOUND_RATE,
      numberOfChannels: channelCount,
      bitrate: soundBitrate(channelCount),
    };
    if (!(await supported(config))) continue;
    const delay = await findDelay(codec, config);
    if (delay !== undefined) return start(codec, config, delay);
  }
  return undefined;
}

async function supported(config: AudioEncoderConfig): Promise<boolean> {
  if (typeof AudioEncoder === 'undefined') return false;
  const verdict = await AudioEncoder.isConfigSupported(config).catch(() => undefined);
  return verdict?.supported ?? false;
}

function start({ codec, frame }: Codec, config: AudioEncoderConfig, delay: number): SoundEncoder {
  let failure: Error | undefined;
  let ready: Uint8Array[] = [];
  let samples = 0;
  let decoderConfig: AudioDecoderConfig | undefined;
  const encoder = new AudioEncoder({
    output(chunk, meta) {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      ready.push(data);
      decoderConfig ??= meta?.decoderConfig;
    },
    error: (error) => (failure ??= error),
  });
  encoder.configure(config);

  const take = () => {
    if (failure) throw new Error(`the sound encoder failed: ${failure.message}`);
    const packets = ready;
    ready = [];
    return packets;
  };
  return {
    codec,
    frame,
    delay,
    encode(channels) {
      const length = channels[0]?.length ?? 0;
      if (length > 0) {
        const data = new Float32Array(length * channels.length);
        channels.forEach((channel, c) => data.set(channel, c * length));
        const sound = new AudioData({
          format: 'f32-planar',
          sampleRate: SOUND_RATE,
          numberOfChannels: channels.length,
          numberOfFrames: length,
          timestamp: Math.round((samples * 1e6) / SOUND_RATE),
          data,
        });
        samples += length;
        encoder.encode(sound);
        sound.close();
      }
      return Promise.resolve(take());
    },
    async finish() {
      await encoder.flush();
      return take();
    },
    config() {
      if (!decoderConfig) throw new Error('the sound encoder has given no configuration');
      return decoderConfig;
    },
    close() {
      if (encoder.state !== 'closed') encoder.close();
      return Promise.resolve();
    },
  };
}

/** Where the click is in what is encoded. */
const CLICK = 8 * 1024;

/**
 * Samples by which a decoder's output is late. Opus tells with its configuration: the pre-skip (RFC 7845, 5.1), at byte
 * 10. With AAC it is 1024 to 2112, depending on the encoder, and no browser tells: a click goes through encoder and
 * decoder. Undefined if nothing comes out.
 */
async function findDelay(codec: Codec, config: AudioEncoderConfig): Promise<number | undefined> {
  const channels = Array.from({ length: config.numberOfChannels }, () => {
    const click = new Float32Array(2 * CLICK);
    click[CLICK] = 0.9;
    return click;
  });
  const encoder = start(codec, config, 0);
  try {
    const packets = [...(await encoder.encode(channels)), ...(await encoder.finish())];
    const known = encoder.config();
    if (codec.codec === 'opus') return preSkip(known);
    const heard = await decode(packets, known, codec.frame);
    let loudest = 0;
    for (let i = 0; i < heard.length; i++)
      if (Math.abs(heard[i] as number) > Math.abs(heard[loudest] as number)) loudest = i;
    const delay = loudest - CLICK;
    return delay >= 0 && delay <= 4096 ? delay : undefined;
  } catch {
    return undefined;
  } finally {
    await encoder.close();
  }
}

function preSkip({ description }: AudioDecoderConfig): number {
  if (!description) return 0;
  const bytes = ArrayBuffer.isView(description) ? description.buffer : description;
  const offset = ArrayBuffer.isView(description) ? description.byteOffset : 0;
  return new DataView(bytes, offset).getUint16(10, true);
}

/** The first channel of what the browser's decoder makes of the packets. */
async function decode(
  packets: readonly Uint8Array[],
  config: AudioDecoderConfig,
  frame: number,
): Promise<Float32Array> {
  const heard = new Float32Array((packets.length + 4) * frame);
  let at = 0;
  let failure: Error | undefined;
  const decoder = new AudioDecoder({
    output(sound) {
      const piece = new Float32Array(sound.numberOfFrames);
      sound.copyTo(piece, { planeIndex: 0, format: 'f32-planar' });
      heard.set(piece.subarray(0, heard.length - at), at);
      at = Math.min(heard.length, at + piece.length);
      sound.close();
    },
    error: (error) => (failure ??= error),
  });
  try {
    decoder.configure(config);
    packets.forEach((data, i) =>
      decoder.decode(
        new EncodedAudioChunk({ type: 'key', timestamp: Math.round((i * frame * 1e6) / SOUND_RATE), data }),
      ),
    );
    await decoder.flush();
    if (failure) throw failure;
    return heard;
  } finally {
    if (decoder.state !== 'closed') decoder.close();
  }
}
