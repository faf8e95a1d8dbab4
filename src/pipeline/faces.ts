import { centreSquare, cropSquare, shrinkTo } from '../media/crop.js';
import type { Square } from '../media/crop.js';
import type { Picture } from '../media/picture.js';
import { resize } from '../media/resize.js';
import { checkPicture } from './check-inputs.js';
import type { BlazeFace } from '../models/face/blazeface.js';
import { createBlazeFace } from '../models/face/blazeface.js';
import type { Box, Face } from '../models/face/blazeface-boxes.js';
import { decodeFaces, inputSide, mergeFaces, moveFace } from '../models/face/blazeface-boxes.js';
import { pictureTensor } from '../media/picture-tensor.js';
import type { Gpu } from '../runtime/gpu.js';
import type { ByteSource } from '../weights/source.js';
import { openTflite } from '../weights/tflite.js';

export type { Box, Face, Point } from '../models/face/blazeface-boxes.js';

/**
 * At first sight little will do; what scores less than `leastScore` when looked at for the third time, from close up,
 * is no face. Tried on the pictures of docs/faces.md: faces score 0.70 and more then, badges and helmets at most 0.63.
 */
const glanceScore = 0.25;
const leastScore = 0.65;

/** The detector looks at no more pixels than this on the longer side. */
const mostSide = 2048;

/** Squares are no smaller than this part of the picture's shorter side. */
const finest = 2;

/** Side of the square of a closer look, in sides of the face's box. */
const closeUp = 2.5;

/**
 * The faces in a picture, the largest first. First the detector sees the whole picture, made square with black; a face
 * narrower than about a tenth of it escapes it. If it finds none, it looks at overlapping squares as high as the
 * picture, then half as high, and so on, until it finds one. What looks like a face is then looked at twice from close
 * up, around the box found before: a small face has a coarse box at first, and what is no face from close up is none.
 *
 * @param weights `face_detection_short_range.tflite`.
 * @returns boxes and keypoints in pixels of the picture.
 * @throws InputError if the weights are not BlazeFace's.
 */
export async function detectFaces(gpu: Gpu, weights: ByteSource, picture: Picture): Promise<Face[]> {
  const photograph = checkPicture('picture', picture);
  const detector = await createBlazeFace(gpu, await openTflite(weights));
  try {
    const small = shrinkTo(photograph, mostSide);
    const scale = Math.max(picture.width, picture.height) / Math.max(small.width, small.height);
    for (const squares of searches(small)) {
      const faces: Face[] = [];
      for (const square of squares) faces.push(...(await detectIn(detector, small, square)));
      const confirmed: Face[] = [];
      for (const glance of mergeFaces(faces)) {
        const closer = await lookCloser(detector, small, glance);
        const face = closer && (await lookCloser(detector, small, closer));
        if (face && face.score >= leastScore) confirmed.push(face);
      }
      if (confirmed.length > 0) {
        return mergeFaces(confirmed)
          .map((face) => moveFace(face, scale, { x: 0, y: 0 }))
          .sort((a, b) => b.box.width * b.box.height - a.box.width * a.box.height);
      }
    }
    return [];
  } finally {
    detector.destroy();
  }
}

/**
 * From BlazeFace's box to the published detector's, S3FD's, in sides of BlazeFace's: its side, and how far its centre
 * lies to the right and below. BlazeFace's boxes go from the middle of the forehead to the chin; S3FD, as the WIDER
 * FACE pictures it was trained on, begins at the hairline. Fitted to the authors' example (1.227, −0.026, −0.108) and
 * to a detector trained on the same pictures (docs/faces.md: medians 1.13, −0.03, −0.08 on 21 faces). The shift to the
 * left is BlazeFace's own: it is there in mirrored pictures too.
 */
const toPublished = { side: 1.22, right: -0.026, down: -0.1 };

/** The box that the published crop rule expects, for a face of ours; square, its side that of S3FD's longer one. */
export function portraitBox({ box }: Pick<Face, 'box'>): Box {
  const side = Math.max(box.width, box.height);
  const size = toPublished.side * side;
  const centreX = box.x + box.width / 2 + toPublished.right * side;
  const centreY = box.y + box.height / 2 + toPublished.down * side;
  return { x: centreX - size / 2, y: centreY - size / 2, width: size, height: size };
}

/** The squares to look at, one list after the other: around the whole picture, then smaller and smaller ones inside. */
function* searches({ width, height }: Picture): Generator<Square[]> {
  const long = Math.max(width, height);
  yield [{ x: Math.floor((width - long) / 2), y: Math.floor((height - long) / 2), size: long }];
  const { size: short } = centreSquare({ width, height });
  for (let parts = short === long ? 2 : 1; parts <= finest && short / parts >= inputSide; parts *= 2) {
    const size = Math.floor(short / parts);
    yield starts(height, size).flatMap((y) => starts(width, size).map((x) => ({ x, y, size })));
  }
}

/** Where squares begin so that they cover an axis and overlap by half or a little more. */
function starts(extent: number, size: number): number[] {
  const steps = Math.ceil((extent - size) / (size / 2));
  return Array.from({ length: steps + 1 }, (_, i) =>
    steps === 0 ? 0 : Math.round(((extent - size) * i) / steps),
  );
}

/** @returns faces in pixels of the picture, the best first. */
async function detectIn(detector: BlazeFace, picture: Picture, square: Square): Promise<Face[]> {
  const image = pictureTensor(resize(cropSquare(picture, square), inputSide, inputSide));
  const { scores, values } = await detector.run(image);
  const faces = mergeFaces(decodeFaces(scores, values, glanceScore));
  return faces.map((face) => moveFace(face, square.size, square));
}

/** The best face in a square around this one whose centre lies in this one's box. */
async function lookCloser(detector: BlazeFace, picture: Picture, { box }: Face): Promise<Face | undefined> {
  const size = Math.round(closeUp * Math.max(box.width, box.height));
  const x = Math.round(box.x + (box.width - size) / 2);
  const y = Math.round(box.y + (box.height - size) / 2);
  const inside = (from: number, length: number, start: number, extent: number) =>
    from + length / 2 >= start && from + length / 2 <= start + extent;
  return (await detectIn(detector, picture, { x, y, size }))
    .filter((face) => inside(face.box.x, face.box.width, box.x, box.width))
    .find((face) => inside(face.box.y, face.box.height, box.y, box.height));
}
