import { createAgent } from './agent/agent.ts';
import { createFolderSource } from './agent/config/folder-source.ts';
import { createLogger } from './agent/observe/logger.ts';
import v8 from 'node:v8';
const logger = createLogger({level:'error',destination:process.stderr,now:()=>performance.now(),wallClock:()=>new Date()});
const agent = createAgent({source:createFolderSource({paths:[process.argv[2]]}),configmapsDir:'/tmp',secretsDir:'/tmp',logger,version:'1'});
const show=(w:string)=>{ const b=process.memoryUsage(); (globalThis as any).gc(); const m=process.memoryUsage(); console.log(w,'rss',(b.rss/1e6).toFixed(1),'->',(m.rss/1e6).toFixed(1),'heapUsed',(m.heapUsed/1e6).toFixed(1),'heapTotal',(m.heapTotal/1e6).toFixed(1),'ext',(m.external/1e6).toFixed(1),(m.arrayBuffers/1e6).toFixed(1)); };
show('before'); agent.start(); await agent.ready; await new Promise(r=>setTimeout(r,500)); show('ready');
if (process.argv[3]) { console.log(v8.writeHeapSnapshot('/tmp/two/h.heapsnapshot')); }
process.exit(0);
