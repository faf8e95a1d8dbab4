// norm[0] = √(Σ partial), the length of all gradients together: `torch.nn.utils.clip_grad_norm_`'s result
//
//   partial [count]: sum_squares.wgsl's, of one flat buffer after the other
//   norm    [1]
//
// One invocation: a few hundred additions, whose order is fixed. Sixteen at a time to round less.

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(1)
fn main() {
  var sum = 0.0;
  for (var i0 = 0u; i0 < params.count; i0 += 16u) {
    var block = 0.0;
    for (var i = i0; i < min(i0 + 16u, params.count); i++) {
      block += partial[i];
    }
    sum += block;
  }
  norm[0] = sqrt(sum);
}
