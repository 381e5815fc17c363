import { invalid, Problem } from '#libs/http';
import { z } from 'zod';
import { type Evaluation, EVALUATION } from '../evaluation/evaluation.schema.ts';

/**
 * The requests of the AuthZEN Authorization API 1.0 (OpenID Foundation, final), sections "Information Model", "Access
 * Evaluation API" and "Access Evaluations API". Unknown members are ignored everywhere, as the specification asks.
 */
const properties = z.record(z.string(), z.unknown());
const subject = z
  .looseObject({ type: z.string().min(1), id: z.string().min(1), properties: properties.optional() })
  .describe('For whom: type "user" with the id that the directory has. Properties are ignored: the directory decides.');
const action = z
  .looseObject({ name: z.string().min(1), properties: properties.optional() })
  .describe('The tool or action; properties are handed to policies as context.actionProperties.');
const resource = z
  .looseObject({ type: z.string().min(1), id: z.string().min(1), properties: properties.optional() })
  .describe('What on. Properties "connector" and "classification" have their own meaning, the others are attributes.');
const context = properties.describe(
  'Handed to policies: channel, model, destination, feature, exchange, and any other.',
);

const tuple = z.looseObject({ subject, action, resource, context: context.optional() });

/** `POST /access/v1/evaluation` */
export const ACCESS_EVALUATION = tuple;
export type AccessEvaluation = z.output<typeof ACCESS_EVALUATION>;

export const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const;
export type Semantic = (typeof SEMANTICS)[number];

/** As many as `POST /policy/evaluate/batch` takes. */
const EVALUATIONS_LIMIT = 100;

/** `POST /access/v1/evaluations`: what stands at the top holds for every evaluation that does not say otherwise. */
export const ACCESS_EVALUATIONS = tuple.partial().extend({
  evaluations: z.array(tuple.partial()).max(EVALUATIONS_LIMIT).optional(),
  options: z.looseObject({ evaluations_semantic: z.enum(SEMANTICS).optional() }).optional(),
});
export type AccessEvaluations = z.output<typeof ACCESS_EVALUATIONS>;

/** The evaluations asked for, with the defaults filled in; none where the request is a single one. */
export function evaluationsOf(body: AccessEvaluations): Evaluation[] {
  const defaults = { subject: body.subject, action: body.action, resource: body.resource, context: body.context };
  return (body.evaluations ?? []).map((item, at) => {
    const merged = { ...defaults, ...Object.fromEntries(Object.entries(item).filter(([, v]) => v !== undefined)) };
    return toEvaluation(whole(merged, `evaluations.${at}.`), `evaluations.${at}.`);
  });
}

/** The request as a single one. @throws Problem `validation_failed` where a part of it is missing */
export function singleOf(body: AccessEvaluations): Evaluation {
  return toEvaluation(whole(body, ''), '');
}

function whole(given: object, at: string): AccessEvaluation {
  const parsed = tuple.safeParse(given);
  if (parsed.success) return parsed.data;
  throw wrong(parsed.error.issues.map((issue) => ({ path: at + issue.path.join('.'), message: issue.message })));
}

/** Where a field of ours comes from in an AuthZEN request. */
const ORIGIN: readonly (readonly [string, string])[] = [
  ['action', 'action.name'],
  ['subject.userId', 'subject.id'],
  ['resource.connector', 'resource.properties.connector'],
  ['resource.classification', 'resource.properties.classification'],
  ['resource.attributes', 'resource.properties'],
];

/**
 * The request as the evaluator takes it.
 * @param at path of the evaluation in the body, for messages
 * @throws Problem `validation_failed`
 */
export function toEvaluation(given: AccessEvaluation, at = ''): Evaluation {
  const { connector, classification, ...attributes } = given.resource.properties ?? {};
  const actionProperties = given.action.properties;
  const context = { ...given.context, ...(actionProperties ? { actionProperties } : {}) };
  const parsed = EVALUATION.safeParse({
    action: given.action.name,
    subject: { userId: subjectId(given.subject) },
    resource: {
      type: given.resource.type,
      id: given.resource.id,
      ...(connector === undefined ? {} : { connector }),
      ...(classification === undefined ? {} : { classification }),
      ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
    },
    ...(Object.keys(context).length > 0 ? { context } : {}),
  });
  if (parsed.success) return parsed.data;
  throw wrong(
    parsed.error.issues.map((issue) => ({ path: at + originOf(issue.path.join('.')), message: issue.message })),
  );
}

/** People are the subjects we know. Ids in the directory have no ":", so that another type's id is nobody's. */
function subjectId({ type, id }: AccessEvaluation['subject']): string {
  return type === 'user' ? id : `${type}:${id}`;
}

function originOf(path: string): string {
  const found = ORIGIN.find(([ours]) => path === ours || path.startsWith(`${ours}.`));
  return found ? found[1] + path.slice(found[0].length) : path;
}

function wrong(errors: { path: string; message: string }[]): Problem {
  const [first] = errors;
  if (first && errors.length === 1) return invalid(first.path, first.message);
  return new Problem('validation_failed', `${first?.path}: ${first?.message}`, { errors: errors.slice(0, 50) });
}
