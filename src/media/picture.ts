/** A picture: RGB, three bytes a pixel, row after row from the top left, no alpha, no padding between rows. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], sRGB bytes. */
  readonly data: Uint8Array;
}

/** The largest centred square; an odd pixel left over falls to the right and the bottom. */
export function cropCentreSquare(picture: Picture): Picture {
  const { width, height } = picture;
  const side = Math.min(width, height);
  return crop(picture, Math.floor((width - side) / 2), Math.floor((height - side) / 2), side, side);
}

/** The rectangle of `width` × `height` pixels whose top left corner is (left, top). It must lie inside the picture. */
export function crop(picture: Picture, left: number, top: number, width: number, height: number): Picture {
  if (left === 0 && top === 0 && width === picture.width && height === picture.height) return picture;
  if (left < 0 || top < 0 || left + width > picture.width || top + height > picture.height)
    throw new RangeError(
      `crop: ${width}x${height} at (${left}, ${top}) leaves ${picture.width}x${picture.height}`,
    );
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * 3;
    data.set(picture.data.subarray(start, start + width * 3), y * width * 3);
  }
  return { width, height, data };
}
