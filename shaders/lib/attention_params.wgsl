struct Params {
  length: u32,
  heads: u32,
  headDim: u32, // ≤ 128
  reach: u32, // ≤ length
  qkvWidth: u32,
  qOffset: u32,
  kOffset: u32,
  vOffset: u32,
  firstHead: u32, // of this launch
  scale: f32, // 1/√headDim
}
