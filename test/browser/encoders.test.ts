import { afterEach, describe, expect, it, vi } from 'vitest';
import { openH264Encoder } from '../../src/browser/h264-encoder.js';
import { openSoundEncoder } from '../../src/browser/sound-encoder.js';

/** A chunk of whatever bytes. */
const chunkOf = (bytes: Uint8Array, more = {}) => ({
  byteLength: bytes.length,
  copyTo: (to: Uint8Array) => to.set(bytes),
  ...more,
});

interface Callbacks {
  output: (chunk: unknown, meta?: unknown) => void;
  error: (error: Error) => void;
}

/** Sound codecs that pass samples on as they are, `delay` late, in packets of `frame`. */
function fakeSound({ codecs, delay, frame }: { codecs: string[]; delay: number; frame: number }): void {
  class Encoder {
    state = 'configured';
    private waiting = new Array<number>(delay).fill(0);
    constructor(private readonly on: Callbacks) {}
    static isConfigSupported({ codec }: { codec: string }) {
      return Promise.resolve({ supported: codecs.includes(codec) });
    }
    configure() {
      /* Nothing depends on it. */
    }
    encode({ samples }: { samples: Float32Array }) {
      this.waiting.push(...samples);
      while (this.waiting.length >= frame) this.give(this.waiting.splice(0, frame));
    }
    flush() {
      const rest = this.waiting.splice(0);
      if (rest.length > 0) this.give([...rest, ...new Array<number>(frame - rest.length).fill(0)]);
      return Promise.resolve();
    }
    close() {
      this.state = 'closed';
    }
    private give(samples: number[]) {
      const description = new Uint8Array(19);
      new DataView(description.buffer).setUint16(10, delay, true);
      const bytes = new Uint8Array(Float32Array.from(samples).buffer);
      this.on.output(chunkOf(bytes), { decoderConfig: { codec: 'it', description } });
    }
  }
  class Decoder {
    state = 'configured';
    constructor(private readonly on: Callbacks) {}
    configure() {
      /* Nothing depends on it. */
    }
    decode({ data }: { data: Uint8Array }) {
      const samples = new Float32Array(new Uint8Array(data).buffer);
      const copyTo = (to: Float32Array) => to.set(samples);
      this.on.output({ numberOfFrames: samples.length, copyTo, close: () => undefined });
    }
    flush() {
      return Promise.resolve();
    }
    close() {
      this.state = 'closed';
    }
  }
  vi.stubGlobal('AudioEncoder', Encoder);
  vi.stubGlobal('AudioDecoder', Decoder);
  vi.stubGlobal(
    'AudioData',
    class {
      samples: Float32Array;
      constructor({ data, numberOfFrames }: { data: Float32Array; numberOfFrames: number }) {
        this.samples = data.slice(0, numberOfFrames);
      }
      close() {
        /* It holds nothing. */
      }
    },
  );
  vi.stubGlobal(
    'EncodedAudioChunk',
    class {
      data: Uint8Array;
      constructor({ data }: { data: Uint8Array }) {
        this.data = data;
      }
    },
  );
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the sound encoder of a browser', () => {
  it.each([1024, 2112, 0])(
    'is AAC where there is one, and its delay of %i samples is heard',
    async (delay) => {
      fakeSound({ codecs: ['mp4a.40.2', 'opus'], delay, frame: 1024 });
      expect(await openSoundEncoder(2)).toMatchObject({ codec: 'aac', frame: 1024, delay });
    },
  );

  it('is Opus else, whose delay is written in its configuration', async () => {
    fakeSound({ codecs: ['opus'], delay: 312, frame: 960 });
    expect(await openSoundEncoder(1)).toMatchObject({ codec: 'opus', frame: 960, delay: 312 });
  });

  it('is none where there is none', async () => {
    expect(await openSoundEncoder(1)).toBeUndefined();
    fakeSound({ codecs: [], delay: 0, frame: 960 });
    expect(await openSoundEncoder(1)).toBeUndefined();
  });

  it('gives packets of what it is given', async () => {
    fakeSound({ codecs: ['opus'], delay: 0, frame: 960 });
    const encoder = await openSoundEncoder(1);
    const sound = Float32Array.from({ length: 2000 }, (_, i) => i / 2000);
    const packets = [...((await encoder?.encode([sound])) ?? []), ...((await encoder?.finish()) ?? [])];
    const samples = packets.flatMap((bytes) => [...new Float32Array(bytes.slice().buffer)]);
    expect(samples.slice(0, 2000)).toEqual([...sound]);
    expect(packets).toHaveLength(3);
    await encoder?.close();
  });
});

