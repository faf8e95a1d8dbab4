import { unzipSync } from 'fflate';
import { expect, it } from 'vitest';
import { decodePng } from '../../../src/node/png.js';
import { zipFrames } from '../../../web/src/engine/frames-zip.js';
import { encodePng } from '../../../web/src/engine/png.js';

const picture = (width: number, height: number, seed: number) => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31 + seed * 97) % 256),
});

it('a PNG comes back as it was', async () => {
  for (const [width, height] of [
    [1, 1],
    [7, 5],
    [64, 33],
  ] as const) {
    // prettier-ignore
    const original = picture(width, height, width);
    expect(decodePng(await encodePng(original), 'x.png')).toEqual(original);
  }
});

it('frames become numbered files of one ZIP, each told when it is done', async () => {
  const pictures = [picture(8, 8, 1), picture(8, 8, 2), picture(8, 8, 3)];
  const told: number[] = [];
  // eslint-disable-next-line @typescript-eslint/require-await -- frames come as animate gives them
  async function* frames() {
    yield* pictures;
  }
  const zip = await zipFrames(frames(), (done) => told.push(done));
  const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
  expect(Object.keys(files)).toEqual(['frame-00000.png', 'frame-00001.png', 'frame-00002.png']);
  expect(Object.values(files).map((file) => decodePng(file, 'frame'))).toEqual(pictures);
  expect(told).toEqual([1, 2, 3]);
});
