/** Takes one line of progress for a person who waits. Nothing in this library prints by itself. */
export type Progress = (line: string) => void;
