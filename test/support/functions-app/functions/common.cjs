const { app } = require('@azure/functions');

app.http('common', { authLevel: 'anonymous', handler: () => ({ body: 'CommonJS' }) });
