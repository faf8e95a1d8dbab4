/**
 * What BlazeFace's numbers mean (Bazarevsky et al. 2019, arXiv 1907.05047; constants of the short-range model as
 * MediaPipe's face_detection_short_range graph has them). Plain functions on the host.
 */

/** Side of the square picture the network looks at, in pixels. */
export const inputSide = 128;

/** Grids of anchors: each cell has so many, all alike, at its centre. */
export const grids = [
  { side: 16, anchors: 2 },
  { side: 8, anchors: 6 },
] as const;

/** Anchors in all: 16²·2 + 8²·6. */
export const anchorCount = 896;

/** Values the network gives for each anchor: box centre and size, then six keypoints, in pixels of its input. */
export const valuesPerAnchor = 16;

const keypointNames = ['right eye', 'left eye', 'nose tip', 'mouth', 'right ear', 'left ear'] as const;

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle: its top left corner and size. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A face as the network sees one. */
export interface Face {
  /** From above the eyebrows to the chin, about as wide as the face, and square but for a few per cent. */
  readonly box: Box;
  /** 0 … 1. */
  readonly score: number;
  /** In the order of `keypointNames`; right and left are the person's. */
  readonly keypoints: readonly Point[];
}

/**
 * The centre of an anchor, in units of the input's side. Anchors go cell by cell, row by row, the fine grid first.
 */
export function anchorCentre(index: number): Point {
  let first = 0;
  for (const { side, anchors } of grids) {
    const cell = Math.floor((index - first) / anchors);
    if (cell < side * side)
      return { x: ((cell % side) + 0.5) / side, y: (Math.floor(cell / side) + 0.5) / side };
    first += side * side * anchors;
  }
  throw new RangeError(`anchor ${index} of ${anchorCount}`);
}

/**
 * Faces with a score of at least `threshold`, in units of the input's side.
 *
 * @param scores `[896]`, logits; clamped to ±100 before the sigmoid.
 * @param values `[896, 16]`: centre x, y relative to the anchor, width, height, keypoints x, y relative to the anchor.
 */
export function decodeFaces(scores: ArrayLike<number>, values: ArrayLike<number>, threshold: number): Face[] {
  const faces: Face[] = [];
  for (let index = 0; index < anchorCount; index++) {
    const logit = Math.min(100, Math.max(-100, scores[index] ?? -100));
    const score = 1 / (1 + Math.exp(-logit));
    if (score < threshold) continue;
    const anchor = anchorCentre(index);
    const value = (k: number) => (values[index * valuesPerAnchor + k] ?? 0) / inputSide;
    const point = (k: number): Point => ({ x: anchor.x + value(k), y: anchor.y + value(k + 1) });
    const centre = point(0);
    const [width, height] = [value(2), value(3)];
    const box = { x: centre.x - width / 2, y: centre.y - height / 2, width, height };
    faces.push({ box, score, keypoints: keypointNames.map((_, k) => point(4 + 2 * k)) });
  }
  return faces;
}

/** Area of the intersection over area of the union. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / (a.width * a.height + b.width * b.height - common);
}

/**
 * Non-maximum suppression by averaging: the best face and all that overlap it by more than `most` become one, boxes and
 * keypoints weighted by score, with the best one's score. Averaging steadies the box; the paper finds a third less
 * jitter.
 */
export function mergeFaces(faces: readonly Face[], most = 0.3): Face[] {
  const merged: Face[] = [];
  let rest = [...faces].sort((a, b) => b.score - a.score);
  for (let best = rest[0]; best; best = rest[0]) {
    const { box } = best;
    const group = rest.filter((face) => face === best || overlap(face.box, box) > most);
    rest = rest.filter((face) => !group.includes(face));
    const total = group.reduce((sum, face) => sum + face.score, 0);
    const mean = (of: (face: Face) => number) =>
      group.reduce((sum, face) => sum + (face.score / total) * of(face), 0);
    merged.push({
      box: {
        x: mean((face) => face.box.x),
        y: mean((face) => face.box.y),
        width: mean((face) => face.box.width),
        height: mean((face) => face.box.height),
      },
      score: best.score,
      keypoints: best.keypoints.map((_, k) => ({
        x: mean((face) => face.keypoints[k]?.x ?? 0),
        y: mean((face) => face.keypoints[k]?.y ?? 0),
      })),
    });
  }
  return merged;
}

/** A face whose coordinates are scaled and then shifted. */
export function moveFace(face: Face, scale: number, to: Point): Face {
  const { box, score } = face;
  const move = ({ x, y }: Point) => ({ x: to.x + scale * x, y: to.y + scale * y });
  return {
    box: { ...move(box), width: scale * box.width, height: scale * box.height },
    score,
    keypoints: face.keypoints.map(move),
  };
}
