import { startWorld, type World, WORLD_SYSTEMS, type WorldSystem } from '#libs/emulators/demo';
import { DEMO_PEOPLE } from '../../src/demo/demo-directory.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../harness/gateway.ts';

/** A gateway and five emulated systems with accounts for the demo people; nobody is connected yet. */
export interface WorldGateway {
  readonly gateway: TestGateway;
  readonly world: World;
  /** Connects a person to systems, all five unless told, as that person would. */
  connect(email: string, systems?: readonly WorldSystem[]): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startWorldGateway(env: Record<string, string> = {}): Promise<WorldGateway> {
  const world = await startWorld(DEMO_PEOPLE.map(({ email, name, timeZone }) => ({ email, name, timeZone })));
  const hosts = WORLD_SYSTEMS.map((system) => new URL(world[system].url).host).join(',');
  const options: TestGatewayOptions = { env: { CONNECTOR_PRIVATE_HOSTS: hosts, ...env } };
  const gateway = await startTestGateway(options).catch(async (error: unknown) => {
    await world.close();
    throw error;
  });
  return {
    gateway,
    world,
    connect: async (email, systems = WORLD_SYSTEMS) => {
      const ids: Record<string, string> = {};
      for (const type of systems) {
        const credentials = { kind: 'token', token: world.tokens.get(email)! };
        const body = { type, baseUrl: world[type].url, credentials };
        const answer = await gateway.call(email, 'POST', '/api/v1/connectors', body);
        if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
        ids[type] = answer.body.id as string;
      }
      return ids;
    },
    stop: async () => {
      await gateway.stop();
      await world.close();
    },
  };
}
