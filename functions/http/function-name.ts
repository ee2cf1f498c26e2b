/**
 * Name of the function that serves a path: `sites/{site}/connectors/{name}` becomes `sites-site-connectors-name`.
 * Functions have names of letters, digits, `-` and `_`.
 */
export function functionNameOf(path: string): string {
  return `http-${path.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')}`;
}
