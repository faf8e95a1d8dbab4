import type { ByteSource, Gpu, Picture } from 'float-webgpu';
import { detectFaces, memorySource, portraitBox, portraitSquare } from 'float-webgpu';
import type { FaceSquare } from './api.js';

/** Finds faces with the detector that lies beside the page; it is fetched once. */
export function createFaceFinder(base: string): (gpu: Gpu, portrait: Picture) => Promise<FaceSquare[]> {
  let weights: Promise<ByteSource> | undefined;
  return async (gpu, portrait) => {
    weights ??= fetchDetector(new URL('models/face_detection_short_range.tflite', base));
    weights.catch(() => (weights = undefined));
    const faces = await detectFaces(gpu, await weights, portrait);
    return faces.map((face) => ({ score: face.score, square: portraitSquare(portraitBox(face)) }));
  };
}

async function fetchDetector(url: URL): Promise<ByteSource> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href}: the server answered ${response.status}`);
  return memorySource('the face detector', new Uint8Array(await response.arrayBuffer()));
}
