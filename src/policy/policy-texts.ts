import { Problem } from '#libs/http';
import { OpaCommandBusy, OpaCommandMissing } from '#libs/opa';
import { Injectable, Logger } from '@nestjs/common';
import { issueText, ModuleChecker } from './modules/index.ts';
import { type Domain, parseDocument, type PolicyDocument } from './rules/index.ts';

/** A policy's text that may be stored: a rules document with what was read from it, or a Rego module. */
export interface CheckedPolicy {
  readonly content: string | null;
  readonly document: PolicyDocument | null;
  readonly rego: string | null;
  /** Of a module: the check that it has passed; see `ModuleChecker`. */
  readonly module_check: string | null;
  readonly module_fault: string | null;
}

/** Checks what a policy says before it is stored. */
@Injectable()
export class PolicyTexts {
  private readonly log = new Logger('policy');

  constructor(private readonly modules: ModuleChecker) {}

  /** @throws Problem `validation_failed`, `module_check_unavailable`, `overloaded` */
  async check(
    domain: Domain,
    { content, rego }: { content?: string | undefined; rego?: string | undefined },
  ): Promise<CheckedPolicy> {
    const unchecked = { module_check: null, module_fault: null };
    if (rego === undefined) return { content: content!, document: parse(domain, content!), rego: null, ...unchecked };
    const check = await this.checkModule(domain, rego);
    return { content: null, document: null, rego, module_check: check, module_fault: null };
  }

  /** @returns the check that it has passed */
  private async checkModule(domain: Domain, rego: string): Promise<string> {
    const checked = async () => ({
      fingerprint: await this.modules.fingerprint(),
      issues: await this.modules.check(domain, rego),
    });
    const { fingerprint, issues } = await checked().catch((error: unknown) => {
      if (error instanceof OpaCommandBusy)
        throw new Problem('overloaded', 'Too many modules are being checked. Try again in a few seconds.', {
          retryAfter: 5,
        });
      if (!(error instanceof OpaCommandMissing)) throw error;
      this.log.error(`Rego modules cannot be checked: ${error.message}`);
      throw new Problem(
        'module_check_unavailable',
        'A Rego module is only stored after OPA has checked it, and this gateway has no OPA program to do so. An ' +
          'administrator can set OPA_BIN, or put "opa" on the PATH. Rules documents can be written all the same.',
      );
    });
    const [first] = issues;
    if (!first) return fingerprint;
    throw new Problem('validation_failed', `rego: ${issueText(first)}`, {
      errors: issues.map((issue) => ({ ...issue, path: 'rego', message: issueText(issue) })),
    });
  }
}

function parse(domain: Domain, text: string): PolicyDocument {
  const parsed = parseDocument(domain, text);
  if (parsed.ok) return parsed.document;
  const errors = parsed.issues.map((issue) => ({
    path: issue.path ? `content.${issue.path}` : 'content',
    message: issue.line === undefined ? issue.message : `${issue.message} (line ${issue.line})`,
  }));
  throw new Problem('validation_failed', `${errors[0]?.path}: ${errors[0]?.message}`, { errors });
}
