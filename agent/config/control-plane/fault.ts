import type { FaultSnapshot } from '../../observe/snapshot.ts';

/** Why the control plane cannot be asked, does not answer as it should, or has nothing for this agent. */
export type ControlPlaneReason =
  | 'ControlPlaneUnreachable'
  | 'ControlPlaneTlsFailed'
  | 'ControlPlaneTimeout'
  | 'ControlPlaneUnauthorized'
  | 'ControlPlaneForbidden'
  | 'ControlPlaneNotFound'
  | 'ControlPlaneRedirected'
  | 'ControlPlaneThrottled'
  | 'ControlPlaneUnavailable'
  | 'ControlPlaneRefused'
  | 'ControlPlaneAnswerInvalid'
  | 'ControlPlaneKeyUnreadable'
  | 'ControlPlaneTokenFailed'
  | 'ReportFailed'
  | 'ConnectorUndefined'
  | 'AgentSuperseded';

/** A fault of this kind. */
export interface ControlPlaneFault extends FaultSnapshot {
  readonly reason: ControlPlaneReason;
}

/** Who asks whom. */
export interface Naming {
  /** Without path. */
  readonly origin: string;
  readonly site: string;
  readonly connector: string;
  readonly instance: string;
}

type Words = (naming: Naming, detail: string) => { readonly message: string; readonly fix?: string };

const WORDS: Readonly<Record<ControlPlaneReason, Words>> = {
  ControlPlaneUnreachable: ({ origin }, detail) => ({
    message: `The control plane at ${origin} cannot be reached${detail}; check its address, DNS and the network.`,
    fix: `curl ${origin}/api/openapi.json`,
  }),
  ControlPlaneTlsFailed: ({ origin }, detail) => ({
    message: `There is no trusted TLS connection to the control plane at ${origin}${detail}; name a private authority in the variable NODE_EXTRA_CA_CERTS, and check the clock of this machine.`,
    fix: `curl -v ${origin}/api/openapi.json`,
  }),
  ControlPlaneTimeout: ({ origin }, detail) => ({
    message: `The control plane at ${origin} did not answer in time${detail}; check its load and the network.`,
  }),
  ControlPlaneUnauthorized: (_, detail) => ({
    message: `The control plane does not accept the credentials of this agent${detail}; put a valid key into the file of --control-plane-key-file, or check --control-plane-audience.`,
  }),
  ControlPlaneForbidden: ({ site, connector }, detail) => ({
    message: `These credentials may not report for connector ${connector} of site ${site}${detail}; give them the role Bridge.Agent for this site and connector.`,
  }),
  ControlPlaneNotFound: ({ origin }, detail) => ({
    message: `There is no control plane at ${origin}${detail}; check --control-plane.`,
  }),
  ControlPlaneRedirected: ({ origin }, detail) => ({
    message: `${origin} answers with a redirect, which is not followed${detail}; give --control-plane the address that it leads to.`,
  }),
  ControlPlaneThrottled: (_, detail) => ({
    message: `The control plane asks this agent to report less often${detail}; look for a second process with these credentials.`,
  }),
  ControlPlaneUnavailable: ({ origin }, detail) => ({
    message: `The control plane at ${origin} cannot take reports now${detail}; see its log.`,
  }),
  ControlPlaneRefused: (_, detail) => ({
    message: `The control plane does not take the report of this agent${detail}; see whether its version is older than the agent's.`,
  }),
  ControlPlaneAnswerInvalid: ({ origin }, detail) => ({
    message: `What ${origin} answers is not the answer of a control plane${detail}; check --control-plane and what is in between.`,
  }),
  ControlPlaneKeyUnreadable: (_, detail) => ({
    message: `There is no key for the control plane${detail}; check the file of --control-plane-key-file and its permissions.`,
  }),
  ControlPlaneTokenFailed: (_, detail) => ({
    message: `There is no token for the control plane${detail}; check the identity of this machine or pod, and --control-plane-audience.`,
  }),
  ReportFailed: (_, detail) => ({
    message: `The report could not be made${detail}. This is a defect; please report it.`,
  }),
  ConnectorUndefined: ({ site, connector }) => ({
    message: `The control plane has no connector ${connector} at site ${site}; what ran before runs on. Define it there, or stop this agent.`,
    fix: `mqttbridge get connectors --site ${site}`,
  }),
  AgentSuperseded: ({ site, connector, instance }) => ({
    message: `Another process reports as instance ${instance} of connector ${connector} at site ${site}, and counts as the newer one; give each its own --instance, or stop one.`,
    fix: `mqttbridge describe connector ${connector} --site ${site}`,
  }),
};

/** The fault with its words; `detail` is a code or status, or a text that the caller has bounded. */
export function faultOf(reason: ControlPlaneReason, naming: Naming, detail?: string): ControlPlaneFault {
  const { message, fix } = WORDS[reason](naming, detail === undefined ? '' : ` (${detail})`);
  return { reason, message, ...(fix === undefined ? {} : { fix }) };
}
