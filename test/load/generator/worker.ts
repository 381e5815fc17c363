import { parentPort, workerData } from 'node:worker_threads';
import { Engine } from './engine.ts';
import type { FromWorker, Setup, ToWorker } from './protocol.ts';

const engine = new Engine(workerData as Setup);
const tell = (message: FromWorker) => parentPort!.postMessage(message);

parentPort!.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'run':
      void engine
        .run(message.run, (progress) => tell({ type: 'progress', progress }))
        .then((result) => tell({ type: 'done', result }));
      break;
    case 'stop':
      engine.stop();
      break;
    case 'close':
      engine.close();
      parentPort!.close();
      break;
    default:
      message satisfies never;
  }
});
