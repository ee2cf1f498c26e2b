import { UsageError } from '../usage-error.ts';

const EXAMPLE = 'write it like https://my-control-plane.azurewebsites.net or http://127.0.0.1:7071';
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;

/** Base of all requests of a server given as URL, with or without `/api` at its end; throws UsageError. */
export function serverUrl(text: string): URL {
  const url = URL.parse(text);
  // Not quoted: what is wrong with it may be a password in it.
  if (url === null || !['https:', 'http:'].includes(url.protocol)) throw new UsageError('--server is no URL', EXAMPLE);
  // What stands in a command line is seen by everybody on the machine.
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('a server URL with a user name or password in it', 'give the key in --key-file');
  }
  if (url.search !== '' || url.hash !== '') throw new UsageError('a server URL has neither ? nor #', EXAMPLE);
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw new UsageError(`${url.origin} would be asked without encryption`, 'use https; http is for this machine only');
  }
  return new URL(`${url.pathname.replace(/\/*(?:\/api\/*)?$/, '')}/api/`, url);
}
