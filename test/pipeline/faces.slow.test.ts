import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../src/pipeline/faces.js';
import { detectFaces, portraitBox } from '../../src/pipeline/faces.js';
import { cropSquare, portraitSquare } from '../../src/media/crop.js';
import type { Picture } from '../../src/media/picture.js';
import { resize } from '../../src/media/resize.js';
import { moveFace, overlap } from '../../src/models/face/blazeface-boxes.js';
import { openFaceWeights } from '../../src/node/face-weights.js';
import type { FileSource } from '../../src/node/file-source.js';
import { readPng } from '../../src/node/png.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { memorySource } from '../../src/weights/source.js';
import { example } from '../cli/run.js';
import { openTestGpu } from '../fixtures.js';

let gpu: Gpu;
let weights: FileSource;
let drawing: Picture;
beforeAll(async () => {
  gpu = await openTestGpu();
  weights = await openFaceWeights();
  drawing = await readPng(example('portraits/portrait3_512.png'));
});
afterAll(async () => {
  await weights.close();
  closeGpu(gpu);
});

/** From the middle of the forehead to the chin, read off the drawing. */
const truth: Box = { x: 122, y: 160, width: 270, height: 270 };

function scene(width: number, height: number, ...drawings: [Picture, number, number][]): Picture {
  const data = new Uint8Array(width * height * 3).fill(110);
  for (const [picture, left, top] of drawings) {
    for (let y = 0; y < picture.height; y++) {
      const row = picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3);
      data.set(row, ((top + y) * width + left) * 3);
    }
  }
  return { width, height, data };
}

/** The truth where the drawing lies at (x, y) with this side. */
const placed = (x: number, y: number, side: number): Box =>
  moveFace({ box: truth, score: 1, keypoints: [] }, side / 512, { x, y }).box;

describe('detectFaces', () => {
  it('finds the one face of a drawing, and its features', async () => {
    const [face, ...others] = await detectFaces(gpu, weights, drawing);
    expect(others).toEqual([]);
    expect(overlap(face!.box, truth)).toBeGreaterThan(0.85);
    const [rightEye, leftEye, nose, mouth] = face!.keypoints;
    expect(Math.hypot(rightEye!.x - 194, rightEye!.y - 228)).toBeLessThan(20);
    expect(Math.hypot(leftEye!.x - 318, leftEye!.y - 228)).toBeLessThan(20);
    expect(nose!.y).toBeGreaterThan(rightEye!.y);
    expect(mouth!.y).toBeGreaterThan(nose!.y);
    const square = portraitSquare(portraitBox(face!));
    expect(square.size / truth.width).toBeGreaterThan(1.8);
    expect(square.size / truth.width).toBeLessThan(2.05);
  });

  it('finds two faces in a wide picture, the larger first', async () => {
    const wide = scene(960, 540, [resize(drawing, 200, 200), 700, 300], [resize(drawing, 400, 400), 100, 70]);
    const faces = await detectFaces(gpu, weights, wide);
    expect(faces).toHaveLength(2);
    expect(overlap(faces[0]!.box, placed(100, 70, 400))).toBeGreaterThan(0.8);
    expect(overlap(faces[1]!.box, placed(700, 300, 200))).toBeGreaterThan(0.8);
  });

  it('finds a face too small for a look at the whole', async () => {
    const far = scene(1280, 720, [resize(drawing, 120, 120), 1050, 500]);
    const faces = await detectFaces(gpu, weights, far);
    expect(faces).toHaveLength(1);
    expect(overlap(faces[0]!.box, placed(1050, 500, 120))).toBeGreaterThan(0.75);
  });

  it('finds none where there is none', async () => {
    expect(await detectFaces(gpu, weights, scene(200, 150))).toEqual([]);
    const chin = cropSquare(drawing, { x: 100, y: 400, size: 112 });
    expect(await detectFaces(gpu, weights, chin)).toEqual([]);
  });

  it('refuses weights of something else', async () => {
    const other = memorySource('other.tflite', new Uint8Array(100));
    await expect(detectFaces(gpu, other, drawing)).rejects.toThrow('other.tflite: not a FlatBuffer');
  });
});
