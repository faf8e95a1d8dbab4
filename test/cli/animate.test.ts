import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALL_FORMATS, BufferSource, Input } from 'mediabunny';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPng } from '../../src/node/png.js';
import { openWeights } from '../../src/node/weights.js';
import { writeSafetensors } from '../../src/weights/safetensors.js';
import { emptyFolder, golden, runFloat } from './run.js';

const adapter = ['--adapter', process.env['FLOAT_TEST_ADAPTER'] ?? 'software'];
const tiny = [
  ...adapter,
  '--image',
  golden('tiny/image.png'),
  '--audio',
  golden('tiny/wave.wav'),
  '--weights',
  golden('tiny'),
];

let folder: string;
beforeAll(() => {
  folder = emptyFolder();
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('float animate', () => {
  it('writes a video with sound, its frames and its motion, and reuses the motion', async () => {
    const [video, frames, motion] = ['out.mp4', 'frames', 'motion.safetensors'].map((name) =>
      join(folder, name),
    );
    const outputs = ['--out', video!, '--frames-dir', frames!, '--motion-out', motion!, '--size', '96'];
    const first = await runFloat(['animate', ...tiny, ...outputs, '--json']);
    expect(first.status, first.stderr).toBe(0);
    expect(first.stderr).toBe('');
    expect(JSON.parse(first.stdout)).toMatchObject({
      out: video,
      framesDir: frames,
      motionOut: motion,
      frames: 24,
      fps: 25,
      duration: 0.96,
      width: 96,
      height: 96,
      bytes: statSync(video!).size,
    });
    expect(readdirSync(folder).sort()).toEqual(['frames', 'motion.safetensors', 'out.mp4']);
    expect(readdirSync(frames!).length).toBe(24);
    const picture = await readPng(join(frames!, 'frame000000.png'));
    expect([picture.width, picture.height]).toEqual([96, 96]);

    const input = new Input({ source: new BufferSource(readFileSync(video!)), formats: ALL_FORMATS });
    const track = await input.getPrimaryVideoTrack();
    expect([track?.codec, track?.displayWidth, await track?.computeDuration()]).toEqual(['avc', 96, 0.96]);
    expect((await input.getPrimaryAudioTrack())?.codec).toBe('aac');

    const again = join(folder, 'again');
    const second = await runFloat([
      'animate',
      ...tiny,
      '--motion-in',
      motion!,
      '--frames-dir',
      again,
      '--size',
      '96',
      '--profile',
      join(folder, 'trace.json'),
    ]);
    expect(second.status, second.stderr).toBe(0);
    const { traceEvents } = JSON.parse(readFileSync(join(folder, 'trace.json'), 'utf8')) as {
      traceEvents: { name: string }[];
    };
    expect(traceEvents.filter(({ name }) => name === 'pack_rgba8').length).toBe(24);
    for (const name of readdirSync(frames!)) {
      expect(readFileSync(join(again, name)).equals(readFileSync(join(frames!, name)))).toBe(true);
    }
  });

  it('says with --json what the file has, and with --quiet nothing else', async () => {
    const path = join(folder, 'faster.mp4');
    const flags = ['--out', path, '--size', '63', '--fps', '60', '--quiet', '--json'];
    const { status, stdout, stderr } = await runFloat(['animate', ...tiny, ...flags]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const result = JSON.parse(stdout) as Record<string, unknown>;
    expect(result).toMatchObject({ out: path, fps: 60, width: 64, height: 64, bytes: statSync(path).size });
    using file = new Input({ source: new BufferSource(readFileSync(path)), formats: ALL_FORMATS });
    const track = await file.getPrimaryVideoTrack();
    const stats = await track?.computePacketStats();
    expect({ frames: stats?.packetCount, width: track?.displayWidth }).toEqual({
      frames: result['frames'],
      width: 64,
    });
    expect(stats?.averagePacketRate).toBeCloseTo(60, 6);
    expect(await file.computeDuration()).toBeCloseTo(result['duration'] as number, 6);
    rmSync(path);
  });

  it('draws of a transparent portrait what --alpha says', async () => {
    const picture = await readPng(golden('tiny/image.png'));
    const { width, height } = picture;
    const motion = join(folder, 'still.safetensors');
    const data = new Float32Array((await openWeights(golden('tiny'))).model.config.dim_w);
    writeFileSync(motion, writeSafetensors({ motion: { shape: [1, data.length], data } }));
    /** The one frame of a portrait of these colours, of which every third column has an opacity of 51 of 255. */
    const frameOf = async (name: string, alpha: number, share: number, ...flags: string[]) => {
      const image = join(folder, `${name}.png`);
      const thin = (pixel: number) => (pixel % width) % 3 === 0;
      const rgba = Buffer.from(
        Array.from({ length: width * height }, (_, i) => [
          ...[0, 1, 2].map((c) => Math.round(picture.data[3 * i + c]! * (thin(i) ? share : 1))),
          thin(i) ? alpha : 255,
        ]).flat(),
      );
      const png = Object.assign(new PNG({ width, height }), { data: rgba });
      writeFileSync(image, PNG.sync.write(png));
      const frames = join(folder, name);
      const args = [...tiny, '--image', image, '--motion-in', motion, '--frames-dir', frames, ...flags];
      const { status, stderr } = await runFloat(['animate', ...args]);
      expect(status, stderr).toBe(0);
      return { stderr, frame: readFileSync(join(frames, 'frame000000.png')) };
    };
    const [blend, black, drop, opaque] = [
      await frameOf('blend', 51, 1),
      await frameOf('black', 255, 0.2),
      await frameOf('drop', 51, 1, '--alpha', 'drop'),
      await frameOf('opaque', 255, 1),
    ];
    expect(blend.frame.equals(black.frame)).toBe(true);
    expect(drop.frame.equals(opaque.frame)).toBe(true);
    expect(drop.frame.equals(blend.frame)).toBe(false);
    expect(blend.stderr).toMatch(/blend\.png: is transparent in places: laid over black/);
    expect(drop.stderr).toMatch(/drop\.png: is transparent in places: the colours beneath show/);
    expect(black.stderr + opaque.stderr).not.toContain('transparent');
  });

  it('leaves nothing behind when interrupted', async () => {
    const out = join(folder, 'interrupted.mp4');
    const partial = () => readdirSync(folder).filter((name) => name.startsWith('interrupted'));
    const args = ['animate', ...tiny, '--out', out, '--nfe', '400'];
    const { status } = await runFloat(args, {}, () => partial().length > 0);
    expect(status).toBe(130);
    expect(partial()).toEqual([]);
    expect(existsSync(out)).toBe(false);
  });
});

describe('float verify', () => {
  it('passes golden/tiny’s encoder and says so', async () => {
    const { status, stdout } = await runFloat(['verify', golden('tiny'), '--stages', 'encode', ...adapter]);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^verify: 15 tensors, worst ratio \d+\.\d+ at encode\//,
    );
    expect(status).toBe(0);
  });

  it('fails with status 1 on the weights of another model', async () => {
    const { status, stdout } = await runFloat([
      'verify',
      golden('demo'),
      '--weights',
      golden('tiny'),
      '--stages',
      'encode',
      ...adapter,
    ]);
    expect(stdout).toMatch(/encode\/s_r .*FAIL/);
    expect(status).toBe(1);
  });
});

describe('float inspect', () => {
  it('lists tensors and complete parts', async () => {
    const { status, stdout } = await runFloat(['inspect', golden('tiny/weights.safetensors')]);
    expect(stdout).toContain('motion_autoencoder.dec.direction.weight');
    expect(stdout).toMatch(/fmt: complete/);
    expect(status).toBe(0);
  });
});

describe('float info', () => {
  it('names the adapter and ends by itself', async () => {
    const { status, stdout } = await runFloat(['info', ...adapter]);
    expect(stdout).toMatch(/adapter/i);
    expect(status).toBe(0);
  });
});
