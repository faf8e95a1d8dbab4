struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
  hasBias: u32,
  hasGate: u32,
  gateWidth: u32,
  gateOffset: u32,
  hasResidual: u32,
}
