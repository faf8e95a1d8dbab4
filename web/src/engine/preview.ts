import type { Picture } from 'float-webgpu';
import { outputSize, resize } from 'float-webgpu';
import { encodePng } from './png.js';

/** More than the page shows of a portrait, on screens of any density. */
const LONGEST = 1600;

/**
 * A picture as a PNG for the page. What the browser would make of the user's file is another picture: it reads EXIF in
 * its own way, and shows transparency.
 */
export async function previewOf(picture: Picture): Promise<Blob> {
  const size = Math.min(LONGEST, Math.max(picture.width, picture.height));
  const { width, height } = outputSize({ pasteBack: true, size }, picture, size);
  const shown = width === picture.width ? picture : resize(picture, width, height);
  return new Blob([await encodePng(shown)], { type: 'image/png' });
}
