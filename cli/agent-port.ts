import type { Agent, AgentOptions } from '../agent/agent.ts';

/** What commands give to an agent; the rest of its options is for tests. */
export type AgentInput = Omit<AgentOptions, 'timing' | 'random' | 'now'>;

export type RunningAgent = Agent;

export type CreateAgent = (input: AgentInput) => RunningAgent;

/** Loads the agent's code; called by the commands that run one, and by no other. */
export type LoadAgent = () => Promise<CreateAgent>;
