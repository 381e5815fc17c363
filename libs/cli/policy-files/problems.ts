/** One thing wrong in a policy file. */
export interface FileProblem {
  readonly file: string;
  /** From 1. */
  readonly line?: number | undefined;
  /** Dotted, such as `spec.policies.0.version`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

/** `file:line: path: message`, as editors and compilers know it; what is not known is left out. */
export function problemLine({ file, line, path, message }: FileProblem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}
