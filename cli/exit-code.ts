/** What the process ends with; docs/reference/cli.md explains each to users. */
export const EXIT = {
  ok: 0,
  /** Something outside failed: a port in use, a file that cannot be written, an agent that ended by itself, a check, a server. */
  runtime: 1,
  /** The command line or the configuration is wrong; nothing was started. */
  usage: 2,
  /** Nothing has the name that was asked for. */
  notFound: 3,
  /** `wait`: it did not come true in time. */
  timeout: 4,
  /** Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
