import type { Authenticator } from './authenticator.ts';

/** Lets everybody in under the user name, or without one under the client identifier, and takes any token for good. */
export const openDoor: Authenticator = ({ request }) => ({
  kind: 'known',
  name: request.username ?? request.clientId,
  attributes: {},
});
