import type { Client } from 'jira.js/core';
import type { VendorAccess } from '../connector.ts';
import { asVendorError, garbled, Refused, retryAtOf } from '../refused.ts';
import { objectIn, textIn } from '../vendor-json.ts';

type Cloud = typeof import('jira.js/cloud');

/** Jira's own client; its calls are functions over a transport, which is ours. */
export interface Jira {
  readonly api: Cloud;
  readonly client: Client;
}

/**
 * The vendor's client is loaded by whoever needs it first: it takes more than a second, which a start without Jira need not
 * wait for.
 */
export async function jiraFor(access: VendorAccess): Promise<Jira> {
  return { api: await import('jira.js/cloud'), client: transport(access) };
}

type Call = Parameters<Client['sendRequest']>[0];

/**
 * A transport that has no `fetch`, sign-in or retry of its own. Answers come as they are: the client's schemas would turn
 * down, or warn of, what real sites send.
 */
function transport(access: VendorAccess): Client {
  return {
    async sendRequest<T>(call: Call): Promise<T> {
      const { url, method = 'GET', body } = call;
      const response = await settled(
        access.fetch(`${access.baseUrl}${pathOf(url)}${queryOf(call.searchParams)}`, {
          method,
          headers: {
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...call.headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      );
      const text = await settled(response.text());
      if (!response.ok) throw refusal(response, text, access.now());
      if (response.status === 204 || text === '') return undefined as T;
      try {
        return JSON.parse(text) as T;
      } catch {
        throw garbled('jira');
      }
    },
  };
}

/** The client puts keys into paths as they come. */
function pathOf(url: string): string {
  if (/[?#\\\s]|%(?:2e|2f|5c)|\/\.{1,2}(?:\/|$)/i.test(url))
    throw new Refused(400, 'jira', { says: 'that is no name of an issue' });
  return url.startsWith('/') ? url : `/${url}`;
}

function queryOf(parameters: Call['searchParams']): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters ?? {})) {
    if (value !== undefined && value !== null) query.set(name, Array.isArray(value) ? value.join(',') : String(value));
  }
  return query.size === 0 ? '' : `?${query}`;
}

async function settled<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw asVendorError('jira', error);
  }
}

function refusal(response: Response, text: string, now: number): Refused {
  const retryAt = retryAtOf(response.headers.get('retry-after'), now);
  const says = response.status === 400 ? reasonIn(text) : undefined;
  return new Refused(response.status, 'jira', {
    ...(says ? { says } : {}),
    ...(retryAt === undefined ? {} : { retryAt }),
  });
}

/** Jira says in words what is wrong with a request. */
function reasonIn(text: string): string {
  try {
    const { errorMessages, errors } = objectIn(JSON.parse(text));
    const messages = Array.isArray(errorMessages) ? errorMessages.map(textIn) : [];
    return [...messages, ...Object.values(objectIn(errors)).map(textIn)].filter(Boolean).join(' ').slice(0, 500);
  } catch {
    return '';
  }
}
