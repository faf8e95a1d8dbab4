import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBlazeFace } from '../../../src/models/face/blazeface.js';
import { anchorCount, inputSide, valuesPerAnchor } from '../../../src/models/face/blazeface-boxes.js';
import { openFaceWeights } from '../../../src/node/face-weights.js';
import type { Gpu } from '../../../src/runtime/gpu.js';
import { closeGpu } from '../../../src/runtime/gpu.js';
import { openTflite } from '../../../src/weights/tflite.js';
import { memorySource } from '../../../src/weights/source.js';
import { expectClose } from '../../compare.js';
import { gaussian, openTestGpu } from '../../fixtures.js';
import { interpretTflite } from './tflite-graph.js';

let gpu: Gpu;
let file: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  gpu = await openTestGpu();
  const source = await openFaceWeights();
  file = await source.read(0, source.size);
  await source.close();
});
afterAll(() => closeGpu(gpu));

describe('BlazeFace', () => {
  it('gives what the .tflite graph gives, interpreted in float64', async () => {
    const image = gaussian([3, inputSide, inputSide], 5).data.map((value) => Math.tanh(value));
    const plane = inputSide ** 2;
    const interleaved = image.map((_, at) => image[(at % 3) * plane + Math.floor(at / 3)]!);
    const expected = interpretTflite(file, interleaved);

    const detector = await createBlazeFace(gpu, await openTflite(memorySource('file', file)));
    const { scores, values } = await detector.run(image);
    detector.destroy();
    expect([scores.length, values.length]).toEqual([anchorCount, anchorCount * valuesPerAnchor]);
    expectClose('scores', scores, expected.get('classificators')!, 2e-6);
    expectClose('boxes', values, expected.get('regressors')!, 7e-7);
  });
});
