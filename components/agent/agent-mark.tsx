import type { AgentState } from '#model/topology/topology.ts';
import { formatClock } from '../timeline/format-clock.ts';

const WORDS = {
  live: { label: 'agent live', look: 'rounded-full bg-good', text: 'text-text-2' },
  stale: { label: 'agent silent', look: 'rotate-45 bg-warning', text: 'text-warning' },
  never: { label: 'no agent', look: 'rounded-full border border-text-3 hatched', text: 'text-text-3' },
} as const;

/** Whether the node's agent is heard: without it the kernel's side is unknown. */
export function AgentMark({ agent }: { readonly agent: AgentState }) {
  const { label, look, text } = WORDS[agent.state];
  const seen = agent.lastSeen === undefined ? 'never heard' : `last heard ${formatClock(agent.lastSeen)}`;
  const title = [seen, agent.version === undefined ? undefined : `version ${agent.version}`]
    .filter(Boolean)
    .join(' · ');
  return (
    <span title={title} className={`flex items-center gap-1.5 whitespace-nowrap text-[11px] ${text}`}>
      <span aria-hidden className={`size-[7px] shrink-0 ${look}`} />
      {label}
      {agent.state === 'stale' && agent.lastSeen !== undefined && ` since ${formatClock(agent.lastSeen).slice(0, 8)}`}
    </span>
  );
}
