import fs from 'node:fs';

/** Kernel clock ticks per second: USER_HZ is 100 on every Linux port Node runs on. */
const ticksPerSecond = 100;

/** CPU time (user + system) of a process so far, in microseconds. Throws when the process is gone. */
export function cpuMicros(pid: number): number {
  return parseCpuTicks(fs.readFileSync(`/proc/${pid}/stat`, 'utf8')) * (1e6 / ticksPerSecond);
}

/** utime + stime of a /proc/PID/stat line, in ticks; the command name in parentheses may hold anything. */
export function parseCpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  return parseResidentKiB(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) / 1024;
}

/** VmRSS of a /proc/PID/status text, in KiB. */
export function parseResidentKiB(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
}
