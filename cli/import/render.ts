import { Document, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { Path } from '../../shared/config/position.ts';
import type { Remark, Remarked } from './imported.ts';

/** Resources as one YAML text with their comments, commands at its head. */
export function renderYaml(resources: readonly Remarked<object>[], commands: readonly string[] = []): string {
  const head =
    commands.length === 0
      ? ''
      : `# Make first what the connector names (bash):\n${commands.map((command) => `#   ${command}\n`).join('')}`;
  return head + resources.map(renderOne).join('---\n');
}

function renderOne({ value, remarks }: Remarked<object>): string {
  const document = new Document(value, { version: '1.2', aliasDuplicateObjects: false });
  for (const { path, text } of remarks) annotate(document.contents, path, ` ${text}`);
  // Readers of YAML 1.1 must not take a name such as `on` for something else.
  return document.toString({ lineWidth: 0, indentSeq: false });
}

function annotate(node: Node | null, [step, ...rest]: Path, text: Remark['text']): void {
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step] as Node | undefined;
    if (item === undefined) return;
    if (rest.length > 0) annotate(item, rest, text);
    else item.commentBefore = text;
  }
  if (!isMap(node)) return;
  const pair = node.items.find(({ key }) => isScalar(key) && key.value === step) as Pair<Node, Node | null> | undefined;
  if (pair === undefined) return;
  if (rest.length > 0) annotate(pair.value, rest, text);
  else pair.key.commentBefore = text;
}
