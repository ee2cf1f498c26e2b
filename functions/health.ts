import * as df from 'durable-functions';
import { createHealthDeps } from './durable/create-health-deps.ts';
import { healSites } from './durable/heal.ts';
import { createJudgeSite } from './durable/judge-site.ts';
import { JUDGE_SITE, PUBLISH_ALERTS, SITE_HEALTH } from './durable/names.ts';
import { createPublishAlerts } from './durable/publish-alerts.ts';
import { siteHealth } from './durable/site-health.ts';
import { parts } from './wiring/main.ts';

const load = async () => (await parts()).deps;
const healthDeps = createHealthDeps(load);

df.app.orchestration(SITE_HEALTH, siteHealth);
df.app.activity(JUDGE_SITE, { handler: createJudgeSite(healthDeps) });
df.app.activity(PUBLISH_ALERTS, { handler: createPublishAlerts(healthDeps) });

df.app.client.timer('healSites', {
  schedule: '0 */5 * * * *',
  handler: async (_timer, client) => healSites((await load()).stores.bridges, client, (await load()).log),
});
