/** Pages that the build puts beside this one: the model's description, and each kernel's source. */
export const modelSection = (section: number) => `docs/model.html#sec-${section}`;
export const kernelSource = (name: string) => `shaders/${name}.wgsl.html`;
