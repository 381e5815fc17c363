/** Dispatched on `window` when the API says that nobody is signed in (any more). */
export const SIGNED_OUT = 'signed-out';

/** What went wrong, in words for a person. `retryAt` is the moment from which trying again makes sense, if known. */
export class ApiError extends Error {
  constructor(message, { status = 0, retryAt = null, errors = [] } = {}) {
    super(message);
    this.status = status;
    this.retryAt = retryAt;
    this.errors = errors;
  }
}

/** Calls `/api/v1<path>` as whoever is signed in. @throws ApiError */
export async function api(path, { method = 'GET', body } = {}) {
  let response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError('The gateway cannot be reached. Is it running, and are you online?');
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  if (response.status === 401) window.dispatchEvent(new Event(SIGNED_OUT));
  throw new ApiError(words(response.status, answer), {
    status: response.status,
    retryAt: retryAt(response.headers.get('retry-after')),
    errors: answer?.errors,
  });
}

function words(status, problem) {
  switch (status) {
    case 401:
      return 'You are not signed in any more.';
    case 403:
      return 'You may not see this.';
    case 404:
      return problem?.detail ?? 'There is nothing here that you may see.';
    case 429:
      return 'Your company has asked too often in the last minute.';
    default:
      if (problem?.detail) return problem.detail;
      return `The gateway gave an answer that this page does not understand (${status}).`;
  }
}

function retryAt(header) {
  if (header === null) return null;
  const seconds = Number(header);
  return Number.isFinite(seconds) ? new Date(Date.now() + seconds * 1000) : new Date(header);
}
