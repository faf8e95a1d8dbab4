export function builtShader(file: string, folder?: string): string;
export function kernelFiles(folder?: string): Map<string, string>;
export function embedShaders(): number;
