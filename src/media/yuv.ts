import type { Picture } from './picture.js';

/**
 * RGB to planar Y'CbCr 4:2:0 (I420), BT.709 matrix, limited range: what H.264 players expect of high-definition video.
 *
 * With R, G, B in 0…255, K_r = 0.2126, K_g = 0.7152, K_b = 0.0722:
 *   Y' = K_r R + K_g G + K_b B
 *   Y  = 16 + 219/255 · Y'
 *   Cb = 128 + 224/255 · (B − Y') / (2(1 − K_b))
 *   Cr = 128 + 224/255 · (R − Y') / (2(1 − K_r))
 * A chroma sample is the mean over its 2×2 pixels, so it sits in their centre (chroma sample location type 1).
 * Integers with 20 fractional bits: within half a step of the formula but for rounding ties.
 */
const SHIFT = 20;
const fixed = (x: number) => Math.round(x * 2 ** SHIFT);
const [KR, KG, KB] = [0.2126, 0.7152, 0.0722];
const LUMA = 219 / 255;
const YR = fixed(KR * LUMA);
const YB = fixed(KB * LUMA);
// Rows sum to exactly 219/255 and 0, so greys stay grey.
const YG = fixed(LUMA) - YR - YB;
const CHROMA_B = 224 / 255 / (2 * (1 - KB));
const CHROMA_R = 224 / 255 / (2 * (1 - KR));
const BR = fixed(-KR * CHROMA_B);
const BG = fixed(-KG * CHROMA_B);
const BB = -BR - BG;
const RG = fixed(-KG * CHROMA_R);
const RB = fixed(-KB * CHROMA_R);
const RR = -RG - RB;

export const even = (n: number): number => n + (n & 1);

/**
 * [even(height), even(width)] luma, then Cb and Cr of half that size each. 4:2:0 has no odd sizes: an odd picture gets
 * its last column or row once more.
 */
export function toI420(picture: Picture): Uint8Array {
  const { width, height, data } = picture;
  const stride = even(width);
  const lines = even(height);
  const out = new Uint8Array((stride * lines * 3) / 2);
  const cbStart = stride * lines;
  const crStart = cbStart + cbStart / 4;
  const half = 1 << (SHIFT - 1);
  const chromaHalf = 1 << (SHIFT + 1);

  for (let y = 0; y < lines; y += 2) {
    const row0 = y * width * 3;
    const row1 = Math.min(y + 1, height - 1) * width * 3;
    for (let x = 0; x < stride; x += 2) {
      const left = x * 3;
      const right = Math.min(x + 1, width - 1) * 3;
      let r4 = 0;
      let g4 = 0;
      let b4 = 0;
      for (let k = 0; k < 4; k++) {
        const at = (k < 2 ? row0 : row1) + ((k & 1) === 0 ? left : right);
        const r = data[at] as number;
        const g = data[at + 1] as number;
        const b = data[at + 2] as number;
        out[(y + (k >> 1)) * stride + x + (k & 1)] = 16 + ((YR * r + YG * g + YB * b + half) >> SHIFT);
        r4 += r;
        g4 += g;
        b4 += b;
      }
      const c = ((y >> 1) * stride) / 2 + (x >> 1);
      out[cbStart + c] = 128 + ((BR * r4 + BG * g4 + BB * b4 + chromaHalf) >> (SHIFT + 2));
      out[crStart + c] = 128 + ((RR * r4 + RG * g4 + RB * b4 + chromaHalf) >> (SHIFT + 2));
    }
  }
  return out;
}
