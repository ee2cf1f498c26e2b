import { AccessError } from '../../../kubernetes/access.ts';
import { ApiError } from '../../../kubernetes/client.ts';
import { ExchangeError } from '../../../kubernetes/exchange.ts';
import type { FaultSnapshot } from '../../observe/snapshot.ts';
import { redactText } from '../../observe/redact.ts';
import { networkFailure } from '../remote/network-error.ts';
import type { Pace } from '../remote/pace.ts';

/** Why the API server cannot be asked, does not answer as it should, or has nothing for this agent. */
export type ApiServerReason =
  | 'ApiServerUnreachable'
  | 'ApiServerTlsFailed'
  | 'ApiServerUnresponsive'
  | 'ApiServerAccessFailed'
  | 'ApiServerUnauthorized'
  | 'ApiServerForbidden'
  | 'ApiServerUnavailable'
  | 'ApiServerRefused'
  | 'CustomResourcesMissing'
  | 'ConnectorNotFound'
  | 'StatusFailed';

/** A fault of this kind. */
export interface ApiServerFault extends FaultSnapshot {
  readonly reason: ApiServerReason;
}

/** Who asks for what. */
export interface Asking {
  /** Of the API server, without path. */
  readonly origin: string;
  readonly namespace: string;
  readonly connector: string;
}

type Words = (asking: Asking, detail: string) => { readonly message: string; readonly fix?: string };

const WORDS: Readonly<Record<ApiServerReason, Words>> = {
  ApiServerUnreachable: ({ origin }, detail) => ({
    message: `The API server at ${origin} cannot be reached${detail}; check the network and the network policies of the cluster.`,
  }),
  ApiServerTlsFailed: ({ origin }, detail) => ({
    message: `There is no trusted TLS connection to the API server at ${origin}${detail}; check the ca.crt of the service account or the kubeconfig, and the clock of this machine.`,
  }),
  ApiServerUnresponsive: ({ origin }, detail) => ({
    message: `The API server at ${origin} does not answer as it should${detail}; check its load and the network.`,
  }),
  ApiServerAccessFailed: (_, detail) => ({
    message: `There are no credentials for the API server${detail}; check the service account of the pod or the kubeconfig.`,
  }),
  ApiServerUnauthorized: (_, detail) => ({
    message: `The API server does not accept the credentials of this agent${detail}; check its service account or the kubeconfig.`,
  }),
  ApiServerForbidden: ({ namespace, connector }, detail) => ({
    message: `The role of this agent lacks a right${detail}; it lists and watches connector ${connector} and the topic maps of namespace ${namespace}, and patches the status of the connector.`,
    fix: `kubectl get role,rolebinding -n ${namespace}`,
  }),
  ApiServerUnavailable: ({ origin }, detail) => ({
    message: `The API server at ${origin} cannot answer now${detail}; see its log.`,
  }),
  ApiServerRefused: ({ origin }, detail) => ({
    message: `The API server at ${origin} refuses a request${detail}; see whether its custom resource definitions are those of this version.`,
  }),
  CustomResourcesMissing: (_, detail) => ({
    message: `The API server does not know the kinds of mqttbridge${detail}; install the custom resource definitions.`,
    fix: 'kubectl get crd mqttbridgeconnectors.mq.iotoperations.azure.com',
  }),
  ConnectorNotFound: ({ namespace, connector }) => ({
    message: `There is no connector ${connector} in namespace ${namespace}; what ran before runs on. Apply it, or stop this agent.`,
    fix: `kubectl get mqttbridgeconnectors -n ${namespace}`,
  }),
  StatusFailed: (_, detail) => ({
    message: `The entry of the status could not be made${detail}. This is a defect; please report it.`,
  }),
};

/** The fault with its words. */
export function faultOf(reason: ApiServerReason, asking: Asking, detail?: string): ApiServerFault {
  const { message, fix } = WORDS[reason](asking, detail === undefined ? '' : ` (${detail})`);
  return { reason, message, ...(fix === undefined ? {} : { fix }) };
}

/** What a failed request means, and how soon the next one is worth it. */
export interface Failure {
  readonly fault: ApiServerFault;
  readonly pace: Pace;
}

const AGAIN: Pace = { kind: 'again' };
const PERSON: Pace = { kind: 'person' };
const MAX_DETAIL = 300;

/** Judges what a request has thrown; `missing`: what 404 means to it. */
export function judgeError(error: unknown, asking: Asking, missing: ApiServerReason): Failure {
  if (error instanceof ApiError) return judgeRefusal(error, asking, missing);
  const failure = (reason: ApiServerReason, detail: string) => ({
    fault: faultOf(reason, asking, detail),
    pace: AGAIN,
  });
  if (error instanceof AccessError) return failure('ApiServerAccessFailed', error.message);
  if (error instanceof ExchangeError) return failure('ApiServerUnresponsive', error.message);
  const { code, isTls } = networkFailure(error);
  return failure(isTls ? 'ApiServerTlsFailed' : 'ApiServerUnreachable', code);
}

function judgeRefusal(error: ApiError, asking: Asking, missing: ApiServerReason): Failure {
  const { code, message, retryAfterSeconds } = error;
  const failure = (reason: ApiServerReason, pace: Pace) => ({
    fault: faultOf(reason, asking, `HTTP ${code}: ${redactText(message).slice(0, MAX_DETAIL)}`),
    pace,
  });
  if (code === 401) return failure('ApiServerUnauthorized', { kind: 'refresh' });
  if (code === 403) return failure('ApiServerForbidden', { kind: 'refresh' });
  if (code === 404) return failure(missing, AGAIN);
  if (code === 409 || code === 408) return failure('ApiServerUnavailable', AGAIN);
  if (code !== 429 && code < 500) return failure('ApiServerRefused', PERSON);
  const told =
    retryAfterSeconds === undefined ? AGAIN : ({ kind: 'told', afterMs: retryAfterSeconds * 1_000 } as const);
  return failure('ApiServerUnavailable', told);
}
