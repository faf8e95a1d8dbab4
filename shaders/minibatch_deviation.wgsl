// How much the samples of a group differ, one number for all of its members (StyleGAN2's minibatch standard deviation).
// Sample n = g·groups + m is member g of group m:
//
//   σ[m,e]  = √(mean_g (x[g,m,e] − mean_g x[g,m,e])² + 10⁻⁸)
//   y[n,p]  = mean_e σ[m,e]        FORWARD
//   dx[n,e] = Σ_{g,p} dy[g,m,p] · (x[n,e] − mean)/(members·features·σ[m,e])
//
//   x, dx [members·groups, features], features = channels·plane
//   y, dy [members·groups, plane]
//
// One workgroup of 256 makes a group; sixteen terms at a time are summed by themselves, in a fixed order.

override FORWARD: u32 = 1;

struct Params {
  members: u32,
  groups: u32,
  features: u32,
  plane: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> made: array<f32>; // y or dx

const LANES = 256u;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m = workgroup.x;
  var sum = 0.0;
  if (FORWARD != 0u) {
    for (var e0 = lane; e0 < params.features; e0 += 16u * LANES) {
      var partial = 0.0;
      for (var e = e0; e < min(e0 + 16u * LANES, params.features); e += LANES) {
        partial += deviation(m, e).y;
      }
      sum += partial;
    }
  } else {
    for (var i = lane; i < params.members * params.plane; i += LANES) {
      sum += dy[(i / params.plane * params.groups + m) * params.plane + i % params.plane];
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  var total = 0.0;
  for (var block = 0u; block < LANES; block += 16u) {
    var partial = 0.0;
    for (var i = 0u; i < 16u; i++) {
      partial += sums[block + i];
    }
    total += partial;
  }
  total /= f32(params.features);
  if (FORWARD != 0u) {
    for (var i = lane; i < params.members * params.plane; i += LANES) {
      made[(i / params.plane * params.groups + m) * params.plane + i % params.plane] = total;
    }
  } else {
    for (var e = lane; e < params.features; e += LANES) {
      let moments = deviation(m, e);
      let factor = total / (f32(params.members) * moments.y);
      for (var g = 0u; g < params.members; g++) {
        let at = (g * params.groups + m) * params.features + e;
        made[at] = factor * (x[at] - moments.x);
      }
    }
  }
}

// Mean and σ of feature e over the members of group m.
fn deviation(m: u32, e: u32) -> vec2f {
  var sum = 0.0;
  for (var g = 0u; g < params.members; g++) {
    sum += x[(g * params.groups + m) * params.features + e];
  }
  let mean = sum / f32(params.members);
  var squares = 0.0;
  for (var g = 0u; g < params.members; g++) {
    let off = x[(g * params.groups + m) * params.features + e] - mean;
    squares = fma(off, off, squares);
  }
  return vec2f(mean, sqrt(squares / f32(params.members) + 1e-8));
}
