import { InputError } from '../base/errors.js';
import { detectFaces, portraitBox } from '../pipeline/faces.js';
import type { Square } from '../media/crop.js';
import { centreSquare, cropsToFace, portraitSquare } from '../media/crop.js';
import type { FinishOptions } from '../media/finish.js';
import type { Picture } from '../media/picture.js';
import type { Size } from '../media/resize.js';
import { openFaceWeights } from '../node/face-weights.js';
import type { Gpu } from '../runtime/gpu.js';

export interface CropFlags extends FinishOptions {
  readonly image: string;
  readonly crop?: 'auto' | 'none' | Square;
  readonly face?: number;
}

/** Refuses options that do not go together or with the picture, before any work is done. */
export function checkCrop({ image, crop, face }: CropFlags, { width, height }: Size): void {
  if (crop === undefined || crop === 'auto') return;
  if (face !== undefined) throw new InputError(`--face ${face}: expected with --crop auto only`);
  if (crop === 'none') return;
  const { x, y, size } = crop;
  if (x >= width || y >= height || x + size <= 0 || y + size <= 0) {
    throw new InputError(`--crop ${x},${y},${size} lies outside of ${image}, ${width}x${height} pixels`);
  }
}

/**
 * Which square of the portrait is animated: the one asked for, the centre, or the published crop around a face.
 *
 * @param inputSide S; below 128 the centre square is the default, else `auto`.
 * @throws InputError if there is no such face.
 */
export async function chooseSquare(
  gpu: Gpu,
  portrait: Picture,
  { image, crop, face }: CropFlags,
  inputSide: number,
  note: (line: string) => void,
): Promise<Square> {
  const chosen = crop ?? (face !== undefined || cropsToFace(inputSide) ? 'auto' : 'none');
  if (chosen === 'none') return centreSquare(portrait);
  if (chosen !== 'auto') return chosen;
  const weights = await openFaceWeights();
  try {
    const faces = await detectFaces(gpu, weights, portrait);
    const found = faces[(face ?? 1) - 1];
    if (faces.length === 0) {
      throw new InputError(
        `${image}: no face found; pass --crop X,Y,SIZE for the square to animate, or --crop none`,
      );
    }
    if (!found) throw new InputError(`${image}: --face ${face}, but only ${faces.length} found`);
    if (faces.length > 1 && face === undefined) {
      note(`${image}: ${faces.length} faces; the largest speaks, --face 2 … ${faces.length} for another`);
    }
    return portraitSquare(portraitBox(found));
  } finally {
    await weights.close();
  }
}