/** Encoders that claim to support `claimed` and do encode `able`. */
function fakeVideo(claimed: (config: VideoEncoderConfig) => boolean, able = claimed): VideoEncoderConfig[] {
  const used: VideoEncoderConfig[] = [];
  vi.stubGlobal(
    'VideoEncoder',
    class {
      state = 'configured';
      encodeQueueSize = 0;
      private config: VideoEncoderConfig | undefined;
      constructor(private readonly on: Callbacks) {}
      static isConfigSupported(config: VideoEncoderConfig) {
        return Promise.resolve({ supported: claimed(config) });
      }
      configure(config: VideoEncoderConfig) {
        this.config = config;
        used.push(config);
      }
      encode(frame: { timestamp: number }, { keyFrame }: { keyFrame: boolean }) {
        if (!this.config || !able(this.config)) return this.on.error(new Error('no'));
        const decoderConfig = { codec: this.config.codec, description: new Uint8Array(9) };
        const type = keyFrame ? 'key' : 'delta';
        this.on.output(chunkOf(Uint8Array.of(1), { type, timestamp: frame.timestamp }), { decoderConfig });
      }
      flush() {
        return Promise.resolve();
      }
      close() {
        this.state = 'closed';
      }
    },
  );
  vi.stubGlobal(
    'VideoFrame',
    class {
      timestamp: number;
      constructor(_: Uint8Array, { timestamp }: { timestamp: number }) {
        this.timestamp = timestamp;
      }
      close() {
        /* It holds nothing. */
      }
    },
  );
  return used;
}

describe('the H.264 encoder of a browser', () => {
  const shape = { width: 512, height: 512, fps: 25 };

  it('is the first configuration that does encode, whatever is claimed', async () => {
    const used = fakeVideo(
      () => true,
      ({ bitrateMode, codec }) => bitrateMode === 'variable' && codec.startsWith('avc1.4d00'),
    );
    await openH264Encoder(shape);
    expect(used.at(-1)).toMatchObject({ codec: 'avc1.4d001e', bitrateMode: 'variable', width: 512 });
  });

  it('has a constant quantiser where there is one', async () => {
    const used = fakeVideo(({ bitrateMode }) => bitrateMode === 'quantizer');
    await openH264Encoder(shape);
    expect(used.at(-1)).toMatchObject({ codec: 'avc1.64001e', bitrateMode: 'quantizer' });
  });

  it('is refused where nothing encodes', async () => {
    fakeVideo(
      () => true,
      () => false,
    );
    await expect(openH264Encoder(shape)).rejects.toThrow(
      /^this browser has no H\.264 encoder for 512x512 at 25 frames a second/,
    );
  });

  it.each([25, 30, 29.97, 24000 / 1001])('gives frame i the time i/fps, at %f', async (fps) => {
    fakeVideo(() => true);
    const encoder = await openH264Encoder({ width: 2, height: 2, fps });
    for (let i = 0; i < 200; i++)
      await encoder.encode({ width: 2, height: 2, data: new Uint8Array(12) }, i % 25 === 0);
    const packets = encoder.take().map(({ packet }) => packet);
    expect(packets.map(({ timestamp }) => timestamp)).toEqual(Array.from({ length: 200 }, (_, i) => i / fps));
    expect(packets.every(({ type }, i) => type === (i % 25 === 0 ? 'key' : 'delta'))).toBe(true);
  });
});
