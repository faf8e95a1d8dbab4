/** Says what was left out or put right, in a line. */
export type Note = (line: string) => void;
