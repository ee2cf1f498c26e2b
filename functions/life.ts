import { app } from '@azure/functions';
import { closeParts } from './wiring/main.ts';

app.hook.appTerminate(closeParts);
