/** Functions of the app that the durable task framework calls by name. */
export const SITE_HEALTH = 'siteHealth';
export const JUDGE_SITE = 'judgeSite';
export const PUBLISH_ALERTS = 'publishAlerts';

/** External event: something of the site may have changed. */
export const HINT = 'hint';

/** The one instance that watches a site. */
export function healthInstance(site: string): string {
  return `health-${site}`;
}
