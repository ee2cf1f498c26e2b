import type { GeneratedFile } from '../../../shared/schema/generated.ts';
import { DIRECTIVES, type DirectiveRow } from './directives.ts';

const OUTCOMES: Readonly<Record<DirectiveRow['outcome'], string>> = {
  carried: 'carried',
  changed: 'in another way',
  notCarried: 'not carried',
};

/** The page that says what becomes of each directive of Mosquitto's bridges. */
export function mosquittoReferenceFile(): GeneratedFile {
  const rows = [...DIRECTIVES].map(([name, { outcome, why, advice, harmless }]) => {
    const lost = harmless === undefined ? '' : ` Nothing is lost with \`${harmless[0]}\`.`;
    const text = outcome === 'carried' ? fieldText(why) : `${sentence(why)} Try: ${advice}.${lost}`;
    return `| \`${name}\` | ${OUTCOMES[outcome]} | ${text} |\n`;
  });
  return {
    path: 'docs/reference/mosquitto.md',
    text: `# Directives of Mosquitto's bridges

Generated from \`cli/import/mosquitto/directives.ts\` by \`node cli/generate/main.ts\`; a test compares it with the source. What
[\`import\`](cli.md#import) makes of each directive below a \`connection\`, of Mosquitto 2.0 and, where named, later.

| Directive | Is | To where, or why not and what to do |
|---|---|---|
${rows.join('')}`,
  };
}

function fieldText(field: string): string {
  return /^[\w.[\]]+$/.test(field) ? `\`${field}\`` : sentence(field);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
