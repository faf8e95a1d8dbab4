import { InputError } from '../base/errors.js';
import type { RgbaPicture } from '../media/alpha.js';

/** Side of the pieces that are read: every WebGL has textures of 2048². */
const TILE = 2048;

/**
 * The pixels of a bitmap with the colours that lie under transparency. A 2D canvas keeps colours multiplied by alpha,
 * so where alpha is 0 they are lost; WebGL reads them as they are.
 *
 * @param bitmap made with premultiplyAlpha 'none'.
 * @throws InputError in a browser without WebGL 2.
 */
export async function readHiddenColours(bitmap: ImageBitmap, name: string): Promise<RgbaPicture> {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl)
    throw new InputError(
      `${name}: this browser cannot read the colours under transparency, expected alpha "blend"`,
    );
  const { width, height } = bitmap;
  const data = new Uint8Array(width * height * 4);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  try {
    for (let y = 0; y < height; y += TILE)
      for (let x = 0; x < width; x += TILE) {
        const [columns, rows] = [Math.min(TILE, width - x), Math.min(TILE, height - y)];
        const options = { premultiplyAlpha: 'none', colorSpaceConversion: 'none' } as const;
        const tile = await createImageBitmap(bitmap, x, y, columns, rows, options);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, tile);
        tile.close();
        const { FRAMEBUFFER, COLOR_ATTACHMENT0, TEXTURE_2D, TEXTURE_BINDING_2D } = gl;
        const texture = gl.getParameter(TEXTURE_BINDING_2D) as WebGLTexture;
        gl.framebufferTexture2D(FRAMEBUFFER, COLOR_ATTACHMENT0, TEXTURE_2D, texture, 0);
        const pixels = new Uint8Array(columns * rows * 4);
        gl.readPixels(0, 0, columns, rows, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
        for (let row = 0; row < rows; row++) {
          const from = row * columns * 4;
          data.set(pixels.subarray(from, from + columns * 4), ((y + row) * width + x) * 4);
        }
      }
  } finally {
    gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
  return { width, height, data };
}
