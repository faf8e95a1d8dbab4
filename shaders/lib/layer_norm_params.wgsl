struct Params {
  channels: u32,
  inner: u32,
  rows: u32,
  eps: f32,
  hasAffine: u32,
  isModulated: u32,
  modulationWidth: u32,
  scaleOffset: u32,
  shiftOffset: u32,
}
