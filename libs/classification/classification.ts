/** From least to most sensitive. Source: DOMAIN rules, section 3. */
export const CLASSIFICATIONS = ['public', 'internal', 'confidential', 'restricted'] as const;
export type Classification = (typeof CLASSIFICATIONS)[number];

/** The label of a thing nobody has classified, by the connector it comes from. */
export const CONNECTOR_DEFAULT: Readonly<Record<string, Classification>> = {
  gmail: 'internal',
  gcal: 'internal',
  jira: 'internal',
  gdrive: 'internal',
  github: 'internal',
};

/** Reads a label; anything that is not one of the four is `restricted`, never less. */
export function toClassification(label: unknown): Classification {
  return CLASSIFICATIONS.find((known) => known === label) ?? 'restricted';
}

/** True where `label` is more sensitive than `limit`. */
export function isAbove(label: Classification, limit: Classification): boolean {
  return CLASSIFICATIONS.indexOf(label) > CLASSIFICATIONS.indexOf(limit);
}

/** The less sensitive of two labels: how limits merge. */
export function lower(a: Classification, b: Classification): Classification {
  return isAbove(a, b) ? b : a;
}

/** The more sensitive of two labels: how labels of things merge. */
export function higher(a: Classification, b: Classification): Classification {
  return isAbove(a, b) ? a : b;
}

/** The most sensitive of these labels; undefined where there is none. */
export function highest(labels: readonly Classification[]): Classification | undefined {
  return labels.length > 0 ? labels.reduce(higher) : undefined;
}
