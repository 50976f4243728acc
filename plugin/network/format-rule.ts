import type { Rule } from './list-rules.ts';

/** In the order in which iptables-save prints the parts, so that a rule can be found again by its text. */
export function formatIptablesRule(rule: Rule, comment: string): string {
  const parts = [
    rule.source === undefined ? [] : ['-s', rule.source],
    rule.destination === undefined ? [] : ['-d', rule.destination],
    rule.inLink === undefined ? [] : ['-i', rule.inLink],
    rule.outLink === undefined ? [] : ['-o', rule.outLink],
    ['-m comment --comment', formatComment(comment), '-j', rule.verdict],
  ];
  return parts.flat().join(' ');
}

/** As `nft --stateless list` prints it. @param protocol the word for the family: `ip` or `ip6` */
export function formatNftRule(rule: Rule, protocol: string, comment: string): string {
  const shorten = (prefix: string): string => prefix.replace(protocol === 'ip' ? /\/32$/ : /\/128$/, '');
  const parts = [
    rule.source === undefined ? [] : [protocol, 'saddr', shorten(rule.source)],
    rule.destination === undefined ? [] : [protocol, 'daddr', shorten(rule.destination)],
    rule.inLink === undefined ? [] : ['iifname', `"${rule.inLink}"`],
    rule.outLink === undefined ? [] : ['oifname', `"${rule.outLink}"`],
    ['counter', rule.verdict.toLowerCase(), 'comment', `"${comment}"`],
  ];
  return parts.flat().join(' ');
}

/** iptables-save puts quotes where a character other than these is in the comment. */
export function formatComment(comment: string): string {
  return /^[A-Za-z0-9_-]+$/.test(comment) ? comment : `"${comment}"`;
}
