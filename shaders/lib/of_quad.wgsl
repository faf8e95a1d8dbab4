// The vectors of a quad's four lanes as columns: own, of lane ⊕ 1, of lane ⊕ 2, of lane ⊕ 3 (⊕ the exclusive or).
fn ofQuad(own: vec4f) -> mat4x4f {
  return mat4x4f(own, quadSwapX(own), quadSwapY(own), quadSwapDiagonal(own));
}
