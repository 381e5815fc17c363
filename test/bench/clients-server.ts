import { parentPort, workerData } from 'node:worker_threads';
import { portOf, serve } from './clients.ts';

parentPort!.postMessage(portOf(await serve(workerData as string)));
