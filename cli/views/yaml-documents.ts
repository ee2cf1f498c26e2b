/** YAML of data, so that readers of YAML 1.1 and 1.2 take every value for the same: what it prints can be applied again. */
export async function yamlDocument(data: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(data, { compat: 'yaml-1.1', lineWidth: 0 });
}
