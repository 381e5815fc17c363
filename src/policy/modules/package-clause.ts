/** The package that the author writes. Each module is loaded under one of its own instead. */
export const MODULE_PACKAGE = 'openclaw.policy';

const CLAUSE = /^(package openclaw\.policy)[ \t]*(#.*)?$/;

export type PackageClause =
  { readonly ok: true; readonly line: number } | { readonly ok: false; readonly line: number };

/**
 * The line of the package clause, from 1. Before it a Rego file can have nothing but blank lines and comments, so that no
 * string or expression can be taken for it. Only one way of writing it is accepted: a line of its own.
 */
export function findPackageClause(source: string): PackageClause {
  const lines = source.split('\n');
  for (const [at, line] of lines.entries()) {
    const text = line.replace(/\r$/, '');
    if (/^[ \t]*(#.*)?$/.test(text)) continue;
    return { ok: CLAUSE.test(text), line: at + 1 };
  }
  return { ok: false, line: lines.length };
}

/**
 * The module as it is loaded: under `openclaw.modules[<tenant>][<bundle>][<policy>]`, every line where it was.
 * @throws Error where the source has not been checked or an id could not stand in a package
 */
export function rehouse(source: string, tenantId: string, bundle: string, policyId: string): string {
  const clause = findPackageClause(source);
  if (!clause.ok || /\r(?!\n)/.test(source)) throw new Error(`module ${policyId} has no package clause to replace`);
  const lines = source.split('\n');
  lines[clause.line - 1] = `package ${modulePackage(tenantId, bundle, policyId)}`;
  return lines.join('\n');
}

/** `openclaw.modules["acme"]["1.0"]["01J…"]` */
export function modulePackage(tenantId: string, bundle: string, policyId: string): string {
  return `openclaw.modules["${key(tenantId)}"]["${key(bundle)}"]["${key(policyId)}"]`;
}

/** The subtree of `data` that the modules of one of a tenant's bundles live in. */
export function moduleRoot(tenantId: string, bundle: string): string {
  return `openclaw/modules/${key(tenantId)}/${key(bundle)}`;
}

function key(id: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(id)) throw new Error(`"${id}" cannot be the key of a module`);
  return id;
}
