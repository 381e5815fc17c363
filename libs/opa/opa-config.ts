import { createPublicKey } from 'node:crypto';

/** Name of the key under which OPA knows our signatures. */
export const BUNDLE_KEY_ID = 'gateway';

/** How long OPA's requests for a bundle that has not changed are held open, in seconds. */
export const LONG_POLL_SECONDS = 30;

/** Under this path the gateway serves bundles and takes status reports. */
export const OPA_API_PATH = '/opa/v1';

/**
 * OPA's boot configuration: it finds its bundles by discovery from its gateway, over the bundle API with long polling, and
 * reports over the status API what is active. Source: OPA's documentation, "Configuration", "Bundles", "Discovery", "Status".
 *
 * @param gatewayUrl where OPA reaches its own gateway
 * @param token the gateway's `OPA_BUNDLE_TOKEN`
 * @param signingKey the gateway's `OPA_BUNDLE_SIGNING_KEY`, of which OPA gets the public half
 */
export function opaBootConfig(gatewayUrl: string, token: string, signingKey: string): Record<string, unknown> {
  const publicKey = createPublicKey(signingKey).export({ type: 'spki', format: 'pem' });
  return {
    keys: { [BUNDLE_KEY_ID]: { algorithm: 'ES256', key: publicKey } },
    services: {
      gateway: {
        url: `${gatewayUrl}${OPA_API_PATH}`,
        credentials: { bearer: { token } },
        response_header_timeout_seconds: LONG_POLL_SECONDS + 30,
      },
    },
    discovery: {
      service: 'gateway',
      resource: 'bundles/discovery.tar.gz',
      decision: 'discovery',
      persist: true,
      signing: { keyid: BUNDLE_KEY_ID },
      polling: polling(),
    },
  };
}

/** What the discovery bundle says: which bundles to run, and where to report. */
export function discoveredConfig(bundles: readonly string[]): Record<string, unknown> {
  return {
    bundles: Object.fromEntries(
      bundles.map((name) => [
        name,
        {
          service: 'gateway',
          resource: `bundles/${name}.tar.gz`,
          persist: true,
          signing: { keyid: BUNDLE_KEY_ID },
          polling: polling(),
        },
      ]),
    ),
    status: { service: 'gateway' },
  };
}

function polling(): Record<string, number> {
  return { min_delay_seconds: 1, max_delay_seconds: 2, long_polling_timeout_seconds: LONG_POLL_SECONDS };
}
