import { type Classification, higher } from '#libs/classification';
import type { PlacedPolicy } from './placed.ts';

/** The label that holds for a thing of `type` in the system `connector`, which was found to be `found`. */
export type Labels = (connector: string, type: string, found: Classification) => Classification;

/**
 * What the `data` policies on one path set: the enterprise sets a label, lower too; scopes below can only raise it. The same
 * as `policies/base/classification.rego`, for things that lie here and of which nobody asks OPA one by one.
 */
export function labelsOf(policies: readonly PlacedPolicy[]): Labels {
  const data = policies.filter((policy): policy is PlacedPolicy<'data'> => policy.domain === 'data');
  return (connector, type, found) => {
    const set = data.flatMap(({ scope, document }) => {
      const overrides = document.classification_overrides;
      const label = overrides?.[`${connector}/${type}`] ?? overrides?.[connector];
      return label === undefined ? [] : [{ scope, label }];
    });
    const byEnterprise = set.filter(({ scope }) => scope === 'enterprise').map(({ label }) => label);
    const top = byEnterprise.length > 0 ? byEnterprise.reduce(higher) : found;
    return set.filter(({ scope }) => scope !== 'enterprise').reduce((label, below) => higher(label, below.label), top);
  };
}
