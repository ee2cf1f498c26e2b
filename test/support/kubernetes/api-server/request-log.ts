import type { ServerResponse } from 'node:http';
import type { ResourceRequest, Verb } from './request.ts';

/** A request for objects that was answered, or a watch that is open. */
export interface LoggedRequest {
  readonly verb: Verb;
  /** Plural name, with the subresource behind a slash. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly user: string;
  readonly query: string;
  /** HTTP status; undefined while it is not answered. */
  code: number | undefined;
}

/** What was asked of the server, discovery aside. */
export interface RequestLog {
  readonly requests: () => readonly LoggedRequest[];
  /** How many of each `verb resource`. */
  readonly counts: () => Readonly<Record<string, number>>;
  readonly clear: () => void;
  /** Notes a request; the function that it returns notes the answer. */
  readonly record: (request: ResourceRequest, user: string, response: ServerResponse) => () => void;
}

/** An empty log. */
export function createRequestLog(): RequestLog {
  let requests: LoggedRequest[] = [];
  return {
    requests: () => requests,
    counts() {
      const counts: Record<string, number> = {};
      for (const { verb, resource } of requests)
        counts[`${verb} ${resource}`] = (counts[`${verb} ${resource}`] ?? 0) + 1;
      return counts;
    },
    clear: () => void (requests = []),
    record({ verb, kind, subresource, namespace, name, query }, user, response) {
      const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
      const entry: LoggedRequest = { verb, resource, namespace, name, user, query: query.toString(), code: undefined };
      requests.push(entry);
      return () => void (entry.code = response.statusCode);
    },
  };
}
