// As multiply_add_f32.wgsl, with matrix units: 4 independent chains of 16×16×16 products of f16, added in f32, a workgroup.
// 2 · 4 · 16³ · rounds operations a workgroup. Tint (Dawn 0.6.2) accepts this; it has not run on any hardware yet.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

override LANES: u32 = 32; // of the widest subgroup

struct Params {
  rounds: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

alias Left = subgroup_matrix_left<f16, 16, 16>;
alias Right = subgroup_matrix_right<f16, 16, 16>;
alias Sums = subgroup_matrix_result<f32, 16, 16>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(subgroup_id) subgroup: u32) {
  // Where subgroups are narrower than the widest there are several, of which one works.
  if (subgroup == 0u) {
    // Known only at run time, or the compiler does the sum itself.
    let a = Left(f16(f32(params.rounds) * 1e-9 + 0.5));
    let b = Right(f16(f32(id.x) * 1e-9));
    var s0 = Sums(0); var s1 = Sums(1); var s2 = Sums(2); var s3 = Sums(3);
    for (var i = 0u; i < params.rounds; i++) {
      s0 = subgroupMatrixMultiplyAccumulate(a, b, s0);
      s1 = subgroupMatrixMultiplyAccumulate(a, b, s1);
      s2 = subgroupMatrixMultiplyAccumulate(a, b, s2);
      s3 = subgroupMatrixMultiplyAccumulate(a, b, s3);
    }
    subgroupMatrixStore<row_major>(&y, id.x * 1024u, s0, 16u);
    subgroupMatrixStore<row_major>(&y, id.x * 1024u + 256u, s1, 16u);
    subgroupMatrixStore<row_major>(&y, id.x * 1024u + 512u, s2, 16u);
    subgroupMatrixStore<row_major>(&y, id.x * 1024u + 768u, s3, 16u);
  }
}
