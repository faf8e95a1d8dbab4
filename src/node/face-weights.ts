import { createRequire } from 'node:module';
import { InputError } from '../base/errors.js';
import { openFileSource } from './file-source.js';
import type { FileSource } from './file-source.js';

const packageName = '@mediapipe/face_detection';

/** Where the face detector's weights lie; undefined if their package is not installed. */
export function faceWeightsPath(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`${packageName}/face_detection_short_range.tflite`);
  } catch {
    return undefined;
  }
}

/**
 * The face detector's weights (Google, Apache-2.0), which lie in an npm package of their own.
 *
 * @throws InputError if the package is not installed.
 */
export async function openFaceWeights(): Promise<FileSource> {
  const path = faceWeightsPath();
  if (path === undefined) {
    throw new InputError(
      `the face detector's weights are missing: npm install ${packageName}, or pass --crop none`,
    );
  }
  return openFileSource(path);
}
