import type { ManagementAddress } from '../../ports.ts';

/** Stands for the ID of an instance in the URLs of a client binding; the SDK replaces it. */
const ID_PLACEHOLDER = 'INSTANCEID';

/** The text of a `durableClient` binding. */
export function bindingText(hubName: string, address: ManagementAddress): string {
  const { baseUrl } = address;
  const code = codeOf(address);
  const creation = `${baseUrl}/orchestrators/{functionName}[/{instanceId}]?`;
  return JSON.stringify({
    taskHubName: hubName,
    creationUrls: {
      createNewInstancePostUri: `${creation}${code}`,
      createAndWaitOnNewInstancePostUri: `${creation}timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&${code}`,
    },
    managementUrls: { id: ID_PLACEHOLDER, ...urlsOf(ID_PLACEHOLDER, address) },
    baseUrl,
    // No rpcBaseUrl: the SDK would leave out the key there.
    requiredQueryStringParameters: code,
  });
}

/** Where an instance is looked at and commanded: what whoever starts one is answered. */
export function linksOf(id: string, address: ManagementAddress): Readonly<Record<string, string>> {
  return { id, ...urlsOf(encodeURIComponent(id), address) };
}

function codeOf({ systemKey }: ManagementAddress): string {
  return `code=${encodeURIComponent(systemKey)}`;
}

function urlsOf(id: string, address: ManagementAddress): Readonly<Record<string, string>> {
  const code = codeOf(address);
  const instance = `${address.baseUrl}/instances/${id}`;
  const command = (verb: string) => `${instance}/${verb}?reason={text}&${code}`;
  return {
    statusQueryGetUri: `${instance}?${code}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${code}`,
    terminatePostUri: command('terminate'),
    rewindPostUri: command('rewind'),
    purgeHistoryDeleteUri: `${instance}?${code}`,
    restartPostUri: `${instance}/restart?${code}`,
    suspendPostUri: command('suspend'),
    resumePostUri: command('resume'),
  };
}
