// Where a place of a sampling grid lies, in samples of a picture of `size`, x and y (grid_sample.wgsl). Clamped well
// outside the picture, so that it can be made an integer; far outside too if it is no number.
fn samplePlace(place: vec2f, size: vec2f, alignCorners: u32) -> vec2f {
  let unbounded = select(((place + 1.0) * size - 1.0) * 0.5, (place + 1.0) * 0.5 * (size - 1.0), alignCorners != 0u);
  let at = clamp(unbounded, vec2f(-2.0), size + 1.0);
  return select(vec2f(-2.0), at, is_finite(place.x) && is_finite(place.y));
}

// #include "lib/non_finite.wgsl"
