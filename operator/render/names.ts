import { sha256 } from '../../shared/sha256.ts';

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const PREFIX = 'aio-mq-';
const HASH_LENGTH = 10;
/** What a shortened name ends in. */
const SHORTENED = new RegExp(`-[0-9a-f]{${HASH_LENGTH}}$`);
/**
 * Pods carry the label `controller-revision-hash`: the StatefulSet's name, a hyphen and ten characters, of at most 63
 * together. A longer name makes a StatefulSet that is accepted and never gets a pod.
 */
const LONGEST_STATEFUL_SET = 63 - 11;
const LONGEST_SUFFIX = LONGEST_STATEFUL_SET - PREFIX.length;

/**
 * The connector's name as it fits into names of pods and values of labels: itself if it is a DNS label of at most 45
 * characters, else its beginning and a hash. A name that looks shortened is hashed too, so none can pass for another.
 */
export function shortNameOf(connector: string): string {
  if (connector.length <= LONGEST_SUFFIX && DNS_LABEL.test(connector) && !SHORTENED.test(connector)) return connector;
  const beginning = connector.slice(0, LONGEST_SUFFIX - HASH_LENGTH - 1).replaceAll('.', '-');
  return `${beginning}-${sha256(connector).slice(0, HASH_LENGTH)}`;
}

/** Name of the StatefulSet of a connector and of all that belongs to it, as the original product has it. */
export function workloadNameOf(connector: string): string {
  return `${PREFIX}${shortNameOf(connector)}`;
}
