import type { EngineParts } from '../../../local/functions-host/host.ts';
import type { DurableEngine, FunctionRunner, ManagementRequest } from '../../../local/functions-host/ports.ts';

/** A stand-in for the durable engine: starts nothing by itself and remembers what it was asked. */
export interface EngineDouble {
  readonly create: (parts: EngineParts) => DurableEngine;
  readonly requests: ManagementRequest[];
  readonly calls: string[];
  /** The app, as the engine sees it. */
  readonly runner: () => FunctionRunner;
}

/** Makes one; every request to it is answered 202 with `{"id":"INSTANCE"}`. */
export function createEngineDouble(): EngineDouble {
  const requests: ManagementRequest[] = [];
  const calls: string[] = [];
  let runner: FunctionRunner | undefined;
  return {
    requests,
    calls,
    runner: () => runner as FunctionRunner,
    create(parts) {
      runner = parts.runner;
      return {
        start: () => void calls.push('start'),
        async stop() {
          calls.push('stop');
        },
        async manage(request) {
          requests.push(request);
          const id = request.path.split('/').at(-1);
          return { status: 202, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id }) };
        },
        clientBinding({ baseUrl, systemKey }) {
          const managementUrls = {
            id: 'INSTANCEID',
            statusQueryGetUri: `${baseUrl}/instances/INSTANCEID?code=${systemKey}`,
          };
          const createNewInstancePostUri = `${baseUrl}/orchestrators/{functionName}[/{instanceId}]?code=${systemKey}`;
          return JSON.stringify({
            taskHubName: parts.hubName,
            creationUrls: { createNewInstancePostUri },
            managementUrls,
            baseUrl,
            requiredQueryStringParameters: `code=${systemKey}`,
          });
        },
      };
    },
  };
}
