import { METRICS } from '../../agent/observe/metrics.ts';
import { metricsReference } from '../../agent/observe/metrics-reference.ts';
import { openApiFile } from '../../functions/http/openapi-file.ts';
import { emulatorSchemaFile } from '../../local/emulator/schema.ts';
import { OPERATOR_METRICS } from '../../operator/observe/metrics.ts';
import { statusReferenceFile } from '../../operator/status/page.ts';
import { type GeneratedFile, generatedFiles } from '../../shared/schema/generated.ts';
import { mosquittoReferenceFile } from '../import/mosquitto/reference.ts';
import { monitoringFiles } from './monitoring/files.ts';

/** Every generated file of the repository, as it must be committed. */
export function allGeneratedFiles(): GeneratedFile[] {
  return [
    ...generatedFiles(),
    emulatorSchemaFile(),
    openApiFile(),
    mosquittoReferenceFile(),
    statusReferenceFile(),
    { path: 'docs/reference/metrics.md', text: metricsReference(METRICS, OPERATOR_METRICS) },
    ...monitoringFiles(),
  ];
}
