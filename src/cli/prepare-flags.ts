export interface PrepareFlags {
  cartoon?: boolean;
  clips: number;
  seed: number;
  speech: 'auto' | 'espeak' | 'examples';
  latents?: 'known' | 'encoded';
  weights: string;
  out: string;
  adapter: string;
  quiet?: boolean;
}
