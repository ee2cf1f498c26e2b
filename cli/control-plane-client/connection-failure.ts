import { EXIT } from '../exit-code.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import { plainText } from './plain-text.ts';

const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)/;
const NO_TLS = /^(?:EPROTO|ERR_SSL_)/;

/** Why there was no answer at all. */
export function connectionFailure(error: unknown, server: URL, timeoutSeconds: number): ControlPlaneError {
  const [message, advice] = sentenceOf(error, server, timeoutSeconds);
  return new ControlPlaneError(message, { advice, exitCode: EXIT.runtime });
}

function sentenceOf(error: unknown, { origin, host, hostname }: URL, timeoutSeconds: number): [string, string] {
  if (error instanceof Error && error.name === 'TimeoutError')
    return [
      `${origin} did not answer within ${timeoutSeconds} s`,
      'check the network, or give it longer with --timeout',
    ];
  const code = codeOf(error);
  if (code === 'ECONNREFUSED')
    return [`nothing listens at ${origin}`, 'start it with mqttbridge control-plane run, or check --server'];
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return [`the host name ${hostname} has no address (${code})`, 'check --server and the DNS of this machine'];
  if (UNTRUSTED.test(code))
    return [`the certificate of ${host} is not trusted (${code})`, 'name your own CA with NODE_EXTRA_CA_CERTS=FILE'];
  if (NO_TLS.test(code)) return [`${host} does not speak TLS (${code})`, 'check the port in --server'];
  return [`the connection to ${origin} failed (${plainText(code)})`, 'check the network between here and there'];
}

/** The innermost code: fetch wraps what happened, and a host of several addresses has an error for each. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (error.cause instanceof Error) return codeOf(error.cause);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
