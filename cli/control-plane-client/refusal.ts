import type { ProblemDocument } from '../../shared/api/problem.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import type { SentDocuments } from './documents.ts';
import { plainText } from './plain-text.ts';
import { problemLines } from './problem-lines.ts';

/** An answer that is a refusal, and the request it belongs to. */
export interface Refusal {
  readonly status: number;
  /** Absent when the body was none. */
  readonly problem: ProblemDocument | undefined;
  readonly retryAfter: number | undefined;
  readonly url: URL;
  /** The role that a caller needs for it. */
  readonly role: string;
  readonly sent: SentDocuments | undefined;
}

interface Words {
  readonly message: string;
  readonly advice: (refusal: Refusal) => string;
  readonly exitCode?: ExitCode;
}

const WORDS: Readonly<Record<number, Words>> = {
  400: {
    message: 'the control plane cannot read the request',
    advice: () => 'correct it as said',
    exitCode: EXIT.usage,
  },
  401: {
    message: 'the control plane does not know who asks',
    advice: () => 'check the key in --key-file, or az login and --audience',
  },
  403: {
    message: 'the control plane does not allow this to you',
    advice: ({ role }) => `ask its administrator for the role ${role} at this site`,
  },
  404: {
    message: 'there is no such thing',
    advice: () => 'mqttbridge get all lists what there is',
    exitCode: EXIT.notFound,
  },
  409: {
    message: 'this contradicts what the control plane has',
    advice: () => 'look at it with mqttbridge get all, and try again',
    exitCode: EXIT.usage,
  },
  412: {
    message: 'somebody else has changed it meanwhile',
    advice: () => 'look at the change with mqttbridge diff, and try again',
  },
  413: { message: 'the documents are too large', advice: () => 'apply them in parts', exitCode: EXIT.usage },
  422: {
    message: 'the control plane refuses the documents; nothing was changed',
    advice: () => 'correct them as said, and try again',
    exitCode: EXIT.usage,
  },
  428: {
    message: 'the control plane wants to be told which version is to be changed',
    advice: () => 'try again with the newest mqttbridge',
  },
  429: {
    message: 'there are too many requests of this caller',
    advice: ({ retryAfter }) => (retryAfter === undefined ? 'again in a minute' : `again in ${retryAfter} s`),
  },
  503: {
    message: 'the control plane does not serve anybody now',
    advice: () => 'ask its operator; without authentication configured it answers this to every request',
  },
};

const OTHER: Words = {
  message: 'the control plane failed',
  advice: () => 'again later; then ask its operator for its log',
};

/** One sentence for an answer that is none of success, with everything the server found above it. */
export function refusalError(refusal: Refusal): ControlPlaneError {
  const { status, problem, retryAfter, url, sent } = refusal;
  const shared = { status, ...(retryAfter === undefined ? {} : { retryAfter }) };
  if (problem === undefined && (status === 404 || status < 400)) {
    const message = `there is no control plane at ${url.origin} (it answers ${status})`;
    return new ControlPlaneError(message, { advice: 'check --server', exitCode: EXIT.runtime, ...shared });
  }
  const { message, advice, exitCode = EXIT.runtime } = WORDS[status] ?? OTHER;
  const said = problem?.detail ?? problem?.title;
  // The server knows better what there is not.
  if (status === 404 && problem?.detail !== undefined) return missing(plainText(problem.detail), advice(refusal));
  return new ControlPlaneError(`${message} (${status}${said === undefined ? '' : `: ${plainText(said)}`})`, {
    advice: advice(refusal),
    exitCode,
    details: problemLines(problem?.errors ?? [], sent),
    ...shared,
  });
}

function missing(detail: string, advice: string): ControlPlaneError {
  return new ControlPlaneError(`${detail} (404)`, { advice, exitCode: EXIT.notFound, status: 404 });
}
