export interface TrainFmtFlags {
  data: string;
  out: string;
  resume?: boolean;
  weights: string;
  fineTune?: boolean;
  config?: string;
  preset?: 'published' | 'demo';
  steps?: number;
  minutes?: number;
  batch?: number;
  accumulate?: number;
  rate?: number;
  ema?: number;
  seed?: number;
  objective?: 'flow' | 'epsilon' | 'sample';
  preceding?: 'motion' | 'velocity';
  saveEvery: number;
  keep: number;
  evaluateEvery: number;
  evaluateClips: number;
  adapter: string;
  quiet?: boolean;
}
