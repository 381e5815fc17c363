/** The words of policy as people say them. */

export const DECISION = {
  allow: { badge: 'Allowed', tone: 'good' },
  require_approval: { badge: 'Waits for a person', tone: 'wait' },
  deny: { badge: 'Denied', tone: 'bad' },
};

export const HEADLINE = {
  autonomous: 'Yes, on its own.',
  notify: 'Yes, and you are told.',
  approve: 'It waits for a person to approve.',
  block: 'No.',
};

export const AUTONOMY = {
  autonomous: { badge: 'On its own', tone: 'good' },
  notify: { badge: 'Tells you', tone: 'good' },
  approve: { badge: 'Asks a person', tone: 'wait' },
  block: { badge: 'Never', tone: 'bad' },
};

export const DOMAIN = {
  actions: 'Actions',
  integrations: 'Connected systems',
  models: 'Models',
  data: 'Data',
  features: 'Features',
  'agent-to-agent': 'Other assistants',
  audit: 'Recording',
};

export const SCOPE = { enterprise: 'company', org: 'organisation', team: 'team', user: 'person' };

export const ROLE = {
  enterprise_admin: 'Enterprise admin',
  org_admin: 'Organisation admin',
  team_lead: 'Team lead',
  user: 'User',
};

export const CONNECTOR = {
  gmail: 'Gmail',
  gcal: 'Google Calendar',
  jira: 'Jira',
  github: 'GitHub',
  gdrive: 'Google Drive',
};

export const CLASSIFICATIONS = ['public', 'internal', 'confidential', 'restricted'];

/** What people ask about most. Any other name can be typed. */
export const COMMON_ACTIONS = [
  'email_read',
  'email_draft',
  'email_send',
  'calendar_read',
  'calendar_create_event',
  'calendar_delete_event',
  'jira_read',
  'jira_comment',
  'jira_transition',
  'github_read',
  'github_comment',
  'github_merge',
  'gdrive_read',
  'gdrive_share',
  'gdrive_share_external',
  'gdrive_delete',
  'web_search',
  'model_call',
  'auto_response',
  'sessions_send',
  'deploy_production',
  'shell_exec',
  'payment_send',
];

/** Why a sign-in did not work, by the code in `/?problem=`. */
export const SIGN_IN_PROBLEM = {
  invalid_token:
    'The sign-in did not finish: it was cancelled, took too long, was used before or was begun in another browser. Please sign in again.',
  forbidden: 'You signed in, but the directory here does not know your address. Ask an administrator to add you.',
  rate_limited: 'There were too many sign-ins from your network. Please wait a minute and try again.',
  overloaded: 'The identity provider cannot be reached now. Please try again in a moment.',
  database_unavailable: 'The database cannot be reached now. Please try again in a moment.',
  audit_unavailable: 'Sign-ins cannot be recorded now, so nobody is let in. Please try again in a moment.',
};
export const UNKNOWN_SIGN_IN_PROBLEM =
  'The sign-in did not work. Please try again; if it goes on, ask an administrator.';
