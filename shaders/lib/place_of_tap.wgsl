// Where tap 3·ky + kx stands among the phases of a transposed convolution (`phaseTaps` in src/ops/conv-weight.ts), or
// the tap itself.
fn placeOfTap(tap: u32, phased: u32) -> u32 {
  const places = array<u32, 9>(3u, 5u, 2u, 7u, 8u, 6u, 1u, 4u, 0u);
  return select(tap, places[min(tap, 8u)], phased != 0u);
}
